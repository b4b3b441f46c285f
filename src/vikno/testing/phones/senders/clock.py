"""The demo's clock: it goes on by itself, from wherever it was set."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime


@dataclass
class DemoClock:
    """The clock of this machine, and how far the demo is ahead of it."""

    ahead_ms: int = 0

    def __call__(self) -> int:
        return time.time_ns() // 1_000_000 + self.ahead_ms

    def set(self, at: datetime) -> None:
        """From now on it is that moment."""
        self.ahead_ms += int(at.timestamp() * 1000) - self()
