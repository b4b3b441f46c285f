"""The calendar of a service: the days on which its rules can change, and one day to stand for each stretch between.

Within a stretch every comparison of two days comes out the same, so a proof for one day is a proof for all of
it. A named date without a value (“not yet”) is never reached here; `supposed` tries what it could turn out to be.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from vikno.domain.rules.conditions import AgeIs, DateIs, Day, TodayIs, latest_birth, leaves
from vikno.domain.rules.service import Fact, Service
from vikno.domain.rules.space import conditions_of


@dataclass(frozen=True, slots=True)
class Stretch:
    """Days `first` to `last` (None: without end); `dates` are the named dates supposed."""

    first: date
    last: date | None
    dates: Mapping[str, date | None]


def days_in(service: Service) -> Iterator[tuple[Fact | None, Day, tuple[int, ...]]]:
    """Every day that a condition compares with: the date fact (None: today) and ages that shift it by years."""
    for condition in conditions_of(service):
        for leaf in leaves(condition):
            if isinstance(leaf, TodayIs):
                yield None, leaf.day, ()
            elif isinstance(leaf, DateIs):
                yield service.fact.get(leaf.fact), leaf.day, ()
            elif isinstance(leaf, AgeIs):
                ages = tuple(
                    int(bound) + extra
                    for bound in (leaf.within.low, leaf.within.high)
                    if bound is not None
                    for extra in (0, 1)
                )
                yield service.fact.get(leaf.fact), leaf.on, ages
    for fact in service.facts:
        if fact.dates:
            for bound in (fact.dates.low, fact.dates.high):
                if bound:
                    yield fact, bound, ()


def day_names(service: Service) -> frozenset[str]:
    """The named dates that the rules use."""
    return frozenset(day.name for _, day, _ in days_in(service) if day.name and day.name != "today")


def open_names(service: Service) -> list[str]:
    """The named dates that the rules use and that have no value yet."""
    return sorted(name for name in day_names(service) if service.dates.get(name) is None)


def first_days(service: Service) -> set[date]:
    """The days on which something first holds: of items and of sums of money."""
    days = {item.from_ for item in service.items if item.from_}
    return days | {start for amount in service.amounts.values() for start, _ in amount.rows}


def after(day: date, count: int) -> date | None:
    """The day so many days later; None where the calendar ends."""
    try:
        return day + timedelta(days=count)
    except OverflowError:
        return None


def breaks(service: Service, dates: Mapping[str, date | None]) -> set[date]:
    """The days on which a stretch begins, with the named dates as supposed."""
    out: set[date] = set()

    def add(day: date | None) -> None:
        if day is not None:
            out.update(near for near in (after(day, -1), day, after(day, 1)) if near)

    for item in service.items:
        if item.from_:
            out.add(item.from_)
        if item.until and (later := after(item.until, 1)):
            out.add(later)
    for amount in service.amounts.values():
        out.update(start for start, _ in amount.rows)
    points: dict[str, list[tuple[Day, tuple[int, ...]]]] = {}
    for fact, day, ages in days_in(service):
        if fact is None:
            add(day.on(date.min, dates) if day.name != "today" else None)
        else:
            points.setdefault(fact.id, []).append((day, ages))
    for compared in points.values():
        for met in _meetings(compared, dates):
            add(met)
    return out


def _meetings(
    compared: Sequence[tuple[Day, tuple[int, ...]]], dates: Mapping[str, date | None]
) -> Iterator[date | None]:
    """The days on which a day that moves with today passes one that does not, as a date fact sees them."""
    moving = [(day.days, ages) for day, ages in compared if day.name == "today"]
    fixed = [(at, ages) for day, ages in compared if day.name != "today" and (at := day.on(date.min, dates))]
    for (days, ages), (at, other) in product(moving, fixed):
        for years, back in product(_shifts(other), _shifts(ages)):
            shifted = latest_birth(years, at)
            meets = shifted and latest_birth(-back, shifted)
            yield after(meets, -days) if meets else None


def _shifts(ages: tuple[int, ...]) -> tuple[int, ...]:
    return ages or (0,)


def stretches(service: Service) -> list[Stretch]:
    """The days of a service in stretches, from its floor on, with its named dates as they are known."""
    return list(_cut(service, dict(service.dates)))


def _cut(service: Service, dates: Mapping[str, date | None]) -> Iterator[Stretch]:
    floor = service.floor
    days = sorted(breaks(service, dates))
    first = floor or (days[0] - timedelta(days=1) if days else date(2026, 1, 1))
    starts = [first, *(day for day in days if day > first)]
    for at, start in enumerate(starts):
        last = starts[at + 1] - timedelta(days=1) if at + 1 < len(starts) else None
        yield Stretch(start, last, dates)
