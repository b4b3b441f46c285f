"""How messages are brought and what they cost, as data: what comes with the program, what a country says, each slip."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.commands import ROOT
from vikno.domain.notify.manners import Wait
from vikno.domain.notify.prices import Price, Rate
from vikno.domain.rules.findings import Finding
from vikno.packs.delivery import Delivery, read_delivery
from vikno.packs.forms import CHANNELS, CONTENTS
from vikno.packs.load import KNOWN_CHANNELS, load_country, read_country
from vikno.packs.manners import usual_manners
from vikno.packs.policy import message_facts
from vikno.usecases.check_country import beside_rules

COUNTRIES = sorted(path.parent.name for path in (ROOT / "countries").glob("*/delivery.yaml"))
PUSHED = set(CHANNELS) - {"web"}
"""By which somebody can be written to who is not looking."""


def read(folder: Path) -> tuple[Delivery, list[Finding]]:
    found: list[Finding] = []
    return read_delivery(folder, read_country(folder, pytest.fail), found.append), found  # type: ignore[arg-type]


def test_there_is_a_manner_for_every_class_of_content_that_rules_know() -> None:
    (content,) = (fact for fact in message_facts() if fact.id == "content")
    (channel,) = (fact for fact in message_facts() if fact.id == "channel")
    assert tuple(usual_manners()) == CONTENTS == content.option_ids
    assert set(CHANNELS) <= set(channel.option_ids)
    assert set(CHANNELS) == set(KNOWN_CHANNELS) - {"terminal"}


@pytest.mark.parametrize("content", CONTENTS)
def test_every_manner_knows_every_channel_and_reaches_the_last_one_in_time(content: str) -> None:
    manner = usual_manners()[content]
    assert set(manner.order) == set(manner.waits) == PUSHED
    assert manner.patience_s < manner.lives_s
    assert {"inbox", "web"} <= manner.carries


def test_a_code_is_quick_and_short_lived_and_an_advertisement_waits() -> None:
    code, advertising = usual_manners()["code"], usual_manners()["advertising"]
    assert (code.lives_s, code.quiet, code.on_unknown) == (300, False, "next")
    assert all(15 <= wait.seconds <= 30 and wait.proof != "sent" for wait in code.waits.values())
    assert (advertising.quiet, advertising.on_unknown) == (True, "stop")
    assert min(wait.seconds for wait in advertising.waits.values()) > 3600


@pytest.mark.parametrize("content", ["personal", "payment", "document"])
def test_what_is_nobody_elses_business_stands_in_the_inbox_only(content: str) -> None:
    assert usual_manners()[content].carries == {"inbox", "web"}


def test_a_country_puts_single_values_over_what_is_usual(lakeland: Path) -> None:
    delivery, found = read(lakeland)
    usual = usual_manners()
    assert found == []
    assert delivery.manners["code"] == usual["code"].changed(lives_s=600)
    assert delivery.manners["official"] == usual["official"].changed(waits={"inbox": Wait("read", 28_800)})
    assert {name: delivery.manners[name] for name in usual if name not in ("code", "official")} == {
        name: manner for name, manner in usual.items() if name not in ("code", "official")
    }
    assert load_country(lakeland, only="").delivery is not None


def test_a_country_without_the_file_brings_messages_as_usual_and_knows_no_price(lakeland: Path) -> None:
    (lakeland / "delivery.yaml").unlink()
    delivery, found = read(lakeland)
    assert (delivery.manners, delivery.prices.prices, found) == (usual_manners(), (), [])


@pytest.mark.parametrize("code", COUNTRIES)
def test_every_price_has_a_source_or_says_what_it_supposes(code: str) -> None:
    delivery, found = read(ROOT / "countries" / code)
    assert found == []
    assert delivery.prices.prices
    rows: list[Price | Rate] = [*delivery.prices.prices, *delivery.prices.rates]
    for row in rows:
        assert row.sources or (row.confidence == "D" and row.note)
        assert set(row.sources) <= set(delivery.sources)


def test_the_countries_that_are_promised_have_prices() -> None:
    assert COUNTRIES == ["eu", "example", "gb", "in", "ru", "sg", "ua", "us"]


def test_ukraine_knows_the_price_of_every_channel_at_home_and_abroad() -> None:
    delivery, _ = read(ROOT / "countries/ua")
    for day in (date(2025, 7, 1), date(2026, 3, 15)):
        for channel in CHANNELS:
            for country in ("ua", "pl", None):
                assert delivery.prices.price(channel, country, 2, day) is not None
    day = date(2026, 3, 15)
    assert delivery.prices.price("viber", "ua", 1, day) == 19_600 * 50  # 0.0196 EUR
    assert delivery.prices.standing("viber", day) == 100 * 50 * 1_000_000
    assert delivery.prices.price("sms", "ua", 3, day) == 3 * 1_200_000


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("{channel: inbox,", "{channel: inbux,", "value_wrong", "inbox"),
        ("to: at, per: part, amount: 0.06", "to: aq1, per: part, amount: 0.06", "value_wrong", "ISO 3166"),
        ("per: month", "per: moon", "value_wrong", "month"),
        ("amount: 0.09", "amount: 0.0900000001", "value_wrong", "a number"),
        ("amount: 0.09", "amount: 0.00000001", "value_wrong", "millionth"),
        ("amount: 0.09", "amount: -0.09", "value_wrong", "at least 0"),
        ("amount: 0.09, from: 2026-01-01", "amount: 0.09, from: 2026-02-30", "value_wrong", "a day"),
        ("amount: 0.02, currency: USD", "amount: 0.02, currency: UDS", "value_wrong", "ISO 4217"),
        ("amount: 0.02, currency: USD", "amount: 0.02, currency: CHF", "amount_unknown", "CHF"),
        ("amount: 0.9, from: 2026-01-01", "amount: 0.9, from: 2026-02-01", "amount_unknown", "2026-01-01"),
        ("source: lake-mobile, confidence: B}", "source: lake-mobil, confidence: B}", "source_unknown", "lake-mobile"),
        ("source: lake-mobile, confidence: B}", "confidence: B}", "key_missing", "supposed"),
        ("confidence: D, note: The portal is our own", "confidence: D", "key_missing", "note"),
        ("amount: 0.055, from: 2026-07-01", "amount: 0.055, from: 2026-01-01", "period_overlap", "line 10"),
        ("{channel: inbox, amount: 0,", "{channel: inbox,", "key_missing", "amount"),
        ("prices:\n", "prizes:\n", "key_unknown", "prices"),
        ("  code:", "  codes:", "key_unknown", "code"),
        ("lives: 600", "lives: 140", "duration_wrong", "145 s"),
        ("seconds: 28800", "seconds: 604800", "duration_wrong", "has its turn"),
        ("lives: 600", "order: [sms, web]", "key_missing", "web"),
        ("lives: 600", "order: [sms, sms]", "value_wrong", "twice"),
        ("lives: 600", "carries: [sms]", "value_wrong", "inbox"),
        ("{inbox: {seconds: 28800}}", "{inbox: {for: reed}}", "value_wrong", "read"),
    ],
)
def test_a_slip_is_named_at_its_place(lakeland: Path, old: str, new: str, code: str, said: str) -> None:
    file = lakeland / "delivery.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    line = next(at for at, words in enumerate(text.replace(old, new, 1).splitlines(), 1) if new.strip("\n ") in words)
    _, found = read(lakeland)
    (one, *_) = [finding for finding in found if finding.code == code and said in finding.message]
    assert load_country(lakeland, only="").findings[None] == tuple(found)
    if "0.9, from" not in new:  # where the rate is late, the price is told that has none
        assert one.place.line == line


@pytest.mark.parametrize("text", ["", "[]", "5", "word", "prices: {}", "manners: []", "prices: [[]]", "rates: [{}]"])
def test_an_odd_file_is_told_and_what_is_usual_holds(lakeland: Path, text: str) -> None:
    (lakeland / "delivery.yaml").write_text(text, "utf-8")
    delivery, found = read(lakeland)
    assert found
    assert all(beside_rules(finding) for finding in found)  # what services say can be asked and compared as before
    assert delivery.manners == usual_manners()


def test_what_cannot_hold_together_leaves_the_usual_manner(lakeland: Path) -> None:
    file = lakeland / "delivery.yaml"
    file.write_text(file.read_text("utf-8").replace("lives: 600", "lives: 140"), "utf-8")
    delivery, _ = read(lakeland)
    assert delivery.manners["code"] == usual_manners()["code"]
