"""Watch a registry: ask an authority's own service how far its cases have got, and say so when it does not answer.

A registry is live while it answers, cached as of its last answer while it does not, and unavailable when that lasts:
then the staff is told, once, and once more when it is back. What it says is recorded like any report: the same twice
counts once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NoReturn, Protocol

from vikno.usecases.bring_cases import Record
from vikno.usecases.ports import Clock
from vikno.usecases.records import MOST_AT_ONCE, CaseBook, StageGiven

OVERLAP_MS = 600_000
"""What changed is asked for from so long before the last answer: their clock and ours differ, and events count once."""
GIVE_UP_ROUND = 3
"""So many cases in a row without an answer, and the round ends: whoever is down is not asked ten thousand times."""
PAGE = 200

State = Literal["live", "cached", "unavailable"]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a registry said. `odd`: what of it could not be understood, without a person's data."""

    reports: tuple[StageGiven, ...] = ()
    odd: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotAnswered:
    """It did not, or not in a way that can be read. `again_s`: when it wants to be asked again."""

    reason: str
    again_s: float | None = None


class Registry(Protocol):
    """An authority's own service."""

    @property
    def authority(self) -> str:
        """Whose cases it knows: ua/dms."""
        ...

    @property
    def one_by_one(self) -> bool:
        """It is asked for each case; otherwise for all that has changed."""
        ...

    async def ask(self, number: str, since_ms: int) -> Answered | NotAnswered:
        """What it says of one case (`number` is "" where it tells of all) since that moment."""
        ...


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a registry is asked, and how long its silence is nobody's business."""

    every_s: float = 300.0
    longest_s: float = 3600.0
    told_after_s: float = 3600.0

    def pause_s(self, failures: int, again_s: float | None = None) -> float:
        """Until it is asked again: twice as long after each failure, never sooner than it wants.

        >>> [Patience().pause_s(failures) for failures in (0, 1, 2, 9)]
        [300.0, 600.0, 1200.0, 3600.0]
        """
        return max(min(self.every_s * (1 << min(failures, 20)), self.longest_s), again_s or 0.0, self.every_s)


@dataclass(frozen=True, slots=True)
class Health:
    """How a registry is. `answered_ms`: its last answer; `failing_ms`: since when it has not answered."""

    answered_ms: int | None = None
    failing_ms: int | None = None
    failures: int = 0
    reason: str = ""
    told: bool = False

    @property
    def state(self) -> State:
        """live, cached as of `answered_ms`, or unavailable."""
        if self.failing_ms is None and self.answered_ms is not None:
            return "live"
        return "cached" if self.answered_ms is not None and not self.told else "unavailable"


def answered(now_ms: int) -> Health:
    """It has answered."""
    return Health(now_ms)


def not_answered(health: Health, reason: str, now_ms: int, patience: Patience) -> Health:
    """It has not; `told` says whether the staff is to know by now.

    >>> down = not_answered(Health(0), "http 503", 1000, Patience(told_after_s=60))
    >>> down.state, not_answered(down, "http 503", 61_000, Patience(told_after_s=60)).state
    ('cached', 'unavailable')
    """
    failing_ms = now_ms if health.failing_ms is None else health.failing_ms
    told = health.told or now_ms - failing_ms >= patience.told_after_s * 1000
    return replace(health, failing_ms=failing_ms, failures=health.failures + 1, reason=reason, told=told)


@dataclass(frozen=True, slots=True)
class Round:
    """One round of asking: how the registry is after it, what was recorded, and what was odd."""

    health: Health
    counts: dict[str, int]
    odd: tuple[str, ...] = ()
    again_s: float | None = None


Ended = Callable[[str, str], bool]
"""Whether a case of this service at this stage has ended, so that nobody need ask any more."""
Tell = Callable[[str, Health], Awaitable[None]]
"""Tells the staff of an authority that its registry is unavailable, or is back."""


async def ask_once(
    registry: Registry, book: CaseBook, record: Record, health: Health, patience: Patience, clock: Clock, ended: Ended
) -> Round:
    """One round: ask, and record what was said. Raises what the store raises."""
    since_ms = max(0, (health.answered_ms or 0) - OVERLAP_MS)
    counts: dict[str, int] = {}
    odd: list[str] = []
    silent, last, heard, reports = 0, NotAnswered(""), False, list[StageGiven]()
    async for number in _numbers(registry, book, ended):
        said = await registry.ask(number, since_ms)
        if isinstance(said, NotAnswered):
            silent, last = silent + 1, said
            if silent >= GIVE_UP_ROUND or not registry.one_by_one:
                break
            continue
        silent, heard = 0, True
        odd += said.odd
        reports += said.reports
        if len(reports) >= MOST_AT_ONCE:
            await _recorded(reports, record, counts)
            reports = []
    await _recorded(reports, record, counts)
    if silent >= GIVE_UP_ROUND or (silent and not heard):
        return Round(not_answered(health, last.reason, clock(), patience), counts, tuple(odd), last.again_s)
    return Round(answered(clock()), counts, tuple(odd))


async def _numbers(registry: Registry, book: CaseBook, ended: Ended) -> AsyncIterator[str]:
    """What to ask for: all at once, or each case that somebody follows and that has not ended."""
    if not registry.one_by_one:
        yield ""
        return
    after = 0
    while page := await book.listed(registry.authority, after, PAGE):
        for case in page:
            if not ended(case.service, case.stage) and await book.followers(case.id):
                yield case.number
        after = page[-1].id


async def _recorded(reports: Sequence[StageGiven], record: Record, counts: dict[str, int]) -> None:
    for start in range(0, len(reports), MOST_AT_ONCE):
        for verdict in await record(reports[start : start + MOST_AT_ONCE]):
            counts[verdict] = counts.get(verdict, 0) + 1


async def watch(  # noqa: PLR0913, PLR0917  (what one watch is made of)
    registry: Registry,
    book: CaseBook,
    record: Record,
    patience: Patience,
    clock: Clock,
    ended: Ended,
    tell: Tell,
    heard: Callable[[Round], None],
) -> NoReturn:
    """Ask again and again, until cancelled. `heard` gets every round. Raises what the store raises."""
    health = Health()
    while True:
        done = await ask_once(registry, book, record, health, patience, clock, ended)
        heard(done)
        if done.health.told != health.told:
            await tell(registry.authority, done.health)
        health = done.health
        await asyncio.sleep(patience.pause_s(health.failures, done.again_s))
