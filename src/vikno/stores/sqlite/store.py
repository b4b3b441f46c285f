"""Conversations in SQLite: turns that wait together are one transaction and share one wait for the disk."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from typing import Any, TypeVar

import apsw

from vikno.stores.sqlite import queries
from vikno.stores.sqlite.asked import Asked, Chore, Mark, Turn, fail_together
from vikno.stores.sqlite.file import Location, sqlite_errors
from vikno.stores.sqlite.group import Group
from vikno.stores.sqlite.reader import SqliteReader
from vikno.stores.sqlite.writer import Writer
from vikno.usecases.ports import Clock, Kept, Step, StoreClosed, TooManyTurns, check_names

Answer = TypeVar("Answer")
Waiting = TypeVar("Waiting")


class SqliteStore(SqliteReader):
    """Keeps conversations, what was answered and what was said (`ConversationStore`, `Outbox`, `Upkeep`).

    Statements run on the thread of the event loop, COMMIT on a thread beside it: nobody is held up by the disk,
    and steps need no locks (docs/why/store.md has the figures). One object serves one event loop at a time;
    several processes may open the same file.
    """

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
        self._chores: deque[Chore] = deque()
        self._task: asyncio.Task[None] | None = None
        self._closing = False

    async def turn(self, conversation: str, event: str, step: Step) -> Kept:
        """Hold one turn, as `ConversationStore` promises."""
        check_names(conversation, event)
        if len(self._turns) >= self._most_waiting:
            raise TooManyTurns(self._most_waiting)
        return await self._ask(self._turns, Turn(conversation, event, step))

    async def done(self, conversation: str, position: int) -> None:
        """Mark one effect as carried out; marks go to disk together with the turns that wait."""
        await self._ask(self._marks, Mark(conversation, position))

    async def prune(self, before_ms: int, limit: int = 500) -> int:
        """Forget up to `limit` old dedupe keys, or else old done effects; how many it was."""

        def forget_old(writing: apsw.Cursor) -> int:
            gone = writing.execute(queries.FORGET_KEYS, (before_ms, limit)).fetchall()
            gone = gone or writing.execute(queries.FORGET_EFFECTS, (before_ms, limit)).fetchall()
            writing.executemany(queries.FORGET_IF_EMPTY, set(gone))
            return len(gone)

        return await self._ask(self._chores, Chore(forget_old))

    async def forget(self, conversation: str) -> None:
        """Forget one conversation with all that was kept of it."""

        def forget_it(writing: apsw.Cursor) -> int:
            for statement in (queries.FORGET_ITS_KEYS, queries.FORGET_ITS_EFFECTS, queries.FORGET_CONVERSATION):
                writing.execute(statement, (conversation,))
            return writing.connection.changes()

        await self._ask(self._chores, Chore(forget_it))

    async def close(self) -> None:
        """Hold the turns that wait, then let go of the file. Turns that come later are refused."""
        if self._closing:
            return
        self._closing = True
        if self._task is not None:
            await asyncio.wait([self._task])
        await super().close()
        await asyncio.to_thread(self._writer.close)

    async def _ask(self, queue: deque[Any], asked: Asked[Answer]) -> Answer:
        """Put it in the queue, see that somebody works the queue off, and wait for the answer."""
        if self._closing:
            raise StoreClosed
        queue.append(asked)
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write(), name="vikno-store")
        return await asked.answer

    async def _write(self) -> None:
        """Write what waits, group by group, until nothing does."""
        try:
            while self._turns or self._marks or self._chores:
                if self._turns or self._marks:
                    await self._hold(_first(self._turns, self._most_together), _first(self._marks, self._most_together))
                for chore in _first(self._chores, 1):
                    await self._do(chore)
        finally:
            self._task = None
            queues: tuple[deque[Any], ...] = (self._turns, self._marks, self._chores)
            for queue in queues:
                for forsaken in queue:  # only if the loop ends before its time
                    forsaken.answer.cancel()
                queue.clear()

    async def _hold(self, turns: list[Turn], marks: list[Mark]) -> None:
        try:
            writing = await self._writer.begin()
            outcomes = _take(Group(writing, self._clock()), turns)
            writing.executemany(queries.MARK_DONE, [(mark.conversation, mark.position) for mark in marks])
            await self._writer.commit()
        except BaseException as error:  # noqa: BLE001 - it is told to each
            self._writer.roll_back()
            fail_together([*turns, *marks], error)
            return
        for turn, outcome in outcomes:
            turn.give(outcome)
        for mark in marks:
            mark.give(None)

    async def _do(self, chore: Chore) -> None:
        try:
            writing = await self._writer.begin()
            count = await self._writer.beside(lambda: chore.work(writing))
            await self._writer.commit()
        except BaseException as error:  # noqa: BLE001 - as above
            self._writer.roll_back()
            fail_together([chore], error)
            return
        chore.give(count)


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


def _first(queue: deque[Waiting], most: int) -> list[Waiting]:
    return [queue.popleft() for _ in range(min(len(queue), most))]
