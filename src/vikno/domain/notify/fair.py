"""Fairness: who is next where several senders' messages wait for the same account, each by its weight.

Start-time fair queueing: every sender has a clock that goes on by 1/weight with each message; the one whose clock is
furthest behind is next. Who comes back after a rest begins at the present, so that nobody saves up turns by waiting.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(slots=True)
class Fair:
    """The clocks of the senders that wait for one account and lane."""

    _clocks: dict[int, float] = field(default_factory=dict)
    _now: float = 0.0

    def share(self, weights: Mapping[int, float], room: int) -> dict[int, int]:
        """How many of the next `room` messages are whose. `weights`: of those that wait, each above 0.

        >>> Fair().share({1: 1, 2: 3}, 8)
        {1: 2, 2: 6}
        >>> fair = Fair()
        >>> fair.share({1: 1}, 100), fair.share({1: 1, 2: 1}, 10)
        ({1: 100}, {1: 5, 2: 5})
        """
        self._clocks = {one: max(self._clocks.get(one, self._now), self._now) for one in weights}
        heap = [(clock + 1 / weights[one], one) for one, clock in self._clocks.items()]
        heapq.heapify(heap)
        shares = dict.fromkeys(weights, 0)
        for _ in range(room if heap else 0):
            ends, one = heap[0]
            shares[one] += 1
            self._now = max(self._now, ends - 1 / weights[one])
            self._clocks[one] = ends
            heapq.heapreplace(heap, (ends + 1 / weights[one], one))
        return shares

    def give_back(self, one: int, count: int, weight: float) -> None:
        """It had fewer that wait than its share."""
        self._clocks[one] = self._clocks.get(one, self._now) - count / weight
