"""Tell a person on all their other addresses that one was added: whoever got hold of a link to their page can do so.

The link to that page stands in messages, and messages are passed on. Nobody shall read along from then on, or get the
next code, without the person's hearing of it where they were reached before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vikno.domain.errors import ViknoError
from vikno.usecases.channel import Outbound
from vikno.usecases.people import People
from vikno.usecases.records import Records, Vault

Post = Callable[[str, str, str, Outbound], bool]
"""Account, conversation, address, message: let it go now; False where there is no such account."""
Said = Callable[[str, str, str, str], Outbound]
"""Whom it is told, in which language, the account of the new address and the address: what is said."""


@dataclass(frozen=True)
class Telling:
    """Who tells, and in which words."""

    records: Records
    people: People
    vault: Vault
    post: Post
    said: Said

    async def link(self, conversation: str, account: str, address: str, to: str, lang: str, now_ms: int) -> None:
        """The first is a proven address of the person whom `to` reaches; those they had are told if it is new."""
        before = await self.people.ways(to)
        await self.people.link(conversation, to, now_ms)
        if any(way.conversation == conversation for way in before):
            return
        for way in before:
            mine = await self._address(way.conversation) if way.status == "alive" else ""
            if mine:
                said = self.said(way.conversation, way.lang or lang, account, address)
                self.post(way.account, way.conversation, mine, said)

    async def _address(self, conversation: str) -> str:
        """Nothing where it cannot be read, or is the web."""
        known = await self.records.known(conversation)
        try:
            return "" if known is None else self.vault.unseal(known.sealed)
        except ViknoError:
            return ""
