"""Tell an organisation's system what became of its messages, as GOV.UK Notify does: one POST for each, with a token.

Notify forgets to tell when it has tried in vain itself; here every end is told, also when a message that was sent is
delivered later. Ends are read from what is on record, from where each system has got to, so none is lost; each may come
more than once. What a system does not take is tried again five times, five minutes apart, and then left.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

import msgspec

from vikno.domain.errors import ViknoError
from vikno.usecases.dispatch import Dispatch, decode_sealed
from vikno.usecases.notifications import NotificationKept, NotificationStatus
from vikno.usecases.records import Position
from vikno.usecases.tell_subscribers import LAG_MS, Post

log = logging.getLogger("vikno.notify.callbacks")

AT_ONCE = 8
"""Requests to one system side by side; what came of them is put on record together."""
AGAIN_MS = 300_000
MOST_AGAIN = 5
ANSWER_S = 5.0
"""How long a system may take to answer; whoever makes the `Post` sees to it."""
TOLD = frozenset({"sms", "email"})
"""Kinds of templates that Notify has a word for."""


@dataclass(frozen=True, slots=True)
class NotifyCallback:
    """Where an organisation's system hears. `sealed`: the token that it knows us by; `taken`: how far it has got."""

    organisation: int
    url: str
    sealed: bytes = field(repr=False)
    taken: Position


@dataclass(frozen=True, slots=True)
class ToldAgain:
    """An end that was not taken. `tries`: so far; `next_ms`: when it is told again, None for never."""

    organisation: int
    notification: int
    completed_ms: int
    status: NotificationStatus
    tries: int
    next_ms: int | None


class NotifyCallbacks(Protocol):
    """Keeps who hears, and what has to be told again. Every method is one transaction."""

    async def set_notify_callback(self, organisation: int, url: str, sealed: bytes, now_ms: int) -> None:
        """It hears what ends from now on; where there was one, it goes on at this address with this token."""
        ...

    async def drop_notify_callback(self, organisation: int) -> bool:
        """With all that had to be told again. Whether there was one."""
        ...

    async def notify_callbacks(self) -> tuple[NotifyCallback, ...]:
        """All of them, by the numbers of their organisations."""
        ...

    async def notify_told(self, callback: NotifyCallback, upto: Position, again: Sequence[ToldAgain]) -> bool:
        """All until there was told, but for `again`. False, and nothing is kept, if it has gone on meanwhile."""
        ...

    async def notify_again(self, organisation: int, now_ms: int, limit: int = 100) -> tuple[ToldAgain, ...]:
        """What an organisation's system has to be told again by now, the oldest notification first."""
        ...

    async def notify_tried(self, tried: Sequence[ToldAgain]) -> None:
        """These were told again; those without a `next_ms` are done with."""
        ...


@dataclass(frozen=True, slots=True)
class NotifyTeller:
    """Who tells, and with what."""

    dispatch: Dispatch
    callbacks: NotifyCallbacks
    post: Post


async def who_hears(teller: NotifyTeller) -> dict[int, NotifyCallback]:
    """The systems, by the numbers of their organisations."""
    return {one.organisation: one for one in await teller.callbacks.notify_callbacks()}


async def tell_notify(teller: NotifyTeller, callback: NotifyCallback) -> NotifyCallback | None:
    """Tell a system some of what it did not take before, and the next ends; as it stands then, None if that was all."""
    callbacks, now_ms = teller.callbacks, teller.dispatch.clock()
    due = await callbacks.notify_again(callback.organisation, now_ms, AT_ONCE)
    if due:
        await callbacks.notify_tried(await _try_all(teller, callback, due))
    found = await teller.dispatch.book.ended(callback.organisation, callback.taken, now_ms - LAG_MS, AT_ONCE)
    if found.upto != callback.taken:
        ends = [_first(one.notification) for one in found.events if one.notification.kind in TOLD]
        tried = await _try_all(teller, callback, ends)
        again = [one for one in tried if one.next_ms is not None]
        if not await callbacks.notify_told(callback, found.upto, again):
            return None
    return replace(callback, taken=found.upto) if found.more or len(due) == AT_ONCE else None


def _first(kept: NotificationKept) -> ToldAgain:
    return ToldAgain(kept.organisation, kept.id, kept.completed_ms or kept.changed_ms, kept.status, 0, None)


async def _try_all(teller: NotifyTeller, callback: NotifyCallback, ends: Sequence[ToldAgain]) -> list[ToldAgain]:
    """Side by side. What is wrong with one is raised when all are through."""
    tried = await asyncio.gather(*(_try(teller, callback, one) for one in ends), return_exceptions=True)
    for outcome in tried:
        if isinstance(outcome, BaseException):
            raise outcome
    return [one for one in tried if isinstance(one, ToldAgain)]


async def _try(teller: NotifyTeller, callback: NotifyCallback, end: ToldAgain) -> ToldAgain:
    """Tell one end; when it is to be told again stands in what is given back."""
    about = {"organisation": end.organisation, "notification": end.notification}
    try:
        body = await _body(teller.dispatch, end)
        if body is None:
            return replace(end, next_ms=None)
        token = teller.dispatch.vault.unseal(callback.sealed)
    except ViknoError as error:
        if error.retryable:
            raise
        log.error("callback_impossible", extra={**about, "error": error.code})
        return replace(end, next_ms=None)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}", "User-Agent": "Vikno"}
    answer = await teller.post(callback.url, headers, body)
    became = _taken(answer if isinstance(answer, int) else None)
    if became == "taken":
        return replace(end, next_ms=None)
    reason = f"http {answer}" if isinstance(answer, int) else answer.reason
    tries = end.tries + 1
    if became == "refused" or tries > MOST_AGAIN:
        log.warning("callback_left", extra={**about, "reason": reason, "tries": tries})
        return replace(end, tries=tries, next_ms=None)
    log.info("callback_failed", extra={**about, "reason": reason, "tries": tries})
    return replace(end, tries=tries, next_ms=teller.dispatch.clock() + AGAIN_MS)


def _taken(status: int | None) -> Literal["taken", "refused", "again"]:
    """What an answer means; None: there was none.

    >>> [_taken(status) for status in (204, 302, 404, 429, 500, None)]
    ['taken', 'refused', 'refused', 'again', 'again', 'again']
    """
    if status is None or status >= 500 or status == 429:
        return "again"
    return "taken" if 200 <= status < 300 else "refused"


async def _body(dispatch: Dispatch, end: ToldAgain) -> bytes | None:
    """What is told of an end; None where the notification is no longer on record."""
    kept = await dispatch.book.notification(end.notification)
    rendering = await dispatch.rendering(kept.template) if kept is not None else None
    if kept is None or rendering is None:
        return None
    told: dict[str, Any] = {
        "id": dispatch.vault.uuid("n", kept.id),
        "reference": kept.reference or None,
        "to": decode_sealed(dispatch.vault.unseal(kept.sealed)).to,
        "status": end.status,
        "created_at": time_of(kept.created_ms),
        "completed_at": time_of(end.completed_ms),
        "sent_at": None if kept.sent_ms is None else time_of(kept.sent_ms),
        "notification_type": kept.kind,
        "template_id": dispatch.vault.uuid("t", rendering.kept.id),
        "template_version": rendering.kept.version,
    }
    return msgspec.json.encode(told)


def time_of(ms: int) -> str:
    """A moment as Notify writes it.

    >>> time_of(1_767_225_600_125)
    '2026-01-01T00:00:00.125000Z'
    """
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
