"""Route notifications: what became of one step brings the next, until one has arrived or none is left.

Before each step the rules, the person and the sender's standing are asked again. The router reads what is due from the
record and writes what it decided; it may end at any moment, and whoever goes on does the same.
"""

from __future__ import annotations

import logging
from typing import Any

import msgspec

from vikno.domain.errors import ViknoError
from vikno.domain.notify.manners import Manner
from vikno.domain.notify.route import POINTED, End, Go, Plan, Rule, Stay, Try, Way, decode_plan, go_on, rules_of
from vikno.usecases.dispatch import Dispatch, Rendering, Sealed, decode_sealed
from vikno.usecases.judge import About
from vikno.usecases.notifications import InHand, Moved, NotificationKept, NotificationStatus, StepMade
from vikno.usecases.organisations import Organisation
from vikno.usecases.people import PersonKept
from vikno.usecases.send_notifications import DAY_MS, HOUR_MS

log = logging.getLogger("vikno.router")

AT_ONCE = 500
LOOK_AGAIN_MS = 60_000
"""What could not be looked at for a fault of ours."""
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
        except (ViknoError, ValueError) as error:
            kept = one.notification
            log.error("not_routed", extra={"notification": kept.id, "error": type(error).__name__})
            moved.append(_stays(kept, "technical", now_ms + LOOK_AGAIN_MS))
    if moved:
        await dispatch.book.move(moved, now_ms)
        dispatch.nudge()
    return len(due)


async def _next(dispatch: Dispatch, one: InHand, now_ms: int) -> Moved:
    kept = one.notification
    plan = decode_plan(kept.plan)
    if kept.key == "test":
        return _simulated(kept, decode_sealed(dispatch.vault.unseal(kept.sealed)))
    tries = [Try(notice.step, notice.status, notice.changed_ms, notice.reason) for notice in one.tries]
    found = go_on(plan, tries, now_ms, kept.expires_ms)
    if isinstance(found, Stay):
        status: NotificationStatus = "sending" if found.left or tries[-1].status == "sending" else kept.status
        return _stays(kept, kept.reason, found.due_ms, status)
    if isinstance(found, End):
        return _ends(kept, found.status, found.reason)
    return await _Going(dispatch, kept, plan, bool(tries), now_ms).go(found)


class _Going:
    """A notification that goes on to its next step."""

    def __init__(self, dispatch: Dispatch, kept: NotificationKept, plan: Plan, tried: bool, now_ms: int) -> None:
        self.dispatch, self.kept, self.plan, self.tried, self.now_ms = dispatch, kept, plan, tried, now_ms

    async def go(self, on: Go) -> Moved:
        """Ask again about each step that is left; the first that may go is tried."""
        kept, dispatch, now_ms = self.kept, self.dispatch, self.now_ms
        asked = await ask_again(dispatch, kept, now_ms)
        if asked is None:
            return _ends(kept, "permanent-failure", "suspended")
        against: list[Rule] = []
        missing: list[str] = []
        held = False
        for index in on.steps:
            way = asked.ways.get(kept.ways[index])
            if way is None or not way.alive or not way.wanted:
                continue
            answer = asked.may_go(way, asked.manner)
            if answer.verdict == "go":
                return self._tries(asked, index, way, on.why)
            if answer.verdict == "hold":
                held = True
                missing += answer.missing
            else:
                against += answer.rules
        if held and now_ms < kept.expires_ms:
            due_ms = min(now_ms + HOUR_MS, kept.expires_ms)
            said = {"what": "held", "missing": missing} if missing else {"what": "held"}
            return _stays(kept, "held", due_ms, traced=msgspec.json.encode(said))
        if self.tried and kept.sent_ms is not None and now_ms < kept.expires_ms:
            return _stays(kept, kept.reason, kept.expires_ms, "sending")  # a receipt of what has left may still come
        status: NotificationStatus = "temporary-failure" if on.why in ("silence", "expired") else "permanent-failure"
        said = {"what": "nowhere", "why": on.why, "rules": [rule.id for rule in against]}
        reason = "law" if against else on.why
        return _ends(kept, status, reason, traced=msgspec.json.encode(said))

    def _tries(self, asked: AskedAgain, index: int, way: Way, why: str) -> Moved:
        kept, now_ms = self.kept, self.now_ms
        window = self.dispatch.window(asked.manner, asked.organisation, asked.sealed.where, now_ms)
        step = StepMade(index, way.conversation, way.account, "notice", window.not_before_ms, kept.expires_ms)
        said = {"what": "step", "step": index, "account": way.account, "why": why}
        status: NotificationStatus = "sending" if kept.sent_ms is not None else "created"
        micros = self.plan.steps[index].micros
        return Moved(
            kept.id, kept.changed_ms, status, "", None, step=step, traced=msgspec.json.encode(said), micros=micros
        )


class AskedAgain(msgspec.Struct, frozen=True):
    """What holds of a notification now: who sends, what the rules say of each of its person's addresses."""

    organisation: Organisation
    rendering: Rendering
    about: About
    sealed: Sealed
    person: PersonKept
    manner: Manner
    ways: dict[str, Way]

    def may_go(self, way: Way, manner: Manner) -> Answer:
        """Whether the message, or a pointer in its place, may go on this address now."""
        whole = way.channel in manner.carries
        if whole and way.whole.may_go:
            return Answer("go", reduced=False)
        pointer = way.pointer if manner.content in POINTED else None
        if pointer is not None and pointer.may_go:
            return Answer("go", reduced=True)
        decision = way.whole if pointer is None else pointer
        if decision.effect == "unknown" or way.later:
            return Answer("hold", missing=decision.missing, rules=rules_of(decision))
        return Answer("stop", rules=rules_of(decision))


class Answer(msgspec.Struct, frozen=True):
    """go, hold until more is known or the hour has come, or stop; `reduced`: only a pointer."""

    verdict: str
    reduced: bool = False
    missing: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()


async def ask_again(dispatch: Dispatch, kept: NotificationKept, now_ms: int) -> AskedAgain | None:
    """Put the question again; None where the sender may send nothing any more."""
    organisation = await dispatch.organisation(kept.organisation)
    rendering = await dispatch.rendering(kept.template)
    if organisation is None or rendering is None or organisation.standing not in ("approved", "submitted"):
        return None
    sealed = decode_sealed(dispatch.vault.unseal(kept.sealed))
    about = dispatch.about(organisation, rendering, kept.direction)
    content = rendering.kept.content
    names = {kept.to, *kept.ways}
    people = await dispatch.book.people(names, organisation.id, content, now_ms - DAY_MS)
    ways: dict[str, Way] = {}
    person: PersonKept | None = None
    for name in (kept.to, *kept.ways):
        if name in people and name not in ways:
            person = person or people[name]
            found = dispatch.judge.ways(about, people[name], sealed.where, now_ms)
            ways |= {way.conversation: way for way in found}
    manner = dispatch.judge.manner(content, sealed.country or organisation.audience)
    return AskedAgain(organisation, rendering, about, sealed, person or PersonKept(0, ()), manner, ways)


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
