"""Ports: who sends. Organisations, the keys of their systems, and their templates in versions, all looked at first.

An organisation sends nothing before a reviewer has approved it, and with no version of a template that nobody has
approved. Every method is one transaction and raises StoreUnavailable and StoreClosed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from vikno.domain.errors import ViknoError

Standing = Literal["submitted", "approved", "refused", "suspended"]
"""Of an organisation. suspended: it was approved, and sends nothing until it is approved again."""
Reviewed = Literal["submitted", "approved", "refused"]
"""Of a version of a template."""
KeyKind = Literal["live", "team", "test"]
"""As Notify has them. team: only to those on the organisation's guest list; test: nothing leaves."""
TemplateKind = Literal["message", "sms", "email"]
"""message: for whichever channel; the others as Notify's templates, for one alone."""

MOST_GUESTS = 5
"""As many as Notify lets a team key write to beside its team."""


MOST_WAITING = 100
"""Versions of one template that wait for a reviewer."""


class OrganisationUnknown(ViknoError):
    """There is no such organisation. `vikno senders list` shows those there are."""

    code = "organisation_unknown"


class VersionsFull(ViknoError):
    """As many versions of this template wait for a reviewer as may. Put a new one when they have been looked at."""

    code = "versions_full"
    retryable = False


@dataclass(frozen=True, slots=True)
class OrganisationGiven:
    """An organisation as it says of itself. `slug` names it for ever: `sky-air`.

    `category`: what it is, as rules about messages know it (`sender` in packs/message/facts.yaml). `mark`: the
    address of its logo, or "". `audience`: the country of its recipients where their address does not tell. `per_day`,
    `per_person_day`: the most messages; `weight`: its share where several wait. `guests`: whom a team key may write to.
    """

    slug: str
    name: str
    category: str
    country: str
    audience: str
    mark: str = ""
    per_day: int = 250_000
    per_person_day: int = 20
    weight: int = 1
    guests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Organisation(OrganisationGiven):
    """An organisation on record. `reason`: why it was refused or suspended; `by`: who reviewed it last."""

    id: int = 0
    standing: Standing = "submitted"
    reason: str = ""
    by: str = ""
    created_ms: int = 0


@dataclass(frozen=True, slots=True)
class OrganisationKey:
    """A key of an organisation's system. `sealed`: its secret, which signs requests, so it is kept to be read."""

    id: int
    organisation: int
    kind: KeyKind
    label: str
    sealed: bytes
    created_ms: int
    revoked_ms: int | None = None


class Words(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One rendering of a template. `brief`: nothing but the text. The language is that of domain/notify/template.py."""

    body: str
    subject: str | None = None


class TemplateText(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a version says. `languages`: language -> kind of channel, or "" for all others -> words.

    `language`: what those get whose language is not there. `trust`: placeholders that may hold links, `links`: to
    which hosts. `facts`: what else rules may ask of such a message (`registered`, `automated`, `disclosed` …).
    """

    languages: Mapping[str, Mapping[str, Words]]
    language: str
    order: tuple[str, ...] = ()
    trust: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    facts: Mapping[str, str | bool | int] = msgspec.field(default_factory=dict)


encode_template = msgspec.json.Encoder(order="sorted").encode
decode_template = msgspec.json.Decoder(TemplateText).decode


@dataclass(frozen=True, slots=True)
class TemplateGiven:
    """A new template, or a new version of one with this slug. `content`: what it is about, as rules know it."""

    organisation: int
    slug: str
    name: str
    kind: TemplateKind
    content: str
    text: bytes
    by: str


@dataclass(frozen=True, slots=True)
class TemplateKept:
    """One version of a template. `id` is the template's, `row` this version's alone."""

    id: int
    row: int
    organisation: int
    slug: str
    name: str
    kind: TemplateKind
    content: str
    version: int
    text: bytes
    status: Reviewed
    created_ms: int
    changed_ms: int
    by: str
    reviewer: str = ""
    reason: str = ""
    archived: bool = False


class Organisations(Protocol):
    """Keeps them."""

    async def put_organisation(self, given: OrganisationGiven, now_ms: int) -> Organisation:
        """Keep one, or change what is kept of the one with this slug.

        A change of name, category, country or mark has to be reviewed again; it is `submitted` until then.
        """
        ...

    async def organisation(self, which: int | str) -> Organisation | None:
        """By its number or its slug."""
        ...

    async def organisations(self) -> tuple[Organisation, ...]:
        """All of them, by number."""
        ...

    async def review_organisation(
        self, organisation: int, standing: Standing, by: str, reason: str, seen: Organisation | None = None
    ) -> bool:
        """Whether there is one. `seen`: as its reviewer saw it; nothing is said of what is otherwise now."""
        ...

    async def add_organisation_key(
        self, organisation: int, kind: KeyKind, label: str, sealed: bytes, now_ms: int
    ) -> OrganisationKey:
        """A new key."""
        ...

    async def organisation_keys(self, organisation: int) -> tuple[OrganisationKey, ...]:
        """All of them, revoked ones too."""
        ...

    async def revoke_organisation_key(self, key: int, now_ms: int) -> bool:
        """Whether it was in force."""
        ...

    async def put_template(self, given: TemplateGiven, now_ms: int) -> TemplateKept:
        """A new version, `submitted`; the same as the last version, word for word, is that one.

        An archived one comes back. Raises VersionsFull where MOST_WAITING others wait, and changes nothing then.
        """
        ...

    async def template(self, organisation: int, which: int | str, version: int | None = None) -> TemplateKept | None:
        """By its number or slug; the last approved version, or the last of all where none is, unless one is named."""
        ...

    async def template_row(self, row: int) -> TemplateKept | None:
        """A version by its own number."""
        ...

    async def templates(self, organisation: int, *, every_version: bool = False) -> tuple[TemplateKept, ...]:
        """Of each the version that `template` gives, or all versions; by number, archived ones too."""
        ...

    async def waiting_versions(self, organisation: int) -> Mapping[int, int]:
        """Template -> its latest version that waits for a reviewer, for those that have one."""
        ...

    async def review_template(self, row: int, status: Reviewed, by: str, reason: str, now_ms: int) -> bool:
        """Whether there is such a version."""
        ...

    async def archive_template(self, template: int, now_ms: int) -> bool:
        """Nothing is sent with it any more, until it is put again. Whether it was in use."""
        ...
