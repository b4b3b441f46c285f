"""Settle wishes: who may write to a person, about what, where; what they agreed to. For the page and for the chat.

Turning something off takes as much as turning it on. What needs consent (advertising) is off until its person agrees
in words that they see; those words, and the words of taking it back, go to the ledger as they stood on the screen,
together with the choice or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import msgspec

from vikno.domain.errors import ViknoError
from vikno.domain.notify.consent import version_of
from vikno.usecases.notifications import Notifications
from vikno.usecases.organisations import Organisation, Organisations
from vikno.usecases.people import (
    EVERY,
    MOST_OFF,
    OUTSIDE,
    Agreed,
    AgreedGiven,
    Chain,
    Change,
    Choices,
    Consent,
    People,
    Reached,
    consent_of,
)

ASKED_FIRST = frozenset({"advertising"})
"""Contents that nobody gets who has not agreed."""
CONTENTS = ("code", "payment", "personal", "document", "service", "official", "support", "advertising")
"""In the order in which they are shown."""
LETTERS = 500
"""Of a person, that are looked through for who has written."""
MOST_SENDERS = 50
State = Literal["on", "here", "off"]
"""on: as it comes · here: it only stands in the inbox · off: nothing at all."""


class TooManyWishes(ViknoError):
    """So many single wishes cannot be kept. Turn off a whole organisation or a channel instead."""

    code = "too_many_wishes"


class Book(Organisations, People, Notifications, Protocol):
    """What is asked of the store."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of message of one organisation. `everywhere`: it is off for all organisations."""

    content: str
    state: State
    consent: Consent = "none"
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class SenderWishes:
    """What somebody wants of one organisation."""

    organisation: Organisation
    state: State
    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What somebody has chosen. `channels`: kinds of their addresses, in their order."""

    choices: Choices
    senders: tuple[SenderWishes, ...]
    ways: tuple[Reached, ...]
    channels: tuple[str, ...]
    agreed: tuple[Agreed, ...] = field(default_factory=tuple)


async def wishes_of(book: Book, conversation: str) -> Settled:
    """All of it."""
    choices, ways = await book.choices(conversation), await book.ways(conversation)
    agreed = await book.agreed(conversation)
    wrote = await _wrote(book, conversation)
    known = {one.slug for one in wrote}
    named = [who for who, _, _ in choices.off] + [one.organisation for one in agreed]
    for slug in dict.fromkeys(one for one in named if one != EVERY and one not in known):
        found = await book.organisation(slug)
        if found is not None:
            wrote[found] = set()
    senders = []
    for organisation, contents in list(wrote.items())[:MOST_SENDERS]:
        mine = contents | {one.content for one in await book.templates(organisation.id) if one.status == "approved"}
        mine |= {what for who, what, _ in choices.off if who == organisation.slug}
        mine |= {one.content for one in agreed if one.organisation == organisation.slug}
        kinds = tuple(_kind(choices, agreed, organisation.slug, one) for one in in_order(mine - {EVERY}))
        senders.append(SenderWishes(organisation, _state(choices, organisation.slug, EVERY), kinds))
    senders.sort(key=lambda one: one.organisation.name.casefold())
    return Settled(choices, tuple(senders), ways, channels_of(choices, ways), agreed)


async def _wrote(book: Book, conversation: str) -> dict[Organisation, set[str]]:
    """The organisations that have written to this person, and about what."""
    contents: dict[int, set[int]] = {}
    before: int | None = None
    seen = 0
    while seen < LETTERS and (page := await book.letters_of(conversation, before, 100)):
        for letter in page:
            contents.setdefault(letter.organisation, set()).add(letter.template)
        seen, before = seen + len(page), page[-1].id
    found: dict[Organisation, set[str]] = {}
    for number, rows in contents.items():
        organisation = await book.organisation(number)
        if organisation is not None:
            kept = [await book.template_row(row) for row in rows]
            found[organisation] = {one.content for one in kept if one is not None}
    return found


def in_order(contents: Iterable[str]) -> list[str]:
    """Contents as they are shown: those that people wait for first.

    >>> in_order({"advertising", "service", "code"})
    ['code', 'service', 'advertising']
    """
    return sorted(contents, key=lambda one: (CONTENTS.index(one) if one in CONTENTS else len(CONTENTS), one))


def _kind(choices: Choices, agreed: Sequence[Agreed], slug: str, content: str) -> Kind:
    consent, state = consent_to(agreed, slug, content), _state(choices, slug, content)
    if state == "on" and content in ASKED_FIRST and consent == "none":
        state = "off"
    return Kind(content, state, consent, everywhere=of_all(choices, content) != "on")


def of_all(choices: Choices, content: str) -> State:
    """Of a content of all organisations together."""
    return "off" if (EVERY, content, EVERY) in choices.off else _state(choices, EVERY, content)


def turned_off(content: str) -> State:
    """What off means for a content: advertising comes nowhere, all else still stands in the inbox.

    >>> turned_off("advertising"), turned_off("code")
    ('off', 'here')
    """
    return "off" if content in ASKED_FIRST or content == EVERY else "here"


def _state(choices: Choices, slug: str, content: str) -> State:
    """Of a content, or with `*` of the organisation as a whole."""
    if choices.refuses(slug, content):
        return "off"
    return "here" if choices.refuses(slug, content, OUTSIDE) else "on"


def consent_to(agreed: Sequence[Agreed], slug: str, content: str) -> Consent:
    """What holds by the ledger, whose latest line comes first."""
    return consent_of(
        (line.organisation, line.content, line.consent)
        for line in reversed(agreed)
        if line.organisation in (slug, EVERY) and line.content in (content, EVERY)
    )


def channels_of(choices: Choices, ways: Iterable[Reached]) -> tuple[str, ...]:
    """Kinds of their addresses, in the order that they chose."""
    here = dict.fromkeys(way.account.partition("/")[0] for way in ways)
    return tuple(sorted(here, key=lambda one: (choices.order.index(one) if one in choices.order else 99, one)))


# ---- changing ----


@dataclass(frozen=True, slots=True)
class Said:
    """How and where somebody chose. `shown`: the exact words at what they tapped."""

    channel: str
    lang: str
    shown: str


@dataclass(frozen=True, slots=True)
class Settling:
    """One person, who is choosing. Raises what the store raises, PersonUnknown among it."""

    book: Book
    chain: Chain
    conversation: str
    now_ms: int

    async def kind(self, slug: str, content: str, state: State, said: Said) -> None:
        """One kind of message of one organisation, or with `*` all of it.

        Raises TooManyWishes, but not for the end of a whole organisation: one click ends it, whatever else was chosen.
        """

        def change(choices: Choices, agreed: Sequence[Agreed]) -> tuple[Choices, AgreedGiven | None]:
            off = frozenset(one for one in choices.off if one[:2] != (slug, content) or one[2] not in (EVERY, OUTSIDE))
            if state != "on":
                off |= {(slug, content, EVERY if state == "off" else OUTSIDE)}
            line = None
            if state == "on" and content in ASKED_FIRST and slug != EVERY:
                line = self._line(slug, content, "written", said)
            elif state == "off" and agreed_to(agreed, slug, content):
                line = self._line(slug, content, "none", said)
            ends_all = content == EVERY and state == "off"
            return msgspec.structs.replace(choices, off=off) if ends_all else _changed(choices, off=off), line

        await self._settle(change)

    async def take_back(self, slug: str, content: str, said: Said) -> bool:
        """Take back what was agreed to; whether there was something. What needs no consent goes on all the same."""

        def change(choices: Choices, agreed: Sequence[Agreed]) -> tuple[Choices, AgreedGiven | None]:
            return choices, self._line(slug, content, "none", said) if agreed_to(agreed, slug, content) else None

        return await self._settle(change) is not None

    async def channel(self, channel: str, *, on: bool) -> None:
        """A kind of channel, for all messages."""
        entry = frozenset({(EVERY, EVERY, channel)})
        await self._choose(lambda choices: _changed(choices, off=choices.off - entry if on else choices.off | entry))

    async def move(self, channel: str, by: Literal[-1, 1]) -> None:
        """A kind of channel one place up or down."""
        ways = await self.book.ways(self.conversation)

        def moved(choices: Choices) -> Choices:
            order = list(channels_of(choices, ways))
            if channel not in order or not 0 <= (to := (at := order.index(channel)) + by) < len(order):
                return choices
            order[at], order[to] = order[to], order[at]
            return _changed(choices, order=tuple(order))

        await self._choose(moved)

    async def quiet(self, quiet: tuple[int, int] | None) -> None:
        """From which hour to which nothing comes; None: as in their country."""
        await self._choose(lambda choices: _changed(choices, quiet=quiet))

    async def language(self, lang: str) -> None:
        """In which language messages come, where their senders have it."""
        await self._choose(lambda choices: _changed(choices, lang=lang))

    async def _choose(self, change: Callable[[Choices], Choices]) -> None:
        await self._settle(lambda choices, _: (change(choices), None))

    async def _settle(self, change: Change) -> Agreed | None:
        return await self.book.change_wishes(self.conversation, change, self.chain, self.now_ms)

    def _line(self, slug: str, content: str, consent: Consent, said: Said) -> AgreedGiven:
        """For the ledger, with the exact words."""
        version = version_of(said.shown)
        return AgreedGiven(self.conversation, slug, content, consent, said.channel, said.lang, version, said.shown)


def _changed(choices: Choices, **changed: Any) -> Choices:
    chosen = msgspec.structs.replace(choices, **changed)
    if len(chosen.off) > MOST_OFF:
        raise TooManyWishes
    return chosen


def agreed_to(agreed: Sequence[Agreed], slug: str, content: str) -> bool:
    """Whether a consent is in force that taking back would end; `*` is about all."""
    if EVERY not in (content, slug):
        return consent_to(agreed, slug, content) != "none"
    about = {(line.organisation, line.content) for line in agreed}
    return any(
        consent_to(agreed, who, what) != "none"
        for who, what in about
        if slug in (who, EVERY) and content in (what, EVERY)
    )
