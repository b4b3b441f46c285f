"""Addresses: who talks on which account, and whether anybody is still there (`AddressBook`)."""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from vikno.stores.sqlite.desk import Desk
from vikno.stores.sqlite.queries import rows, statements
from vikno.usecases.ports import check_names
from vikno.usecases.records import HEARD_EXACT_MS, Gone, Known

_SQL = statements("addresses.sql")
_FIND, _BEGIN, _MEET = _SQL["find_address"], _SQL["begin_address"], _SQL["meet"]
_MARK, _SET_ZONE, _DROP_WAITING, _KNOWN = _SQL["mark"], _SQL["set_zone"], _SQL["drop_waiting"], _SQL["read_known"]


People = dict[str, tuple[int, bool]]
"""Of each conversation the number of its person, and whether anybody is there."""


class Addresses(Desk):
    """Keeps addresses. The other tables call each by a short number, as with conversations."""

    _leaving = 0
    """Marks that are not on record yet."""

    async def meet(self, conversation: str, account: str, sealed: bytes, lang: str | None, now_ms: int) -> None:
        """Keep an address, or note that its person has written again."""
        check_names(conversation, account)
        if not self._leaving and _heard_just_now(await self.known(conversation), lang, now_ms):
            return
        await self._share(lambda writing: rows(writing, _MEET, conversation, account, sealed, lang, now_ms))

    async def known(self, conversation: str) -> Known | None:
        """Where to reach this person."""
        for row in self._all(_KNOWN, conversation):
            return Known(*row)
        return None

    async def mark(self, conversation: str, status: Gone) -> None:
        """The person has left, or nobody is there."""

        def mark_it(writing: apsw.Cursor) -> None:
            for address, _ in find_addresses(writing, [conversation]).values():
                writing.execute(_MARK, (status, address))
                writing.execute(_DROP_WAITING, (self._clock(), address))

        self._leaving += 1
        try:
            await self._share(mark_it)
        finally:
            self._leaving -= 1

    async def set_zone(self, conversation: str, zone: str | None) -> None:
        """By which clock this person wants to be left in peace at night."""

        def set_it(writing: apsw.Cursor) -> None:
            for address, _ in find_addresses(writing, [conversation]).values():
                writing.execute(_SET_ZONE, (zone, address))

        await self._share(set_it)


def _heard_just_now(known: Known | None, lang: str | None, now_ms: int) -> bool:
    """Whether there is nothing to write: a page of this table for each message would cost as much as the turn."""
    if known is None or known.status != "alive" or (known.lang is None and lang is not None):
        return False
    return 0 <= now_ms - known.heard_ms < HEARD_EXACT_MS


def find_addresses(writing: apsw.Cursor, conversations: Iterable[str]) -> People:
    """The number of each of them that has one, and whether anybody is there."""
    found = writing.executemany(_FIND, [(name,) for name in conversations])
    return {str(name): (int(address), status == "alive") for name, address, status in found}


def begin_address(writing: apsw.Cursor, conversation: str, account: str) -> int:
    """A number for somebody who was never met."""
    return int(writing.execute(_BEGIN, (conversation, account)).get)
