"""Everything on record in SQLite: turns that wait together are one transaction and share one wait for the disk."""

from __future__ import annotations

import apsw

from vikno.stores.sqlite import queries
from vikno.stores.sqlite.addresses import Addresses
from vikno.stores.sqlite.asked import Mark, Turn
from vikno.stores.sqlite.campaigns import Campaigns
from vikno.stores.sqlite.cases import Cases
from vikno.stores.sqlite.notices import Notices
from vikno.stores.sqlite.notify_callbacks import NotifyCallbacks
from vikno.stores.sqlite.organisations import Organisations
from vikno.stores.sqlite.registry import Registry
from vikno.stores.sqlite.sidings import Sidings
from vikno.stores.sqlite.subscribers import Subscribers
from vikno.usecases.ports import Kept, Step, TooManyTurns, check_names


class SqliteStore(Addresses, Cases, Notices, Sidings, Registry, Subscribers, Organisations, Campaigns, NotifyCallbacks):
    """Keeps conversations (`ConversationStore`, `Outbox`, `Upkeep`), and beside them all `Records`.

    Statements run on the thread of the event loop, COMMIT on a thread beside it: nobody is held up by the disk,
    and steps need no locks (docs/why/store.md has the figures). One object serves one event loop at a time;
    several processes may open the same file.
    """

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

        return await self._beside(forget_old)

    async def forget(self, conversation: str) -> None:
        """Forget one conversation with all that was kept of it."""

        def forget_it(writing: apsw.Cursor) -> None:
            for statement in (queries.FORGET_ITS_KEYS, queries.FORGET_ITS_EFFECTS, queries.FORGET_CONVERSATION):
                writing.execute(statement, (conversation,))

        await self._beside(forget_it)
