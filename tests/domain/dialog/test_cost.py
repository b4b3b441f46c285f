"""Ten megabytes of text cost no more than a page of it, and leave nothing in the state."""

from __future__ import annotations

from datetime import date

import pytest

from tests.domain.dialog.worlds import world
from vikno.domain.dialog import Said, Started, encode, take_turn
from vikno.domain.dialog.search import MOST_SAID, ServiceIndex
from vikno.domain.dialog.tidy import LONGEST, MOST_WORDS, tidy, words

TEN_MB = 10_000_000


@pytest.mark.parametrize(
    "unit", ["a", "я ", "\x00", "👨‍👩‍👧‍👦", "<b>", "9", "1, ", "\u0301", "\ufdfa", "\ud800", "\u202e"]
)
def test_a_long_message_is_cut_before_it_is_read(unit: str) -> None:
    text = unit * (TEN_MB // len(unit))
    assert len(tidy(text)) <= LONGEST
    assert len(words(tidy(text))) <= MOST_WORDS
    here = world(("example",), date(2026, 3, 15))
    for service in ("example/fishing-permit", "example/library-card", "example/visitor-visa", None):
        state, _ = take_turn(None, Started(service), here)
        after, messages = take_turn(state, Said(text), here)
        assert messages[0].text
        assert all(len(message.text) < 5000 for message in messages)
        assert len(encode(after)) < 1000


def test_what_was_typed_is_not_kept() -> None:
    here = world(("example",), date(2026, 3, 15))
    state, _ = take_turn(None, Started("example/fishing-permit"), here)
    state, messages = take_turn(state, Said("my name is Olena and I live in Lviv"), here)
    assert b"Olena" not in encode(state)
    assert "Olena" not in messages[0].text


def test_words_beyond_those_that_are_read_are_not_looked_up() -> None:
    looked_up: set[str] = set()

    def lemma(word: str, _: str) -> str:
        looked_up.add(word)
        return word

    index = ServiceIndex([("ua/id", ["паспорт"])], ("uk",), lemma)
    looked_up.clear()
    index.find(" ".join(["хочу", "паспорт", *(f"слово{at}" for at in range(36))]), frozenset({"хочу"}))
    assert len(looked_up) == MOST_SAID
    assert "паспорт" in looked_up
