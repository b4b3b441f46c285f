"""Receivers are told side by side: who hangs, fails or has much to hear keeps nothing from the others."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from vikno.usecases.ports import StoreClosed
from vikno.usecases.rounds import Rounds


class Street:
    """Receivers by their numbers, and how much each has still to hear. Those at `doors` open when they are told to."""

    def __init__(self, *left: int) -> None:
        self.left = dict(enumerate(left))
        self.doors: dict[int, asyncio.Event] = {}
        self.wrong: dict[int, Exception] = {}
        self.heard: list[int] = []
        self.inside: Counter[int] = Counter()
        self.crowd = 0
        self.twice = False

    async def find(self) -> dict[int, tuple[int, int]]:
        """The number, and what is left for it; some time passes until that is known."""
        found = {number: (number, left) for number, left in self.left.items()}
        for _ in range(3):
            await asyncio.sleep(0)
        return found

    async def tell(self, receiver: tuple[int, int]) -> tuple[int, int] | None:
        number, left = receiver
        self.twice |= left != self.left[number] or self.inside[number] > 0
        self.inside[number] += 1
        self.crowd = max(self.crowd, self.inside.total())
        try:
            await (self.doors[number].wait() if number in self.doors else asyncio.sleep(0))
            if number in self.wrong:
                raise self.wrong[number]
            if left == 0:
                return None
            self.heard.append(number)
            self.left[number] -= 1
            return (number, left - 1) if left > 1 else None
        finally:
            self.inside[number] -= 1

    def closes(self, *numbers: int) -> None:
        self.doors.update({number: asyncio.Event() for number in numbers})


@asynccontextmanager
async def told(street: Street, *, most: int = 32, round_s: float = 60.0) -> AsyncIterator[Rounds[tuple[int, int]]]:
    """Rounds that have begun."""
    rounds = Rounds("house", street.find, street.tell, most=most, round_s=round_s)
    try:
        await rounds.look()
        yield rounds
    finally:
        await rounds.end()
    assert not street.twice, "somebody was told what they had heard, or by two at once"


async def settled() -> None:
    """All has happened that can happen by itself."""
    for _ in range(2_000):
        await asyncio.sleep(0)


async def test_one_that_hangs_keeps_nothing_from_another() -> None:
    street = Street(5, 300, 7)
    street.closes(0)
    async with told(street) as rounds:
        await settled()
        assert Counter(street.heard) == {1: 300, 2: 7}
        street.left[2] = 4
        await rounds.look()
        await settled()
        assert Counter(street.heard) == {1: 300, 2: 11}
        street.doors[0].set()
        await settled()
        assert street.left == {0: 0, 1: 0, 2: 0}


async def test_nobody_has_two_rounds_at_once_however_often_somebody_looks() -> None:
    street = Street(50, 50)
    street.closes(0)
    async with told(street) as rounds:
        for _ in range(30):
            await rounds.look()
        street.doors[0].set()
        for _ in range(30):
            await rounds.look()
        await settled()
    assert Counter(street.heard) == {0: 50, 1: 50}


async def test_who_was_looked_at_while_a_round_went_on_is_not_told_again_what_it_heard() -> None:
    street = Street(2)
    street.closes(0)
    async with told(street) as rounds:
        await settled()
        looking = asyncio.create_task(rounds.look())
        await asyncio.sleep(0)
        street.doors[0].set()
        await looking
        await settled()
    assert street.heard == [0, 0]


async def test_no_more_than_so_many_at_once_and_whoever_has_waited_longest_is_next() -> None:
    street = Street(*[1] * 6)
    street.closes(*range(6))
    async with told(street, most=2):
        await settled()
        assert +street.inside == {0: 1, 1: 1}
        for number in (1, 2, 0, 3, 4, 5):
            street.doors[number].set()
            await settled()
    assert street.heard == [1, 2, 0, 3, 4, 5]
    assert street.crowd == 2


async def test_who_has_much_to_hear_makes_room_and_comes_again_at_once() -> None:
    street = Street(3, 1)
    async with told(street, most=1, round_s=0.0) as rounds, asyncio.timeout(5):
        await settled()
        for _ in range(2):
            await rounds.wait(30)
            await rounds.look()
            await settled()
    assert street.heard == [0, 1, 0, 0]


async def test_what_goes_wrong_with_one_is_noted_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    street = Street(1, 1)
    street.wrong[0] = ZeroDivisionError("not for the log")
    async with told(street) as rounds:
        await settled()
        assert street.heard == [1]
        (record,) = caplog.records
        assert (record.message, vars(record)["receiver"]) == ("receiver_not_told", "house/0")
        assert "not for the log" not in caplog.text
        del street.wrong[0]
        await rounds.look()
        await settled()
    assert street.heard == [1, 0]


async def test_who_is_gone_by_its_turn_is_not_told() -> None:
    street = Street(1, 1)
    street.closes(0)
    async with told(street, most=1) as rounds:
        await settled()
        del street.left[1]
        await rounds.look()
        street.doors[0].set()
        await settled()
    assert street.heard == [0]


async def test_the_end_leaves_nothing_behind(caplog: pytest.LogCaptureFixture) -> None:
    street = Street(1, 1, 1, 1)
    street.closes(0, 1)
    street.wrong[3] = StoreClosed()
    before = asyncio.all_tasks()
    async with told(street, most=3):
        await settled()
    assert asyncio.all_tasks() == before
    assert +street.inside == Counter()
    assert caplog.records == [], "a store that closes is no fault"
