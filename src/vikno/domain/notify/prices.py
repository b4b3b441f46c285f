"""Prices: what a message costs on each channel, by the recipient's country and the day. In millionths, no floats."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Generic, Literal, TypeVar

from vikno.domain.values import Place

Per = Literal["message", "part", "month"]
"""month: for the account, however much is sent; the other two are what a message costs."""
PER: tuple[Per, ...] = ("message", "part", "month")
MICROS = 1_000_000
Row = TypeVar("Row")
ANYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Price:
    """One price, from a day on. `country`: of the recipient, as in `ua`; `*` is whoever has no price of their own."""

    channel: str
    country: str
    per: Per
    micros: int
    currency: str
    since: date
    sources: tuple[str, ...] = ()
    confidence: str = "D"
    note: str = ""
    """What is supposed, where nothing was found out."""
    place: Place = field(default=Place(), compare=False)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many millionths of the table's own currency one unit of another is worth, from a day on."""

    currency: str
    micros: int
    since: date
    sources: tuple[str, ...] = ()
    confidence: str = "D"
    note: str = ""
    place: Place = field(default=Place(), compare=False)


class PriceTable:
    """The prices of one country's contracts, told in its own currency, so that they can be compared and added up."""

    def __init__(self, currency: str, prices: Iterable[Price] = (), rates: Iterable[Rate] = ()) -> None:
        self.currency = currency
        self.prices, self.rates = tuple(prices), tuple(rates)
        self._sent = _dated(((one.channel, one.country), one.since, one) for one in self.prices if one.per != "month")
        self._standing = _dated(((one.channel,), one.since, one) for one in self.prices if one.per == "month")
        self._rates = _dated(((one.currency,), one.since, one) for one in self.rates)

    def row(self, channel: str, country: str | None, day: date) -> Price | None:
        """The price that holds for one message to this country on that day; None: nothing is known.

        A recipient whose country is not known (None) is one of the others.
        """
        own = _on(self._sent.get((channel, country or ANYWHERE)), day)
        return own if own is not None else _on(self._sent.get((channel, ANYWHERE)), day)

    def price(self, channel: str, country: str | None, parts: int, day: date) -> int | None:
        """Millionths of `currency` for a message of so many parts; None where price or rate are not known.

        >>> viber = Price("viber", "ua", "message", 19_600, "EUR", date(2024, 2, 5))
        >>> table = PriceTable("UAH", [viber], [Rate("EUR", 50_000_000, date(2026, 1, 1))])
        >>> table.price("viber", "ua", 3, date(2026, 3, 1)), table.price("viber", "ua", 3, date(2025, 3, 1))
        (980000, None)
        """
        found = self.row(channel, country, day)
        if found is None:
            return None
        return self._own(found.micros * (parts if found.per == "part" else 1), found.currency, day)

    def standing(self, channel: str, day: date) -> int | None:
        """Millionths a month for the account itself; None where there is no such fee, or no rate for it."""
        found = _on(self._standing.get((channel,)), day)
        return self._own(found.micros, found.currency, day) if found is not None else None

    def _own(self, micros: int, currency: str, day: date) -> int | None:
        """In the table's currency, rounded half up. Nothing is nothing in every currency."""
        if currency == self.currency or not micros:
            return micros
        rate = _on(self._rates.get((currency,)), day)
        return (micros * rate.micros + MICROS // 2) // MICROS if rate is not None else None


@dataclass(frozen=True, slots=True)
class _Dated(Generic[Row]):
    """Rows of one thing, in the order of their days."""

    days: tuple[date, ...]
    rows: tuple[Row, ...]


def _dated(rows: Iterable[tuple[tuple[str, ...], date, Row]]) -> Mapping[tuple[str, ...], _Dated[Row]]:
    by_key: dict[tuple[str, ...], dict[date, Row]] = {}
    for key, since, row in rows:
        by_key.setdefault(key, {}).setdefault(since, row)
    return {
        key: _Dated(days := tuple(sorted(by_day)), tuple(by_day[day] for day in days)) for key, by_day in by_key.items()
    }


def _on(dated: _Dated[Row] | None, day: date) -> Row | None:
    """The last row that had begun by that day."""
    at = bisect_right(dated.days, day) if dated is not None else 0
    return dated.rows[at - 1] if dated is not None and at else None


def amount(micros: int) -> str:
    """An amount of money, without what rounding makes of it.

    >>> amount(19_600), amount(0), amount(2_500_000)
    ('0.0196', '0', '2.5')
    """
    whole, part = divmod(micros, MICROS)
    return f"{whole}.{part:06}".rstrip("0").rstrip(".")
