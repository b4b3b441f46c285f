"""What the contracts of senders, people and notifications are tried with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from tests.contracts.keepers import RecordsKeeper
from tests.contracts.records import FOREVER_MS
from vikno.usecases.notifications import Addressed, Moved, NotificationKept, NotificationMade, StepMade
from vikno.usecases.organisations import Organisation, OrganisationGiven
from vikno.usecases.people import Agreed, AgreedGiven, Consent
from vikno.usecases.records import NoticeKept

VIBER, SMS, MAIL = "viber/main", "sms/main", "email/main"
PLAN = b'{"steps":["viber/main","sms/main"]}'
SKY = OrganisationGiven("sky", "Sky", "airline", "ua", "ua", guests=("+380500000000",))


def named(account: str, who: str) -> str:
    return f"{account}:{who * 32}"


async def a_sender(records: RecordsKeeper, slug: str = "sky", weight: int = 1) -> tuple[Organisation, int]:
    """An organisation and its queue."""
    organisation = await records.put_organisation(replace(SKY, slug=slug, weight=weight), 1_000)
    return organisation, await records.flow_of(organisation.id, 1_000)


def step(to: str, index: int = 0, *, not_before_ms: int = 0, expires_ms: int = FOREVER_MS) -> StepMade:
    return StepMade(index, to, to.partition(":")[0], "notice", not_before_ms, expires_ms)


def telling(flow: int, to: str, **other: Any) -> NotificationMade:
    """A notification of organisation 1 that goes to one address at once."""
    made = NotificationMade(
        1, flow, 1, Addressed(to, to.partition(":")[0], b"sealed " + to.encode()), (to,), PLAN, b"sealed", "uk", "live",
        "message", "initiated", "", "created", "", step(to), FOREVER_MS, None,
    )  # fmt: skip
    return replace(made, **other)


async def told(records: RecordsKeeper, made: NotificationMade, now_ms: int = 1_000) -> int:
    (number,) = (await records.keep_notifications([made], now_ms)).ids
    return number


async def now(records: RecordsKeeper, notification: int) -> NotificationKept:
    kept = await records.notification(notification)
    assert kept is not None
    return kept


async def due(records: RecordsKeeper, now_ms: int = 5_000) -> list[int]:
    return [one.notification.id for one in await records.due(now_ms)]


async def taken(records: RecordsKeeper, account: str = VIBER, limit: int = 10, now_ms: int = 2_000) -> list[NoticeKept]:
    return list(await records.lease(account, "notice", limit, now_ms))


def moves(kept: NotificationKept, status: Any = "sending", **other: Any) -> Moved:
    return replace(Moved(kept.id, kept.changed_ms, status, "", None), **other)


def agrees(
    who: str, consent: Consent = "given", organisation: str = "sky", content: str = "advertising"
) -> AgreedGiven:
    return AgreedGiven(who, organisation, content, consent, "portal", "uk", "3", "Так, пишіть мені")


def chain(before: bytes, line: Agreed) -> bytes:
    return blake2b(before + repr(replace(line, seal=b"")).encode(), digest_size=8).digest()


def holds(lines: Sequence[Agreed]) -> bool:
    """Whether each seal covers its line and the one before."""
    before = b""
    for line in lines:
        if line.seal != chain(before, line):
            return False
        before = line.seal
    return True
