"""Numbers and codes as people read and type them: short, without letters that look alike, forgiving."""

from __future__ import annotations

import unicodedata

ALPHABET = "23456789DFJLNRUW"
"""Sixteen signs, four bits each. None looks like another, nor like a Cyrillic letter: no 0 or O, 1 or I, A or В."""

SHOWN = 4
"""Signs of a number that a notice shows; whoever has the receipt knows which case it is."""

_ALIKE = str.maketrans(
    {
        **dict(zip("АВЕІКМНОРСТУХЇЈЅЗ", "ABEIKMHOPCTYXIJS3", strict=True)),  # Cyrillic letters that look Latin
        **dict(zip("ДЛФГЙ", "DLFGJ", strict=True)),  # and those that sound so
    }
)
_ONE = str.maketrans({"O": "0", "Q": "0", "I": "1"})


def code_of(digest: str, signs: int = 6) -> str:
    """The first signs of a digest in hex digits, for people: 24 bits unless said.

    >>> code_of("0f1e2d3c"), code_of("0f1e2d3c", 8)
    ('2W3U4R', '2W3U4R5N')
    """
    return "".join(ALPHABET[int(digit, 16)] for digit in digest[:signs])


def alike(typed: str) -> str:
    """A number or code without what people type differently: case, blanks, dashes, letters that look alike.

    >>> alike(" ua-2026 / 0о17 "), alike("UA 2026/0017"), alike("7к2м-4р") == alike("7K2M 4P")
    ('UA20260017', 'UA20260017', True)
    """
    shown = unicodedata.normalize("NFKC", typed).upper().translate(_ALIKE).translate(_ONE)
    return "".join(sign for sign in shown if sign.isalnum())


def masked(number: str) -> str:
    """The end of a number, enough for its owner to know it by.

    >>> masked("UA-2026-0004417"), masked("A-17"), masked("7")
    ('…4417', '…17', '…')
    """
    signs = "".join(sign for sign in number if sign.isalnum())
    return "…" + signs[len(signs) - min(SHOWN, len(signs) * 2 // 3) :]
