"""Reading what is on record, on a connection of its own: it waits for no turn, and no turn waits for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from vikno.stores.sqlite import queries
from vikno.stores.sqlite.file import Location, connect_to_read, sqlite_errors
from vikno.stores.sqlite.migrations import check_current, found
from vikno.usecases.ports import Conversation, Effect, StoreClosed


class SqliteReader:
    """A store that changes nothing: for whoever looks at the conversations of a running server.

    Raises, when opened: StoreUrlWrong, StoreUnreadable, StoreForeign, StoreTooNew, StoreTooOld, StoreDamaged.
    """

    _closed = False

    def __init__(self, url: str) -> None:
        with sqlite_errors():
            self._reading = connect_to_read(Location.of(url).path)
            try:
                check_current(self._reading, found())
            except BaseException:
                self._reading.close()
                raise

    async def read(self, conversation: str) -> bytes | None:
        """The state as of the last turn; None for a conversation that has not begun."""
        found = self._all(queries.READ_STATE, conversation)
        return bytes(found[0][0]) if found else None

    async def page(self, after: str = "", limit: int = 500) -> tuple[Conversation, ...]:
        """Up to `limit` conversations whose names come after `after`, in the order of their names."""
        return tuple(Conversation(*row) for row in self._all(queries.READ_PAGE, after, limit))

    async def since(self, conversation: str, position: int, limit: int = 200) -> tuple[Effect, ...]:
        """The effects of one conversation after `position`, in order."""
        return tuple(Effect(*row) for row in self._all(queries.READ_SINCE, conversation, position, limit))

    async def waiting(self, limit: int = 200, after: int = 0, prefix: str = "") -> tuple[Effect, ...]:
        """Effects that somebody has to carry out, those kept first first."""
        return tuple(Effect(*row) for row in self._all(queries.READ_WAITING, after, prefix, limit))

    async def close(self) -> None:
        """Let go of the file."""
        self._closed = True
        self._reading.close()

    def _all(self, statement: str, *values: str | int | None) -> list[Any]:
        if self._closed:
            raise StoreClosed
        # Everything at once: a statement left open would hold the log back from starting anew.
        with sqlite_errors():
            return self._reading.execute(statement, values).fetchall()

    def _each(self, statement: str, values: Iterable[tuple[str | int | None, ...]]) -> list[Any]:
        """What a statement gives for each of these, in their order."""
        if self._closed:
            raise StoreClosed
        with sqlite_errors():
            return self._reading.executemany(statement, values).fetchall()
