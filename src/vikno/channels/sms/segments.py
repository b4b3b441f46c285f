"""What a text costs as an SMS: its alphabet, its length, and the parts that a phone joins again.

One letter outside GSM-7, any Cyrillic one, makes the whole text UCS-2, and a part less than half as long. What people
see as one letter is never parted: no escape from its character, no half of a surrogate pair, no accent from its letter,
no flag into two letters. A letter that is longer than a part by itself is the only exception.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from vikno.wire.letters import letters
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
