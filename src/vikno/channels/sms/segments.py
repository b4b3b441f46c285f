"""What a text costs as an SMS: its alphabet, its length, and the parts that a phone joins again.

One letter outside GSM-7, any Cyrillic one, makes the whole text UCS-2, and a part less than half as long. What people
see as one letter is never parted: no escape from its character, no half of a surrogate pair, no accent from its letter,
no flag into two letters. A letter that is longer than a part by itself is the only exception.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from vikno.wire.limits import SMS_PART_SEPTETS, SMS_PART_UNITS, SMS_SEPTETS, SMS_UNITS
from vikno.wire.text import utf16

Encoding = Literal["gsm7", "ucs2"]

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""3GPP TS 23.038, 6.2.1."""
_EXTENDED = frozenset("\f^{}\\[~]|€")
"""3GPP TS 23.038, 6.2.1.1: an escape and a character, two septets."""
_GSM7 = _BASIC | _EXTENDED

WHOLE: dict[Encoding, int] = {"gsm7": SMS_SEPTETS, "ucs2": SMS_UNITS}
PART: dict[Encoding, int] = {"gsm7": SMS_PART_SEPTETS, "ucs2": SMS_PART_UNITS}


@dataclass(frozen=True, slots=True)
class Segments:
    """A text as it is sent. `units`: septets or UTF-16 units of the whole text; `parts`: what each SMS of it holds."""

    encoding: Encoding
    units: int
    parts: tuple[str, ...]


def segments(text: str) -> Segments:
    """The alphabet of a text, its length, and its parts.

    >>> found = segments("Ваша заявка прийнята")
    >>> found.encoding, found.units, len(found.parts)
    ('ucs2', 20, 1)
    >>> segments("Fee: 10 €").units
    10
    >>> [len(part) for part in segments("я" * 71).parts]
    [67, 4]
    """
    encoding = encoding_of(text)
    units = length(text, encoding)
    return Segments(encoding, units, (text,) if units <= WHOLE[encoding] else tuple(_parts(text, encoding)))


def encoding_of(text: str) -> Encoding:
    """GSM-7 if all of it can be written so.

    >>> encoding_of("Hello"), encoding_of("Hello №1")
    ('gsm7', 'ucs2')
    """
    return "gsm7" if _GSM7.issuperset(text) else "ucs2"


def length(text: str, encoding: Encoding) -> int:
    """Septets, or UTF-16 units."""
    return utf16(text) if encoding == "ucs2" else len(text) + sum(character in _EXTENDED for character in text)


def filled(text: str, encoding: Encoding) -> int:
    """The length of a text with the room that its parts leave empty, because no letter is parted.

    It is at most N × PART[encoding] exactly if the text has at most N parts, for N of 2 and more.

    >>> filled("я" * 66 + "🙂", "ucs2"), filled("я" * 69 + "🙂", "ucs2")
    (68, 71)
    """
    units = length(text, encoding)
    if units <= WHOLE[encoding]:
        return units
    *full, last = _parts(text, encoding)
    return len(full) * PART[encoding] + length(last, encoding)


def _parts(text: str, encoding: Encoding) -> Iterator[str]:
    most = PART[encoding]
    begun, room = 0, most
    at = 0
    for letter in letters(text):
        for piece in (letter,) if length(letter, encoding) <= most else letter:
            units = length(piece, encoding)
            if units > room:
                yield text[begun:at]
                begun, room = at, most
            room -= units
            at += len(piece)
    yield text[begun:]


def letters(text: str) -> Iterator[str]:
    """What people see as single letters (the rules of Unicode's annex 29, but for Indic conjuncts).

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
