"""Open named dates (“not yet”): every day that one could turn out to be, as far as the rules can tell the difference.

Where an open date falls matters only by which other days it lies before, on or after: days that are fixed, and days
that move with today. Drawn over today, the first are level lines and the second rise; a stretch of days is cut where
two of them meet, so that all that can lie between them lies there on its first day or on its last.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product

from vikno.domain.rules.conditions import Day, latest_birth
from vikno.domain.rules.days import Stretch, after, days_in
from vikno.domain.rules.service import Fact, Service
from vikno.domain.rules.space import DATE_CEILING, DATE_FLOOR

NEAR = (-1, 0, 1)
Dates = Mapping[str, date | None]


@dataclass(frozen=True, slots=True)
class _Meeting:
    """The open date, moved by `days` and `years`, is compared where another day is, moved back by `back` years."""

    days: int
    years: int
    other: Day
    back: int

    def open_on(self, today: date, dates: Dates) -> date | None:
        """What the open date must be for the two to meet."""
        there = self.other.on(today, dates)
        return _shifted(there and latest_birth(self.back, there), self.years, -self.days)

    def met_on(self, open_: date) -> date | None:
        """The day on which they meet, if the other day moves with today and the open date is this."""
        here = after(open_, self.days)
        return _shifted(here and latest_birth(self.years, here), self.back, -self.other.days)


def _shifted(day: date | None, years: int, days: int) -> date | None:
    later = day and latest_birth(-years, day)
    return after(later, days) if later else None


def supposed(service: Service, names: Sequence[str], known: Sequence[Stretch]) -> Iterator[Stretch]:
    """Days of a service with values of its open dates: some for each way in which the comparisons can come out."""
    meetings = {name: list(_meetings(service, name)) for name in names}
    there = [(day, dict(service.dates)) for day in _days(service, meetings, known)]
    for name in names:
        for day, dates in list(there):
            there += [(day, {**dates, name: value}) for value in sorted(_values(meetings[name], day, dates))]
    for day, dates in there:
        if any(dates[name] for name in names):
            yield Stretch(day, None, dates)


def _values(meetings: Sequence[_Meeting], today: date, dates: Dates) -> set[date]:
    """Each day on which the open date would meet another, the day before and the day after."""
    met = [meeting.open_on(today, dates) for meeting in meetings]
    return {near for day in met if day for step in NEAR if (near := after(day, step))}


def _meetings(service: Service, name: str) -> Iterator[_Meeting]:
    """Every comparison of the open date with another day, directly or through the answer to one date fact."""
    uses = [(fact, day.days, ages or (0,)) for fact, day, ages in days_in(service) if day.name == name]
    for fact, days, ages in uses:
        if fact is None:
            yield _Meeting(days, 0, Day("today"), 0)
            continue
        for other, backs in _beside(service, fact, name):
            for years, back in product(ages, backs or (0,)):
                yield _Meeting(days, years, other, back)


def _beside(service: Service, fact: Fact, name: str) -> Iterator[tuple[Day, tuple[int, ...]]]:
    """The other days that the answer to a fact is compared with, and the ends of what it may be."""
    for beside, day, ages in days_in(service):
        if beside is fact and day.name != name:
            yield day, ages
    if not (fact.dates and fact.dates.low):
        yield Day(None, DATE_FLOOR), ()
    if not (fact.dates and fact.dates.high):
        yield Day(None, DATE_CEILING), ()


def _days(service: Service, meetings: Mapping[str, Sequence[_Meeting]], known: Sequence[Stretch]) -> list[date]:
    """First and last days of the stretches, cut further where a fixed and a moving day meet at the open date."""
    floor = known[0].first
    starts = {stretch.first for stretch in known}
    level = False
    for found in meetings.values():
        fixed = {day for one in found if one.other.name != "today" and (day := one.open_on(floor, service.dates))}
        moving = [one for one in found if one.other.name == "today"]
        level = level or bool(fixed)
        met = [one.met_on(day) for one, day in product(moving, fixed)]
        starts |= {near for day in met if day for step in NEAR if (near := after(day, step)) and near >= floor}
    ordered = sorted(starts)
    if not level:
        return ordered  # every comparison is with today alone
    last = [day - timedelta(days=1) for day in ordered[1:]]
    return sorted({*ordered, *last, after(ordered[-1], 3) or ordered[-1]})
