"""Answer what conversations want to know or change about who may write: the chat's way to what the page has in full."""

from __future__ import annotations

from dataclasses import dataclass

from vikno.domain.dialog.events import Learnt
from vikno.domain.dialog.state import Shown, Want
from vikno.domain.dialog.wishing import MOST_LISTED
from vikno.domain.errors import ViknoError
from vikno.usecases.converse import Asker
from vikno.usecases.mask_address import masked_on
from vikno.usecases.people import EVERY, Chain
from vikno.usecases.prove_address import LINKS, Proving
from vikno.usecases.settle_wishes import (
    CONTENTS,
    Book,
    Said,
    Settled,
    Settling,
    of_all,
    turned_off,
    wishes_of,
)

__all__ = ["LINKS", "Wishing"]

MOST_KINDS = 4
"""On a list in a chat, beside the organisations."""


@dataclass(frozen=True)
class Wishing:
    """What somebody wants of organisations, asked and told in a conversation."""

    book: Book
    chain: Chain
    proving: Proving

    async def settings(self, asker: Asker, link: str) -> Learnt:
        """What is on and off, in short."""
        return Learnt("settings", _shown(await wishes_of(self.book, asker.conversation)), link)

    async def switch(self, asker: Asker, want: Want, link: str) -> Learnt:
        """Turn an organisation (`o<number>`) or a kind of message (`k<content>`) off or on. Twice does no harm."""
        slug, content = await self._about(want.case)
        if slug:
            settling = Settling(self.book, self.chain, asker.conversation, self.proving.clock())
            channel = asker.account.partition("/")[0]
            state = "on" if want.code == "on" else turned_off(content)
            await settling.kind(slug, content, state, Said(channel, asker.lang, want.number))
        return Learnt("switched", _shown(await wishes_of(self.book, asker.conversation)), link)

    async def _about(self, case: str) -> tuple[str, str]:
        """The organisation and the content, either of them `*`; nothing for what nobody has offered."""
        if case[:1] == "k":
            return (EVERY, case[1:]) if case[1:] in CONTENTS else ("", "")
        number = case[1:]
        if case[:1] != "o" or not (number.isascii() and number.isdigit() and len(number) < 18):
            return "", ""
        found = await self.book.organisation(int(number))
        return (found.slug, EVERY) if found is not None else ("", "")

    async def asked(self, asker: Asker, token: str) -> Learnt:
        """Somebody has come by a link that adds this account to a page: whose that is, masked."""
        to = await self.proving.of_token(token)
        if to is None or to == asker.conversation:
            return Learnt("not_linked")
        return Learnt("linking", (Shown(token, await self._whose(to), _kind_of(to)),))

    async def link(self, asker: Asker, token: str) -> Learnt:
        """They have said that it was them."""
        return Learnt("linked" if await self.proving.link(asker.conversation, token, asker.lang) else "not_linked")

    async def _whose(self, conversation: str) -> str:
        """The address of a page, masked; "" for somebody on the web or in a messenger."""
        known = await self.proving.records.known(conversation)
        try:
            unsealed = self.proving.vault.unseal(known.sealed) if known is not None else ""
        except ViknoError:
            return ""
        return masked_on(_kind_of(conversation), unsealed)


def _kind_of(conversation: str) -> str:
    """Of its channel: telegram/main:0a and web:0a."""
    return conversation.partition(":")[0].partition("/")[0]


def _shown(settled: Settled) -> tuple[Shown, ...]:
    """Organisations, then the kinds of message that they send; all that was turned off stays on the list."""
    senders = [Shown(f"o{one.organisation.id}", one.organisation.name, one.state) for one in settled.senders]
    coming = {kind.content for one in settled.senders for kind in one.kinds if kind.state != "off"}
    coming |= {what for who, what, _ in settled.choices.off if who == EVERY}
    kinds = [content for content in CONTENTS if content in coming][-MOST_KINDS:]
    states = [Shown(f"k{content}", "", of_all(settled.choices, content)) for content in kinds]
    return (*senders[: MOST_LISTED - len(states)], *states)
