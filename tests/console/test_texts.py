"""What the commands say: the same in every language, all of it used, none missing."""

import re
from importlib.resources import files
from string import Formatter

import pytest

from tests.commands import ROOT
from vikno.cli.shown import words_of
from vikno.console.paths.spreadsheet import COLUMNS
from vikno.packs.phrases import load_phrases, read_phrases

TEXTS = files("vikno.console") / "texts"
WORDS = {file.name[:-3]: read_phrases(file) for file in TEXTS.iterdir() if file.name.endswith(".po")}
SOURCES = [*(ROOT / "src/vikno/console").glob("**/*.py"), *(ROOT / "src/vikno/console").glob("**/*.html")]
MADE = (
    *("confidence.", "cond.date.", "cond.all", "cond.any", "paths.column.", "paths.kind.", "paths.outcome."),
    *("paths.all", "paths.any"),
)
"""Beginnings of ids that code puts together: what follows them is not found by looking."""
PARTS = "questions graph terms lookups amounts items promises outcomes laws sources sign".split(" ")  # noqa: SIM905


def forms(said: str | tuple[str, ...]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else said


def places(said: str | tuple[str, ...]) -> set[str | None]:
    return {name for form in forms(said) for _, name, _, _ in Formatter().parse(form) if name}


def test_every_language_says_the_same() -> None:
    english = WORDS["en"].texts
    assert {"en", "uk"} <= WORDS.keys()
    for language, words in WORDS.items():
        assert words.texts.keys() == english.keys(), language
        for phrase, said in words.texts.items():
            assert all(form.strip() for form in forms(said)), phrase
            assert places(said) == places(english[phrase]), phrase


def test_ukrainian_is_written_as_ukrainian_is() -> None:
    for phrase, said in WORDS["uk"].texts.items():
        for form in forms(said):
            assert not re.search(r"['\"`“”]", form), f"{phrase}: ’ is the apostrophe, « » are the quotes"
            assert not re.search(r"[ыэъё]", form.lower()), phrase
            assert "  " not in form, phrase
    assert all(len(forms(said)) in (1, 3) for said in WORDS["uk"].texts.values())


def test_every_phrase_that_is_asked_for_is_there_and_no_other() -> None:
    text = "\n".join(source.read_text("utf-8") for source in SOURCES)
    asked = set(re.findall(r"['\"]((?:consult|diff|cond|paths)\.[a-z_.<>=!]*[a-z<>=!])['\"]", text))
    known = WORDS["en"].texts.keys()
    assert asked <= known
    parts = {f"paths.{part}" for part in PARTS}
    assert [phrase for phrase in known - asked - parts if not phrase.startswith(MADE)] == []
    columns = set(re.findall(r'"([a-z_]+)"', " ".join(re.findall(r"heads\(\[(.*?)\]\)", text))))
    assert {f"paths.column.{column}" for column in columns - {"laws"}} | {f"paths.column.{one}" for one in COLUMNS} == {
        phrase for phrase in known if phrase.startswith("paths.column.")
    }


@pytest.mark.parametrize("language", ["uk", "en", "de"])
def test_commands_know_the_dialogues_phrases_too(language: str) -> None:
    words = words_of(language)
    other = language if language in WORDS else "en"
    assert words.say("consult.next") == WORDS[other].say("consult.next")
    assert words.say("yes") == load_phrases()[other].say("yes")
    assert words.say("diff.more", count=2) == WORDS[other].say("diff.more", count=2)
    assert not WORDS[other].texts.keys() & load_phrases()[other].texts.keys(), "no id in both files"
