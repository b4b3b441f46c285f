"""The way of a notification: on which channels in which order, how long to wait for what, and when it has ended.

Nothing here is sent or known by itself: a use case says which addresses there are and what the rules say of each. The
inbox always holds what may be told at all; the steps of a plan are what is tried beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec
from msgspec import Struct

from vikno.domain.notify.manners import Manner, Proof, Wait
from vikno.domain.policy import Decision

HOUR_MS = 3_600_000
POINTED = frozenset({"personal", "payment", "document"})
"""Contents of which a bare pointer may be sent where they may not go whole. A code is nothing without its digits, and
advertising that may not be sent is none the more lawful for being short."""
Ready = Literal["go", "later", "unknown"]
"""later: only the hour is against it; unknown: a fact is missing on which a rule depends."""
LeftWhy = Literal["law", "choice", "gone", "price", "manner"]


UNUSUAL = Wait("sent", 3600)
"""For a channel that only the person's own order names."""
INBOX = "inbox"
"""To rules the page of a person's messages; as an account, web push that tells of it."""
WEB = "web"
"""The chat on the site comes last, whatever manners say of it: it is for those who talk with us nowhere else."""
QUEUED_SHARE = 4
"""A step that has not even left may take this part of its share of the time that there is."""


class Rule(Struct, frozen=True, omit_defaults=True):
    """A rule that had a say, and which version of it."""

    id: str
    version: str


class Step(Struct, frozen=True, omit_defaults=True):
    """One address to try. `reduced`: only a pointer to the inbox. `micros`: what it costs, in millionths of the unit.

    `proof`: what it waits for, `wait_s` for how long, then the next step is tried. `rules` had a say in it.
    """

    account: str
    proof: Proof
    wait_s: int
    reduced: bool = False
    micros: int = 0
    ready: Ready = "go"
    rules: tuple[Rule, ...] = ()
    missing: tuple[str, ...] = ()
    blind: bool = False
    """This channel tells of no receipt."""

    @property
    def channel(self) -> str:
        """The kind of its account."""
        return self.account.partition("/")[0]


class Left(Struct, frozen=True, omit_defaults=True):
    """An address that is not tried. For `law`: the rules that are against it."""

    account: str
    why: LeftWhy
    rules: tuple[Rule, ...] = ()


class Plan(Struct, frozen=True, omit_defaults=True):
    """What is tried, in order. No person is in it, so those alike are one.

    `inbox`: it stands in the inbox; `against`: the rules that keep it out of there. `alone`: everything depends on one
    channel, which a code should not.
    """

    steps: tuple[Step, ...] = ()
    left: tuple[Left, ...] = ()
    inbox: bool = True
    against: tuple[Rule, ...] = ()
    on_unknown: Literal["next", "stop"] = "next"
    alone: bool = False
    instead: tuple[str, ...] = ()
    """Channels on which it might lawfully go, where this person has no address."""


encode_plan = msgspec.json.Encoder().encode
decode_plan = msgspec.json.Decoder(Plan).decode


@dataclass(frozen=True, slots=True)
class Way:
    """One address, with what is known of it. `pointer`: what the rules say of a bare pointer, where one may be sent.

    `later`: in some hours the rules would let it go. `micros`: None where no price is known.
    """

    conversation: str
    account: str
    alive: bool
    receipts: bool
    wanted: bool
    whole: Decision
    pointer: Decision | None
    later: bool = False
    micros: int | None = None

    @property
    def channel(self) -> str:
        return self.account.partition("/")[0]


def rules_of(decision: Decision) -> tuple[Rule, ...]:
    """The rules that decided, by id and version."""
    return tuple(Rule(one.rule.id, one.version[:12]) for one in decision.rules)


def route(
    ways: Iterable[Way], manner: Manner, order: Sequence[str], inbox: Decision | None, ceiling: int | None = None
) -> tuple[Plan, tuple[str, ...]]:
    """The plan, and the conversations of its steps.

    `order`: kinds of channels as the person, then the sender wishes; after them as is usual for such messages. `inbox`:
    what the rules say of the inbox, None where the person wants it nowhere. `ceiling`: millionths that all steps
    together may cost; then nothing goes where the price is not known. A pointer leads to the inbox, so there is none
    where the inbox does not hold it.
    """
    shown = inbox is not None and inbox.may_go
    ranks = {kind: rank for rank, kind in enumerate(dict.fromkeys([*order, *manner.order, WEB]))}
    steps: list[tuple[Step, str]] = []
    left: list[Left] = []
    spent = 0
    for way in sorted(ways, key=lambda way: ranks.get(way.channel, len(ranks))):
        found = _step(way, manner, known=way.channel in ranks, shown=shown)
        if isinstance(found, Step) and ceiling is not None and (way.micros is None or spent + way.micros > ceiling):
            found = Left(way.account, "price")
        if isinstance(found, Left):
            left.append(found)
            continue
        spent += found.micros
        steps.append((found, way.conversation))
    plan = Plan(
        tuple(step for step, _ in steps),
        tuple(left),
        inbox=shown,
        against=() if shown or inbox is None else rules_of(inbox),
        on_unknown=manner.on_unknown,
        alone=len({step.channel for step, _ in steps if step.ready == "go"}) < 2,
    )
    return plan, tuple(conversation for _, conversation in steps)


def _step(way: Way, manner: Manner, *, known: bool, shown: bool) -> Step | Left:
    """How it is tried on this address, or why it is not. `shown`: in the inbox."""
    if not known:
        return Left(way.account, "manner")
    if not way.wanted:
        return Left(way.account, "choice")
    if not way.alive:
        return Left(way.account, "gone")
    whole = way.channel in manner.carries
    decision = way.whole
    reduced = False
    if shown and manner.content in POINTED and not (whole and decision.may_go) and way.pointer is not None:
        decision, reduced = way.pointer, True
    elif not whole:
        return Left(way.account, "manner")
    ready: Ready = "go"
    if decision.effect == "unknown":
        ready = "unknown"
    elif not decision.may_go:
        if not way.later:
            return Left(way.account, "law", rules_of(decision))
        ready = "later"
    wait = manner.waits.get(way.channel, UNUSUAL)
    return Step(
        way.account, wait.proof, wait.seconds, reduced=reduced, micros=way.micros or 0, ready=ready,
        rules=rules_of(decision), missing=decision.missing, blind=not way.receipts,
    )  # fmt: skip


# ---- going on ----


@dataclass(frozen=True, slots=True)
class Try:
    """A step that was tried, and what became of it: one of `records.NoticeStatus`. `began_ms`: when it was queued."""

    step: int
    status: str
    changed_ms: int
    reason: str = ""
    began_ms: int = 0


@dataclass(frozen=True, slots=True)
class Stay:
    """Nothing to do before that moment, unless something happens. `left`: something has left already."""

    due_ms: int
    left: bool = False


@dataclass(frozen=True, slots=True)
class Back:
    """This step has waited in its queue for too long: take it back, if another of these may be tried."""

    step: int
    steps: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Go:
    """Try the next of these steps that may be tried. `why`: what ended the one before."""

    steps: tuple[int, ...]
    why: str


@dataclass(frozen=True, slots=True)
class End:
    """It has ended."""

    status: Literal["sent", "delivered", "temporary-failure", "permanent-failure", "technical-failure"]
    reason: str


ARRIVED = frozenset({"delivered", "read"})
UNDER_WAY = frozenset({"created", "sending", "temporary-failure"})


def patience_ms(plan: Plan, step: int, lives_ms: int) -> int:
    """How long this step may wait in its queue before another is tried: as long as for its proof, or, where there is
    much time, a part of it, since a queue is no silence.

    >>> plan = Plan((Step("telegram/main", "delivered", 20), Step("sms/main", "delivered", 30)))
    >>> patience_ms(plan, 0, 300_000), patience_ms(plan, 1, 86_400_000)
    (37500, 10800000)
    """
    return max(plan.steps[step].wait_s * 1000, lives_ms // (QUEUED_SHARE * len(plan.steps)))


def go_on(
    plan: Plan, tries: Sequence[Try], now_ms: int, expires_ms: int, lives_ms: int | None = None
) -> Stay | Back | Go | End:
    """What comes next, from what became of the tries so far.

    A receipt ends it, also one of an earlier step. Failure, silence and an unknown outcome bring the next step; after
    the last one it waits for receipts until it expires, where there may be any. `lives_ms`: how long there was for all
    of it; None where its queue is long by design, and a step may wait in it until all expires.
    """
    if arrived := [one for one in tries if one.status in ARRIVED]:
        return End("delivered", plan.steps[arrived[0].step].channel)
    if enough := [step for step in _gone(plan, tries) if step.proof == "sent"]:
        return End("sent", enough[0].channel)
    if now_ms >= expires_ms:
        return _end(plan, tries)
    if not tries:
        return Go(tuple(range(len(plan.steps))), "held")
    last = tries[-1]
    step, left = plan.steps[last.step], any(one.status == "sent" for one in tries)
    rest = tuple(index for index in range(len(plan.steps)) if index not in {one.step for one in tries})
    if plan.on_unknown == "stop" and any(one.status == "unknown" for one in tries):
        rest = ()
    if last.status in UNDER_WAY:
        if lives_ms is None or not rest:
            return Stay(expires_ms, left)
        turn_ms = last.began_ms + patience_ms(plan, last.step, lives_ms)
        if now_ms >= turn_ms and last.status != "sending":
            return Back(last.step, rest)
        again_ms = now_ms + max(step.wait_s, 1) * 1000  # on its way: it is not taken back, but it may come back
        return Stay(min(turn_ms if now_ms < turn_ms else again_ms, expires_ms), left)
    if last.status == "sent":
        silent_ms = last.changed_ms + step.wait_s * 1000
        if now_ms < min(silent_ms, expires_ms):
            return Stay(min(silent_ms, expires_ms), left=True)
    if rest:
        return Go(rest, "silence" if last.status == "sent" else last.reason or last.status)
    return give_up(plan, tries, now_ms, expires_ms)


def give_up(plan: Plan, tries: Sequence[Try], now_ms: int, expires_ms: int) -> Stay | End:
    """Where no other step can be tried: wait for the receipts that may still come, or end."""
    if now_ms < expires_ms and any(not step.blind for step in _gone(plan, tries)):
        return Stay(expires_ms, left=True)
    return _end(plan, tries)


def _gone(plan: Plan, tries: Sequence[Try]) -> list[Step]:
    """The steps that a platform has taken, and of which nobody has heard since."""
    return [plan.steps[one.step] for one in tries if one.status == "sent"]


def _end(plan: Plan, tries: Sequence[Try]) -> End:
    """After the last step, or in the end: what has left, then what may have, then what the last try says."""
    if gone := _gone(plan, tries):
        enough = next((step for step in gone if step.blind or step.proof == "sent"), None)
        return End("temporary-failure", "silence") if enough is None else End("sent", enough.channel)
    if any(one.status == "unknown" for one in tries):
        return End("technical-failure", "unknown")
    if not tries:
        return End("temporary-failure", "held")
    last = tries[-1]
    if last.status in UNDER_WAY or last.status == "expired":
        return End("temporary-failure", "expired")
    if last.status == "technical-failure":
        return End("technical-failure", last.reason or last.status)
    return End("permanent-failure", last.reason or "gone")


def why_nowhere(plan: Plan) -> str:
    """In one word, why there is no step: what weighs most."""
    whys = {one.why for one in plan.left}
    return next((why for why in ("law", "choice", "gone", "price", "manner") if why in whys), "nobody")
