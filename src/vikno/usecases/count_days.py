"""Count what each organisation has sent today, so that none sends more than was agreed. Days are those of UTC.

What was sent before this process began is asked of the record, once a day; messages of test keys count for nothing.
Every process counts for itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from vikno.usecases.notifications import Notifications
from vikno.usecases.organisations import KeyKind, Organisation

DAY_MS = 86_400_000
TEST = "test"


@dataclass(slots=True)
class _Day:
    """Messages of an organisation on one day."""

    day: int
    sent: int


@dataclass
class Days:
    """Messages, by organisation."""

    book: Notifications
    _days: dict[int, _Day] = field(default_factory=dict)

    async def room(self, organisation: Organisation, key: KeyKind, now_ms: int) -> int:
        """So many more may be sent today."""
        if key == TEST:
            return organisation.per_day
        today = now_ms // DAY_MS
        known = self._days.get(organisation.id)
        if known is None or known.day != today:
            tallies = await self.book.tallies(today * DAY_MS, organisation.id)
            sent = sum(tally.count for tally in tallies if tally.reason != TEST)
            known = self._days.get(organisation.id)  # somebody may have asked at the same time
            if known is None or known.day != today:
                known = self._days[organisation.id] = _Day(today, sent)
        return max(0, organisation.per_day - known.sent)

    async def take(self, organisation: Organisation, key: KeyKind, count: int, now_ms: int) -> bool:
        """Count so many more, before they are on record: of requests that come at once none goes beyond the day.

        False, and nothing is counted, where there is no room for all of them.
        """
        if await self.room(organisation, key, now_ms) < count:
            return False
        if key != TEST:
            self._days[organisation.id].sent += count  # nothing was awaited since there was room
        return True

    def give_back(self, organisation: int, key: KeyKind, count: int, now_ms: int) -> None:
        """So many of those taken at that moment did not come on record."""
        known = self._days.get(organisation)
        if key != TEST and known is not None and known.day == now_ms // DAY_MS:
            known.sent -= count


def next_day_s(now_ms: int) -> int:
    """Seconds until the next day begins.

    >>> next_day_s(DAY_MS - 1_500)
    2
    """
    return (DAY_MS - now_ms % DAY_MS) // 1000 + 1
