"""GET: a message, its explanation, a list, a batch, figures, and who you are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import get_args
from urllib.parse import urlencode

from vikno.api.answers import Answer, encode, time_of
from vikno.api.messages.room import Caller, Room, note
from vikno.api.messages.sending import batch_numbers
from vikno.api.messages.shapes import (
    BatchShown,
    Figures,
    Messages,
    MessageShown,
    MessageTold,
    SenderShown,
    Tallied,
)
from vikno.api.messages.showing import attempts_shown, message_shown, why_shown
from vikno.api.problems import Refused, refused, shortened, unknown
from vikno.usecases.dispatch import decode_sealed
from vikno.usecases.explain_notification import explain
from vikno.usecases.notifications import InHand, NotificationKept, NotificationStatus, Wanted
from vikno.usecases.tell_sender import kinds_given

A_PAGE = 250
"""Messages of a list in one answer."""
DAY_MS = 86_400_000
STATUSES: tuple[str, ...] = get_args(NotificationStatus)
LISTED = ("reference", "status", "older_than")
EXPLAINED = ("lang",)
COUNTED = ("since",)


async def show(room: Room, caller: Caller, written: str) -> Answer:
    """A message with its tries."""
    one = await _mine(room, caller, written)
    kept = one.notification
    await note(room, caller, "read", f"notification/{kept.id}")
    to = decode_sealed(room.vault.unseal(kept.sealed)).to
    (shown,) = await _shown(room, [kept])
    return Answer(200, encode(MessageTold(shown, to, attempts_shown(one.tries))))


async def why(room: Room, caller: Caller, written: str, given: Mapping[str, list[str]]) -> Answer:
    """Why it went as it did, or did not."""
    kept = (await _mine(room, caller, written)).notification
    found = await explain(room.dispatch, kept.id, given.get("lang", ["en"])[-1], room.sources)
    await note(room, caller, "why", f"notification/{kept.id}")
    (shown,) = await _shown(room, [kept])
    kinds = kinds_given(kept.to, decode_sealed(room.vault.unseal(kept.sealed)).to)
    return Answer(200, encode(why_shown(shown, found, room.currency, kinds)))


async def listed(room: Room, caller: Caller, given: Mapping[str, list[str]]) -> Answer:
    """What this kind of key has sent, the newest first."""
    for status in given.get("status", ()):
        if status not in STATUSES:
            raise Refused(unknown("parameter_wrong", status, STATUSES, ""))
    older_than = None
    if "older_than" in given:
        older_than = room.vault.read_uuid("n", given["older_than"][-1])
        if older_than is None:
            raise refused("parameter_wrong", "older_than: the id of a message")
    reference = given["reference"][-1] if "reference" in given else None
    statuses = tuple(given.get("status", ()))
    wanted = Wanted(
        caller.organisation.id, (caller.key.kind,), statuses, reference=reference, older_than=older_than
    )  # fmt: skip
    found = await room.book.listed_notifications(wanted, A_PAGE)
    following = None
    if len(found) == A_PAGE:
        more = [("reference", reference)] if reference is not None else []
        more += [("status", one) for one in statuses]
        following = f"/api/messages?{urlencode([*more, ('older_than', room.vault.uuid('n', found[-1].id))])}"
    return Answer(200, encode(Messages(await _shown(room, found), following)))


async def batch(room: Room, caller: Caller, written: str) -> Answer:
    """How a batch stands."""
    numbers = batch_numbers(room, written)
    found = await room.book.in_hand(numbers) if numbers is not None else ()
    mine = [one.notification for one in found if one.notification.organisation == caller.organisation.id]
    if numbers is None or not mine:
        raise refused("batch_unknown")
    statuses = Counter(str(one.status) for one in mine)
    shown = await _shown(room, sorted(mine, key=lambda one: one.id))
    return Answer(200, encode(BatchShown(written, len(numbers), dict(statuses), shown)))


async def figures(room: Room, caller: Caller, given: Mapping[str, list[str]]) -> Answer:
    """What became of all messages since a moment, by itself since a day ago."""
    since_ms = room.clock() - DAY_MS if "since" not in given else _moment(given["since"][-1])
    tallies = await room.book.tallies(since_ms, caller.organisation.id)
    counted = [Tallied(one.channel, one.status, one.reason, one.count) for one in tallies]
    return Answer(200, encode(Figures(time_of(since_ms), counted)))


async def sender(room: Room, caller: Caller) -> Answer:
    """Who you are here."""
    mine, key = caller.organisation, caller.key
    shown = SenderShown(
        mine.slug,
        mine.name,
        mine.category,
        mine.country,
        mine.audience,
        mine.mark,
        mine.standing,
        mine.reason,
        mine.per_day,
        mine.per_person_day,
        list(mine.guests),
        key.kind,
        key.label,
        room.currency,
    )
    return Answer(200, encode(shown))


def _moment(written: str) -> int:
    """RFC 3339, or a day in UTC. Raises Refused."""
    try:
        moment = datetime.fromisoformat(f"{written}T00:00:00Z" if len(written) == 10 else written.replace(" ", "+"))
        if moment.tzinfo is not None:
            return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        pass
    said = f"since: “{shortened(written)}” is no moment: it is written as 2026-03-15T10:00:00Z"
    raise refused("parameter_wrong", said)


async def _mine(room: Room, caller: Caller, written: str) -> InHand:
    """A message of the caller's. Raises Refused: whether it is somebody else's is not told."""
    number = room.vault.read_uuid("n", written)
    for one in await room.book.in_hand([number]) if number is not None else ():
        if one.notification.organisation == caller.organisation.id:
            return one
    raise refused("message_unknown")


async def _shown(room: Room, found: Iterable[NotificationKept]) -> list[MessageShown]:
    shown = []
    for kept in found:
        rendering = await room.dispatch.rendering(kept.template)
        shown.append(message_shown(room.vault, kept, None if rendering is None else rendering.kept))
    return shown
