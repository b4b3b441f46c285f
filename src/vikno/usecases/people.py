"""Ports: to whom. A person is the addresses that were proven to be theirs, with what they chose and agreed to.

One address alone is a person too; when somebody proves that a second is theirs, both are one. Every method is one
transaction and raises StoreUnavailable and StoreClosed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from vikno.domain.errors import ViknoError
from vikno.usecases.records import AddressStatus

Consent = Literal["none", "given", "written", "soft"]
"""As rules about messages know it (`consent` in packs/message/facts.yaml)."""
EVERY = "*"
"""Of organisations, contents or channels."""
OUTSIDE = "-"
"""Of channels: every one. Such messages then only stand in the inbox, and nothing tells of them."""
MOST_OFF = 500
"""Entries of one person's choices; each is three words."""


class Choices(Struct, frozen=True, omit_defaults=True):
    """What a person chose. `order`: kinds of channels, the dearest first; those not named come after them.

    `off`: organisation, content and channel that they do not want, each a name or `*`; the channel may be OUTSIDE.
    `quiet`: from which hour to which they want none, by their clock; None: as in their country. `lang`: in which
    language they want them; "": as they talk with us.
    """

    order: tuple[str, ...] = ()
    off: frozenset[tuple[str, str, str]] = frozenset()
    quiet: tuple[int, int] | None = None
    lang: str = ""

    def refuses(self, organisation: str, content: str, channel: str = EVERY) -> bool:
        """Whether such messages are not wanted there; with `*` as channel: nowhere.

        >>> chosen = Choices(off=frozenset({("sky", "*", "viber"), ("*", "advertising", "*")}))
        >>> chosen.refuses("sky", "service", "viber"), chosen.refuses("sky", "service")
        (True, False)
        >>> chosen.refuses("x", "advertising")
        True
        >>> quietly = Choices(off=frozenset({("sky", "code", OUTSIDE)}))
        >>> quietly.refuses("sky", "code", "sms"), quietly.refuses("sky", "code")
        (True, False)
        """
        if not self.off:
            return False
        return any(
            (who, what, where) in self.off
            for who in (organisation, EVERY)
            for what in (content, EVERY)
            for where in ({EVERY} if channel == EVERY else {channel, OUTSIDE, EVERY})
        )


encode_choices = msgspec.json.Encoder().encode
decode_choices = msgspec.json.Decoder(Choices).decode


@dataclass(frozen=True, slots=True)
class Reached:
    """One address of a person. `met`: they have written from it, so it is theirs."""

    id: int
    conversation: str
    account: str
    status: AddressStatus
    lang: str | None
    zone: str | None
    met: bool


@dataclass(frozen=True, slots=True)
class PersonKept:
    """A person as an organisation may write to them. `unasked`: messages of this organisation that they have got, at
    most 1,000 are counted; `today`: of those, since a moment."""

    id: int
    ways: tuple[Reached, ...]
    choices: Choices = field(default_factory=Choices)
    consent: Consent = "none"
    unasked: int = 0
    today: int = 0

    @property
    def acquainted(self) -> bool:
        """Whether the organisation has something to do with them already."""
        return self.unasked > 0 or self.consent != "none"


class PersonUnknown(ViknoError):
    """Nobody with this address is known. They have to write once, or prove that it is theirs."""

    code = "person_unknown"


@dataclass(frozen=True, slots=True)
class AgreedGiven:
    """Somebody agreed or took it back. `organisation` is a slug or `*`, `content` a class or `*`.

    `shown`: the words they saw, `version` of the form; `channel`: where they did it.
    """

    conversation: str
    organisation: str
    content: str
    consent: Consent
    channel: str
    lang: str
    version: str
    shown: str


@dataclass(frozen=True, slots=True)
class Agreed:
    """One line of the ledger. `person` is the number of the address where it was said; taking something back is written
    down for each address of the person, so that none of them forgets it when they part. `seal` covers this line and the
    seal of the one before it."""

    id: int
    person: int
    organisation: str
    content: str
    consent: Consent
    channel: str
    lang: str
    version: str
    shown: str
    at_ms: int
    seal: bytes


def consent_of(said: Iterable[tuple[str, str, Consent]]) -> Consent:
    """What holds, from what one person has said in order: organisation and content, each named or `*`, and consent.

    The narrower word counts before the wider, so that a later "yes" to all does not undo a "no" to one. Taking back
    takes back whatever is as narrow or narrower.

    >>> consent_of([("sky", "*", "given"), ("*", "*", "none")]), consent_of([("sky", "*", "none"), ("*", "*", "given")])
    ('none', 'none')
    >>> consent_of([("*", "*", "none"), ("sky", "advertising", "written")])
    'written'
    """
    holds: dict[tuple[bool, bool], Consent] = {}
    for organisation, content, consent in said:
        named = organisation != EVERY, content != EVERY
        if consent == "none":
            holds = {one: held for one, held in holds.items() if one[0] < named[0] or one[1] < named[1]}
        holds[named] = consent
    if (True, True) in holds:
        return holds[True, True]
    halves = [holds[one] for one in ((True, False), (False, True)) if one in holds]
    if halves:
        return "none" if "none" in halves else halves[0]
    return holds.get((False, False), "none")


Chain = Callable[[bytes, Agreed], bytes]
"""From the seal of the line before, and a line without its seal, to its seal: a keyed hash."""
Change = Callable[[Choices, tuple[Agreed, ...]], tuple[Choices, AgreedGiven | None]]
"""From what somebody chose, and their lines of the ledger, the latest first, to what they choose now and what they say
to it."""


class People(Protocol):
    """Keeps them."""

    async def people(
        self, conversations: Iterable[str], organisation: int, content: str, since_ms: int
    ) -> Mapping[str, PersonKept]:
        """Who these are, as far as they are known. `since_ms`: from when `today` counts."""
        ...

    async def link(self, conversation: str, to: str, now_ms: int) -> None:
        """The first is a proven address of the person whom the second reaches. Its own choices give way to theirs."""
        ...

    async def unlink(self, conversation: str) -> None:
        """From now on it is a person of its own, with the choices of the one it was."""
        ...

    async def ways(self, conversation: str) -> tuple[Reached, ...]:
        """All addresses of the person whom this one reaches."""
        ...

    async def named(self, number: int) -> str | None:
        """The conversation of an address by its number (`Reached.id`)."""
        ...

    async def choices(self, conversation: str) -> Choices:
        """What this person chose."""
        ...

    async def choose(self, conversation: str, choices: Choices, now_ms: int) -> None:
        """What waits for them and is not wanted any more does not go: it is decided again when it would."""
        ...

    async def change_wishes(self, conversation: str, change: Change, chain: Chain, now_ms: int) -> Agreed | None:
        """Choose, and write the line that goes with it: both on what stands then, so that of two who settle at once
        neither is lost. The line, if there is one. What `change` raises is raised, and nothing is kept.

        Nothing is kept for somebody who is not known; raises PersonUnknown if there was a line to write."""
        ...

    async def agree(self, given: AgreedGiven, chain: Chain, now_ms: int) -> Agreed:
        """Write a line to the ledger; none is ever changed. Raises PersonUnknown."""
        ...

    async def agreed(self, conversation: str) -> tuple[Agreed, ...]:
        """The lines of one person, the latest first."""
        ...

    async def ledger(self, after: int = 0, limit: int = 1000) -> tuple[Agreed, ...]:
        """All lines in their order, for whoever checks the chain."""
        ...
