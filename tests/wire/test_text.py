"""Parting a text: nothing is lost, nothing is too long, no word is cut that fits, no letter is cut at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.wire.text import Measure, split, utf8, utf16

WORDS = st.text("абвгґ’'ёіїz09.,—•", min_size=1, max_size=14)
TEXTS = st.lists(WORDS | st.sampled_from(["\n", "\n\n", "  ", "😀", "👩‍👧", "🇺🇦🇺🇦", "е\u0301"]), max_size=60).map(
    " ".join
)
ANY = st.text(max_size=300)
MEASURES = pytest.mark.parametrize("measure", [utf16, utf8, len])


def squeezed(text: str) -> str:
    return "".join(text.split())


@MEASURES
@given(text=TEXTS | ANY, most=st.integers(30, 90))
def test_nothing_is_lost_and_every_part_fits(measure: Measure, text: str, most: int) -> None:
    parts = split(text, most, measure)
    assert squeezed("".join(parts)) == squeezed(text)
    assert all(measure(part) <= most for part in parts)
    assert all(parts) or parts == ("",)


@given(text=st.lists(WORDS, max_size=60).map(" ".join), most=st.integers(15, 60))
def test_no_word_is_cut_that_fits(text: str, most: int) -> None:
    assert [word for part in split(text, most) for word in part.split()] == text.split()


@pytest.mark.parametrize(
    "letter", ["👩‍👩‍👧‍👦", "🇺🇦", "е\u0301", "👍🏽", "ש\u05c1", "ก\u0e35\u0e48", "\u1100\u1161\u11a8"]
)
def test_no_letter_is_cut_even_where_a_word_must_be(letter: str) -> None:
    for most in (30, 31):
        for part in split(letter * 40, most):
            assert part == letter * part.count(letter)


def test_a_seam_between_paragraphs_is_better_than_one_between_words() -> None:
    assert split("перший рядок\n\nдругий рядок і ще", 24) == ("перший рядок", "другий рядок і ще")


def test_one_letter_that_is_longer_than_a_part_does_not_hang() -> None:
    assert "".join(split("e" + "\u0301" * 300, 50)) == "e" + "\u0301" * 300


def test_half_a_pair_is_counted_and_kept() -> None:
    assert utf8("\ud800") == 3
    assert split("\ud800" * 5, 2) == ("\ud800" * 2, "\ud800" * 2, "\ud800")
