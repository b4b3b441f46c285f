"""Send notifications: an organisation states what it has to tell whom; each is planned, decided and on record at once.

What the rules, the person or the sender's own limits forbid is decided here before anything is queued, and again when
it leaves (`release_notices`). Nothing is sent here: what is on record is taken by the senders of the accounts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import msgspec

from vikno.domain.errors import ViknoError
from vikno.domain.notify.route import INBOX, Plan, decode_plan, encode_plan, patience_ms, route, why_nowhere
from vikno.usecases.count_days import DAY_MS
from vikno.usecases.dispatch import Dispatch, Rendering, Sealed, encode_sealed
from vikno.usecases.judge import Whereabouts, together
from vikno.usecases.notifications import (
    Addressed,
    Direction,
    InHand,
    NotificationMade,
    NotificationStatus,
    Request,
    StepMade,
)
from vikno.usecases.organisations import KeyKind, Organisation
from vikno.usecases.people import PersonKept

HOUR_MS = 3_600_000
ANSWERS = 5
"""That many times what a person may get of a sender on one day, if all of it are answers: who asks is answered, and who
calls everything an answer does not flood anybody."""
UNKEPT = 0
"""The queue of what is not kept."""


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
    again: bool = field(default=False, compare=False)
    """The same request came before, and this is what it made then."""

    @property
    def on_its_way(self) -> bool:
        """Whether its first step that may go was queued at once."""
        return self.status == "created" and not self.reason


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
    if request is not None and (before := await dispatch.book.request_kept(request)):
        return await accepted_before(dispatch, before)
    if not await dispatch.days.take(organisation, key, len(asked), now_ms):
        raise DailyLimitReached(organisation.per_day)
    ids: Sequence[int] = ()
    try:
        if flow is None:
            flow = await dispatch.book.flow_of(organisation.id, now_ms)
        # What each person has got today is counted when it is decided: nobody else decides about them until it is kept.
        async with dispatch.turns.of((organisation.id, one) for each in asked for one in each.to.addresses):
            decided = await decide_notifications(dispatch, organisation, key, asked, now_ms)
            made = made_of(dispatch, organisation, key, asked, decided, flow, lane)
            kept = await dispatch.book.keep_notifications(made, now_ms, request)
        if kept.repeated:  # it came twice at once
            return await accepted_before(dispatch, kept.ids)
        ids = kept.ids
    finally:
        dispatch.days.give_back(organisation.id, key, len(asked) - len(ids), now_ms)
    dispatch.nudge()
    answers = []
    for number, one, found, which in zip(ids, made, decided, asked, strict=True):
        plan = found.decided.plan
        warnings = _warnings(one.status, plan, which.rendering)
        answers.append(Accepted(number, dispatch.vault.uuid("n", number), one.status, one.reason, plan, warnings))
    return tuple(answers)


async def accepted_before(dispatch: Dispatch, ids: Sequence[int]) -> tuple[Accepted, ...]:
    """The answer of the first time to a request that came before, whatever has become of it since."""
    found = {one.notification.id: one for one in await dispatch.book.in_hand(ids)}
    answers = []
    for number in ids:
        one = found.get(number)
        status, reason = _as_accepted(one)
        plan = Plan(inbox=False) if one is None else decode_plan(one.notification.plan)
        rendering = None if one is None else await dispatch.rendering(one.notification.template)
        warnings = _warnings(status, plan, rendering)
        answers.append(Accepted(number, dispatch.vault.uuid("n", number), status, reason, plan, warnings, again=True))
    return tuple(answers)


def _as_accepted(one: InHand | None) -> tuple[NotificationStatus, str]:
    """How it stood when it was put on record; of one that was erased nobody knows."""
    if one is None:
        return "permanent-failure", "gone"
    kept = one.notification
    if kept.key == "test":
        return "created", "test"
    if one.tries:
        return "created", "" if one.tries[0].created_ms == kept.created_ms else "held"
    if kept.sent_ms == kept.created_ms:
        return "sent", INBOX
    if kept.completed_ms == kept.created_ms:
        return kept.status, kept.reason
    return "created", "" if kept.step >= 0 else "held"


async def plan_notifications(
    dispatch: Dispatch, organisation: Organisation, key: KeyKind, asked: Sequence[Asked], now_ms: int
) -> tuple[list[NotificationMade], list[Plan]]:
    """What would become of some, were none of their recipients known. Nothing is kept, and nobody looked up."""
    decided = await decide_notifications(dispatch, organisation, key, asked, now_ms, strangers=True)
    made = made_of(dispatch, organisation, key, asked, decided, UNKEPT, "notice")
    return made, [which.decided.plan for which in decided]


@dataclass(frozen=True, slots=True)
class Decided:
    """What was decided about a message. No person is in it: it holds for all that are alike.

    `at`: which of the person's addresses each step is for; `first`: the step that is tried first; `encoded`: the plan.
    `due_ms`: when to look at it, where its queue is not that of a campaign.
    """

    plan: Plan
    encoded: bytes
    at: tuple[int, ...]
    status: NotificationStatus
    reason: str
    first: int | None
    not_before_ms: int
    expires_ms: int
    due_ms: int | None
    lang: str
    micros: int


class DecidedFor(msgspec.Struct, frozen=True):
    """The same for one recipient: the conversations that are theirs, and the account, name and address it is for.

    `others`: account, name and address of those beside it that nobody is known by.
    """

    decided: Decided
    ways: tuple[str, ...]
    to: tuple[str, str, str]
    others: tuple[tuple[str, str, str], ...] = ()


async def decide_notifications(
    dispatch: Dispatch,
    organisation: Organisation,
    key: KeyKind,
    asked: Sequence[Asked],
    now_ms: int,
    *,
    strangers: bool = False,
    acquainted: bool = False,
) -> list[DecidedFor]:
    """What would become of each. Messages alike are decided once.

    `strangers`: who they are is not looked up, nor for a test key, of which nobody would ever hear: it would tell any
    system about any number who is behind it. `acquainted`: only of those is known who they are to whom the
    organisation has written before, or who have agreed that it may.
    """
    strangers = strangers or key == "test"
    name = dispatch.vault.name
    names = [
        tuple((account, name(account, address), address) for account, address in one.to.addresses) for one in asked
    ]
    people: dict[str, Mapping[str, PersonKept]] = {}
    for content in {one.rendering.kept.content for one in asked}:
        wanted = {
            theirs
            for one, mine in zip(asked, names, strict=True)
            if one.rendering.kept.content == content
            for _, theirs, _ in mine
        }
        since_ms = now_ms - DAY_MS
        known = {} if strangers else await dispatch.book.people(wanted, organisation.id, content, since_ms)
        if acquainted:
            known = {theirs: one for theirs, one in known.items() if one.acquainted}
        people[content] = known
    deciding = _Deciding(dispatch, organisation, key, now_ms)
    return [
        deciding.about(one, mine, people[one.rendering.kept.content]) for one, mine in zip(asked, names, strict=True)
    ]


class _Deciding:
    """Decides, at one moment. What was decided about one holds for all of whom the same is known."""

    def __init__(self, dispatch: Dispatch, organisation: Organisation, key: KeyKind, now_ms: int) -> None:
        self._dispatch, self._organisation, self._key, self._now_ms = dispatch, organisation, key, now_ms
        self._alike: dict[object, Decided] = {}
        self._told = Counter[int | str]()
        """Of these very messages, how many each person gets."""

    def about(
        self, asked: Asked, names: Sequence[tuple[str, str, str]], people: Mapping[str, PersonKept]
    ) -> DecidedFor:
        known = [one for one in names if one[1] in people]
        to = known[0] if known else names[0]
        person = _together([people[name] for _, name, _ in known], names) if known else None
        whose = to[1] if person is None else person.id
        if before := self._told[whose]:
            person = person or _together((), names)
            person = replace(person, unasked=person.unasked + before, today=person.today + before)
        who: object
        if person is None:
            ways = tuple(dict.fromkeys(name for _, name, _ in names))
            who = tuple(account for account, _, _ in names), len(ways)
        else:
            ways = tuple(way.conversation for way in person.ways)
            who = (
                tuple((way.account, way.status, way.lang, way.zone, way.met) for way in person.ways), person.choices,
                person.consent, person.unasked, person.today >= self._organisation.per_person_day,
            )  # fmt: skip
        alike = (
            who, asked.rendering.kept.row, asked.to.where, asked.lang, asked.direction, asked.order, asked.only,
            asked.ceiling, asked.lives_s,
        )  # fmt: skip
        decided = self._alike.get(alike)
        if decided is None:
            if person is None:
                person = _together((), names)
            decided = self._alike[alike] = self._decide(asked, person, ways)
        self._told[whose] += self._key != "test" and decided.status != "permanent-failure"
        others = tuple([one for one in names if one[1] not in people and one is not to]) if len(names) > 1 else ()
        return DecidedFor(decided, ways, to, others)

    def _decide(self, asked: Asked, person: PersonKept, mine: tuple[str, ...]) -> Decided:
        now_ms, organisation, judge = self._now_ms, self._organisation, self._dispatch.judge
        where = asked.to.where
        manner = judge.manner(asked.rendering.kept.content, where.country or organisation.audience)
        about = self._dispatch.about(organisation, asked.rendering, asked.direction)
        ways = [
            way for way in judge.ways(about, person, where, now_ms) if asked.only is None or way.channel == asked.only
        ]
        order = (*person.choices.order, *asked.order, *asked.rendering.text.order)
        plan, steps = route(ways, manner, order, judge.inbox(about, person, where, now_ms), asked.ceiling)
        if not plan.steps and (against := next((left for left in plan.left if left.why == "law"), None)) is not None:
            channel = against.account.partition("/")[0]
            instead = judge.instead(about, channel, where, person, now_ms)
            plan = msgspec.structs.replace(plan, instead=instead)
        status, reason, first = self._begins(asked, person, plan)
        window = self._dispatch.window(manner, organisation, where, person, asked.direction, now_ms)
        expires_ms = window.expires_ms if asked.lives_s is None else window.not_before_ms + asked.lives_s * 1000
        due_ms = None
        if first is not None:
            turn_ms = window.not_before_ms + patience_ms(plan, first, expires_ms - window.not_before_ms)
            due_ms = min(turn_ms, expires_ms)
        elif status == "created":
            due_ms = now_ms if self._key == "test" else min(next_hour(now_ms), expires_ms)
        return Decided(
            plan,
            encode_plan(plan),
            tuple(mine.index(conversation) for conversation in steps),
            status,
            reason,
            first,
            window.not_before_ms,
            expires_ms,
            due_ms,
            _language(person, asked),
            0 if first is None else plan.steps[first].micros,
        )

    def _begins(self, asked: Asked, person: PersonKept, plan: Plan) -> tuple[NotificationStatus, str, int | None]:
        """Its status, why, and the step that is tried first."""
        if self._key == "test":
            return "created", "test", None
        most = self._organisation.per_person_day * (ANSWERS if asked.direction == "reply" else 1)
        if person.today >= most:
            return "permanent-failure", "cap", None
        for index, step in enumerate(plan.steps):
            if step.ready == "go":
                return "created", "", index
        if plan.steps:
            return "created", "held", None
        if plan.inbox and any(way.met for way in person.ways):
            return "sent", INBOX, None
        return "permanent-failure", why_nowhere(plan), None


def made_of(
    dispatch: Dispatch,
    organisation: Organisation,
    key: KeyKind,
    asked: Sequence[Asked],
    decided: Sequence[DecidedFor],
    flow: int,
    lane: Literal["notice", "bulk"],
) -> list[NotificationMade]:
    """What is kept of them, as it was decided."""
    return [
        _made(dispatch, organisation, key, one, which, flow, lane) for one, which in zip(asked, decided, strict=True)
    ]


def _made(
    dispatch: Dispatch,
    organisation: Organisation,
    key: KeyKind,
    asked: Asked,
    found: DecidedFor,
    flow: int,
    lane: Literal["notice", "bulk"],
) -> NotificationMade:
    """What is kept of it."""
    decided, kept, where, vault = found.decided, asked.rendering.kept, asked.to.where, dispatch.vault
    ways, first = tuple([found.ways[index] for index in decided.at]), decided.first
    step, due_ms = None, decided.due_ms
    if first is not None:
        if lane == "bulk":  # its queue is long by design
            due_ms = decided.expires_ms
        account = decided.plan.steps[first].account
        step = StepMade(first, ways[first], account, lane, decided.not_before_ms, decided.expires_ms)
    account, name, address = found.to
    sealed = encode_sealed(Sealed(asked.to.written, where.country, where.zone, asked.personalisation))
    return NotificationMade(
        organisation=organisation.id,
        flow=flow,
        template=kept.row,
        to=Addressed(name, account, vault.seal(address)),
        ways=ways,
        plan=decided.encoded,
        sealed=vault.seal(sealed.decode()),
        lang=decided.lang,
        key=key,
        kind=kept.kind,
        direction=asked.direction,
        reference=asked.reference,
        status=decided.status,
        reason=decided.reason,
        step=step,
        expires_ms=decided.expires_ms,
        due_ms=due_ms,
        micros=decided.micros,
        others=tuple(
            [Addressed(name, account, vault.seal(other)) for account, name, other in found.others if name in ways]
        ),
    )


def next_hour(now_ms: int) -> int:
    """When what is held is asked about again: with the hour, most rules about hours say something else."""
    return (now_ms // HOUR_MS + 1) * HOUR_MS


def _together(people: Sequence[PersonKept], names: Sequence[tuple[str, str, str]]) -> PersonKept:
    return together(people, [(account, name) for account, name, _ in names])


def _language(person: PersonKept, asked: Asked) -> str:
    """As the person has chosen, as the sender says, as they talk with us; of those that the template has."""
    wished = (person.choices.lang, asked.lang, *(way.lang for way in person.ways))
    there = asked.rendering.text.languages
    return next((lang for lang in wished if lang and lang in there), asked.rendering.text.language)


def _warnings(status: str, plan: Plan, rendering: Rendering | None) -> tuple[str, ...]:
    """A code should reach its person by more than one channel: one law, or one block, switches off one."""
    alone = rendering is not None and rendering.kept.content == "code" and plan.alone and status == "created"
    return ("one_channel",) if alone else ()
