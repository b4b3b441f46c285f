"""Every language says everything, with the same places to fill, and its words for typing lead to one command."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date

import pytest

from tests.domain.dialog import worlds
from vikno.domain.dialog import Said, Started, World, take_turn
from vikno.domain.dialog.phrases import COMMANDS
from vikno.domain.rules.service import FORMS, KINDS
from vikno.packs.phrases import load_phrases

ALL = load_phrases()
PLACE = re.compile(r"\{(\w+)\}")


def forms(said: str | tuple[str, ...]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else said


@pytest.mark.parametrize("language", sorted(ALL))
def test_a_language_is_complete(language: str) -> None:
    assert set(ALL[language].texts) == set(ALL["en"].texts)
    for phrase, said in ALL[language].texts.items():
        places = {
            frozenset(PLACE.findall(form)) - {"count"} for one in (said, ALL["en"].texts[phrase]) for form in forms(one)
        }
        assert len(places) == 1, f"{phrase}: {places}"
        assert all(form.strip() for form in forms(said)), phrase


@pytest.mark.parametrize("language", sorted(ALL))
def test_what_the_rules_can_say_has_words(language: str) -> None:
    words = ALL[language]
    wanted = [f"{start}.{kind}" for start in ("section", "decides") for kind in KINDS]
    wanted += [f"form.{form}" for form in FORMS] + [f"button.{command}" for command in COMMANDS]
    wanted += [f"outcome.{outcome}" for outcome in ("checklist", "stop", "done", "human")]
    assert [phrase for phrase in wanted if not words.knows(phrase)] == []


@pytest.mark.parametrize("language", sorted(ALL))
def test_buttons_fit_every_channel(language: str) -> None:
    for command in COMMANDS:
        label = ALL[language].say(f"button.{command}")
        assert len(label.encode("utf-16-le")) // 2 <= 30, label


def test_a_typed_word_is_one_command_in_all_languages() -> None:
    meant = {(word, command) for words in ALL.values() for word, command in words.commands.items()}
    twice = [word for word, count in Counter(word for word, _ in meant).items() if count > 1]
    assert twice == []


@pytest.mark.parametrize("language", sorted(ALL))
def test_yes_is_not_no(language: str) -> None:
    words = ALL[language]
    assert not words.yes & words.no
    assert not words.denying & (words.filler | words.filler_of_numbers)
    assert not words.yes & set(words.commands)
    assert not words.no & set(words.commands)


@pytest.mark.parametrize(("count", "word"), [(1, "день"), (2, "дні"), (5, "днів"), (21, "день"), (12, "днів")])
def test_numbers_choose_their_form(count: int, word: str) -> None:
    assert f"{count} {word}" in ALL["uk"].say("resume.old", count=count)


def test_a_language_without_phrases_has_its_texts_and_english_around_them() -> None:
    country, services = worlds.country("example")
    polish = replace(country, languages=("en", "pl"))
    here = World({"example": polish}, services, {"example": date(2026, 3, 15)}, ALL)
    assert here.words("pl") is ALL["en"]
    state, messages = take_turn(None, Started("example/library-card"), here)
    state, messages = take_turn(state, Said("language"), here)
    assert [button.label for button in messages[0].buttons if button.style == "choice"] == ["English", "Polski"]
    state, messages = take_turn(state, Said("2"), here)
    assert (state.lang, messages[0].fact) == ("pl", "age")
    assert "English" not in messages[0].text


@pytest.mark.parametrize("language", sorted(ALL))
def test_what_stands_alone_above_buttons_is_a_whole_sentence(language: str) -> None:
    """Telegram, Viber and the web show the buttons apart: after a colon nothing would come there."""
    for phrase in ("home", "cases", "case.next", "data.choose", "erase", "talks", "answers", "languages", "why.which"):
        assert ALL[language].say(phrase)[-1] in ".?", phrase


@pytest.mark.parametrize(("service", "several"), [("ua/foreign-passport", False), ("ua/id-card", True)])
def test_of_one_option_nobody_is_told_that_they_may_choose_several(service: str, several: bool) -> None:
    question = worlds.world(("ua",), date(2026, 3, 15)).sheet(service, "uk").question("status")
    assert (len(question.choices) > 1) == ("Можна обрати кілька" in question.ask) == several
