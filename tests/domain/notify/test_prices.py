"""Prices: the row of the country and the day, by part or message, in one currency, exact to the millionth."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.domain.notify.prices import ANYWHERE, Price, PriceTable, Rate

SPRING, SUMMER, AUTUMN = date(2026, 3, 1), date(2026, 6, 1), date(2026, 9, 1)
TABLE = PriceTable(
    "UAH",
    [
        Price("sms", "ua", "part", 1_500_000, "UAH", SUMMER),
        Price("sms", "ua", "part", 1_200_000, "UAH", SPRING),
        Price("sms", ANYWHERE, "part", 4_500_000, "UAH", SPRING),
        Price("viber", "ua", "message", 19_600, "EUR", SPRING),
        Price("viber", ANYWHERE, "month", 100_000_000, "EUR", SPRING),
        Price("inbox", ANYWHERE, "message", 0, "USD", SPRING),
        Price("whatsapp", ANYWHERE, "message", 40_000, "USD", SPRING),
    ],
    [Rate("EUR", 50_000_000, SPRING), Rate("EUR", 51_000_000, AUTUMN)],
)


@pytest.mark.parametrize(
    ("channel", "country", "parts", "day", "micros"),
    [
        ("sms", "ua", 1, SPRING, 1_200_000),
        ("sms", "ua", 3, SUMMER - timedelta(days=1), 3_600_000),
        ("sms", "ua", 3, SUMMER, 4_500_000),
        ("sms", "ua", 1, SPRING - timedelta(days=1), None),
        ("sms", "pl", 2, SUMMER, 9_000_000),
        ("sms", None, 2, SUMMER, 9_000_000),  # nobody knows where they are: as anywhere
        ("viber", "ua", 3, SUMMER, 980_000),  # a message, however long
        ("viber", "ua", 1, AUTUMN, 999_600),
        ("viber", "pl", 1, AUTUMN, None),  # the fee of the month is no price of a message
        ("inbox", "ua", 1, SUMMER, 0),  # nothing needs no rate
        ("whatsapp", "ua", 1, SUMMER, None),  # no rate for dollars
        ("pigeon", "ua", 1, SUMMER, None),
    ],
)
def test_a_message_costs_what_its_row_says(
    channel: str, country: str | None, parts: int, day: date, micros: int | None
) -> None:
    assert TABLE.price(channel, country, parts, day) == micros


def test_the_account_itself_may_cost_by_the_month() -> None:
    assert TABLE.standing("viber", SUMMER) == 5_000_000_000
    assert TABLE.standing("viber", AUTUMN) == 5_100_000_000
    assert TABLE.standing("viber", SPRING - timedelta(days=1)) is None
    assert TABLE.standing("sms", SUMMER) is None


def test_the_row_that_decided_can_be_shown() -> None:
    row = TABLE.row("sms", "ua", SUMMER)
    assert row is not None
    assert (row.since, row.country) == (SUMMER, "ua")
    assert TABLE.row("sms", "ua", SPRING - timedelta(days=1)) is None


DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))


@given(
    st.lists(st.tuples(DAYS, st.sampled_from(["ua", "pl", ANYWHERE]), st.integers(0, 10**9)), max_size=12),
    st.sampled_from(["ua", "pl", "de", None]),
    st.integers(1, 10),
    DAYS,
)
def test_the_last_row_that_had_begun_counts_and_a_countrys_own_before_all_others(
    rows: list[tuple[date, str, int]], country: str | None, parts: int, day: date
) -> None:
    first: dict[tuple[str, date], int] = {}
    for since, to, micros in rows:
        first.setdefault((to, since), micros)
    begun = {key: micros for key, micros in first.items() if key[1] <= day}
    own = {key: micros for key, micros in begun.items() if key[0] == country}
    fits = own or {key: micros for key, micros in begun.items() if key[0] == ANYWHERE}
    wanted = fits[max(fits, key=lambda key: key[1])] * parts if fits else None
    table = PriceTable("UAH", [Price("sms", to, "part", micros, "UAH", since) for since, to, micros in rows])
    assert table.price("sms", country, parts, day) == wanted


@given(st.integers(0, 10**10), st.integers(1, 10**9))
def test_another_currency_is_told_exactly_and_rounded_half_up(micros: int, rate: int) -> None:
    table = PriceTable("UAH", [Price("sms", ANYWHERE, "message", micros, "EUR", SPRING)], [Rate("EUR", rate, SPRING)])
    exact = (Decimal(micros) * rate / 1_000_000).quantize(Decimal(1), ROUND_HALF_UP)
    assert table.price("sms", "ua", 1, SUMMER) == int(exact)
