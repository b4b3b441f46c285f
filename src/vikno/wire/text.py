"""Text as channels count it, and how it is parted: never a word cut while it fits, never a letter, nothing lost."""

from __future__ import annotations

import re
from collections.abc import Callable

Measure = Callable[[str], int]

_ZWJ = "\u200d"
_JOINERS = re.compile(r"[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\u200d]")
_SEAMS = ("\n\n", "\n", " ")
"""Where a text may be parted, the best first."""


def utf16(text: str) -> int:
    """UTF-16 code units.

    >>> utf16("Київ"), utf16("😀")
    (4, 2)
    """
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def utf8(text: str) -> int:
    """Bytes.

    >>> utf8("Київ")
    8
    """
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def split(text: str, most: int, measure: Measure = utf16) -> tuple[str, ...]:
    """Part a text so that each part measures at most `most`: between paragraphs, else lines, else words.

    A word longer than a part is cut between letters. White space at a seam goes; everything else is kept.

    >>> split("один два три", 8)
    ('один два', 'три')
    >>> split("один\\n\\nдва три", 9)
    ('один', 'два три')
    >>> split("", 10)
    ('',)
    """
    text = text.strip()
    parts: list[str] = []
    while len(text) > most or measure(text) > most:  # no letter measures less than one, and measuring may be slow
        end = _fitting(text, most, measure)
        parts.append(text[:end].rstrip())
        text = text[end:].lstrip()
    return (*parts, text) if text or not parts else tuple(parts)


def _fitting(text: str, most: int, measure: Measure) -> int:
    """Where to part: after at least half a part at a better seam, else at the last word, else between letters."""
    longest = _longest(text, most, measure)
    for seam in _SEAMS:
        found = text.rfind(seam, 0, longest + len(seam))
        if found > 0 and (seam == " " or measure(text[:found]) * 2 >= most) and measure(text[:found]) <= most:
            return found
    cut = longest
    while cut > 1 and _within_letter(text, cut):
        cut -= 1
    return cut if cut > 1 or not _within_letter(text, cut) else longest


def _longest(text: str, most: int, measure: Measure) -> int:
    """How many characters of the beginning fit; at least one, so that parting comes to an end."""
    low, high = 1, min(len(text), most) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if measure(text[:middle]) <= most:
            low = middle
        else:
            high = middle
    return low


def _within_letter(text: str, at: int) -> bool:
    """Whether what people see as one letter lies across this place: accents, joined emoji, flags."""
    if at >= len(text):
        return False
    if _JOINERS.match(text[at]) or text[at - 1] == _ZWJ:
        return True
    flags = 0
    while flags < at and "\U0001f1e6" <= text[at - 1 - flags] <= "\U0001f1ff":
        flags += 1
    return flags % 2 == 1 and "\U0001f1e6" <= text[at] <= "\U0001f1ff"
