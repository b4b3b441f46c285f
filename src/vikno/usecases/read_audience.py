"""Read an audience: rows of a file or of a query become sealed chunks on record, with progress, in bounded memory."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from vikno.domain.errors import ViknoError
from vikno.usecases.campaign_rows import seal_rows
from vikno.usecases.campaigns import (
    CHUNK,
    MOST_ROWS,
    CampaignElsewhere,
    CampaignKept,
    Campaigns,
    Met,
    Part,
    Row,
    decode_terms,
)
from vikno.usecases.dispatch import Rendering
from vikno.usecases.organisations import Organisation
from vikno.usecases.people import Consent
from vikno.usecases.ports import Clock
from vikno.usecases.records import Vault

TWICE = "twice"
CONSENTS: tuple[Consent, ...] = ("given", "written", "soft")
"""With which somebody agreed; which of them is enough is for the rules."""
PAGE = 500
AUTHORITY = "state_body"
"""The category of an organisation that has cases of its own."""
FIRST_SLOTS = 1 << 12


class AudienceTooLarge(ViknoError):
    """There are more recipients than one campaign may have. Make two of it."""

    code = "audience_too_large"


@dataclass(frozen=True, slots=True)
class Slice:
    """Some rows as they were read, each with its line, and those that were left out. `looked`: how far it has got."""

    rows: Sequence[tuple[int, Row]]
    refused: Sequence[tuple[int, str]]
    looked: int


class Seen:
    """Who was there before, in eight bytes each: an open hash table in one array.

    >>> seen = Seen()
    >>> seen.add(17), seen.add(18), seen.add(17), len(seen)
    (True, True, False, 2)
    """

    def __init__(self) -> None:
        self._slots = array("Q", bytes(8 * FIRST_SLOTS))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, key: int) -> bool:
        """Whether it is new. `key`: 64 bits of a good hash."""
        key = key & 0xFFFF_FFFF_FFFF_FFFF or 1
        slots = self._slots
        mask = len(slots) - 1
        at = key & mask
        while found := slots[at]:
            if found == key:
                return False
            at = at + 1 & mask
        slots[at] = key
        self._count += 1
        if self._count * 2 > len(slots):
            self._grow()
        return True

    def _grow(self) -> None:
        old = self._slots
        self._slots = slots = array("Q", bytes(16 * len(old)))
        mask = len(slots) - 1
        for key in old:
            if key:
                at = key & mask
                while slots[at]:
                    at = at + 1 & mask
                slots[at] = key


async def read_audience(  # noqa: PLR0913 - what is read, where it is kept, and how
    book: Campaigns,
    vault: Vault,
    campaign: int,
    columns: Sequence[str],
    slices: AsyncIterator[Slice],
    clock: Clock,
    *,
    per_day: int,
    twice: bool = True,
) -> CampaignKept:
    """Keep what is read; what is whole is ready, what broke off leaves a draft. `twice`: to be told of as refused.

    `per_day`: what its sender may send on one day, so no chunk is larger.
    Raises CampaignElsewhere, AudienceTooLarge, and what `slices` raise.
    """
    reading = await book.begin_reading(campaign, columns, clock())
    if reading is None:
        raise CampaignElsewhere
    await forget_old(book, campaign)
    keeping = _Keeping(book, vault, campaign, reading, clock, min(CHUNK, per_day), twice=twice)
    whole = False
    try:
        async for one in slices:
            await keeping.take(one)
        await keeping.flush()
        whole = True
    finally:
        await book.end_reading(campaign, reading, whole=whole, now_ms=clock())
        if not whole:
            await forget_old(book, campaign)
    kept = await book.campaign(campaign)
    if kept is None or kept.reading != reading:
        raise CampaignElsewhere
    return kept


async def forget_old(book: Campaigns, campaign: int) -> None:
    """Chunks that are not needed any more go, some at a time."""
    while await book.forget_audience(campaign):
        pass


class _Keeping:
    """Rows on their way into chunks."""

    def __init__(
        self, book: Campaigns, vault: Vault, campaign: int, reading: int, clock: Clock, chunk: int, *, twice: bool
    ) -> None:
        self._book, self._vault, self._campaign, self._reading = book, vault, campaign, reading
        self._clock, self._chunk, self._twice = clock, chunk, twice
        self._seen, self._rows, self._refused = Seen(), list[Row](), list[tuple[int, str]]()
        self._looked = 0

    async def take(self, one: Slice) -> None:
        self._refused += one.refused
        for line, row in one.rows:
            if self._seen.add(hash((row.kind, row.address))):
                self._rows.append(row)
            elif self._twice:
                self._refused.append((line, TWICE))
        self._looked = one.looked
        if len(self._seen) > MOST_ROWS:
            raise AudienceTooLarge(MOST_ROWS)
        while len(self._rows) >= self._chunk:
            await self._keep(self._rows[: self._chunk])
            del self._rows[: self._chunk]
        if len(self._refused) >= CHUNK:
            await self._keep([])

    async def flush(self) -> None:
        """The rest."""
        await self._keep(self._rows)

    async def _keep(self, rows: Sequence[Row]) -> None:
        sealed = seal_rows(self._vault, rows) if rows else None
        part = Part(len(rows), sealed, self._looked, sorted(self._refused))
        self._refused.clear()
        if not await self._book.keep_part(self._campaign, self._reading, part, self._clock()):
            raise CampaignElsewhere


# ---- by a query ----


async def found_by_query(
    book: Campaigns, vault: Vault, organisation: Organisation, campaign: CampaignKept, rendering: Rendering
) -> AsyncIterator[Slice]:
    """Whoever agreed to such messages of this organisation, or follows a case of a service that is its own."""
    after, looked, lacking = 0, 0, tuple("" for _ in campaign.columns)
    service = decode_terms(campaign.terms).service
    while True:
        if campaign.source == "followers":
            met, after = await book.followers_of(authority_of(organisation), service, after, PAGE)
        else:
            met, after = await book.agreed_to(organisation.id, rendering.kept.content, CONSENTS, after, PAGE)
        looked += PAGE
        rows = [(looked + nth, _row(vault, one, lacking)) for nth, one in enumerate(met)]
        yield Slice(rows, (), looked)
        if not after:
            return


def authority_of(organisation: Organisation) -> str:
    """As which authority it has cases here; "" for one that is none.

    >>> authority_of(Organisation("waters", "Waters", "state_body", "example", "example", standing="approved"))
    'example/waters'
    """
    is_one = organisation.category == AUTHORITY and organisation.standing == "approved"
    return f"{organisation.country}/{organisation.slug}" if is_one else ""


def _row(vault: Vault, met: Met, values: tuple[str, ...]) -> Row:
    return Row(met.account, vault.unseal(met.sealed), "", None, None, "", "", values)
