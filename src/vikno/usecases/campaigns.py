"""Ports: campaigns, one message to many people: whom it is for, how far it has got, what became of it.

Whom it is for is kept in chunks of at most 1000 rows, sealed; they go when the campaign has ended. A chunk is planned
and the campaign moved on in one transaction, so whoever is killed amid one plans it once. Every method is one
transaction and raises StoreUnavailable and StoreClosed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec
from msgspec import Struct

from vikno.domain.errors import ViknoError
from vikno.usecases.notifications import NotificationMade
from vikno.usecases.organisations import KeyKind
from vikno.usecases.people import Consent

CampaignStatus = Literal["draft", "reading", "ready", "running", "paused", "stopped", "done"]
"""draft: nobody to write to yet · reading: a file is being read · ready: it can start, or starts by itself at its
time · running: chunks are planned, and what is planned leaves · paused: neither · stopped: for good · done: all has
ended."""
Source = Literal["file", "agreed", "followers"]
"""Whom it is for: a file; whoever agreed to such messages; whoever follows a case of a service of this authority."""
MOST_ROWS = 10_000_000
"""Of one campaign."""
CHUNK = 1000
"""Rows of a chunk; fewer where its sender may not send as many on one day."""
STEPS: Mapping[str, tuple[tuple[CampaignStatus, ...], CampaignStatus]] = {
    "pause": (("running",), "paused"),
    "resume": (("paused",), "running"),
    "stop": (("running", "paused"), "stopped"),
}
"""What anybody may do with one that has begun: how it stands before, and after."""
MOST_REFUSALS = 1000
"""Refused rows of which line and reason are kept; the others are counted."""


class CampaignUnknown(ViknoError):
    """Your organisation has no campaign of this id. `vikno campaigns list` shows those there are."""

    code = "campaign_unknown"


class CampaignElsewhere(ViknoError):
    """The campaign is at a point where this cannot be done. Look how it stands first."""

    code = "campaign_elsewhere"


class Row(Struct, frozen=True, array_like=True):
    """One recipient. `kind`: phone, email, or the kind of a messenger; `values`: as the campaign's columns."""

    kind: str
    address: str
    written: str
    country: str | None
    zone: str | None
    lang: str
    reference: str
    values: tuple[str, ...]


class Terms(Struct, frozen=True, omit_defaults=True):
    """How it is sent. `values`: personalisation that is the same for all; `service`: whose followers, for `followers`.

    `order`, `ceiling`, `lives_s`: what the sender wishes other than its template says.
    """

    values: Mapping[str, str] = {}
    lang: str = ""
    order: tuple[str, ...] = ()
    ceiling: int | None = None
    lives_s: int | None = None
    service: str = ""


class Counted(Struct, omit_defaults=True):
    """What was decided about many, added up. Nobody is in it.

    `statuses`: `status/reason`; `steps`: kind of channel -> how many are tried there first; `reduced`: of those, only
    a pointer; `micros`: what these first tries cost. `left`: why somebody gets nothing, a rule by its id.
    """

    rows: int = 0
    statuses: dict[str, int] = {}
    steps: dict[str, int] = {}
    reduced: dict[str, int] = {}
    micros: dict[str, int] = {}
    left: dict[str, int] = {}

    def add(self, other: Counted, times: int = 1) -> None:
        """Add another's figures."""
        self.rows += other.rows * times
        for mine, theirs in (
            (self.statuses, other.statuses), (self.steps, other.steps), (self.reduced, other.reduced),
            (self.micros, other.micros), (self.left, other.left),
        ):  # fmt: skip
            for name, count in theirs.items():
                mine[name] = mine.get(name, 0) + count * times


class Preview(Struct, omit_defaults=True):
    """What would become of it. An estimate looks at some chunks only; `chunks` of `of` were looked at."""

    at_ms: int
    chunks: int
    of: int
    counted: Counted

    @property
    def exact(self) -> bool:
        return self.chunks == self.of


encode_terms, decode_terms = msgspec.json.Encoder().encode, msgspec.json.Decoder(Terms).decode
encode_counted, decode_counted = msgspec.json.Encoder().encode, msgspec.json.Decoder(Counted).decode
encode_preview, decode_preview = msgspec.json.Encoder().encode, msgspec.json.Decoder(Preview).decode


@dataclass(frozen=True, slots=True)
class CampaignGiven:
    """A new one. `template` is the number of a version; `terms`: `Terms` as JSON."""

    organisation: int
    template: int
    name: str
    reference: str
    key: KeyKind
    source: Source
    terms: bytes


@dataclass(frozen=True, slots=True)
class CampaignKept:
    """A campaign on record.

    `columns`: the names of its rows' values; `rows`: recipients, in `chunks`; `refused`: reason -> rows left out while
    reading; `looked`: bytes of the file, or people looked at, so far. `cursor`: the chunk that is planned next;
    `counted`: what was decided so far. `flow`: the queue of its notifications, 0 before it runs. `reading`: which
    reading of an audience the rows are of.
    """

    id: int
    organisation: int
    template: int
    name: str
    reference: str
    key: KeyKind
    source: Source
    terms: bytes
    status: CampaignStatus
    flow: int
    columns: tuple[str, ...]
    reading: int
    rows: int
    chunks: int
    refused: Mapping[str, int]
    looked: int
    cursor: int
    counted: bytes
    preview: bytes
    begins_ms: int | None
    created_ms: int
    changed_ms: int
    began_ms: int | None
    ended_ms: int | None
    swept_ms: int
    """When it was last looked at whether those of a stopped or planned campaign have ended."""

    @property
    def planned(self) -> int:
        """Rows whose notifications are planned."""
        return decode_counted(self.counted).rows


@dataclass(frozen=True, slots=True)
class Part:
    """Some rows that were read, and how far reading has got. `refused`: line and reason of those left out."""

    rows: int
    sealed: bytes | None
    looked: int
    refused: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True, slots=True)
class Swept:
    """Some notifications of a queue that were looked at. `after`: all until there; None: that was the end."""

    after: int | None
    open: int
    """Of them that have not ended."""
    ended: int = 0
    """Of them that were ended now."""


@dataclass(frozen=True, slots=True)
class Met:
    """Somebody whom a query has found."""

    id: int
    account: str
    sealed: bytes
    lang: str | None


class Campaigns(Protocol):
    """Keeps them."""

    async def make_campaign(self, given: CampaignGiven, now_ms: int) -> CampaignKept:
        """A draft."""
        ...

    async def campaign(self, campaign: int) -> CampaignKept | None:
        """By its number."""
        ...

    async def campaigns(
        self, organisation: int | None = None, before: int | None = None, limit: int = 50
    ) -> tuple[CampaignKept, ...]:
        """The latest first."""
        ...

    async def open_campaigns(self, now_ms: int) -> tuple[CampaignKept, ...]:
        """Those with which something is to be done: they run, begin now, or were stopped and not all has ended."""
        ...

    async def begin_reading(self, campaign: int, columns: Sequence[str], now_ms: int) -> int | None:
        """A new audience for a draft, or in place of another that was never used; the number of this reading.

        None where the campaign is beyond that. An earlier reading that still goes on is over.
        """
        ...

    async def keep_part(self, campaign: int, reading: int, part: Part, now_ms: int) -> bool:
        """Keep what was read; False where this reading is over."""
        ...

    async def end_reading(self, campaign: int, reading: int, *, whole: bool, now_ms: int) -> bool:
        """It is `ready`; or, if the file broke off or nobody is in it, a draft again."""
        ...

    async def audience(self, campaign: int, chunk: int) -> bytes | None:
        """A chunk, the first is 0; sealed."""
        ...

    async def refusals(self, campaign: int) -> tuple[tuple[int, str], ...]:
        """Line and reason of the first rows that were left out."""
        ...

    async def change_campaign(
        self, campaign: int, before: Sequence[CampaignStatus], to: CampaignStatus, now_ms: int
    ) -> bool:
        """Whether it was among `before`, and is `to` now; its queue goes on, waits or ends with it."""
        ...

    async def set_beginning(self, campaign: int, begins_ms: int | None, now_ms: int) -> bool:
        """When one that is ready begins by itself; None: not. Whether it is ready."""
        ...

    async def plan_chunk(
        self, campaign: int, chunk: int, made: Sequence[NotificationMade], counted: bytes, now_ms: int
    ) -> bool:
        """Keep the notifications of the chunk that is next, and move on; `counted` as it is from then on.

        False, and nothing is kept, where it is not the next one, or the campaign does not run any more.
        """
        ...

    async def keep_preview(self, campaign: int, reading: int, preview: bytes) -> bool:
        """Whether it is still about this audience."""
        ...

    async def sweep(self, flow: int, after: int, now_ms: int, *, end: bool, limit: int = 500) -> Swept:
        """Look at some notifications of a queue. `end`: those of which nothing is on its way are ended."""
        ...

    async def note_swept(self, campaign: int, now_ms: int, *, ended: bool) -> None:
        """Its queue was looked through. `ended`: of one that was stopped nothing is on its way any more."""
        ...

    async def count_flow(self, flow: int, after: int, limit: int = 1000) -> tuple[Mapping[tuple[str, str], int], int]:
        """Of some notifications of a queue how many are how, and why; 0 as the second: those were the last."""
        ...

    async def forget_audience(self, campaign: int, limit: int = 50) -> int:
        """Forget up to so many chunks that are not needed any more; how many it was."""
        ...

    async def forget_campaign(self, campaign: int) -> bool:
        """Forget a draft, or what is read or ready and was never used; a reading that goes on is over."""
        ...

    async def agreed_to(
        self, organisation: int, content: str, consents: Sequence[Consent], after: int, limit: int = 500
    ) -> tuple[tuple[Met, ...], int]:
        """Who agreed to such messages of an organisation and has not taken it back, by the number of their address.

        The second: where to go on; 0 at the end.
        """
        ...

    async def followers_of(
        self, authority: str, service: str, after: int, limit: int = 500
    ) -> tuple[tuple[Met, ...], int]:
        """Who follows a case of a service, each once."""
        ...
