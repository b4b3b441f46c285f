"""The thread beside the loop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest

from vikno.stores.sqlite.beside import Beside


@pytest.fixture
def beside() -> Iterator[Beside]:
    beside = Beside("beside")
    yield beside
    beside.close()


async def test_work_is_done_on_the_thread_in_order_and_gives_its_outcome(beside: Beside) -> None:
    done: list[tuple[int, str]] = []
    works = [beside.do(lambda n=n: done.append((n, threading.current_thread().name))) for n in range(5)]  # type: ignore[misc]
    await asyncio.gather(*works)
    assert done == [(n, "beside") for n in range(5)]
    assert await beside.do(lambda: 7) == 7


async def test_what_work_raises_is_raised_where_it_was_asked_for(beside: Beside) -> None:
    with pytest.raises(ZeroDivisionError):
        await beside.do(lambda: 1 // 0)
    assert await beside.do(lambda: 7) == 7


async def test_whoever_is_cancelled_goes_on_when_the_work_has_ended(beside: Beside) -> None:
    ended: list[bool] = []

    def work() -> None:
        time.sleep(0.05)
        ended.append(True)

    doing = asyncio.ensure_future(beside.do(work))
    await asyncio.sleep(0.01)
    doing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await doing
    assert ended == [True]
