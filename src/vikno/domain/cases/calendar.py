"""Working days: when a time that is counted in them is over."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

WEEKEND = frozenset({5, 6})
"""Saturday and Sunday, as `date.weekday` counts."""


class WorkingDays:
    """The working days of a country: Monday to Friday but for its holidays, by its own clock."""

    def __init__(self, zone: tzinfo, holidays: Collection[date] = ()) -> None:
        self.zone, self.holidays = zone, frozenset(holidays)
        self._over = lru_cache(4096)(self._counted)

    def over_ms(self, since_ms: int, days: int) -> int:
        """The moment when so many working days are over, not counting the day of `since_ms` itself.

        >>> friday = 1_773_399_600_000  # 2026-03-13 11:00 UTC
        >>> over = WorkingDays(UTC, {date(2026, 3, 16)}).over_ms(friday, 2)
        >>> datetime.fromtimestamp(over / 1000, UTC).isoformat()
        '2026-03-19T00:00:00+00:00'
        """
        return self._over(self.day(since_ms), days)

    def day(self, at_ms: int) -> date:
        """The day on the country's calendar."""
        return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(self.zone).date()

    def works(self, day: date) -> bool:
        """Whether it is a working day."""
        return day.weekday() not in WEEKEND and day not in self.holidays

    def _counted(self, day: date, days: int) -> int:
        """The first moment of the day after the last one counted."""
        left = days
        while left > 0:
            day += timedelta(days=1)
            left -= self.works(day)
        after = day + timedelta(days=1)
        return int(datetime(after.year, after.month, after.day, tzinfo=self.zone).timestamp() * 1000)
