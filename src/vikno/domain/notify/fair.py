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
    _waiting: frozenset[int] = frozenset()
    """Those of whom more wait than they had turns."""
    _before: dict[int, float] = field(default_factory=dict)
    """The clocks before the last turns."""
    _shares: dict[int, int] = field(default_factory=dict)
    _now: float = 0.0

    def share(self, weights: Mapping[int, float], room: int) -> dict[int, int]:
        """How many of the next `room` messages are whose, whoever is furthest behind first. `weights`: of those that
        wait, each above 0.

        >>> Fair().share({1: 1, 2: 3}, 8)
        {1: 2, 2: 6}
        >>> fair = Fair()
        >>> fair.share({1: 1}, 100), fair.share({1: 1, 2: 1}, 10)
        ({1: 100}, {1: 5, 2: 5})
        """
        waiting = [self._clocks[one] for one in self._waiting]
        self._now = max(self._now, min(waiting) if waiting else max(self._clocks.values(), default=0.0))
        before = {one: self._clocks.get(one, self._now) for one in weights}
        # Whoever waits all the time keeps their clock, or a light one would never catch up with a heavy one.
        clocks = {one: clock if one in self._waiting else max(clock, self._now) for one, clock in before.items()}
        resting = {one: clock for one, clock in self._clocks.items() if one not in weights and clock > self._now}
        first = sorted(weights, key=lambda one: (clocks[one], before[one], one))
        heap = [(clocks[one] + 1 / weights[one], before[one], one) for one in first]
        heapq.heapify(heap)
        shares = dict.fromkeys(first, 0)
        for _ in range(room if heap else 0):
            ends, was, one = heap[0]
            shares[one] += 1
            clocks[one] = ends
            heapq.heapreplace(heap, (ends + 1 / weights[one], was, one))
        self._clocks, self._waiting, self._before = clocks | resting, frozenset(weights), before
        self._shares = shares
        return dict(shares)

    def give_back(self, one: int, count: int, weight: float) -> None:
        """It had fewer that wait than its share of the last turns."""
        had_none = count == self._shares[one]
        self._clocks[one] = self._before[one] if had_none else self._clocks[one] - count / weight
        self._waiting -= {one}
