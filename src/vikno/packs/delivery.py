"""delivery.yaml of a country folder: what messages cost by the contracts of its senders, and its own manners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from babel.numbers import list_currencies

from vikno.domain.catalog import Country, LegalResource
from vikno.domain.notify.manners import Manner
from vikno.domain.notify.prices import ANYWHERE, MICROS, Price, PriceTable, Rate
from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.values import Text
from vikno.packs.forms import DELIVERY
from vikno.packs.iso3166 import ALPHA2
from vikno.packs.manners import usual_manners, with_manners
from vikno.packs.names import read_names
from vikno.packs.shapes import Read
from vikno.packs.source import Report, read_yaml

FILE = "delivery.yaml"


@dataclass(frozen=True)
class Delivery:
    """How messages of a country's senders are brought, and what it costs."""

    manners: Mapping[str, Manner]
    prices: PriceTable
    sources: Mapping[str, LegalResource]
    """Pages that prices and rates name."""


def read_delivery(folder: Path, country: Country, report: Report) -> Delivery:
    """The delivery of a country folder; without the file, the usual manners and no prices."""
    path = folder / FILE
    node = read_yaml(path, str(path), report) if path.is_file() else None
    read = DELIVERY.read(node, report) if node is not None else None
    if not isinstance(read, Read):
        return Delivery(usual_manners(), PriceTable(country.currency), country.sources)
    return _Reader(country, read, report).delivery()


class _Reader:
    """Reads one file."""

    def __init__(self, country: Country, read: Read, report: Report) -> None:
        self.country, self.file, self.report = country, read, report
        self.sources = dict(country.sources) | {
            name.text: LegalResource(
                name.text,
                Text(f"source.{name.text}", title.text if (title := page.get("title")) else name.text),
                url.text if (url := page.get("url")) else None,
                page.get("read"),
            )
            for name, page in read.get("sources", [])
        }

    def delivery(self) -> Delivery:
        changes = self.file.get("manners")
        manners = usual_manners()
        if isinstance(changes, Read):
            manners = with_manners(manners, changes, self.report)
        rates = [rate for row in self.file.get("rates", []) if (rate := self._rate(row)) is not None]
        prices = [price for row in self.file.get("prices", []) if (price := self._price(row)) is not None]
        self._twice((rate, (rate.currency, rate.since)) for rate in rates)
        self._twice((one, (one.channel, one.country, one.per == "month", one.since)) for one in prices)
        table = PriceTable(self.country.currency, prices, rates)
        for price in prices:
            own = price.currency == table.currency or not price.micros
            if not own and not any(rate.currency == price.currency and rate.since <= price.since for rate in rates):
                said = f"no rate says on {price.since} what one {price.currency} is worth in {table.currency}"
                self.report(Finding("amount_unknown", price.place, said))
        return Delivery(manners, table, self.sources)

    def _price(self, read: Read) -> Price | None:
        said = self._said(read)
        to = read.get("to")
        country = to.text if to else ANYWHERE
        if to and country != ANYWHERE and country not in ALPHA2:
            near = did_you_mean(country, ALPHA2)
            self.report(Finding("value_wrong", to.place, f"“{country}” is no country of ISO 3166{near}"))
            return None
        if said is None or "channel" not in read:
            return None
        currency = self._currency(read) if "currency" in read else self.country.currency
        return Price(
            read.get("channel"), country, read.get("per", "message"), currency=currency, place=read.place, **said
        )

    def _rate(self, read: Read) -> Rate | None:
        said = self._said(read)
        if said is None or "currency" not in read:
            return None
        return Rate(self._currency(read), place=read.place, **said)

    def _said(self, read: Read) -> dict[str, Any] | None:
        """What prices and rates have in common; None where the sum or the day is not there."""
        sources = read_names(read.get("source", []), self.sources, "source", self.report)
        confidence, note = read.get("confidence", "C"), read.get("note")
        if not sources and (confidence != "D" or note is None):
            self.report(
                Finding(
                    "key_missing", read.place, "a source is missing here; what is only supposed is D and has a note"
                )
            )
        amount, since = read.get("amount"), read.get("from")
        micros = _micros(amount) if isinstance(amount, Decimal) else None
        if isinstance(amount, Decimal) and micros is None:
            self.report(Finding("value_wrong", read.at("amount"), "a sum of at least 0, to the millionth, is expected"))
        if micros is None or not isinstance(since, date):
            return None
        words = note.text if note else ""
        return {"micros": micros, "since": since, "sources": sources, "confidence": confidence, "note": words}

    def _currency(self, read: Read) -> str:
        currency = str(read.get("currency").text)
        if currency not in list_currencies():
            self.report(Finding("value_wrong", read.at("currency"), f"“{currency}” is not a currency of ISO 4217"))
        return currency

    def _twice(self, rows: Any) -> None:
        seen: dict[Any, Price | Rate] = {}
        for row, key in rows:
            if key in seen:
                line = seen[key].place.line
                self.report(Finding("period_overlap", row.place, f"the same begins on {row.since} at line {line}, too"))
            seen.setdefault(key, row)


def _micros(amount: Decimal) -> int | None:
    """Millionths.

    >>> _micros(Decimal("0.0196")), _micros(Decimal("0.0000001")), _micros(Decimal("-1"))
    (19600, None, None)
    """
    micros = amount * MICROS
    return int(micros) if micros >= 0 and micros == int(micros) else None
