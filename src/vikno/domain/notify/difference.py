"""What has changed between two versions of a text, word by word, for whoever has to judge the new one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal

Change = Literal["same", "gone", "new"]
MOST_WORDS = 800
"""Of the middle that differs. A longer one is told as wholly gone and wholly new: comparing costs the square of it."""

_WORDS = re.compile(r"\(\([^()]+\)\)|\w+(?:['’]\w+)*|\s+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words that stand in both, or only in one."""

    change: Change
    text: str


def difference(before: str, after: str) -> tuple[Piece, ...]:
    """The pieces in the order of reading; what is gone stands before what is new in its place.

    >>> [(piece.change, piece.text) for piece in difference("Pay ((sum)) today.", "Pay ((sum)) by Friday.")]
    [('same', 'Pay ((sum)) '), ('gone', 'today'), ('new', 'by Friday'), ('same', '.')]
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    least, head, tail = min(len(old), len(new)), 0, 0
    while head < least and old[head] == new[head]:
        head += 1
    while tail < least - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    pieces = [
        Piece("same", "".join(old[:head])),
        *_middle(old[head : len(old) - tail], new[head : len(new) - tail]),
        Piece("same", "".join(old[len(old) - tail :])),
    ]
    return tuple(piece for piece in pieces if piece.text)


def _middle(old: list[str], new: list[str]) -> Iterator[Piece]:
    if max(len(old), len(new)) > MOST_WORDS:
        yield Piece("gone", "".join(old))
        yield Piece("new", "".join(new))
        return
    for what, a, b, c, d in SequenceMatcher(None, old, new).get_opcodes():
        if what == "equal":
            yield Piece("same", "".join(old[a:b]))
            continue
        yield Piece("gone", "".join(old[a:b]))
        yield Piece("new", "".join(new[c:d]))
