"""Tell subscribers: the systems of authorities hear of notices and followers, those of organisations of their messages.

Of the notices about an authority's cases they hear what became of each, and who follows a case; of an organisation's
messages every end. Nothing is written down to be told: events are read from what is on record, from where each
subscriber has got to. So they come at least once and in order, and after days in which nobody was there, too. They hold
the number of a case, or the id of a message and its sender's reference; of a person no more than the kind of channel.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Protocol

import msgspec

from vikno.domain.notify.route import INBOX, Plan, decode_plan
from vikno.usecases.channel import NotCarried
from vikno.usecases.notifications import Events, Happened, NotificationKept
from vikno.usecases.organisations import Organisation
from vikno.usecases.ports import Clock
from vikno.usecases.records import Became, Position, Subscriber, Subscribers, Vault

log = logging.getLogger("vikno.subscribers")

AT_ONCE = 100
"""Events in one delivery."""
LAG_MS = 10_000
"""What is younger is told next time: what began before it may still wait for the disk, at most 5 s for the lock."""
FIRST_AGAIN_MS, LONGEST_AGAIN_MS = 60_000, 3_600_000
MOST_TRIES = 7 * 24
"""In vain in a row: about a week. Then it is paused until somebody says `vikno hooks replay`."""
GONE = 410
TYPES = {
    "sent": "notice.sent",
    "delivered": "notice.delivered",
    "read": "notice.delivered",
    "permanent-failure": "notice.failed",
    "technical-failure": "notice.failed",
    "expired": "notice.failed",
    "unknown": "notice.unknown",
    "followed": "case.followed",
}
"""Status on record -> type of the event."""
ENDED = {
    "sent": "message.sent",
    "delivered": "message.delivered",
    "temporary-failure": "message.failed",
    "permanent-failure": "message.failed",
    "technical-failure": "message.failed",
}
"""The same of messages that have ended. One that was sent may be delivered later: then that is told, too."""
ORGANISATION = "org/"
"""Before the slug of an organisation, where a subscriber is not an authority's."""

Post = Callable[[str, Mapping[str, str], bytes], Awaitable[int | NotCarried]]
"""POST a body with these headers; the status of the answer, or why there is none."""


class Book(Subscribers, Protocol):
    """What is asked of a store."""

    async def organisation(self, which: int | str) -> Organisation | None:
        """As `Organisations` has it."""
        ...

    async def ended(self, organisation: int, after: Position, before_ms: int, limit: int = 100) -> Events:
        """As `Notifications` has it."""
        ...


@dataclass(frozen=True, slots=True)
class Teller:
    """Who tells, and with what."""

    book: Book
    vault: Vault
    post: Post
    clock: Clock


async def who_is_due(teller: Teller) -> dict[int, Subscriber]:
    """Subscribers that may be told by now, by their numbers."""
    now_ms = teller.clock()
    found = await teller.book.subscribers()
    return {one.id: one for one in found if one.next_ms is not None and one.next_ms <= now_ms}


async def tell_subscriber(teller: Teller, subscriber: Subscriber) -> Subscriber | None:
    """Tell one the next events that it has not taken yet; as it stands then, None if that was all for now."""
    events, upto, more = await _heard(teller, subscriber)
    if events and not await _taken(teller, subscriber, events):
        return None
    if upto == subscriber.taken or not await teller.book.advance(subscriber, upto, teller.clock()):
        return None
    return replace(subscriber, taken=upto, tries=0) if more else None


async def _heard(teller: Teller, subscriber: Subscriber) -> tuple[list[dict[str, Any]], Position, bool]:
    """What there is to tell, until where that goes, and whether there is more."""
    book, after, before_ms = teller.book, subscriber.taken, teller.clock() - LAG_MS
    if not subscriber.authority.startswith(ORGANISATION):
        changes = await book.changes(subscriber.authority, after, before_ms, AT_ONCE)
        return [event_of(event, teller.vault) for event in changes.events], changes.upto, changes.more
    organisation = await book.organisation(subscriber.authority.removeprefix(ORGANISATION))
    if organisation is None:
        return [], after, False
    found = await book.ended(organisation.id, after, before_ms, AT_ONCE)
    return [ended_event(event, teller.vault) for event in found.events], found.upto, found.more


async def _taken(teller: Teller, subscriber: Subscriber, events: Sequence[Mapping[str, Any]]) -> bool:
    """Deliver some; what goes wrong is written down."""
    now_ms = teller.clock()
    body = msgspec.json.encode({"events": events})
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Vikno",
        "Vikno-Delivery": hashlib.sha256(body).hexdigest()[:32],
        "Vikno-Signature": sign(teller.vault.unseal(subscriber.sealed), now_ms // 1000, body),
    }
    answer = await teller.post(subscriber.url, headers, body)
    if isinstance(answer, int) and 200 <= answer < 300:
        return True
    reason = f"http {answer}" if isinstance(answer, int) else answer.reason
    about = {"subscriber": subscriber.id, "authority": subscriber.authority, "reason": reason}
    if answer == GONE:
        await teller.book.unsubscribe(subscriber.id)
        log.warning("subscriber_gone", extra=about)
        return False
    tries = subscriber.tries + 1
    again_ms = None if tries >= MOST_TRIES else teller.clock() + pause_ms(tries)
    await teller.book.failed(subscriber, again_ms, reason)
    log.warning("subscriber_paused" if again_ms is None else "subscriber_failed", extra=about)
    return False


def pause_ms(tries: int) -> int:
    """How long to wait after so many in vain: 1, 2, 4 … 60 minutes.

    >>> [pause_ms(tries) // 60_000 for tries in (1, 2, 3, 6, 7, 100)]
    [1, 2, 4, 32, 60, 60]
    """
    return min(FIRST_AGAIN_MS << min(tries - 1, 10), LONGEST_AGAIN_MS)


def sign(secret: str, at_s: int, body: bytes) -> str:
    """The value of `Vikno-Signature`: when it was signed, and an HMAC-SHA256 over that moment and the body.

    >>> sign("whsec_x", 1700000000, b"{}")[:29]
    't=1700000000,v1=be8cb8325f220'
    """
    signed = hmac.new(secret.encode(), b"%d." % at_s + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={signed}"


def event_of(event: Became, vault: Vault) -> dict[str, Any]:
    """As it is told. Its id is the same each time it is told, and tells nothing of who it is about."""
    at = event.at
    told = {
        # A digest: the numbers on record would tell which cases one person follows.
        "id": vault.digest("event", f"{at.at_ms}/{at.kind}/{at.one}/{at.two}"),
        "type": TYPES[event.status],
        "case": event.number,
        "channel": event.account.partition("/")[0],
        "at": _written(at.at_ms),
    }
    return {**told, "stage": event.stage} if event.stage else told


def ended_event(event: Happened, vault: Vault) -> dict[str, Any]:
    """The same of a message that has ended. Its id is of what it came to: it may be delivered after it was sent."""
    kept, at = event.notification, event.at
    return {
        "id": vault.digest("event", f"message/{at.at_ms}/{kept.id}/{kept.status}"),
        "type": ENDED[kept.status],
        "message": vault.uuid("n", kept.id),
        "reference": kept.reference,
        "status": kept.status,
        "reason": kept.reason,
        "channel": channel_of(kept, decode_plan(kept.plan)),
        "key": kept.key,
        "at": _written(at.at_ms),
    }


def channel_of(kept: NotificationKept, plan: Plan) -> str | None:
    """The kind of channel on which a message stands: where it arrived, or else where it was tried last."""
    if kept.status in ("sent", "delivered") and kept.reason in {INBOX, *(step.channel for step in plan.steps)}:
        return kept.reason
    return plan.steps[kept.step].channel if 0 <= kept.step < len(plan.steps) else None


def _written(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
