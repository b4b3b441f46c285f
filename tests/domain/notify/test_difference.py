"""Two versions of a text, word by word: both can be read back out of what is said of them."""

from __future__ import annotations

import random
import time

import pytest

from vikno.domain.notify.difference import MOST_WORDS, difference


def both(before: str, after: str) -> tuple[str, str]:
    pieces = difference(before, after)
    return (
        "".join(piece.text for piece in pieces if piece.change != "new"),
        "".join(piece.text for piece in pieces if piece.change != "gone"),
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("", "new"),
        ("old", ""),
        ("same", "same"),
        ("a a a", "a a"),
        ("ім’я ((name)),\n\nдякуємо", "ім’я ((first name)).\nдякуємо!"),
        ("x " * 3000, "y " * 3000),
    ],
)
def test_both_texts_can_be_read_back(before: str, after: str) -> None:
    assert both(before, after) == (before, after)


def test_any_two_texts_can_be_read_back() -> None:
    drawn = random.Random(4)  # noqa: S311 - the same every time
    words = ["((name))", " ", "\n", "pay", "now", "https://a.example/", "ї", "—", "(", ")"]
    for _ in range(300):
        before, after = ("".join(drawn.choices(words, k=drawn.randrange(30))) for _ in range(2))
        assert both(before, after) == (before, after)


def test_what_is_alike_is_not_told_as_new() -> None:
    pieces = difference("Pay ((sum)) at https://a.example/pay today", "Pay ((sum)) at https://evil.example/pay today")
    assert [(piece.change, piece.text) for piece in pieces if piece.change != "same"] == [
        ("gone", "a"),
        ("new", "evil"),
    ]


def test_long_texts_are_not_compared_for_long() -> None:
    drawn = random.Random(5)  # noqa: S311 - the same every time
    before, after = (" ".join(drawn.choices("abcdefghij", k=50_000)) for _ in range(2))
    began = time.perf_counter()
    assert [piece.change for piece in difference(before, after)].count("gone") == 1, "more than is compared"
    short = [" ".join(drawn.choices([f"w{at}" for at in range(200)], k=MOST_WORDS // 2)) for _ in range(2)]
    difference(*short)
    assert time.perf_counter() - began < 5
