"""One thread beside the event loop, for what waits for the disk.

An executor would do the same with three futures for one; here this is done once for each commit.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")


class Beside:
    """Does one thing after the other."""

    def __init__(self, name: str) -> None:
        self._todo: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def do(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. Somebody who is cancelled goes on when it has ended, not before."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def run() -> None:
            try:
                settle: Callable[[Any], None] = answer.set_result
                outcome: object = work()
            except BaseException as error:  # noqa: BLE001 - it is raised where it was asked for
                settle, outcome = answer.set_exception, error
            with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile: nobody waits
                loop.call_soon_threadsafe(_settle, answer, settle, outcome)

        self._todo.put(run)
        try:
            return await answer
        except asyncio.CancelledError:
            ended = threading.Event()
            self._todo.put(ended.set)
            ended.wait()
            raise

    def close(self) -> None:
        """Let the thread end what it does."""
        self._todo.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (work := self._todo.get()) is not None:
            work()


def _settle(answer: asyncio.Future[Any], settle: Callable[[Any], None], outcome: object) -> None:
    if not answer.done():
        settle(outcome)
