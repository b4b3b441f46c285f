"""The desk: what waits to be written is written in groups, each one transaction with one wait for the disk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, TypeVar

import apsw

from vikno.stores.sqlite import queries
from vikno.stores.sqlite.asked import Asked, Chore, Mark, Turn, Write, fail_together
from vikno.stores.sqlite.file import Location, sqlite_errors
from vikno.stores.sqlite.group import Group
from vikno.stores.sqlite.reader import SqliteReader
from vikno.stores.sqlite.writer import Writer
from vikno.usecases.ports import Clock, Kept, StoreClosed

Answer = TypeVar("Answer")
Waiting = TypeVar("Waiting")
Part = TypeVar("Part")

AT_A_STRETCH = 32
"""So many rows of a large batch are worked on before the loop may see to others: about two milliseconds."""


class Desk(SqliteReader):
    """Takes what is to be written and sees that it is. What is kept, and how, is said by those who build on it."""

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        most_waiting: int = 4096,
        most_together: int = 128,
        lock_wait_s: float = 5.0,
    ) -> None:
        """Open `url` (`sqlite:///path`), make the file if it is new, and bring its tables to this version.

        `most_waiting` turns may wait, the next one is refused; `most_together` share a transaction;
        `lock_wait_s` is how long a group waits for another process that writes.

        Raises StoreUrlWrong, StoreUnreadable, StoreForeign, StoreTooNew, StoreDamaged, StoreLocked, DiskFull.
        """
        with sqlite_errors():
            self._writer = Writer(Location.of(url), lock_wait_s)
        try:
            super().__init__(url)
        except BaseException:
            self._writer.close()
            raise
        self._clock = clock
        self._most_waiting = most_waiting
        self._most_together = most_together
        self._turns: deque[Turn] = deque()
        self._marks: deque[Mark] = deque()
        self._writes: deque[Write[Any]] = deque()
        self._chores: deque[Chore[Any]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def close(self) -> None:
        """Hold the turns that wait, then let go of the file. Turns that come later are refused."""
        if self._closing:
            return
        self._closing = True
        if self._task is not None:
            await asyncio.wait([self._task])
        await super().close()
        await asyncio.to_thread(self._writer.close)

    async def _share(self, work: Callable[[apsw.Cursor], Answer]) -> Answer:
        """Change a few rows, in the commit of whatever else waits. What `work` raises is raised, nothing is kept."""
        return await self._ask(self._writes, Write(work))

    async def _beside(self, work: Callable[[apsw.Cursor], Answer]) -> Answer:
        """Change many rows with few statements, in a transaction of its own, on the thread that commits."""

        async def do(writing: apsw.Cursor) -> Answer:
            return await self._writer.beside(lambda: work(writing))

        return await self._ask(self._chores, Chore(do))

    async def _in_parts(
        self, parts: Sequence[Part], work: Callable[[apsw.Cursor, Sequence[Part]], Iterable[Answer]]
    ) -> tuple[Answer, ...]:
        """Change many rows with many statements, in one transaction, part after part on the loop's thread.

        A thread beside it would have to win the interpreter back after each statement.
        """

        async def do(writing: apsw.Cursor) -> tuple[Answer, ...]:
            answers: list[Answer] = []
            for start in range(0, len(parts), AT_A_STRETCH):
                answers += work(writing, parts[start : start + AT_A_STRETCH])
                await asyncio.sleep(0)
            return tuple(answers)

        return await self._ask(self._chores, Chore(do))

    async def _ask(self, queue: deque[Any], asked: Asked[Answer]) -> Answer:
        """Put it in the queue, see that somebody works the queue off, and wait for the answer."""
        if self._closing:
            raise StoreClosed
        self._put(queue, asked)
        return await asked.answer

    def _put(self, queue: deque[Any], asked: Asked[Any]) -> None:
        queue.append(asked)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write(), name="vikno-store")

    async def _write(self) -> None:
        """Write what waits, group by group, until nothing does."""
        try:
            while self._turns or self._marks or self._writes or self._chores:
                if self._turns or self._marks or self._writes:
                    most = self._most_together
                    await self._hold(_first(self._turns, most), _first(self._marks, most), _first(self._writes, most))
                for chore in _first(self._chores, 1):
                    await self._do(chore)
        finally:
            self._task = None
            queues: tuple[deque[Any], ...] = (self._turns, self._marks, self._writes, self._chores)
            for queue in queues:
                for forsaken in queue:  # only if the loop ends before its time
                    forsaken.answer.cancel()
                queue.clear()

    async def _hold(self, turns: list[Turn], marks: list[Mark], writes: list[Write[Any]]) -> None:
        try:
            writing = await self._writer.begin()
            outcomes = _take(Group(writing, self._clock()), turns)
            writing.executemany(queries.MARK_DONE, [(mark.conversation, mark.position) for mark in marks])
            written = [(write, _try(writing, write.work)) for write in writes if not write.answer.done()]
            await self._writer.commit()
        except BaseException as error:  # noqa: BLE001 - it is told to each
            self._writer.roll_back()
            fail_together([*turns, *marks, *writes], error)
            return
        for turn, outcome in outcomes:
            turn.give(outcome)
        for mark in marks:
            mark.give(None)
        for write, answer in written:
            write.give(answer)

    async def _do(self, chore: Chore[Any]) -> None:
        try:
            writing = await self._writer.begin()
            answer = await _own(chore.work(writing))
            if isinstance(answer, _Raised):
                self._writer.roll_back()
                chore.give(answer.error)
                return
            await self._writer.commit()
        except BaseException as error:  # noqa: BLE001 - as above
            self._writer.roll_back()
            fail_together([chore], error)
            return
        chore.give(answer)


class _Raised:
    """What a chore's own work has raised, which is no fault of the store."""

    def __init__(self, error: Exception) -> None:
        self.error = error


async def _own(work: Awaitable[Answer]) -> Answer | _Raised:
    try:
        return await work
    except apsw.Error:
        raise
    except Exception as error:  # noqa: BLE001 - it is raised where the chore was asked for
        return _Raised(error)


def _take(group: Group, turns: Iterable[Turn]) -> list[tuple[Turn, Kept | Exception]]:
    """Take every step and write the changes; a step that raises has its error as outcome."""
    outcomes: list[tuple[Turn, Kept | Exception]] = []
    for turn in turns:
        if turn.answer.done():  # whoever asked has gone, and will send the event again
            continue
        try:
            outcomes.append((turn, group.turn(turn.conversation, turn.event, turn.step)))
        except apsw.Error:
            raise
        except Exception as error:  # noqa: BLE001 - it is raised where the turn was asked for
            outcomes.append((turn, error))
    group.write()
    return outcomes


def _try(writing: apsw.Cursor, work: Callable[[apsw.Cursor], Answer]) -> Answer | Exception:
    """Do the work of one write; what it raises undoes this one alone."""
    writing.execute("SAVEPOINT one")
    try:
        return work(writing)
    except apsw.Error:
        raise
    except Exception as error:  # noqa: BLE001 - it is raised where the write was asked for
        writing.execute("ROLLBACK TO one")
        return error
    finally:
        if writing.connection.in_transaction:
            writing.execute("RELEASE one")


def _first(queue: deque[Waiting], most: int) -> list[Waiting]:
    return [queue.popleft() for _ in range(min(len(queue), most))]
