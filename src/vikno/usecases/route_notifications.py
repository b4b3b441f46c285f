"""Route notifications: what became of one step brings the next, until one has arrived or none is left.

Before each step the rules, the person and the sender's standing are asked again. The router reads what is due from the
record and writes what it decided; it may end at any moment, and whoever goes on does the same.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

import msgspec

from vikno.domain.notify.manners import Manner
from vikno.domain.notify.route import (
    INBOX,
    POINTED,
    Back,
    End,
    Go,
    Plan,
    Rule,
    Stay,
    Try,
    Way,
    decode_plan,
    give_up,
    go_on,
    patience_ms,
    rules_of,
)
from vikno.usecases.count_days import DAY_MS
from vikno.usecases.dispatch import Dispatch, Rendering, Sealed, decode_sealed
from vikno.usecases.judge import About, together
from vikno.usecases.notifications import InHand, Moved, NotificationKept, NotificationStatus, StepMade
from vikno.usecases.organisations import Organisation
from vikno.usecases.people import PersonKept
from vikno.usecases.ports import StoreClosed, StoreUnavailable
from vikno.usecases.send_notifications import next_hour

log = logging.getLogger("vikno.router")

AT_ONCE = 500
LOOK_AGAIN_MS = 60_000
"""What could not be looked at for a fault of ours; then later and later, until it expires."""
TEMPORARY = frozenset({"447700900003", "temp-fail@simulator.notify"})
PERMANENT = frozenset({"447700900002", "perm-fail@simulator.notify"})
"""As in Notify: what a test key writes to them fails. Whatever else it writes to is delivered."""


async def route_notifications(dispatch: Dispatch, limit: int = AT_ONCE) -> int:
    """Look at those that are due; how many it were."""
    now_ms = dispatch.clock()
    due = await dispatch.book.due(now_ms, limit)
    moved: list[Moved] = []
    for one in due:
        try:
            moved.append(await _next(dispatch, one, now_ms))
        except (StoreClosed, StoreUnavailable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one keeps nobody else waiting
            log.error("not_routed", extra={"notification": one.notification.id, "error": type(error).__name__})
            moved.append(_later(one.notification, now_ms))
    if moved:
        await dispatch.book.move(moved, now_ms)
        dispatch.nudge()
    return len(due)


async def _next(dispatch: Dispatch, one: InHand, now_ms: int) -> Moved:
    kept = one.notification
    if kept.key == "test":
        return _simulated(kept, decode_sealed(dispatch.vault.unseal(kept.sealed)))
    plan = decode_plan(kept.plan)
    tries = [
        Try(notice.step, notice.status, notice.changed_ms, notice.reason, notice.created_ms) for notice in one.tries
    ]
    lives_ms = None if await dispatch.in_campaign(kept) else kept.expires_ms - kept.created_ms
    found = go_on(plan, tries, now_ms, kept.expires_ms, lives_ms)
    if isinstance(found, Stay):
        return _waits(kept, found, tries)
    if isinstance(found, End):
        return _ends(kept, found.status, found.reason)
    return await _Going(dispatch, kept, plan, tries, now_ms).go(found)


class _Going:
    """A notification that goes on to its next step."""

    def __init__(self, dispatch: Dispatch, kept: NotificationKept, plan: Plan, tries: list[Try], now_ms: int) -> None:
        self.dispatch, self.kept, self.plan, self.tries, self.now_ms = dispatch, kept, plan, tries, now_ms

    async def go(self, on: Go | Back) -> Moved:
        """Ask again about each step that is left; the first that may go is tried."""
        asked = await ask_again(self.dispatch, self.kept, self.now_ms)
        if isinstance(asked, Barred):
            return self._barred(asked)
        found = _Look(asked, self.kept, on.steps)
        if isinstance(on, Back):
            return self._back(asked, on, found)
        if found.goes is not None:
            index, way = found.goes
            return self._tries(asked, index, way, on.why)
        if found.held:
            return self._holds(found.missing)
        return self._nowhere(asked, on, found)

    def _tries(self, asked: AskedAgain, index: int, way: Way, why: str) -> Moved:
        kept, begins_ms = self.kept, self._begins_ms(asked)
        if begins_ms >= kept.expires_ms:  # their night is longer than it lives
            return self._gives_up(End("temporary-failure", "expired"))
        step = StepMade(index, way.conversation, way.account, asked.lane, begins_ms, kept.expires_ms)
        turn_ms = begins_ms + patience_ms(self.plan, index, kept.expires_ms - kept.created_ms)
        due_ms = min(turn_ms, kept.expires_ms) if asked.lane == "notice" else kept.expires_ms
        said = {"what": "step", "step": index, "account": way.account, "why": why}
        status: NotificationStatus = "sending" if kept.sent_ms is not None else "created"
        micros = self.plan.steps[index].micros
        return Moved(
            kept.id, kept.changed_ms, status, "", due_ms, step=step, traced=msgspec.json.encode(said), micros=micros
        )

    def _back(self, asked: AskedAgain, on: Back, found: _Look) -> Moved:
        """Take back what waits in its queue, where another step can go. Then it is looked at again: if it has left
        meanwhile nothing was taken back, and nothing goes twice."""
        kept, begins_ms = self.kept, self._begins_ms(asked)
        if found.goes is None:
            return _waits(kept, Stay(min(next_hour(self.now_ms), kept.expires_ms)), self.tries)
        if begins_ms > self.now_ms:  # nothing goes at this hour
            turn_ms = begins_ms + patience_ms(self.plan, on.step, kept.expires_ms - kept.created_ms)
            return _waits(kept, Stay(min(turn_ms, kept.expires_ms)), self.tries)
        said = {"what": "back", "step": on.step, "account": self.plan.steps[on.step].account, "why": "queue"}
        return Moved(
            kept.id, kept.changed_ms, kept.status, kept.reason, self.now_ms, held=True,
            traced=msgspec.json.encode(said),
        )  # fmt: skip

    def _holds(self, missing: Iterable[str]) -> Moved:
        missing = tuple(dict.fromkeys(missing))
        said = {"what": "held", "missing": missing} if missing else {"what": "held"}
        traced = b"" if self.kept.reason == "held" else msgspec.json.encode(said)  # said once, not every hour
        return _stays(self.kept, "held", min(next_hour(self.now_ms), self.kept.expires_ms), traced=traced)

    def _nowhere(self, asked: AskedAgain, on: Go, found: _Look) -> Moved:
        """No step may be tried: it stays in the inbox, waits for receipts of what has left, or has failed."""
        if not self.tries and self.plan.inbox and asked.inbox and any(way.met for way in asked.person.ways):
            return _ends(self.kept, "sent", INBOX)
        said = {"what": "nowhere", "why": on.why, "rules": [rule.id for rule in found.against]}
        why = "law" if found.against else "" if self.tries else found.why or on.why
        return self._gives_up(End("permanent-failure", why) if why else None, msgspec.json.encode(said))

    def _barred(self, barred: Barred) -> Moved:
        return self._holds(()) if barred.hold else self._gives_up(End("permanent-failure", "suspended"))

    def _gives_up(self, otherwise: End | None, traced: bytes = b"") -> Moved:
        """As what has left says, or may have; where nothing has, as said, or as the last try says."""
        found = give_up(self.plan, self.tries, self.now_ms, self.kept.expires_ms)
        if isinstance(found, Stay):
            return _waits(self.kept, found, self.tries)
        may_have_left = any(one.status in ("sent", "unknown") for one in self.tries)
        end = found if may_have_left or otherwise is None else otherwise
        return _ends(self.kept, end.status, end.reason, traced)

    def _begins_ms(self, asked: AskedAgain) -> int:
        kept = self.kept
        window = self.dispatch.window(
            asked.manner, asked.organisation, asked.sealed.where, asked.person, kept.direction, self.now_ms
        )
        return window.not_before_ms


class _Look:
    """What can be done with some steps: the first that may go, whether one may later, what is against the others."""

    def __init__(self, asked: AskedAgain, kept: NotificationKept, steps: Iterable[int]) -> None:
        self.goes: tuple[int, Way] | None = None
        self.held, self.why = False, ""
        self.missing: list[str] = []
        self.against: list[Rule] = []
        for index in steps:
            way = asked.ways.get(kept.ways[index])
            if way is None or not way.alive:
                self.why = self.why or "gone"
                continue
            if not way.wanted:
                self.why = "choice"
                continue
            answer = asked.may_go(way)
            if answer.verdict == "go":
                self.goes = index, way
                return
            if answer.verdict == "hold":
                self.held = True
                self.missing += answer.missing
            else:
                self.against += answer.rules


class AskedAgain(msgspec.Struct, frozen=True):
    """What holds of a notification now: who sends, what the rules say of each of its person's addresses.

    `inbox`: whether it may stand there.
    """

    organisation: Organisation
    rendering: Rendering
    about: About
    sealed: Sealed
    person: PersonKept
    manner: Manner
    ways: dict[str, Way]
    inbox: bool
    lane: Literal["notice", "bulk"]

    def may_go(self, way: Way) -> Answer:
        """Whether the message, or a pointer to the inbox in its place, may go on this address now."""
        manner = self.manner
        whole = way.channel in manner.carries
        if whole and way.whole.may_go:
            return Answer("go", reduced=False)
        pointer = way.pointer if manner.content in POINTED and self.inbox else None
        if pointer is not None and pointer.may_go:
            return Answer("go", reduced=True)
        if pointer is None and not whole:
            return Answer("stop")
        decision = way.whole if pointer is None else pointer
        if decision.effect == "unknown" or way.later:
            return Answer("hold", missing=decision.missing, rules=rules_of(decision))
        return Answer("stop", rules=rules_of(decision))


class Barred(msgspec.Struct, frozen=True):
    """Its sender may not send it: for good, or (`hold`) until somebody has looked at them anew."""

    hold: bool


class Answer(msgspec.Struct, frozen=True):
    """go, hold until more is known or the hour has come, or stop; `reduced`: only a pointer."""

    verdict: str
    reduced: bool = False
    missing: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


async def ask_again(dispatch: Dispatch, kept: NotificationKept, now_ms: int) -> AskedAgain | Barred:
    """Put the question again, as when it was planned: of all whom its addresses lead to, as one."""
    organisation = await dispatch.organisation(kept.organisation)
    rendering = await dispatch.rendering(kept.template)
    if organisation is None or rendering is None:
        return Barred(hold=False)
    template, standing = rendering.kept, organisation.standing
    if standing not in ("approved", "submitted") or template.status == "refused" or template.archived:
        return Barred(hold=False)
    if standing == "submitted" or template.status == "submitted":
        return Barred(hold=True)
    sealed = decode_sealed(dispatch.vault.unseal(kept.sealed))
    about = dispatch.about(organisation, rendering, kept.direction)
    names = dict.fromkeys(name for name in (kept.to, *kept.ways) if name)
    people = await dispatch.book.people(names, organisation.id, template.content, now_ms - DAY_MS)
    person = together(people[name] for name in names if name in people)
    person = replace(person, unasked=max(0, person.unasked - 1))  # it has been counted itself
    judge = dispatch.judge
    inbox = judge.inbox(about, person, sealed.where, now_ms)
    return AskedAgain(
        organisation,
        rendering,
        about,
        sealed,
        person,
        judge.manner(template.content, sealed.country or organisation.audience),
        {way.conversation: way for way in judge.ways(about, person, sealed.where, now_ms)},
        inbox=inbox is not None and inbox.may_go,
        lane="bulk" if await dispatch.in_campaign(kept) else "notice",
    )


def _simulated(kept: NotificationKept, sealed: Sealed) -> Moved:
    """What a test key has sent: nothing leaves, and its receipt is as its recipient is known for."""
    to = sealed.to.strip().lower()
    digits = "".join(sign for sign in to if sign.isdigit())
    digits = f"44{digits[1:]}" if digits.startswith("0") else digits
    if to in TEMPORARY or digits in TEMPORARY:
        return _ends(kept, "temporary-failure", "test")
    if to in PERMANENT or digits in PERMANENT:
        return _ends(kept, "permanent-failure", "test")
    return _ends(kept, "delivered", "test")


def _waits(kept: NotificationKept, stay: Stay, tries: Iterable[Try]) -> Moved:
    under_way = stay.left or kept.sent_ms is not None or any(one.status == "sending" for one in tries)
    return _stays(kept, kept.reason, stay.due_ms, "sending" if under_way else kept.status)


def _later(kept: NotificationKept, now_ms: int) -> Moved:
    """What we could not read: tried again less and less often, and no longer than it lives."""
    if now_ms >= kept.expires_ms:
        ended: NotificationStatus = kept.status if kept.completed_ms is not None else "technical-failure"
        return _ends(kept, ended, kept.reason if kept.completed_ms is not None else "technical")
    wait_ms = max(LOOK_AGAIN_MS, (now_ms - kept.created_ms) // 2)
    return _stays(kept, kept.reason, min(now_ms + wait_ms, kept.expires_ms))


def _stays(
    kept: NotificationKept, reason: str, due_ms: int, status: NotificationStatus | None = None, traced: bytes = b""
) -> Moved:
    return Moved(kept.id, kept.changed_ms, status or kept.status, reason, due_ms, traced=traced)


def _ends(kept: NotificationKept, status: NotificationStatus, reason: str, traced: bytes = b"") -> Moved:
    said: dict[str, Any] = {"what": "ended", "status": status, "why": reason}
    return Moved(
        kept.id, kept.changed_ms, status, reason, None, held=True, ends=True,
        traced=traced or msgspec.json.encode(said),
    )  # fmt: skip
