"""Text as channels count it, and how it is parted: never a word cut while it fits, never a letter, nothing lost."""

from __future__ import annotations

from collections.abc import Callable

from vikno.wire.letters import is_within

Measure = Callable[[str], int]

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
    while cut > 1 and is_within(text, cut):
        cut -= 1
    return cut if cut > 1 or not is_within(text, cut) else longest


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
