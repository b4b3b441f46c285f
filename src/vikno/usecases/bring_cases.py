"""Bring cases and their stages: what the HTTP API, files and a registry share when they hand something in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from vikno.usecases.records import StageGiven, Verdict

MOST_NUMBER = 64
"""Characters of a case's number."""
MOST_EVENT = 128
"""Characters of an event's id."""
MOST_STAGE = 64
"""Characters of a stage's name."""
MOST_SERVICE = 80
"""Characters of a service's key."""
MOST_CODE = 64
"""Characters of a check code."""
MOST_OFFICE = 200
"""Characters of an office's name."""
LEAST_CODE = 6
"""Characters of a check code."""
EARLIEST_MS = 631_152_000_000
"""1990-01-01: no case of ours is older, so an earlier time is a slip."""
AHEAD_MS = 86_400_000
"""A day: so far may the authority's clock be ahead of ours."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet: it is refused where it comes in."""

Record = Callable[[Sequence[StageGiven]], Awaitable[Sequence[Verdict]]]
"""Records up to `records.MOST_AT_ONCE` reports in one transaction, with the notices they come to."""
Stages = Mapping[str, frozenset[str]]
"""The services that have a process, each with the names of its stages."""

KEPT = frozenset({"reached", "again", "late", "repeated"})
"""Verdicts of a report that is on record; the others were refused."""


def report_key(number: str, event: str) -> str:
    """The dedupe key of a report: an authority's event id, within its case.

    Some systems count events anew in each case; taken alone, the second case's would be lost as seen before.
    """
    return f"{number}/{event}"


def unlikely(at_ms: int, now_ms: int) -> bool:
    """Whether a time that an authority gives can only be a slip."""
    return not EARLIEST_MS <= at_ms <= now_ms + AHEAD_MS


def of_country(stages: Stages, authority: str) -> Stages:
    """The services that an authority may bring cases of: those of its country.

    >>> sorted(of_country({"ua/id-card": frozenset(), "xx/card": frozenset()}, "ua/dms"))
    ['ua/id-card']
    """
    country = authority.partition("/")[0]
    return {key: names for key, names in stages.items() if key.partition("/")[0] == country}


def of_others(authority: str, owners: Mapping[str, str], hosts: Iterable[str]) -> Mapping[str, str]:
    """The services that it cannot have cases of, each with the authority that serves it.

    An authority at which people come in (an entry's) may serve on behalf of others: a consulate, a one-stop office.

    >>> of_others("ua/pfu", {"ua/id-card": "ua/dms", "ua/pension": "ua/pfu"}, ["ua/cnap"])
    {'ua/id-card': 'ua/dms'}
    >>> of_others("ua/cnap", {"ua/id-card": "ua/dms"}, ["ua/cnap"])
    {}
    """
    return {} if authority in hosts else {key: owner for key, owner in owners.items() if owner != authority}
