"""What a person typed, made readable at a bounded cost: cut first, then composed, without control characters."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 400
"""Characters of one message that are read. An answer or a wish is shorter; ten megabytes cost no more than this."""
MOST_WORDS = 40

_APOSTROPHES = str.maketrans(dict.fromkeys("'`´ʼ‘′＇", "’"))
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_WORD = re.compile(r"[^\W_]+(?:’[^\W_]+)*")


def tidy(text: str) -> str:
    """One line of composed letters; what cannot be seen is gone.

    >>> tidy("  так\\x00\\u200b \\n\\tє ")
    'так є'
    >>> len(tidy("a" * 10_000_000))
    400
    """
    line = unicodedata.normalize("NFKC", text[:LONGEST])[:LONGEST]
    seen = (
        letter if (kind := unicodedata.category(letter))[0] != "C" else " " if kind == "Cc" else "" for letter in line
    )
    return " ".join("".join(seen).translate(_APOSTROPHES).translate(_DASHES).split())


def plain(text: str) -> str:
    """For comparing: small letters, words and digits only, one space between.

    >>> plain("ID-картка («нова»)!")
    'id картка нова'
    """
    return " ".join(words(text))


def words(text: str) -> tuple[str, ...]:
    """The words of a text in small letters; hyphens part them, apostrophes do not.

    >>> words("Об'єднання, 2-га  черга")
    ('об’єднання', '2', 'га', 'черга')
    """
    return tuple(_WORD.findall(text.translate(_APOSTROPHES).casefold())[:MOST_WORDS])
