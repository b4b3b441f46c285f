"""Rows of a campaign: sealed in chunks, opened again, and what is to be said to each of them."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from vikno.usecases.campaigns import CampaignKept, Row, decode_terms
from vikno.usecases.dispatch import Rendering
from vikno.usecases.judge import Whereabouts
from vikno.usecases.records import Vault
from vikno.usecases.send_notifications import Asked, Recipient

PHONE, EMAIL = "phone", "email"
MAIN = "main"
BY_PHONE = ("sms/main", "whatsapp/main")
"""Accounts on which a phone number is an address; the surest first."""
LEVEL = 1
"""Of compression: rows are much alike, and it shall take no time."""
_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(list[Row]).decode


def seal_rows(vault: Vault, rows: Sequence[Row]) -> bytes:
    """Rows as they are kept."""
    return vault.seal(base64.b64encode(zlib.compress(_encode(rows), LEVEL)).decode("ascii"))


def open_rows(vault: Vault, sealed: bytes) -> list[Row]:
    """Raises SealBroken."""
    return _decode(zlib.decompress(base64.b64decode(vault.unseal(sealed))))


class Asking:
    """Makes of rows what is asked for each of them. `accounts`: those that are here."""

    def __init__(self, campaign: CampaignKept, rendering: Rendering, accounts: Iterable[str]) -> None:
        self._rendering, self._reference, self._columns = rendering, campaign.reference, campaign.columns
        self._terms, here = decode_terms(campaign.terms), frozenset(accounts)
        kind = rendering.kept.kind
        self._only = None if kind == "message" else kind
        by_phone = [account for account in BY_PHONE if account in here] or BY_PHONE[:1]
        self._phones = tuple(one for one in by_phone if kind in ("message", one.partition("/")[0])) or BY_PHONE[:1]
        self._written = written if campaign.source == "file" else hidden
        self._where: dict[tuple[str | None, str | None], Whereabouts] = {}

    def asked(self, rows: Iterable[Row]) -> list[Asked]:
        """What is to be said to them."""
        return [self._asked(row) for row in rows]

    def _asked(self, row: Row) -> Asked:
        terms, place = self._terms, (row.country, row.zone)
        where = self._where.get(place)
        if where is None:
            where = self._where[place] = Whereabouts(*place)
        return Asked(
            self._rendering,
            Recipient(addresses(row, self._phones), row.written or self._written(row), where),
            self.values(row),
            row.reference or self._reference,
            row.lang or terms.lang,
            "initiated",
            terms.order,
            self._only,
            terms.ceiling,
            terms.lives_s,
        )

    def values(self, row: Row) -> Mapping[str, str]:
        """The personalisation of one."""
        return {**self._terms.values, **dict(zip(self._columns, row.values, strict=False))}


def addresses(row: Row, phones: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Where a row may be written to, the surest first."""
    if row.kind == PHONE:
        return tuple((account, row.address) for account in phones)
    return ((f"{EMAIL}/{MAIN}" if row.kind == EMAIL else row.kind, row.address),)


def hidden(row: Row) -> str:
    """Of an address that a query has found only the kind of channel: its sender has never had it."""
    return row.kind.partition("/")[0]


def written(row: Row) -> str:
    """An address as it is shown to its sender, where that is all that was written."""
    return f"+{row.address}" if row.kind == PHONE else row.address
