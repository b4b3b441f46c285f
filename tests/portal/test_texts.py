"""The words of the pages: the same in every language, all of them used, none missing."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from tests.commands import ROOT
from vikno.bootstrap.web import portal_words

WORDS = portal_words()
SOURCES = [
    *(ROOT / "src/vikno/portal").glob("**/*.html"),
    *(ROOT / "src/vikno/portal").glob("*.py"),
    *(ROOT / "src/vikno/portal").glob("*.typ"),
    *(ROOT / "src/vikno/ui").glob("**/*.html"),
]
TEXT = "\n".join(source.read_text() for source in SOURCES)
MADE = tuple(set(re.findall(r"""['"]((?:[a-z_]+\.)+)(?:\{|['"] ~)""", TEXT)))
"""Beginnings of ids that code puts together, as f"gone.{what}" or 'status.' ~ one: what follows is not found."""


def forms(said: str | tuple[str, ...]) -> tuple[str, ...]:
    return (said,) if isinstance(said, str) else said


def places(said: str | tuple[str, ...]) -> set[str | None]:
    return {name for form in forms(said) for _, name, _, _ in Formatter().parse(form) if name}


def test_every_language_says_the_same() -> None:
    english = WORDS["en"].texts
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


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_phrase_that_pages_ask_for_is_there_and_no_other(language: str) -> None:
    asked = set(re.findall(r"say\(\s*['\"]([a-z_.]+)['\"]\s*[,)]", TEXT)) | set(re.findall(r"words\.([a-z]+)", TEXT))
    known = WORDS[language].texts.keys()
    assert asked & known >= {phrase for phrase in asked if "." in phrase}
    assert not [phrase for phrase in known - asked if not phrase.startswith(MADE) and f'"{phrase}"' not in TEXT]
