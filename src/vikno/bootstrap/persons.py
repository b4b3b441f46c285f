"""What somebody decides about organisations that write to them, put together: pages, ledger, chat, proofs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from starlette.routing import Route

from vikno.domain.dialog.world import FALLBACK
from vikno.domain.notify.consent import seal
from vikno.packs.phrases import load_sent_phrases
from vikno.portal.addresses import Adding
from vikno.portal.letters import Letters
from vikno.portal.site import Site
from vikno.portal.wishes import Wishes
from vikno.portal.witness import Published
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.answer_wishes import Wishing
from vikno.usecases.channel import Outbound
from vikno.usecases.check_channels import Watch
from vikno.usecases.check_ledger import LEDGER_KEY, LastSaid, Witness
from vikno.usecases.dispatch import BRIEF, Dispatch
from vikno.usecases.mask_address import masked_on
from vikno.usecases.people import Chain
from vikno.usecases.ports import Clock
from vikno.usecases.prove_address import Proving
from vikno.usecases.send_messages import Sender
from vikno.usecases.sign_links import Links
from vikno.usecases.tell_of_address import Post, Telling
from vikno.wire.numbers import Phone, as_mobile, read_email, read_phone
from vikno.wire.vault import LocalVault

UNSENT = 0
"""The position of what stands in no conversation's record."""


@dataclass(frozen=True)
class Written:
    """Reads what people type, by the country of this site."""

    country: str

    def phone(self, written: str) -> str | None:
        """Its digits."""
        found = read_phone(written, self.country)
        found = as_mobile(found) if isinstance(found, Phone) else found
        return found.digits if isinstance(found, Phone) else None

    def email(self, written: str) -> str | None:
        """The mailbox."""
        found = read_email(written)
        return found if isinstance(found, str) else None


def chain_of(vault: LocalVault) -> Chain:
    """How the lines of the ledger are sealed here."""
    return partial(seal, vault.key_for(LEDGER_KEY))


def wishing(kept: SqliteStore, vault: LocalVault, clock: Clock, telling: Telling) -> Wishing:
    """For the chat (`answer_wants.Wants`)."""
    return Wishing(kept, chain_of(vault), Proving(kept, kept, vault, clock, telling))


def telling(kept: SqliteStore, vault: LocalVault, links: Links, clock: Clock, post: Post) -> Telling:
    """Tells of an address that was added, on those that were there before."""

    def said(to: str, lang: str, account: str, address: str) -> Outbound:
        words = load_sent_phrases().get(lang) or load_sent_phrases()[FALLBACK]
        channel = account.partition("/")[0]
        text = words.say("added", what=masked_on(channel, address) or words.app(channel))
        link = links.inbox(to, clock())
        if to.partition("/")[0] in BRIEF:  # which show no link beside what they can say whole
            return Outbound(f"{text}\n{link}", words.language, kept=True)
        return Outbound(text, words.language, subject=words.say("added.subject"), link=link, kept=True)

    return Telling(kept, kept, vault, post, said)


def offer(senders: Mapping[str, Sender], account: str, conversation: str, address: str, said: Outbound) -> bool:
    """Let a message go at once, by the sender of an account; whether there is one."""
    sender = senders.get(account)
    if sender is not None:
        sender.offer(conversation, address, UNSENT, said)
    return sender is not None


def persons(  # noqa: PLR0913 - what the pages are made of
    site: Site,
    kept: SqliteStore,
    vault: LocalVault,
    links: Links,
    dispatch: Dispatch,
    watch: Watch,
    *,
    telling: Telling,
    public: str,
    sign: Callable[[bytes], bytes],
    said: LastSaid,
) -> tuple[Letters, list[Route]]:
    """Letters for the inbox, and all routes. `sign`: with the key of the list of official channels; `said`: the head of
    the ledger that was published last."""
    chain, clock, accounts = chain_of(vault), dispatch.clock, tuple(dispatch.judge.accounts)
    letters = Letters(site, dispatch, kept, links, chain)
    country = next(iter(site.world().countries), "")
    adding = Adding(site, links, Proving(kept, kept, vault, clock, telling), watch, Written(country), accounts, public)
    page = Wishes(site, kept, kept, vault, links, chain, adding, clock)
    head = Published(Witness(kept, vault.key_for(LEDGER_KEY), said), sign, clock)
    return letters, [*letters.routes, *page.routes, *head.routes]
