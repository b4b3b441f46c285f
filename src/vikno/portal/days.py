"""Rules of other days (`?on=`): compiled when asked for, kept for a while, and only so many new ones a second."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import date

from vikno.domain.dialog.sheet import Sheet
from vikno.domain.dialog.world import World
from vikno.domain.errors import ViknoError
from vikno.domain.rules.ruleset import ruleset_on

MOST_DAYS = 64
"""Sheets of other days that are kept."""
FRESH_PER_S = 10
"""New ones a second, for everybody together: a compilation takes milliseconds of the event loop."""
FRESH_AT_ONCE = 40


class TooManyDays(ViknoError):
    """Too many rules of other days are asked for just now. The same address answers again in a second."""

    code = "too_many_days"
    retryable = True


class Budget:
    """A bucket of tokens: it holds `most`, and `per_s` come back each second."""

    def __init__(self, per_s: float, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_s, self._most, self._clock = per_s, most, clock
        self._left, self._at = float(most), clock()

    def take(self) -> bool:
        """Whether there was one."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Days:
    """Gives a service as it is on another day."""

    def __init__(self, budget: Budget | None = None) -> None:
        self._budget = budget or Budget(FRESH_PER_S, FRESH_AT_ONCE)
        self._kept: OrderedDict[tuple[World, str, str, date], Sheet] = OrderedDict()

    def sheet(self, world: World, service: str, lang: str, day: date) -> Sheet:
        """The sheet of that day.

        Raises:
            TooManyDays: it would have to be made, and too many were made just now.
        """
        key = (world, service, lang, day)
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        if not self._budget.take():
            raise TooManyDays
        made = Sheet(ruleset_on(world.services[service], day), world.words(lang), lang, lambda word, _: word)
        self._kept[key] = made
        if len(self._kept) > MOST_DAYS:
            self._kept.popitem(last=False)
        return made
