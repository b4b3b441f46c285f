"""The one connection that writes: transactions that wait for others and for the disk without holding up the loop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TypeVar

import apsw

from vikno.stores.sqlite.beside import Beside
from vikno.stores.sqlite.checkpoints import Checkpoints
from vikno.stores.sqlite.errors import name_of
from vikno.stores.sqlite.file import Location, connect_to_write
from vikno.stores.sqlite.migrations import found, migrate

log = logging.getLogger(__name__)

T = TypeVar("T")

_LONGEST_PAUSE_S = 0.05


class Writer:
    """Writes one transaction at a time; the statements on the caller's thread, COMMIT on a thread beside it.

    What goes wrong is raised as apsw.Error.
    """

    def __init__(self, location: Location, lock_wait_s: float) -> None:
        """Open the file, make it if it is new, and bring its tables to this version."""
        self._lock_wait_s = lock_wait_s
        self._connection = connect_to_write(location)
        try:
            migrate(self._connection, found())
            self._connection.set_busy_timeout(0)  # `begin` waits instead
            self._checkpoints = Checkpoints(self._connection, connect_to_write(location))
        except BaseException:
            self._connection.close()
            raise
        self._cursor = self._connection.cursor()
        self._beside = Beside("vikno-commit")

    async def begin(self) -> apsw.Cursor:
        """Take the write lock at once, so that what is read cannot change before it is written."""
        loop = asyncio.get_running_loop()
        until, pause_s = loop.time() + self._lock_wait_s, 0.001
        while True:
            try:
                return self._cursor.execute("BEGIN IMMEDIATE")
            except apsw.BusyError:
                if loop.time() > until:
                    raise
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    async def commit(self) -> None:
        """When this returns, what was written since `begin` is on disk."""
        await self._beside.do(self._commit)

    async def beside(self, work: Callable[[], T]) -> T:
        """Write much, on the thread that commits; SQLite lets the loop run meanwhile."""
        return await self._beside.do(work)

    def roll_back(self) -> None:
        """Undo what was written since `begin`."""
        if self._connection.in_transaction:  # after some errors SQLite has done it already
            try:
                self._cursor.execute("ROLLBACK")
            except apsw.Error as error:
                log.warning("rollback_failed", extra={"reason": name_of(error)})

    def close(self) -> None:
        """Let go of the file; SQLite copies the rest of the log into it."""
        self._beside.close()
        self._checkpoints.close()
        self._connection.close()

    def _commit(self) -> None:
        self._cursor.execute("COMMIT")
        self._checkpoints.after_commit()
