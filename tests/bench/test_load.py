"""The load generator counts what it should; how long anything takes is not tested."""

from __future__ import annotations

import asyncio
import sys

import pytest
import uvloop

from bench import chat
from bench.figures import latencies, percentile, table
from bench.person import Person, WrongAnswer
from bench.server import serving


class Slow(Person):
    """A person whose first answer comes late, and whose third is wrong."""

    def __init__(self) -> None:
        self.turns = 0

    async def turn(self) -> None:
        self.turns += 1
        if self.turns == 1:
            await asyncio.sleep(0.2)
        if self.turns == 3:
            raise WrongAnswer("the third")


async def test_in_the_open_loop_a_turn_counts_from_when_it_was_due() -> None:
    """While the first answer is late nobody is ready; the turns that were due meanwhile have waited too."""
    tally = await chat.open_loop([Slow()], seconds=0.2, rate=50)
    late = [wait for wait in tally.waits_s if wait > 0.05]
    assert len(tally.waits_s) == 9
    assert len(late) >= 6
    assert tally.wrong == ["the third"]


async def test_in_the_closed_loop_the_others_are_not_sent_meanwhile() -> None:
    tally = await chat.closed_loop([Slow()], seconds=0.1)
    assert len(tally.waits_s) == 1
    assert tally.waits_s[0] >= 0.2


def test_percentiles_and_tables() -> None:
    waits = [n / 1000 for n in range(1, 101)]
    assert percentile(waits, 0.5) == 0.051
    assert percentile(waits, 1.0) == 0.1
    assert latencies(waits) == "51 / 100 / 100 / 100"
    assert table(["a", "b"], [["1", "2"]]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"


@pytest.mark.slow
def test_everybody_who_talks_at_once_hears_what_they_would_hear_alone() -> None:
    with serving() as served:
        tallies = uvloop.run(chat.measure(served.url, 32, 2.0, [0.0, 20.0], served))
    for tally in tallies:
        assert tally.waits_s
        assert (tally.wrong, tally.failed) == ([], []), sys.stderr.write(repr(tally.wrong[:2]))
