"""Send notifications: an organisation states what it has to tell whom; each is planned, decided and on record at once.

What the rules, the person or the sender's own limits forbid is decided here before anything is queued, and again when
it leaves (`release_notices`). Nothing is sent here: what is on record is taken by the senders of the accounts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from vikno.domain.errors import ViknoError
from vikno.domain.notify.route import Plan, decode_plan, encode_plan, route, why_nowhere
from vikno.usecases.dispatch import Dispatch, Rendering, Sealed, encode_sealed
from vikno.usecases.judge import About, Whereabouts, reached
from vikno.usecases.notifications import (
    Addressed,
    Direction,
    NotificationMade,
    NotificationStatus,
    Request,
    StepMade,
)
from vikno.usecases.organisations import KeyKind, Organisation
from vikno.usecases.people import PersonKept

DAY_MS = 86_400_000
HOUR_MS = 3_600_000
INBOX = "inbox"


class DailyLimitReached(ViknoError):
    """This organisation has sent as many messages today as were agreed. Go on tomorrow, or ask for more."""

    code = "daily_limit_reached"


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom it is for. `addresses`: account and address where an organisation may write to them, the surest first.

    `written`: as the organisation wrote it, to be shown to it again.
    """

    addresses: tuple[tuple[str, str], ...]
    written: str
    where: Whereabouts = Whereabouts()


@dataclass(frozen=True, slots=True)
class Asked:
    """One thing to tell somebody. `order`, `ceiling`, `lives_s`: what the sender wishes other than its template says.

    `only`: the one kind of channel that it may go on (Notify's templates name one).
    """

    rendering: Rendering
    to: Recipient
    personalisation: Mapping[str, Any]
    reference: str = ""
    lang: str = ""
    direction: Direction = "initiated"
    order: tuple[str, ...] = ()
    only: str | None = None
    ceiling: int | None = None
    lives_s: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """It is on record. `warnings`: what its sender should know, such as that a code depends on one channel."""

    number: int
    id: str
    status: NotificationStatus
    reason: str
    plan: Plan
    warnings: tuple[str, ...] = ()


async def send_notifications(
    dispatch: Dispatch,
    organisation: Organisation,
    key: KeyKind,
    asked: Sequence[Asked],
    request: Request | None = None,
    flow: int | None = None,
    lane: Literal["notice", "bulk"] = "notice",
) -> tuple[Accepted, ...]:
    """Plan, decide and keep some, up to 1000; all or none.

    Raises RequestRepeated, DailyLimitReached, TooManyAtOnce, and what filling a template raises.
    """
    now_ms = dispatch.clock()
    made, plans = await plan_notifications(dispatch, organisation, key, asked, now_ms, flow, lane)
    kept = await dispatch.book.keep_notifications(made, now_ms, request)
    if kept.repeated:
        return await _again(dispatch, kept.ids)
    dispatch.nudge()
    return tuple(
        Accepted(number, dispatch.vault.uuid("n", number), one.status, one.reason, plan, _warnings(one, plan, which))
        for number, one, plan, which in zip(kept.ids, made, plans, asked, strict=True)
    )


async def _again(dispatch: Dispatch, ids: Sequence[int]) -> tuple[Accepted, ...]:
    """What became of a request that came before."""
    found = {one.notification.id: one.notification for one in await dispatch.book.in_hand(ids)}
    return tuple(
        Accepted(one, dispatch.vault.uuid("n", one), kept.status, kept.reason, decode_plan(kept.plan))
        for one in ids
        if (kept := found.get(one)) is not None
    )


async def plan_notifications(
    dispatch: Dispatch,
    organisation: Organisation,
    key: KeyKind,
    asked: Sequence[Asked],
    now_ms: int,
    flow: int | None = None,
    lane: Literal["notice", "bulk"] = "notice",
) -> tuple[list[NotificationMade], list[Plan]]:
    """The same without keeping anything: for a preview, too."""
    if flow is None:
        flow = await dispatch.book.flow_of(organisation.id, now_ms)
    names = [
        tuple((account, dispatch.vault.name(account, address), address) for account, address in one.to.addresses)
        for one in asked
    ]
    contents = {one.rendering.kept.content for one in asked}
    people: dict[tuple[str, str], PersonKept] = {}
    for content in contents:
        alike = [mine for one, mine in zip(asked, names, strict=True) if one.rendering.kept.content == content]
        wanted = {name for mine in alike for _, name, _ in mine}
        found = await dispatch.book.people(wanted, organisation.id, content, now_ms - DAY_MS)
        people |= {(content, name): person for name, person in found.items()}
    made, plans = [], []
    for one, mine in zip(asked, names, strict=True):
        planned = _Planned(dispatch, organisation, key, one, mine, people, now_ms)
        made.append(planned.made(flow, lane))
        plans.append(planned.plan)
    return made, plans


class _Planned:
    """One notification while it is planned."""

    def __init__(
        self,
        dispatch: Dispatch,
        organisation: Organisation,
        key: KeyKind,
        asked: Asked,
        names: Sequence[tuple[str, str, str]],
        people: Mapping[tuple[str, str], PersonKept],
        now_ms: int,
    ) -> None:
        self._dispatch, self._organisation, self._key, self._asked = dispatch, organisation, key, asked
        self._names, self._now_ms = names, now_ms
        content = asked.rendering.kept.content
        known = [(name, people[content, name]) for _, name, _ in names if (content, name) in people]
        self.person = _together([person for _, person in known], names)
        first = known[0][0] if known else names[0][1]
        self._to = next((account, name, address) for account, name, address in names if name == first)
        where = asked.to.where
        country = where.country or organisation.audience
        self._manner = dispatch.judge.manner(content, country)
        self._about: About = dispatch.about(organisation, asked.rendering, asked.direction)
        judge = dispatch.judge
        ways = [
            way
            for way in judge.ways(self._about, self.person, where, now_ms)
            if asked.only is None or way.channel == asked.only
        ]
        order = (*self.person.choices.order, *asked.order, *asked.rendering.text.order)
        inbox = judge.inbox(self._about, self.person, where, now_ms)
        plan, self._ways = route(ways, self._manner, order, inbox, asked.ceiling)
        if not plan.steps and (against := next((left for left in plan.left if left.why == "law"), None)) is not None:
            channel = against.account.partition("/")[0]
            instead = judge.instead(self._about, channel, where, self.person, now_ms)
            plan = msgspec.structs.replace(plan, instead=instead)
        self.plan = plan

    def made(self, flow: int, lane: Literal["notice", "bulk"]) -> NotificationMade:
        """What is kept of it."""
        asked, plan, now_ms = self._asked, self.plan, self._now_ms
        kept = asked.rendering.kept
        where = asked.to.where
        window = self._dispatch.window(self._manner, self._organisation, where, now_ms)
        expires_ms = window.expires_ms if asked.lives_s is None else window.not_before_ms + asked.lives_s * 1000
        status, reason, first = self._begins()
        step = None
        if first is not None:
            step = StepMade(first, self._ways[first], plan.steps[first].account, lane, window.not_before_ms, expires_ms)
        held = status == "created" and step is None
        account, name, address = self._to
        sealed = encode_sealed(Sealed(asked.to.written, where.country, where.zone, asked.personalisation))
        return NotificationMade(
            organisation=self._organisation.id,
            flow=flow,
            template=kept.row,
            to=Addressed(name, account, self._dispatch.vault.seal(address)),
            ways=self._ways,
            plan=encode_plan(plan),
            sealed=self._dispatch.vault.seal(sealed.decode()),
            lang=asked.lang or _language(self.person) or asked.rendering.text.language,
            key=self._key,
            kind=kept.kind,
            direction=asked.direction,
            reference=asked.reference,
            status=status,
            reason=reason,
            step=step,
            expires_ms=expires_ms,
            due_ms=(now_ms if self._key == "test" else now_ms + HOUR_MS) if held else None,
            micros=0 if first is None else plan.steps[first].micros,
        )

    def _begins(self) -> tuple[NotificationStatus, str, int | None]:
        """Its status, why, and the step that is tried first."""
        plan = self.plan
        if self._key == "test":
            return "created", "test", None
        if self.person.today >= self._organisation.per_person_day and self._about.direction == "initiated":
            return "permanent-failure", "cap", None
        for index, step in enumerate(plan.steps):
            if step.ready == "go":
                return "created", "", index
        if plan.steps:
            return "created", "held", None
        if plan.inbox and any(way.met for way in self.person.ways):
            return "sent", INBOX, None
        return "permanent-failure", why_nowhere(plan), None


def _together(people: Sequence[PersonKept], names: Sequence[tuple[str, str, str]]) -> PersonKept:
    """Who is written to: those that the addresses lead to, as one; and the addresses that nobody is known by."""
    ways = {way.conversation: way for person in people for way in person.ways}
    for account, name, _ in names:
        ways.setdefault(name, reached(name, account))
    if len(people) == 1 and len(ways) == len(people[0].ways):
        return people[0]
    if not people:
        return PersonKept(0, tuple(ways.values()))
    first = people[0]
    off = frozenset().union(*(person.choices.off for person in people))
    consents = {person.consent for person in people}
    return PersonKept(
        first.id,
        tuple(ways.values()),
        msgspec.structs.replace(first.choices, off=off),
        consents.pop() if len(consents) == 1 else "none",
        sum(person.unasked for person in people),
        sum(person.today for person in people),
    )


def _language(person: PersonKept) -> str:
    return person.choices.lang or next((way.lang for way in person.ways if way.lang), "")


def _warnings(made: NotificationMade, plan: Plan, asked: Asked) -> tuple[str, ...]:
    """A code should reach its person by more than one channel: one law, or one block, switches off one."""
    alone = asked.rendering.kept.content == "code" and plan.alone and made.status == "created"
    return ("one_channel",) if alone else ()
