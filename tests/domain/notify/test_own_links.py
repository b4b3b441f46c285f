"""Which links a template has of its own, whoever reads it, and which of them a reviewer should look at twice."""

from __future__ import annotations

import time

import pytest

from vikno.domain.notify.fill import fill
from vikno.domain.notify.own_links import anybodys, links_in, own_links
from vikno.domain.notify.template import parse


@pytest.mark.parametrize(
    ("written", "urls"),
    [
        ("https://a.example/x?y=1#z, thanks", ["https://a.example/x?y=1#z"]),
        ("(see a.example)", ["a.example"]),
        ("see приват24.укр/вхід!", ["приват24.укр/вхід"]),
        ("write to mailto:a@b.example", ["mailto:a@b.example"]),
        ("[pay](a.example/x) and [pay](https://a.example/x)", ["a.example/x", "https://a.example/x"]),
        ("[no](javascript:alert) [no](/x) [no](#x) [no](https://)", []),
        ("1.250,50 · 01.09.2026 · v2.0 · 10:30 · a@b", []),
        ("bring: ID.Photo", ["ID.Photo"]),
        ("https:// a. example", []),
        ("HTTPS://A.EXAMPLE", ["HTTPS://A.EXAMPLE"]),
        ("((x??see https://a.example/((not)))", ["https://a.example/((not))"]),
        ("a.example a.example", ["a.example"]),
    ],
)
def test_links_are_found(written: str, urls: list[str]) -> None:
    assert [link.url for link in own_links(parse(written))] == urls


def test_places_within_a_link_are_told_by_their_names() -> None:
    [link] = own_links(parse("https://a.example/((case number))?by=((who))&((case number))"))
    assert link.places == ("case number", "who")
    assert link.url == "https://a.example/((case number))?by=((who))&((case number))"


@pytest.mark.parametrize(
    ("host", "anybody"),
    [
        ("t.me", True),
        ("docs.google.com", True),
        ("google.com", False),
        ("evil.github.io", True),
        ("notgithub.io", False),
        ("t.me.bank.ua", False),
        ("", False),
        ("BIT.LY", True),
    ],
)
def test_where_anybody_may_have_a_page(host: str, anybody: bool) -> None:
    assert anybodys(host) == anybody


@pytest.mark.parametrize(
    ("written", "disguised"),
    [
        ("[bank.ua](https://evil.example)", True),
        ("[www.bank.ua](https://bank.ua/x)", False),
        ("[your account](https://bank.ua)", False),
        ("[bank.ua](https://bank.ua.evil.example)", True),
        ("[Pay at bank.ua now](https://BANK.UA/pay)", False),
        ("[bank.ua](https://bank.ua@evil.example/)", True),
    ],
)
def test_words_that_name_another_host_are_a_disguise(written: str, disguised: bool) -> None:
    [link] = own_links(parse(written))
    assert link.disguised == disguised


def test_nothing_that_a_value_says_is_a_link() -> None:
    filled = fill(
        parse("Dear ((name)), [tap](https://a.example/((n)))"), {"name": "evil.com https://b.ua", "n": "c.ua"}
    )
    assert {link.host for link in links_in(filled.text)} == {"a.example"}


def test_odd_texts_do_not_take_long() -> None:
    began = time.perf_counter()
    for odd in ("[" * 50_000, "a." * 50_000, "[x](" * 20_000, "https://" * 10_000, "(" * 50_000, "a-" * 40_000 + "."):
        links_in(odd)
    assert time.perf_counter() - began < 5
