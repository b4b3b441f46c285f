"""What was put aside for an operator, and counters that end attempts (`Sidings`)."""

from __future__ import annotations

import apsw

from vikno.stores.sqlite.desk import Desk
from vikno.stores.sqlite.queries import rows, statements
from vikno.usecases.records import MOST_ASIDES, Aside

_SQL = statements("registry.sql")
_LAST, _KEEP, _FORGET_FIRST = _SQL["last_aside"], _SQL["keep_aside"], _SQL["forget_first_asides"]
_READ, _READ_ALL = _SQL["read_asides"], _SQL["read_all_asides"]
_FIND_ATTEMPTS, _KEEP_ATTEMPTS = _SQL["find_attempts"], _SQL["keep_attempts"]


class Sidings(Desk):
    """Keeps what could not be read, and counts."""

    async def put_aside(self, account: str, reason: str, sealed: bytes, now_ms: int) -> None:
        """Keep it for an operator; at most 10,000 of an account, the oldest give way."""

        def keep(writing: apsw.Cursor) -> None:
            nth = int(writing.execute(_LAST, (account,)).get) + 1
            writing.execute(_KEEP, (account, nth, reason, sealed, now_ms))
            writing.execute(_FORGET_FIRST, (account, nth - MOST_ASIDES))

        await self._share(keep)

    async def asides(self, account: str | None, after: int = 0, limit: int = 100) -> tuple[Aside, ...]:
        """The oldest first."""
        kept = self._all(_READ_ALL, after, limit) if account is None else self._all(_READ, account, after, limit)
        return tuple(Aside(*row) for row in kept)

    async def attempt(self, key: str, most: int, window_ms: int, now_ms: int) -> bool:
        """Count one attempt; False if there were `most` in this window already."""

        def count(writing: apsw.Cursor) -> bool:
            began_ms, tried = now_ms, 0
            for began, so_far in rows(writing, _FIND_ATTEMPTS, key):
                if 0 <= now_ms - began < window_ms:
                    began_ms, tried = began, so_far
            if tried >= most:
                return False
            writing.execute(_KEEP_ATTEMPTS, (key, began_ms, tried + 1))
            return True

        return await self._share(count)
