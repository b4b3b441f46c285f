"""Keys, the access log, and forgetting a person or what is old (`Registry`)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import apsw

from vikno.stores.sqlite.desk import Desk
from vikno.stores.sqlite.people import leave
from vikno.stores.sqlite.queries import change, rows, statements
from vikno.usecases.records import Access, ApiKey, RecordKind

_SQL = statements("registry.sql")
_ADD_KEY, _KEY, _KEYS, _ALL_KEYS = _SQL["add_key"], _SQL["read_key"], _SQL["read_keys"], _SQL["read_all_keys"]
_REVOKE_KEY, _KEEP_ACCESS, _ACCESSES = _SQL["revoke_key"], _SQL["keep_access"], _SQL["read_accesses"]
_FORGET_OLD: Mapping[RecordKind, str] = {
    "notices": statements("notices.sql")["forget_notices"],
    "notifications": statements("notifications.sql")["forget_notifications"],
    "requests": statements("notifications.sql")["forget_old_requests"],
    "asides": _SQL["forget_old_asides"],
    "attempts": _SQL["forget_old_attempts"],
    "accesses": _SQL["forget_old_accesses"],
}
_WALKED: Mapping[RecordKind, tuple[str, tuple[str, ...]]] = {
    "addresses": (
        statements("addresses.sql")["find_old_addresses"],
        (statements("addresses.sql")["forget_old_address"],),
    ),
    "cases": (
        statements("cases.sql")["find_old_cases"],
        (
            statements("cases.sql")["forget_old_case"],
            statements("cases.sql")["forget_reports_of_case"],
            statements("cases.sql")["forget_follows_of_case"],
            statements("cases.sql")["forget_timers_of_case"],
        ),
    ),
}
"""What says of each in a page whether it is old, and what forgets one, then what hangs on it."""
_FIND_PERSON = statements("people.sql")["find_person"]
_OF_A_PERSON = (
    statements("notices.sql")["forget_notices_of"],
    statements("cases.sql")["forget_follows_of"],
    statements("notifications.sql")["forget_notifications_of"],
    statements("people.sql")["forget_choices"],
    statements("addresses.sql")["forget_address"],
)


class Registry(Desk):
    """Keeps who may come in and what they did, and forgets."""

    _walked: Mapping[RecordKind, int] = MappingProxyType({})
    """How far each walk for what is old has come."""

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
        found = self._all(_ALL_KEYS) if authority is None else self._all(_KEYS, authority)
        return tuple(ApiKey(*row) for row in found)

    async def revoke_key(self, key: int, now_ms: int) -> bool:
        """Whether it was in force."""
        return await self._share(lambda writing: bool(change(writing, _REVOKE_KEY, now_ms, key)))

    async def note(self, accesses: Sequence[Access]) -> None:
        """Write to the access log; nothing in it is ever changed."""
        written = [(access.at_ms, access.who, access.what, access.about) for access in accesses]

        def keep(writing: apsw.Cursor) -> None:
            writing.executemany(_KEEP_ACCESS, written)

        await self._share(keep)

    async def accesses(self, about: str, limit: int = 200) -> tuple[Access, ...]:
        """About a case (`case/<id>`) or a conversation (its name), the latest first."""
        return tuple(Access(*row) for row in self._all(_ACCESSES, about, limit))

    async def erase(self, conversation: str) -> None:
        """Forget one person on one account: address, cases followed, notices, notifications, choices."""

        def forget(writing: apsw.Cursor) -> None:
            for person, address in rows(writing, _FIND_PERSON, conversation):
                leave(writing, person, address)
                for statement in _OF_A_PERSON:
                    writing.execute(statement, (address,))

        await self._beside(forget)

    async def prune_records(self, kind: RecordKind, before_ms: int, limit: int = 500) -> int:
        """Forget up to `limit` of one kind that are older than that; how many it was."""
        if kind in _WALKED:
            return await self._walk(kind, before_ms, limit)
        return await self._beside(lambda writing: change(writing, _FORGET_OLD[kind], before_ms, limit))

    async def _walk(self, kind: RecordKind, before_ms: int, limit: int) -> int:
        """From where the last call ended, as far as there is something to forget, or to the end.

        Most that is old is still needed, and no index says which: so all are looked at in pages, beside the writers.
        """
        look, forget = _WALKED[kind]
        while page := self._all(look, before_ms, self._walked.get(kind, 0), limit):
            self._walked = {**self._walked, kind: page[-1][0]}
            if old := [(number, before_ms) for number, is_old in page if is_old]:
                return await self._beside(lambda writing, old=old: _forget(writing, forget, old))  # type: ignore[misc]
            await asyncio.sleep(0)
        self._walked = {one: at for one, at in self._walked.items() if one != kind}
        return 0


def _forget(writing: apsw.Cursor, statements: Sequence[str], old: Sequence[tuple[int, int]]) -> int:
    """What has been needed again since it was looked at stays."""
    first, *rest = statements
    gone = [number for number, before_ms in old if change(writing, first, number, before_ms)]
    for statement in rest:
        writing.executemany(statement, [(number,) for number in gone])
    return len(gone)
