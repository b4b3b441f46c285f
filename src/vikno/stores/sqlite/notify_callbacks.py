"""Who hears what became of messages as GOV.UK Notify tells it (`usecases.tell_notify.NotifyCallbacks`)."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from vikno.stores.sqlite.desk import Desk
from vikno.stores.sqlite.queries import change, statements
from vikno.usecases.records import Position, check_batch
from vikno.usecases.tell_notify import NotifyCallback, ToldAgain

_SQL = statements("notify_callbacks.sql")


class NotifyCallbacks(Desk):
    """Keeps them. What they hear is read from the notifications as they stand."""

    async def set_notify_callback(self, organisation: int, url: str, sealed: bytes, now_ms: int) -> None:
        """It hears from now on, or goes on elsewhere."""
        values = (organisation, url, sealed, now_ms)
        await self._share(lambda writing: change(writing, _SQL["set_notify_callback"], *values))

    async def drop_notify_callback(self, organisation: int) -> bool:
        """Whether there was one."""

        def drop(writing: apsw.Cursor) -> bool:
            writing.execute(_SQL["drop_notify_again"], (organisation,))
            return bool(change(writing, _SQL["drop_notify_callback"], organisation))

        return await self._share(drop)

    async def notify_callbacks(self) -> tuple[NotifyCallback, ...]:
        """All of them."""
        return tuple(
            NotifyCallback(organisation, url, sealed, Position(at_ms, 0, one))
            for organisation, url, sealed, at_ms, one in self._all(_SQL["read_notify_callbacks"])
        )

    async def notify_told(self, callback: NotifyCallback, upto: Position, again: Sequence[ToldAgain]) -> bool:
        """All until there was told, but for `again`."""
        check_batch(again)
        taken = callback.taken
        values = (upto.at_ms, upto.one, callback.organisation, taken.at_ms, taken.one)

        def tell(writing: apsw.Cursor) -> bool:
            if not change(writing, _SQL["move_notify_callback"], *values):
                return False
            writing.executemany(
                _SQL["keep_notify_again"],
                [
                    (one.notification, one.completed_ms, one.organisation, one.status, one.tries, one.next_ms)
                    for one in again
                ],
            )
            return True

        return await self._share(tell)

    async def notify_again(self, organisation: int, now_ms: int, limit: int = 100) -> tuple[ToldAgain, ...]:
        """What an organisation's system has to be told again by now."""
        return tuple(ToldAgain(*row) for row in self._all(_SQL["find_notify_again"], organisation, now_ms, limit))

    async def notify_tried(self, tried: Sequence[ToldAgain]) -> None:
        """These were told again."""
        check_batch(tried)
        later = [
            (one.tries, one.next_ms, one.notification, one.completed_ms) for one in tried if one.next_ms is not None
        ]
        done = [(one.notification, one.completed_ms) for one in tried if one.next_ms is None]

        def write(writing: apsw.Cursor) -> None:
            writing.executemany(_SQL["try_notify_again"], later)
            writing.executemany(_SQL["forget_notify_again"], done)

        await self._share(write)
