"""A template filled for a person: plain text, in which no value is a link or markup.

A list becomes lines with bullets. Numbers and yes or no are written as GOV.UK Notify writes them. Other than there no
value can bring a link (`unlinked` says what becomes of one), unless a reviewer let its placeholder have links to hosts
that are named. Within a link of the template, behind its host, a value is percent-encoded: a part of that link, never
another. So a reviewer looks at the links of a template; `https://t.me/((name))` lets the value choose whom it leads to.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import ClassVar
from urllib.parse import quote

from msgspec import Struct

from vikno.domain.errors import ViknoError
from vikno.domain.notify.template import (
    LONGEST_WORD,
    Conditional,
    Placeholder,
    Template,
    in_link,
    key_of,
    opens_host,
    tail,
)
from vikno.domain.notify.unlinked import goes_on, joined, seen, unlinked

LONGEST_VALUE = 10_000
MOST_ITEMS = 500
LONGEST_FILLED = 2_000_000
"""Characters. Notify takes mails of 2 MB."""
ITEM_COSTS = 20
"""Characters for which an item of a list counts beside its words, so that there are fewer than 120,000."""
LONGEST_LINK = 2_000

_YES = frozenset(("yes", "y", "true", "t", "1", "include", "show"))


class PersonalisationMissing(ViknoError):
    """The template has placeholders without a value. Give one for each; an empty text is a value."""

    code: ClassVar[str] = "personalisation_missing"


class PersonalisationUnfit(ViknoError):
    """A value is neither text, a number, yes or no, nor a list of these. Please send it as text."""

    code: ClassVar[str] = "personalisation_unfit"


class PersonalisationTooLong(ViknoError):
    """A value, a list or the message that they make is too long. Please shorten it."""

    code: ClassVar[str] = "personalisation_too_long"


class LinkRefused(ViknoError):
    """The value is no https link to a host that is on the template's list. Ask for that host in a review."""

    code: ClassVar[str] = "link_refused"


class Link(Struct, frozen=True):
    """A value that is a link, to a host on the list."""

    url: str


class Within(Struct, frozen=True):
    """A value as it stands within a link of the template."""

    text: str


Value = str | Link | Within | tuple[str, ...]
"""What a place was filled with; a list is a tuple."""
Said = Value | bool
"""Of a condition: whether its words are said."""


class Filled(Struct, frozen=True):
    """A template with its values: as plain text, without markup being read, and in parts for `markup`."""

    text: str
    template: Template
    said: tuple[Said, ...]
    """For every part of the template that is no text, in order."""
    sanitised: Mapping[str, tuple[str, str]]
    """Of each value that was changed, under the sender's name for it: as it came, as it went."""

    @property
    def line(self) -> str:
        """In one line, as a subject must be."""
        return " ".join(self.text.split())


def missing(template: Template, personalisation: Mapping[str, object]) -> tuple[str, ...]:
    """The placeholders that have no value, in order.

    >>> from vikno.domain.notify.template import parse
    >>> missing(parse("((name)), ((day)): ((paid??thanks))"), {"Name": "", "day": None, "more": 1})
    ('day', 'paid')
    """
    given = {key_of(name) for name, value in personalisation.items() if value is not None}
    return tuple(name for name in template.placeholders if key_of(name) not in given)


def fill(
    template: Template,
    personalisation: Mapping[str, object],
    *,
    trust: frozenset[str] = frozenset(),
    links: frozenset[str] = frozenset(),
) -> Filled:
    """Put the values in. `trust`: placeholders that may be links, to the hosts of `links`.

    Raises PersonalisationMissing, PersonalisationUnfit, PersonalisationTooLong, LinkRefused.

    >>> from vikno.domain.notify.template import parse
    >>> fill(parse("Dear ((name)), bring: ((papers))"), {"NAME": "Ivan evil.com", "papers": ["ID card", "photo"]}).text
    'Dear Ivan evil. com, bring:\\n• ID card\\n• photo'
    """
    values = {key_of(name): value for name, value in personalisation.items()}
    trusted = {key_of(name) for name in trust} if trust else trust
    known: dict[str, Value] = {}
    said: list[Said] = []
    out: list[str] = []
    linked = 0
    room = LONGEST_FILLED
    altered = listed = False
    for part in template.parts:
        if isinstance(part, str):
            out.append(part)
            continue
        given = values.get(part.key)
        if given is None:
            raise PersonalisationMissing(*missing(template, personalisation))
        if isinstance(part, Conditional):
            holds = _means_yes(given)
            said.append(holds)
            out.append(part.text if holds else "")
            continue
        value = known.get(part.key)
        if value is None:
            value = _linked(part, given, links) if part.key in trusted else _unlinked(part, given)
            known[part.key] = value
        if part.tight or part.runs_on:
            value = _seamless(part, given, value, _before(out, linked))
            if type(value) is Within:
                linked = len(out) + 1
        if value is not given:
            altered = True
            if isinstance(value, tuple):
                listed, room = True, room - len(value) * ITEM_COSTS
        said.append(value)
        shown = value if type(value) is str else _shown(value, out)
        out.append(shown)
        room -= len(shown)
        if room < 0:
            raise PersonalisationTooLong(part.name)
    if listed:
        _below_lists(template, said, out)
    changes = _changes(personalisation, values, known) if altered else {}
    return Filled("".join(out), template, tuple(said), changes)


def _text(name: str, given: object) -> str:
    """As Notify writes it: True, 12, 0.5."""
    if type(given) is str and len(given) <= LONGEST_VALUE:
        return given
    if isinstance(given, int) and given.bit_length() > 1_000:
        raise PersonalisationTooLong(name)
    if not isinstance(given, str | int | float | Decimal):
        raise PersonalisationUnfit(name)
    text = str(given)
    if len(text) > LONGEST_VALUE:
        raise PersonalisationTooLong(name)
    return text


def _items(name: str, given: list[object] | tuple[object, ...]) -> tuple[str, ...]:
    """What a list has to say."""
    if len(given) > MOST_ITEMS:
        raise PersonalisationTooLong(name)
    return tuple(text for one in given if one is not None and (text := seen(_text(name, one)).strip()))


def _means_yes(given: object) -> bool:
    """Notify's words for yes. A number means it if it is 1."""
    return given.lower() in _YES if isinstance(given, str) else isinstance(given, int) and given == 1


def _unlinked(part: Placeholder, given: object) -> Value:
    if isinstance(given, (list, tuple)):
        return tuple(unlinked(one) for one in _items(part.name, given))
    return unlinked(_text(part.name, given))


_LINK = re.compile(r"https://([^\s/?#\\@:]+)(?::443)?((?:[/?#][A-Za-z0-9._~/?#%&=+,;:@!$*'-]*)?)", re.IGNORECASE)


def _linked(part: Placeholder, given: object, links: frozenset[str]) -> Value:
    """A link to a host of the list, its host ended by a stroke, so that what follows cannot go on with it; or ""."""
    text = _text(part.name, "" if isinstance(given, list | tuple) and not given else given)
    found = _LINK.fullmatch(text) if len(text) <= LONGEST_LINK else None
    if not text:
        return ""
    if found is None or found[1].lower() not in links:
        raise LinkRefused(part.name)
    return Link(f"https://{found[1].lower()}{'' if found[2].startswith('/') else '/'}{found[2]}")


def _seamless(part: Placeholder, given: object, value: Value, before: str) -> Value:
    """The value as it may stand here: encoded within a link, else never a link together with its neighbours."""
    if in_link(before):
        items = _items(part.name, given) if isinstance(given, list | tuple) else (seen(_text(part.name, given)),)
        return Within(quote(",".join(items), safe=""))
    if not isinstance(value, str):
        return value
    value = f" {value}" if opens_host(before) else joined(before, value)
    return f"{value} " if part.runs_on and goes_on(before + value) else value


def _before(out: list[str], linked: int) -> str:
    """What stands there already, from the last white space on. `linked`: so many pieces end with one within a link.

    That one is part of a link however long it is; the words behind it say whether the link goes on.
    """
    before = ""
    for at in range(len(out) - 1, linked - 1, -1):
        before = (last := tail(out[at])) + before
        if len(last) < len(out[at]) or len(before) > LONGEST_WORD:
            return tail(before)
    return f"https://link/{before}" if linked else before


def _shown(value: Value, out: list[str]) -> str:
    if isinstance(value, Link):
        return value.url
    if isinstance(value, tuple):
        begun = next((piece[-1] for piece in reversed(out) if piece), "\n")
        return "".join(f"\n• {item}" for item in value)[begun == "\n" :]
    return value.text if isinstance(value, Within) else value


def _below_lists(template: Template, said: list[Said], out: list[str]) -> None:
    """Put what stands right before a list, and right behind it, on lines of their own."""
    places = [at for at, part in enumerate(template.parts) if not isinstance(part, str)]
    lists = {at for at, value in zip(places, said, strict=True) if isinstance(value, tuple) and value}
    spoken = [at for at, piece in enumerate(out) if piece]
    for before, after in pairwise(spoken):
        if after in lists:
            out[before] = out[before].rstrip(" ")
        if before in lists and after not in lists and out[after][0] not in "\n.,;:!?":
            out[after] = "\n" + out[after].lstrip(" ")


def _changes(
    personalisation: Mapping[str, object], values: Mapping[str, object], known: Mapping[str, Value]
) -> dict[str, tuple[str, str]]:
    """What became of values that could not stay as they were."""
    changed: dict[str, tuple[str, str]] = {}
    names = {key_of(name): name for name in personalisation}
    for key, value in known.items():
        given = values[key]
        if value is given or isinstance(value, Link):
            continue
        items = [one for one in given if one is not None] if isinstance(given, list | tuple) else [given]
        came = "\n".join(map(str, items))
        went = "\n".join(value) if isinstance(value, tuple) else str(value)
        if came != went:
            changed[names[key]] = (came, went)
    return changed
