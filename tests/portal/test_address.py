"""Addresses: what was written is read again, and nothing that anybody bends them into breaks anything."""

from __future__ import annotations

from datetime import date
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.bootstrap.worlds import load_worlds
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.ruleset import ruleset_on
from vikno.domain.rules.service import Fact, Service
from vikno.domain.rules.space import day_bounds
from vikno.portal.address import AddressTooLong, pairs, read_address, write_address

TODAY = date(2026, 3, 15)
SERVICES = load_worlds().now().services
ID_CARD = SERVICES["ua/id-card"]


def answers_of(fact: Fact, service: Service) -> st.SearchStrategy[Answer]:
    match fact.kind:
        case "yes_no":
            return st.booleans()
        case "choose_any":
            return st.frozensets(st.sampled_from(fact.option_ids))
        case "number":
            return st.integers(int(fact.low), int(fact.high))
        case "date":
            low, high = day_bounds(fact, TODAY, service.dates)
            return st.dates(low, high)
    return st.sampled_from(fact.option_ids)


@given(st.data())
def test_answers_survive_the_way_through_an_address(data: st.DataObject) -> None:
    service = SERVICES[data.draw(st.sampled_from(sorted(SERVICES)))]
    ruleset, answers = ruleset_on(service, TODAY), dict[str, Answer]()
    while (fact := ruleset.consult(answers).next) is not None:
        answers[fact.id] = data.draw(answers_of(fact, service))
    address = write_address("/", pairs(service, answers), TODAY)
    read = read_address(service, address.partition("?")[2].encode(), TODAY)
    assert (read.answers, read.day, read.odd) == (answers, TODAY, ())
    assert write_address("/", pairs(service, read.answers), read.day) == address


@given(st.binary(max_size=3000))
def test_any_bytes_are_read(query: bytes) -> None:
    read = read_address(ID_CARD, query, TODAY)
    assert set(read.answers) <= set(ID_CARD.fact)


TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
NAMES = st.one_of(st.sampled_from([*ID_CARD.fact, "on", "-ask", "-sent"]), TEXT)
VALUES = st.one_of(
    st.sampled_from(["", "ua", "lost", "idp", "true", "33", "-1", "1e9", "NaN", "999999999999", "2026-02-30", "<b>"]),
    TEXT,
)


@given(st.lists(st.tuples(NAMES, VALUES), max_size=40))
def test_whatever_is_left_out_is_told_and_whatever_is_taken_fits(parts: list[tuple[str, str]]) -> None:
    read = read_address(ID_CARD, urlencode(parts).encode(), TODAY)
    told = {odd.name for odd in read.odd}
    for name in read.typed:
        if name in ID_CARD.fact and name not in told and any(value.strip() for value in read.typed[name]):
            assert name in read.answers
    assert all(len(odd.value) <= 61 and odd.value.isprintable() for odd in read.odd)
    ruleset_on(ID_CARD, TODAY).consult(read.answers)


@pytest.mark.parametrize(
    ("query", "fact", "why"),
    [
        ("where=mars", "where", "refused"),
        ("where=lost", "where", "refused"),
        ("where=ua&where=abroad_ps", "where", "twice"),
        ("age=fourteen", "age", "refused"),
        ("age=-1", "age", "refused"),
        ("age=14.5", "age", "refused"),
        ("status=idp&status=", "status", "twice"),
        ("status=vip", "status", "refused"),
        ("moves=yes", "moves", "refused"),
        ("colour=red", "colour", "unknown"),
        ("on=yesterday", "on", "day"),
        ("on=1999-01-01", "on", "day"),
        ("on=2026-03-01&on=2026-04-01", "on", "day"),
    ],
)
def test_what_does_not_fit_is_left_out(query: str, fact: str, why: str) -> None:
    read = read_address(ID_CARD, query.encode(), TODAY)
    assert [(odd.name, odd.why) for odd in read.odd] == [(fact, why)]
    assert fact not in read.answers


@pytest.mark.parametrize(
    ("query", "fact", "answer"),
    [
        ("age=%2033%20", "age", 33),
        ("where=ua&where=ua", "where", "ua"),
        ("status=", "status", frozenset()),
        ("status=homeless&status=idp", "status", frozenset({"idp", "homeless"})),
        ("moves=false", "moves", False),
    ],
)
def test_what_people_write_is_read_kindly(query: str, fact: str, answer: Answer) -> None:
    assert read_address(ID_CARD, query.encode(), TODAY).answers == {fact: answer}


def test_marks_that_other_sites_add_to_links_are_nothing_to_speak_of() -> None:
    assert read_address(ID_CARD, b"utm_source=news&fbclid=1&where=ua", TODAY).odd == ()


@pytest.mark.parametrize("query", ["a=" + "x" * 9000, "&".join(f"a{n}=1" for n in range(500)), quote("я" * 2000)])
def test_an_address_longer_than_any_consultation_is_refused_as_a_whole(query: str) -> None:
    with pytest.raises(AddressTooLong):
        read_address(ID_CARD, query.encode(), TODAY)
