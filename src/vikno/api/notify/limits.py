"""How much an organisation's systems may ask: so many requests a minute for each kind of key, so many messages a day.

As in GOV.UK Notify a bucket refills at the rate and holds a third of a minute's requests, at most 1000. Beside it the
minute itself is counted, so that the limit that is told is one.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field

from vikno.api.notify.auth import Caller
from vikno.api.notify.errors import too_many
from vikno.usecases.count_days import Days, next_day_s
from vikno.usecases.send_messages import Pace

PER_MINUTE = 3000
MOST_AT_ONCE = 1000
SLOTS_PER_S = 4
"""The minute is counted in quarters of a second."""
MINUTE_S = 60


@dataclass(slots=True)
class Minute:
    """Requests of the last minute."""

    most: int
    _slots: deque[list[int]] = field(default_factory=deque)
    _count: int = 0

    def wait_s(self, now_s: float) -> float:
        """Until there is room for one more; 0.0: there is.

        >>> minute = Minute(2)
        >>> minute.take(0.0); minute.take(30.0); minute.wait_s(59.0), minute.wait_s(60.25)
        (1.25, 0.0)
        """
        slot = int(now_s * SLOTS_PER_S)
        while self._slots and self._slots[0][0] <= slot - MINUTE_S * SLOTS_PER_S - 1:
            self._count -= self._slots.popleft()[1]
        if self._count < self.most:
            return 0.0
        return (self._slots[0][0] + 1) / SLOTS_PER_S + MINUTE_S - now_s

    def take(self, now_s: float) -> None:
        """One more."""
        slot = int(now_s * SLOTS_PER_S)
        if not self._slots or self._slots[-1][0] < slot:
            self._slots.append([slot, 0])
        self._slots[-1][1] += 1
        self._count += 1


@dataclass(slots=True)
class _Room:
    """What one kind of key of one organisation has left."""

    pace: Pace
    minute: Minute


@dataclass
class Rates:
    """Requests, by organisation and kind of key."""

    per_minute: int = PER_MINUTE
    _rooms: dict[tuple[int, str], _Room] = field(default_factory=dict)

    def check(self, caller: Caller, now_ms: int) -> None:
        """Take one request; raises Refused, which takes none."""
        name = caller.organisation.id, caller.kind
        room = self._rooms.get(name)
        if room is None:
            burst = min(math.ceil(self.per_minute / 3) + 1, max(MOST_AT_ONCE, self.per_minute // 60))
            room = self._rooms[name] = _Room(Pace(self.per_minute / MINUTE_S, burst), Minute(self.per_minute))
        now_s = now_ms / 1000
        wait_s = room.minute.wait_s(now_s) or room.pace.take(now_s)
        if wait_s:
            said = (
                f"Exceeded rate limit for key type {caller.kind.upper()} of {self.per_minute} requests per 60 seconds"
            )
            raise too_many("RateLimitError", said, math.ceil(wait_s))
        room.minute.take(now_s)


async def check_day(days: Days, caller: Caller, kind: str, now_ms: int) -> None:
    """Raises Refused where all of today's messages are sent."""
    if not await days.room(caller.organisation, caller.kind, now_ms):
        raise reached(kind, caller.organisation.per_day, now_ms)


def reached(kind: str, most: int, now_ms: int) -> Exception:
    """Today's messages are sent."""
    return too_many("TooManyRequestsError", f"Exceeded send limits ({kind}: {most}) for today", next_day_s(now_ms))
