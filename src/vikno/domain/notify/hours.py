"""When a notice may go out: not at night by the person's clock, and not when it has become old news."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

DAY_MS = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Window:
    """The time in which a notice may leave."""

    not_before_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class Quiet:
    """The hours in which nobody is written to of an authority's accord. `start` equal to `end`: there are none."""

    zone: tzinfo
    start: time = time(21)
    end: time = time(8)
    expire_days: int = 7

    def window(self, now_ms: int, zone: tzinfo | None = None) -> Window:
        """From now, or from the end of the night, for so many days. `zone`: a person's own, where it is known.

        >>> def at(hour): return int(datetime(2026, 3, 15, hour, tzinfo=UTC).timestamp() * 1000)
        >>> quiet = Quiet(UTC)
        >>> [(quiet.window(at(hour)).not_before_ms - at(hour)) // 3_600_000 for hour in (7, 8, 20, 21, 23)]
        [1, 0, 0, 11, 9]
        >>> from datetime import timezone
        >>> quiet.window(at(20), timezone(timedelta(hours=2))).not_before_ms - at(20) == 10 * 3_600_000
        True
        """
        here = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone or self.zone)
        clock = here.time()
        begins = now_ms
        if self._quiet(clock):
            day = here.date() + timedelta(days=clock >= self.end)
            begins = int(datetime.combine(day, self.end, zone or self.zone).timestamp() * 1000)
        return Window(max(begins, now_ms), begins + self.expire_days * DAY_MS)

    def _quiet(self, clock: time) -> bool:
        if self.start <= self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end
