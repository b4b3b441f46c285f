"""How long each kind of what is kept is kept, and the chore that forgets it in time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from vikno.bootstrap.settings import Settings, SettingWrong
from vikno.usecases.ports import StoreClosed
from vikno.usecases.records import RecordKind

log = logging.getLogger("vikno.bootstrap")

DAY_MS = 86_400_000
FIRST_PRUNE_S = 60
"""After the start, when the first people have been served."""
PRUNE_EVERY_S = 3600
PRUNE_PAUSE_S = 0.1
"""Between two batches, so that turns go first."""
MOST_DAYS = 36_500
ATTEMPTS_DAYS = 30
"""Attempts have no setting: they are keyed hashes, and count for two weeks at most (`sign_links.STEP_DAYS`)."""
REQUESTS_DAYS = 1
"""Nor have they: whoever sends a request again, because no answer came, does so within minutes."""

Kind = Literal["conversations", "notices", "asides", "addresses", "cases", "accesses"]


@dataclass(frozen=True, slots=True)
class Term:
    """How many days unless a setting says otherwise, and the fewest that it may say."""

    days: int
    fewest: int = 1


TERMS: Mapping[Kind, Term] = {
    "conversations": Term(30),  # after the last turn: answers, what was said, which events were answered
    "notices": Term(180, fewest=14),  # an authority's system may be away for a week and hear of them afterwards
    "asides": Term(180),
    "addresses": Term(365, fewest=2),  # a server notes once a day that somebody wrote
    "cases": Term(1825, fewest=14),  # after they have moved for the last time
    "accesses": Term(1095),
}


class Keeper(Protocol):
    """What forgets: `Upkeep` and `Registry`."""

    async def prune(self, before_ms: int, limit: int = 500) -> int: ...
    async def prune_records(self, kind: RecordKind, before_ms: int, limit: int = 500) -> int: ...


def setting(kind: Kind) -> str:
    """The name of the setting.

    >>> setting("cases")
    'VIKNO_KEEP_CASES_DAYS'
    """
    return f"VIKNO_KEEP_{kind.upper()}_DAYS"


def read_terms(settings: Settings) -> Mapping[Kind, int]:
    """How many days each kind is kept.

    Raises:
        SettingWrong: no whole number, or too few or too many days; cases would go before the notices about them.
    """
    days = {kind: _days(settings, kind, term) for kind, term in TERMS.items()}
    if days["cases"] < days["notices"]:
        raise SettingWrong(f"{setting('cases')} must be at least {setting('notices')}: notices tell of cases")
    return days


def _days(settings: Settings, kind: Kind, term: Term) -> int:
    written = settings.get(setting(kind))
    if written is None:
        return term.days
    days = int(written) if written.isascii() and written.isdigit() and len(written) < 10 else 0
    if not term.fewest <= days <= MOST_DAYS:
        raise SettingWrong(f"{setting(kind)} must be a number of days from {term.fewest} to {MOST_DAYS}")
    return days


async def keep_in_time(kept: Keeper, days: Mapping[Kind, int], clock: Callable[[], int]) -> None:
    """Forget what is old, again and again, a little at once. Ends when the store is closed."""
    await asyncio.sleep(FIRST_PRUNE_S)
    while True:
        try:
            await _forget_old(kept, days, clock)
        except StoreClosed:
            return
        except Exception as error:  # noqa: BLE001 - a chore that failed is tried again in an hour
            log.warning("prune_failed", extra={"error": type(error).__name__})
        await asyncio.sleep(PRUNE_EVERY_S)


async def _forget_old(kept: Keeper, days: Mapping[Kind, int], clock: Callable[[], int]) -> None:
    """Conversations and cases before addresses, which go when nothing else is kept of their people."""
    while await kept.prune(clock() - days["conversations"] * DAY_MS):  # noqa: ASYNC110 - no wait: turns go first
        await asyncio.sleep(PRUNE_PAUSE_S)
    records: tuple[tuple[RecordKind, int], ...] = (
        ("notices", days["notices"]),
        ("notifications", days["notices"]),
        ("requests", REQUESTS_DAYS),
        ("cases", days["cases"]),
        ("addresses", days["addresses"]),
        ("asides", days["asides"]),
        ("attempts", ATTEMPTS_DAYS),
        ("accesses", days["accesses"]),
    )
    for kind, term in records:
        while await kept.prune_records(kind, clock() - term * DAY_MS):  # noqa: ASYNC110 - the same
            await asyncio.sleep(PRUNE_PAUSE_S)
