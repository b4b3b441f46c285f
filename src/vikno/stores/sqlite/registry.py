"""Keys, the access log, and forgetting a person or what is old (`Registry`)."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from vikno.stores.sqlite.addresses import find_addresses
from vikno.stores.sqlite.desk import Desk
from vikno.stores.sqlite.queries import change, statements
from vikno.usecases.records import Access, ApiKey

_SQL = statements("registry.sql")
_ADD_KEY, _KEY, _KEYS, _ALL_KEYS = _SQL["add_key"], _SQL["read_key"], _SQL["read_keys"], _SQL["read_all_keys"]
_REVOKE_KEY, _KEEP_ACCESS, _ACCESSES = _SQL["revoke_key"], _SQL["keep_access"], _SQL["read_accesses"]
_FORGET_ASIDES, _FORGET_ATTEMPTS = _SQL["forget_old_asides"], _SQL["forget_old_attempts"]
_FORGET_NOTICES = statements("notices.sql")["forget_notices"]
_OF_A_PERSON = (
    statements("notices.sql")["forget_notices_of"],
    statements("cases.sql")["forget_follows_of"],
    statements("addresses.sql")["forget_address"],
)


class Registry(Desk):
    """Keeps who may come in and what they did, and forgets."""

    async def add_key(self, authority: str, label: str, digest: str, now_ms: int) -> int:
        """Its id."""
        return await self._beside(  # alone: a digest that is there already fails the transaction for all in it
            lambda writing: int(writing.execute(_ADD_KEY, (authority, label, digest, now_ms)).get)
        )

    async def key(self, digest: str) -> ApiKey | None:
        """The key with this digest, unless it is revoked."""
        for row in self._all(_KEY, digest):
            return ApiKey(*row)
        return None

    async def keys(self, authority: str | None = None) -> tuple[ApiKey, ...]:
        """All of them, revoked ones too."""
        rows = self._all(_ALL_KEYS) if authority is None else self._all(_KEYS, authority)
        return tuple(ApiKey(*row) for row in rows)

    async def revoke_key(self, key: int, now_ms: int) -> bool:
        """Whether it was in force."""
        return await self._share(lambda writing: bool(change(writing, _REVOKE_KEY, now_ms, key)))

    async def note(self, accesses: Sequence[Access]) -> None:
        """Write to the access log; nothing in it is ever changed."""
        rows = [(access.at_ms, access.who, access.what, access.about) for access in accesses]

        def keep(writing: apsw.Cursor) -> None:
            writing.executemany(_KEEP_ACCESS, rows)

        await self._share(keep)

    async def accesses(self, about: str, limit: int = 200) -> tuple[Access, ...]:
        """About a case (`case/<id>`) or a conversation (its name), the latest first."""
        return tuple(Access(*row) for row in self._all(_ACCESSES, about, limit))

    async def erase(self, conversation: str) -> None:
        """Forget one person on one account: address, cases followed, notices."""

        def forget(writing: apsw.Cursor) -> None:
            for address, _ in find_addresses(writing, [conversation]).values():
                for statement in _OF_A_PERSON:
                    writing.execute(statement, (address,))

        await self._beside(forget)

    async def prune_records(self, before_ms: int, limit: int = 500) -> int:
        """Forget up to `limit` notices that are settled, reports put aside and attempts older than that."""

        def forget_old(writing: apsw.Cursor) -> int:
            gone = 0
            for statement in (_FORGET_NOTICES, _FORGET_ASIDES, _FORGET_ATTEMPTS):
                gone += change(writing, statement, before_ms, limit - gone)
            return gone

        return await self._beside(forget_old)
