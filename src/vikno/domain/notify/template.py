"""The language that senders' templates are written in: places for values, and words that are said if a value means yes.

`((name))` and `((name??words))` are read as GOV.UK Notify reads them; names compare without case, blanks, `_` and `-`.
What may be dangerous where a value stands is found here once, so that filling a million of them is fast.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from vikno.domain.errors import ViknoError
from vikno.domain.notify.unlinked import parted

LONGEST_TEMPLATE = 100_000
"""Bytes in UTF-8."""
LONGEST_NAME = 100
MOST_PLACES = 500
"""Of one text. What stands before each of them is read again when it is filled."""
LONGEST_WORD = 1_000
"""Signs before a place that are looked at; no link of an author is longer."""


class TemplateTooLong(ViknoError):
    """This template, or the name of a placeholder, is too long, or there are too many places. Please shorten it."""

    code: ClassVar[str] = "template_too_long"


class HostLeftOpen(ViknoError):
    """A placeholder stands where a link names its server. Let the whole link be one placeholder, trusted for links."""

    code: ClassVar[str] = "host_left_open"


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A place for a value. `name`: as its author wrote it; `key`: as it is compared."""

    name: str
    key: str
    tight: bool = False
    """Other words may stand right before it, so that both could be one link."""
    runs_on: bool = False
    """Letters may follow right behind it."""


@dataclass(frozen=True, slots=True)
class Conditional:
    """Words that are said if the value means yes."""

    name: str
    key: str
    text: str


Part = str | Placeholder | Conditional


@dataclass(frozen=True, slots=True)
class Template:
    """A template that was read. `source`: as its author wrote it; `placeholders`: each name once, in order."""

    source: str
    parts: tuple[Part, ...]
    placeholders: tuple[str, ...]


_PLACE = re.compile(r"\(\(([^()]+)\)\)")
_UNWRITTEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]"
)
"""Not in a template: what a reviewer cannot see, and the private letters that `markup` puts in place of values."""
TOP = r"(?:[a-z]{2,24}|xn--[a-z0-9-]+|укр|рф|бел|срб|мкд|бг|ею|қаз|мон|дети|онлайн|сайт|орг|ком|рус|москва)"
_OPEN_HOST = re.compile(r"\w://[^\s/?#]*$")
_IN_LINK = re.compile(
    r"(?=(\w://[^\s/?#]+[/?#]|mailto:(?:(?!mailto:[^\s?])[^\s?])+\?"
    rf"|(?<![\w.@-])(?:[\w-]+\.)+{TOP}(?::\d+)?[/?#]))",
    re.IGNORECASE,
)
"""Links up to where their server, or address, is named. They overlap, and what one of them needs is read once."""
_OF_LINK = re.compile(r"[^\s<>\"«»)\]]*")
_LOOSE = re.compile(r"[\s(\[«„“\"'’‘№;,=+–—-]?")
_LETTER = re.compile(r"[\w-]")
_MOST_WAYS = 8
_MOST_IN_WAYS = 1_200
"""Signs of all ways together."""
_MOST_IN_WORD = 30
"""Places with no white space between them: the words before each of them are read again when it is filled."""


def parse(text: str) -> Template:
    """Read a template. Raises TemplateTooLong, HostLeftOpen.

    >>> parse("Dear ((name)), bring ((Papers)).((urgent??  Today!)) ((NAME))").placeholders
    ('name', 'Papers', 'urgent')
    """
    if len(text) > LONGEST_TEMPLATE or len(text.encode("utf-8", "surrogatepass")) > LONGEST_TEMPLATE:
        raise TemplateTooLong
    written = _UNWRITTEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    parts: list[Part] = []
    names: dict[str, str] = {}
    ways = {""}
    """What may stand before the next part, from the last white space on, by which conditions hold."""
    many = after_value = False
    """Whether there are more ways than are looked at here: `fill` looks at what holds then."""
    end = crowd = 0
    for at, found in enumerate(_PLACE.finditer(written)):
        if words := written[end : found.start()]:
            parts.append(parted(words) if after_value else words)
            ways, after_value = {tail(way + words) for way in ways}, False
            if tail(words) != words:
                crowd, many = 0, False
        end = found.end()
        name, conditional, words = found[1].partition("??")
        crowd += 1
        if at >= MOST_PLACES or len(name) > LONGEST_NAME or crowd > _MOST_IN_WORD:
            raise TemplateTooLong(f"(({name[:LONGEST_NAME]}…))")
        key = key_of(name)
        names.setdefault(key, name)
        if conditional:
            parts.append(Conditional(name, key, parted(words) if after_value else words))
            ways |= {tail(way + words) for way in ways}
            if len(ways) > _MOST_WAYS or sum(map(len, ways)) > _MOST_IN_WAYS:
                ways, many = {"x"}, True
        else:
            if any(map(opens_host, ways)):
                raise HostLeftOpen(f"(({name}))")
            loose = not (many or after_value) and all(_LOOSE.fullmatch(way[-1:]) for way in ways)
            tight = not loose or any(map(in_link, ways))
            parts.append(Placeholder(name, key, tight, _runs_on(written, end)))
            ways, after_value = {way + "x" for way in ways}, True
    if end < len(written):
        parts.append(parted(written[end:]) if after_value else written[end:])
    return Template(text, tuple(parts), tuple(names.values()))


@lru_cache(4096)
def _key(name: str) -> str:
    return name.replace(" ", "").replace("_", "").replace("-", "").lower()


def key_of(name: str) -> str:
    """The name of a placeholder as it is compared: as Notify does.

    >>> key_of("Date of_birth") == key_of("date-OF-birth")
    True
    """
    return _key(name) if len(name) <= LONGEST_NAME else "\0"  # which no placeholder is called


def tail(text: str) -> str:
    """From the last white space on; of a very long word its end."""
    return text[max(text.rfind(" ") + 1, text.rfind("\n") + 1, text.rfind("\t") + 1, len(text) - LONGEST_WORD) :]


def opens_host(before: str) -> bool:
    """Whether the server of a link would be named next, or go on: behind its last `://` and nothing that ends it."""
    at = before.rfind("://")
    return at > 0 and _OPEN_HOST.match(before, at - 1) is not None


def in_link(before: str) -> bool:
    """Whether what stands next would be a part of a link, behind its server."""
    last = _last_end(before, len(before))
    if last < 0 or not _OF_LINK.fullmatch(before, last + 1):
        return False
    goes_on = _OF_LINK.match(before[::-1])
    since = len(before) - (goes_on.end() if goes_on else 0)
    # The name of a server has none of these signs, so what ends behind `since` begins behind the last one before.
    begins = 0 if "mailto:" in before.lower() else max(0, _last_end(before, since - 1) - len("x:/"))
    return any(found.end(1) >= since for found in _IN_LINK.finditer(before, begins))


def _last_end(text: str, end: int) -> int:
    """Where the last sign before `end` stands that ends the name of a server; -1 if there is none."""
    return max(text.rfind(sign, 0, max(0, end)) for sign in "/?#")


def _runs_on(text: str, end: int) -> bool:
    """Whether a letter may follow there, for all that conditions hold or not."""
    while (found := _PLACE.match(text, end)) and "??" in found[1]:
        if _LETTER.match(found[1].partition("??")[2]):
            return True
        end = found.end()
    return _LETTER.match(text, end) is not None
