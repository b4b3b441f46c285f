"""The demo's clock: it goes on by itself, from wherever it was set."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime

from vikno.domain.notify.hours import Quiet

HOUR_MS = 3_600_000
PLAYED_MS = 3 * HOUR_MS
"""So long somebody may play before the night comes."""


@dataclass
class DemoClock:
    """The clock of this machine, and how far the demo is ahead of it."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def begin(self, quiet: Quiet) -> None:
        """In the night, and shortly before it, the demo begins in the morning: or what it has to tell would wait.

        >>> from datetime import UTC
        >>> clock = DemoClock()
        >>> clock.set(datetime(2026, 3, 15, 22, 30, tzinfo=UTC))
        >>> clock.begin(Quiet(UTC))
        >>> datetime.fromtimestamp(clock() / 1000, UTC).isoformat(timespec="minutes")
        '2026-03-16T09:00+00:00'
        """
        now_ms = self()
        for at_ms in (now_ms, now_ms + PLAYED_MS):
            ends_ms = quiet.window(at_ms).not_before_ms
            if ends_ms > at_ms:
                self.ahead_ms += ends_ms + HOUR_MS - now_ms
                return

    def set(self, at: datetime) -> None:
        """From now on it is that moment."""
        self.ahead_ms += int(at.timestamp() * 1000) - self()
