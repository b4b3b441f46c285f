"""Conditions and answers in words, leaf by leaf."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from vikno.cli.shown import words_of
from vikno.console.in_words import InWords
from vikno.domain.rules import Service
from vikno.packs.load import load_country

CONSULTATION = """
facts:
  what: {ask: What?, choose: {a: Apple, b: Bread, c: Cake, d: Dates, e: Eggs}}
  many: {ask: Which?, when: what != e, choose_any: {x: Ex, y: Why, z: Zed}}
  old: {ask: How old?, number: {from: 0, to: 120, unit: years}}
  long: {ask: How long?, when: old > 3, number: {from: 1, to: 30, step: 0.5, unit: m}}
  sure: {ask: Sure?, yes_no: true}
  born: {ask: Born when?, date: {from: 1990-01-01, to: today}}
  place: {ask: Where?, list: districts}
terms:
  young: old < 18
derive:
  band: {by: what, table: {a: cheap, b: cheap, c: dear, d: dear, e: dear}}
items:
"""
DAY = date(2026, 3, 15)
Said = Callable[[str], str]


def service_with(folder: Path, conditions: list[str]) -> Service:
    items = "".join(f"  - note: n{at}\n    text: N\n    when: {when}\n" for at, when in enumerate(conditions))
    (folder / "services/fishing-permit/consultation.yaml").write_text(CONSULTATION + items, "utf-8")
    service = load_country(folder, only="fishing-permit").services["example/fishing-permit"]
    assert service is not None
    return service


def words(service: Service, language: str = "en") -> InWords:
    return InWords(service, words_of(language), language, DAY)


CONDITIONS = {
    "what == a": "What? — “Apple”",
    "what in [a, b]": "What? — “Apple” or “Bread”",
    "what in [a, b, c]": "What? — “Apple”, “Bread” or “Cake”",
    "what != a": "What? — anything but “Apple”",
    "x in many": "Which? — “Ex” is chosen",
    "x not in many": "Which? — “Ex” is not chosen (or not asked)",
    "old < 14": "How old? — less than 14 years",
    "old <= 14": "How old? — at most 14 years",
    "old > 14": "How old? — more than 14 years",
    "old >= 14": "How old? — at least 14 years",
    "old == 14": "How old? — 14 years",
    "old != 14": "How old? — not 14 years",
    "old in 14..17": "How old? — between 14 and 17 years",
    "old not in 14..17": "How old? — not between 14 and 17 years",
    "not (old < 14)": "How old? — at least 14 years",
    "not (long >= 2.5)": "How long? — less than 2.5 meters (or not asked)",
    "sure": "Sure? — Yes",
    "sure == false": "Sure? — No",
    "not sure": "Sure? — No",
    "not (sure == false)": "Sure? — Yes",
    "born < 2008-01-01": "Born when? — before January 1, 2008",
    "born >= today": "Born when? — the day of applying or later",
    "born > today + 30 days": "Born when? — after 30 days after the day of applying",
    "not (born == season_ends)": "Born when? — not season_ends (October 31, 2026)",
    "age_on(born, today) >= 18": "Born when? — age on the day of applying: at least 18 years",
    "today <= season_ends": "the day of applying — season_ends (October 31, 2026) or before",
    "today > bridge_reopens + 1 days": "the day of applying — after 1 day after bridge_reopens (has not come yet)",
    "young": "condition “young” holds",
    "not young": "condition “young” does not hold",
    "band == cheap": "“band” from the table, by the answer to “What?” — “cheap”",
    "place in border_zone": "Where? — “North Shore” or “The Hills”",
    "what == a and old < 14": "What? — “Apple” AND How old? — less than 14 years",
    "what == a or old < 14": "What? — “Apple” OR How old? — less than 14 years",
    "not (what == a or old < 14)": "What? — anything but “Apple” AND How old? — at least 14 years",
    "sure and (what == a or old < 14)": "Sure? — Yes AND (What? — “Apple” OR How old? — less than 14 years)",
    "sure and (what == a and old < 14)": "Sure? — Yes AND What? — “Apple” AND How old? — less than 14 years",
    "true": "always",
    "not (true)": "never",
}


@pytest.fixture
def said(lakeland: Path) -> Said:
    service = service_with(lakeland, list(CONDITIONS))
    by_when = dict(zip(CONDITIONS, (item.when for item in service.items), strict=True))
    speaker = words(service)
    return lambda when: speaker.sentence(speaker.condition(by_when[when]))


@pytest.mark.parametrize("when", list(CONDITIONS))
def test_a_condition_reads_as_a_lawyer_would_say_it(said: Said, when: str) -> None:
    assert said(when) == CONDITIONS[when]


def test_no_condition_is_for_everybody(lakeland: Path) -> None:
    speaker = words(service_with(lakeland, ["sure"]))
    assert speaker.sentence(speaker.condition(None)) == "for everybody"


ANSWERS: list[tuple[str, list[Any], str | None]] = [
    ("what", ["a", "b"], "“Apple” or “Bread”"),
    ("what", ["a", "b", "c", "d"], "anything but “Eggs”"),
    ("what", ["a", "b", "c", "d", "e"], None),
    ("sure", [True], "Yes"),
    ("sure", [False], "No"),
    ("sure", [True, False], None),
    ("old", ["0..13", "14..17"], "0–17 years"),
    ("old", ["0..13", "18..120"], "0–13 years or 18–120 years"),
    ("old", ["14"], "14 years"),
    ("old", ["18..120", "0..17"], None),
    ("long", ["1..2.5", "3..4"], "1–4 meters"),
    ("born", ["1990-01-01..2026-03-15"], None),
    ("born", ["1990-01-01..1999-12-31", "2000-01-01..2007-12-31"], "January 1, 1990 – December 31, 2007"),
    ("born", ["2008-01-01"], "January 1, 2008"),
    ("many", [[], ["x"], ["y"], ["x", "y"], ["z"], ["x", "z"], ["y", "z"], ["x", "y", "z"]], None),
    ("many", [["x"], ["x", "y"], ["x", "z"], ["x", "y", "z"]], "“Ex” is chosen"),
    ("many", [["x"], ["x", "y"]], "“Ex” is chosen AND “Zed” is not chosen"),
    ("many", [[]], "none is chosen"),
    ("many", [["x"], ["y"]], "“Ex” or “Why”"),
    ("many", [[], ["x", "y"]], "none is chosen or “Ex” + “Why”"),
]


@pytest.mark.parametrize(("fact", "values", "wanted"), ANSWERS)
def test_answers_are_said_as_far_as_they_narrow_down(
    lakeland: Path, fact: str, values: list[Any], wanted: str | None
) -> None:
    service = service_with(lakeland, ["sure"])
    assert words(service).values(service.fact[fact], values) == wanted


def test_a_long_list_is_cut_only_where_it_may_be(lakeland: Path) -> None:
    service = service_with(lakeland, ["sure"])
    labels = [f"L{at}" for at in range(15)]
    assert words(service).listed(labels).endswith("L11 and 3 more")
    assert InWords(service, words_of("en"), "en", DAY, most=None).listed(labels).endswith("L13 or L14")


def test_a_text_shows_the_question_where_somebodys_answer_would_stand(root: Path) -> None:
    service = load_country(root / "countries/example", only="fishing-permit").services["example/fishing-permit"]
    assert service is not None
    boat = next(item for item in service.items if item.id == "big_boat")
    assert "A boat of [the answer to “How long is the boat?”] needs" in words(service).text(boat.text)
    day = next(item for item in service.items if item.key == "fee:day")
    assert words(service).text(day.text) == "Permit for a day (€9.50)"
