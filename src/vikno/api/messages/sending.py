"""POST: one message, up to 1000 of them, or only a look at what would become of one."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from vikno.api.answers import Answer, Headers, as_shape, encode
from vikno.api.messages.asking import asked_for, kinds_of, written_of
from vikno.api.messages.room import Caller, Room
from vikno.api.messages.shapes import (
    MessageAccepted,
    MessageAsked,
    MessageBatch,
    MessagePreview,
    MessageRow,
    MessageRows,
)
from vikno.api.messages.showing import plan_shown
from vikno.api.problems import Refused, problem, refused, unreadable
from vikno.api.shapes import Problem
from vikno.domain.notify.prices import amount
from vikno.domain.notify.route import Plan
from vikno.usecases.dispatch import decode_sealed
from vikno.usecases.notifications import Request, RequestRepeated
from vikno.usecases.records import MOST_AT_ONCE
from vikno.usecases.send_notifications import (
    Accepted,
    Asked,
    DailyLimitReached,
    accepted_before,
    plan_notifications,
    send_notifications,
)

MOST_BATCH_BYTES = 4 * 1024 * 1024
"""Of the body of a batch of messages."""
MOST_KEY = 255
"""Characters of an `Idempotency-Key`."""
BATCH_BITS = 10
"""Of the number of a batch: how many messages it has, less one. The others are the number of its first one."""
_KEY = re.compile(r"[\x21-\x7e]{1,255}")


class _Rows(msgspec.Struct, forbid_unknown_fields=True):
    """A batch whose messages are still to be read, each by itself."""

    messages: list[msgspec.Raw]


async def send_one(room: Room, caller: Caller, key: str, body: bytes) -> Answer:
    """One message."""
    request = _request(caller, key, b"one", body)
    if before := await _before(room, request):  # its answer is that of the first time, whatever has changed since
        message = as_shape(body, MessageAsked)
        return Answer(200, encode(_accepted(before[0], message, [])), headers=_where(before[0]))
    caller.check_standing()
    message = as_shape(body, MessageAsked)
    asked, warnings = await asked_for(room, caller, message)
    (accepted,) = await _sent(room, caller, [asked], request)
    shown = _accepted(accepted, message, warnings)
    return Answer(200 if accepted.again else 201, encode(shown), headers=_where(accepted))


async def send_many(room: Room, caller: Caller, key: str, body: bytes) -> Answer:
    """A batch: messages that are wrong are refused one by one, the others are on record together."""
    request = _request(caller, key, b"many", body)
    caller.check_standing()
    rows = [await _row(room, caller, raw, at) for at, raw in enumerate(_raws(body))]
    fine = [row for row in rows if row.asked is not None]
    sent = await _sent(room, caller, [row.asked for row in fine if row.asked], request)
    again = any(one.again for one in sent)
    if again:
        await _match(room, rows, sent)
    else:
        for row, accepted in zip(fine, sent, strict=True):
            row.accepted = accepted
    answers = [row.answer() for row in rows]
    count = sum(answer.message is not None for answer in answers)
    batch = batch_id(room, [one.number for one in sent])
    where: Headers = ((b"location", f"/api/batches/{batch}".encode()),) if batch else ()
    shown = MessageRows(batch, count, len(answers) - count, answers)
    return Answer(200 if again or not batch else 201, encode(shown), headers=where)


async def preview(room: Room, caller: Caller, body: bytes) -> Answer:
    """What would become of a message now, were its recipient unknown here. Nothing is kept, and nobody looked up."""
    message = as_shape(body, MessageAsked)
    asked, warnings = await asked_for(room, caller, message)
    organisation, kind = caller.organisation, caller.key.kind
    (made,), (plan,) = await plan_notifications(room.dispatch, organisation, kind, [asked], room.clock())
    channel = plan.steps[0].channel if plan.steps else ""
    lang, words = asked.rendering.words(made.lang, channel)
    filled = asked.rendering.fill(words.body, asked.personalisation).text
    subject = asked.rendering.fill(words.subject, asked.personalisation).line if words.subject else None
    spent = sum(step.micros for step in plan.steps)
    shown = MessagePreview(
        made.status, made.reason, lang, subject, filled, amount(spent), plan_shown(plan), _warned(asked, plan, warnings)
    )
    return Answer(200, encode(shown))


def batch_id(room: Room, numbers: Sequence[int]) -> str | None:
    """The id of a batch; it holds the numbers of its messages, which follow one another."""
    return room.vault.uuid("b", numbers[0] << BATCH_BITS | len(numbers) - 1) if numbers else None


def batch_numbers(room: Room, written: str) -> range | None:
    """The numbers of a batch's messages; None for an id that none of ours is."""
    found = room.vault.read_uuid("b", written)
    if found is None:
        return None
    first = found >> BATCH_BITS
    return range(first, first + (found & (1 << BATCH_BITS) - 1) + 1)


async def _before(room: Room, request: Request | None) -> tuple[Accepted, ...]:
    """What the same request was answered before. Raises Refused where its key was used for another."""
    if request is None:
        return ()
    try:
        return await accepted_before(room.dispatch, await room.book.request_kept(request))
    except RequestRepeated:
        raise refused("request_repeated") from None


def _where(accepted: Accepted) -> Headers:
    return ((b"location", f"/api/messages/{accepted.id}".encode()),)


async def _sent(room: Room, caller: Caller, asked: Sequence[Asked], request: Request | None) -> tuple[Accepted, ...]:
    """Put them on record, or find those that the same request made before. Raises Refused."""
    if not asked:
        return ()
    try:
        return await send_notifications(room.dispatch, caller.organisation, caller.key.kind, asked, request)
    except RequestRepeated:
        raise refused("request_repeated") from None
    except DailyLimitReached:
        raise refused("daily_limit_reached", f"{caller.organisation.per_day} a day") from None


@dataclass(slots=True)
class _Row:
    """One message of a batch: as it was read, what is to be sent or what is wrong, and what became of it."""

    at: int
    message: MessageAsked | None = None
    asked: Asked | None = None
    warnings: list[str] = field(default_factory=list)
    problem: Problem | None = None
    accepted: Accepted | None = None

    def answer(self) -> MessageRow:
        if self.accepted is not None and self.message is not None:
            return MessageRow(self.at, _accepted(self.accepted, self.message, self.warnings))
        why = "this message was refused when the request came first: send it anew, with a key of its own"
        return MessageRow(self.at, problem=self.problem or problem("request_repeated", why))


async def _row(room: Room, caller: Caller, raw: msgspec.Raw, at: int) -> _Row:
    """One message of a batch, or why it is refused; its place is that in the body."""
    row = _Row(at)
    try:
        row.message = as_shape(raw, MessageAsked)
        row.asked, row.warnings = await asked_for(room, caller, row.message)
    except Refused as error:
        row.problem = error.problem
        row.problem.pointer = f"/messages/{at}{error.problem.pointer or ''}"
    return row


async def _match(room: Room, rows: Sequence[_Row], sent: Sequence[Accepted]) -> None:
    """Which message is which, of a request that came again: what was refused then may be fine by now, or not any more.

    Those on record are some of the rows, in their order.
    """
    kept = {one.notification.id: one.notification for one in await room.book.in_hand([one.number for one in sent])}
    there = [(one, kept[one.number]) for one in sent if one.number in kept]
    known = [(one, decode_sealed(room.vault.unseal(two.sealed)), two.reference) for one, two in there]
    begin = 0
    for row in rows:
        if row.message is None:
            continue
        wanted = written_of(row.message.to), row.message.personalisation, row.message.reference
        for at in range(begin, len(known)):
            accepted, sealed, reference = known[at]
            if (sealed.to, sealed.personalisation, reference) == wanted:
                row.accepted, begin = accepted, at + 1
                break


def _accepted(accepted: Accepted, message: MessageAsked, warnings: list[str]) -> MessageAccepted:
    return MessageAccepted(
        accepted.id,
        accepted.status,
        accepted.reason,
        message.reference,
        plan_shown(accepted.plan, kinds_of(message.to), on_its_way=accepted.on_its_way),
        [*accepted.warnings, *warnings],
    )


def _warned(asked: Asked, plan: Plan, warnings: list[str]) -> list[str]:
    alone = asked.rendering.kept.content == "code" and plan.alone
    return ["one_channel", *warnings] if alone else warnings


def _raws(body: bytes) -> list[msgspec.Raw]:
    """The messages of a batch, still to be read. Raises Refused."""
    try:
        raws = msgspec.json.decode(body, type=_Rows).messages
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(unreadable(error, MessageBatch.__struct_fields__, like='{"messages": […]}')) from None
    if not 0 < len(raws) <= MOST_AT_ONCE:
        raise refused("value_wrong", f"1 to {MOST_AT_ONCE} messages", pointer="/messages")
    return raws


def _request(caller: Caller, key: str, what: bytes, body: bytes) -> Request | None:
    """What makes a repetition known. Raises Refused for a key that cannot be one."""
    if not key:
        return None
    if not _KEY.fullmatch(key):
        raise refused("value_wrong", f"Idempotency-Key: 1 to {MOST_KEY} letters, digits and signs of ASCII")
    # A live key and a test key have nothing in common: what one has sent, the other has not.
    digest = hashlib.sha256(b"%s\0%s\0" % (caller.key.kind.encode(), what) + body).hexdigest()
    return Request(caller.organisation.id, key, digest)
