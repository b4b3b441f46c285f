"""What people see as single letters: the rules of Unicode's annex 29, but for Indic conjuncts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import lru_cache


def letters(text: str) -> Iterator[str]:
    """A text letter by letter.

    >>> list(letters("їж🇺🇦👩‍🚒"))
    ['ї', 'ж', '🇺🇦', '👩\u200d🚒']
    """
    begun = flags = 0
    for at in range(1, len(text)):
        before, character = text[at - 1], text[at]
        flags = flags + 1 if _kind(before) == "flag" else 0
        if not _joined(before, character, flags):
            yield text[begun:at]
            begun = at
    if text:
        yield text[begun:]


def is_within(text: str, at: int) -> bool:
    """Whether a letter lies across this place.

    >>> is_within("е\u0301", 1), is_within("🇺🇦🇺🇦", 1), is_within("🇺🇦🇺🇦", 2), is_within("їж", 1), is_within("їж", 2)
    (True, True, False, False, False)
    """
    if not 0 < at < len(text):
        return False
    begun = at
    while begun and _kind(text[begun - 1]) == "flag":
        begun -= 1
    return _joined(text[at - 1], text[at], at - begun)


def _joined(before: str, character: str, flags: int) -> bool:
    """Whether there is no seam between two characters. `flags`: regional indicators in a row up to `before`."""
    if before < "\u0300" and character < "\u0300" and before != "\r":
        return False
    left, right = _kind(before), _kind(character)
    if "control" in (left, right):
        return before == "\r" and character == "\n"
    if right == "extending" or left in ("joiner", "prepended"):
        return True
    if left == right == "flag":
        return flags % 2 == 1
    return (left, right) in _HANGUL or right == "joiner"


_HANGUL = {("L", "L"), ("L", "V"), ("L", "LV"), ("L", "LVT"), ("LV", "V"), ("V", "V"), ("LV", "T"), ("V", "T"),
           ("LVT", "T"), ("T", "T")}  # fmt: skip
_PREPENDED = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\u0d4e")


@lru_cache(4096)
def _kind(character: str) -> str:
    """How a character behaves at a seam."""
    code = ord(character)
    if code == 0x200D:
        return "joiner"
    if 0x1F1E6 <= code <= 0x1F1FF:
        return "flag"
    if 0x1F3FB <= code <= 0x1F3FF or code == 0x200C or 0xE0020 <= code <= 0xE007F:
        return "extending"
    if character in _PREPENDED:
        return "prepended"
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Mc"):
        return "extending"
    if category in ("Cc", "Zl", "Zp", "Cf", "Cs"):
        return "control"
    return _hangul(code)


def _hangul(code: int) -> str:
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    if 0xAC00 <= code <= 0xD7A3:
        return "LVT" if (code - 0xAC00) % 28 else "LV"
    return ""
