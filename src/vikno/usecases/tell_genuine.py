"""Tell genuine from forged: is this bot, link, number or address one of the authority's, or does it only look so?

Clones of official bots live on one letter more, on a Cyrillic letter among Latin ones, on a zero for an O. What
somebody pastes is compared with the official list: the same, alike, or not there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

LONGEST = 1000
"""Characters of what is pasted that are looked at: more than any link or any name, and a whole SMS."""
MOST_FOUND = 20
NEAR = 2
"""So many letters may differ and it is still taken for an imitation; in a short name only one."""
SHORT = 8
LEAST = 4
"""Letters of a name below which anything would look like it."""
NATIONAL = 9
"""Digits of a phone number without its country's code."""

Verdict = Literal["genuine", "alike", "named", "unknown", "nothing"]
"""named: only the words that stand above our messages, which anybody can take · nothing: there is no name, no link
and no number in what was pasted."""


@dataclass(frozen=True, slots=True)
class Own:
    """A bot, sender or site of the authority. `keys` are what it can be recognised by."""

    kind: str
    name: str
    keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class Told:
    """What was found. `said`: what of the paste decided it; `own`: which of ours it is, or resembles."""

    verdict: Verdict
    said: str = ""
    own: Own | None = None


def own(kind: str, name: str, *addresses: str | None) -> Own:
    """One of the authority's, by its visible name and its links.

    >>> sorted(own("telegram", "@dms_bot", "https://t.me/dms_bot?start=x").keys)
    ['dms_bot']
    """
    keys = {key for written in (name, *addresses) if written for key in keys_of(written)}
    return Own(kind, name, frozenset(keys or {name.strip().casefold()}))


def tell(pasted: str, ours: Sequence[Own]) -> Told:
    """Judge what somebody pasted.

    One imitation in it decides, even beside a genuine link: forged messages quote real ones.

    >>> ours = [own("telegram", "@dms_bot", "https://t.me/dms_bot")]
    >>> [tell(said, ours).verdict for said in ("t.me/dms_bot", "@dms_b0t", "@dms_bot_help", "@weather", "...")]
    ['genuine', 'alike', 'alike', 'unknown', 'nothing']
    """
    found = keys_of(pasted)
    if not found:
        bare = skeleton(pasted[:LONGEST])
        named = next((one for one in ours if len(bare) >= LEAST and _differ(bare, skeleton(one.name), 1)), None)
        return Told("named", pasted.strip()[:LONGEST], named) if named else Told("nothing")
    known: Told | None = None
    for key in found:
        same = next((one for one in ours if any(_same(key, name) for name in one.keys)), None)
        if same is not None:
            known = known or Told("genuine", key, same)
            continue
        near = _nearest(key, ours)
        if near is not None:
            return Told("alike", key, near)
    return known or Told("unknown", found[0])


_URL = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}:)?//\S+|\bviber:\S+|\btg:\S+|\b(?:[\w-]+\.)+[^\W\d_]{2,24}(?:/\S*)?", re.IGNORECASE
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(r"(?<!\w)\+?\d[\d ()\u00a0-]{1,18}\d(?!\w)")
_HANDLE = re.compile(r"(?<![\w.])@([\w]{2,64})")
_BARE = re.compile(r"\w[\w-]{3,63}")


def keys_of(written: str) -> tuple[str, ...]:
    """What a name, a link, a number or a whole message can be recognised by, in the order in which it stands there.

    >>> keys_of("viber://pa?chatURI=dmsbot&context=x"), keys_of("https://chats.viber.com/dmsbot")
    (('dmsbot',), ('dmsbot',))
    >>> keys_of("+380 44 123-45-67"), keys_of("Info@DMSU.gov.ua"), keys_of("Напишіть @dms_bot на www.dmsu.gov.ua/q")
    (('+380441234567',), ('info@dmsu.gov.ua',), ('www.dmsu.gov.ua', 'dms_bot'))
    """
    text = unicodedata.normalize("NFKC", written[:LONGEST]).strip()
    found: dict[str, None] = {}
    text = _take(_MAIL, text, found, lambda match: match[0].casefold())
    text = _take(_URL, text, found, lambda match: _of_link(match[0]))
    text = _take(_HANDLE, text, found, lambda match: match[1].casefold())
    text = _take(_PHONE, text, found, lambda match: _digits(match[0]))
    if not found and (bare := _BARE.fullmatch(text)):
        found[bare[0].casefold()] = None
    return tuple(found)[:MOST_FOUND]


def _take(pattern: re.Pattern[str], text: str, found: dict[str, None], key: object) -> str:
    for match in pattern.finditer(text):
        name = key(match)  # type: ignore[operator]
        if name:
            found[name] = None
    return pattern.sub(" ", text)


def _of_link(link: str) -> str:
    """The bot that a link opens, or else the host it leads to."""
    link = link.rstrip(".,;:!?)»”\"'")
    try:
        parts = urlsplit(link if ":" in link.split("/")[0] else f"https://{link.lstrip('/')}")
        host = (parts.hostname or "").casefold()
    except ValueError:
        return ""
    query = parse_qs(parts.query)
    for name in ("chatURI", "domain"):
        if parts.scheme in ("viber", "tg") and name in query:
            return query[name][0].casefold()
    if parts.scheme in ("sms", "smsto", "tel"):
        return _digits(parts.path)
    if parts.scheme == "mailto":
        return unquote(parts.path).casefold()
    first = unquote(parts.path.strip("/").split("/")[0]).lstrip("@").casefold()
    if host in ("t.me", "telegram.me", "telegram.dog", "chats.viber.com", "www.viber.com") and first:
        return first
    if host.endswith(".t.me"):
        return host.removesuffix(".t.me")
    return host


def _digits(written: str) -> str:
    digits = "".join(sign for sign in written if sign.isdigit())
    return ("+" if written.strip().startswith("+") else "") + digits if len(digits) >= 3 else ""


def _is_number(key: str) -> bool:
    return key.lstrip("+").isdigit()


def _same(key: str, name: str) -> bool:
    """The same name; or the same phone number, with its country or without."""
    if key == name:
        return True
    both = _is_number(key) and _is_number(name) and len(key) >= NATIONAL
    return both and key[-NATIONAL:] == name[-NATIONAL:]


def _nearest(key: str, ours: Iterable[Own]) -> Own | None:
    """Whom it imitates: the same to the eye, a few letters off, or a real name with something hung on it."""
    seen = skeleton(key)
    for one in ours:
        for name in one.keys:
            if _is_number(name) or _is_number(key):
                if _is_number(name) and len(name) >= NATIONAL and _differ(key, name, 1):
                    return one
                continue
            true = skeleton(name)
            if len(true) < LEAST:
                continue
            if seen == true or true in seen:
                return one
            if _differ(seen, true, 1 if len(true) < SHORT else NEAR):
                return one
    return None


_LOOKS = str.maketrans({
    **dict(zip("абвгеєзиіїйкмнорстухцчьѕјԁԛԝ", "a6bree3uiiukmhopctyxu4bsjdqw", strict=True)),
    **dict(zip("αβγεικνορτυχω", "abyeikvoptuxw", strict=True)),
    **dict(zip("013459|!$", "oleasglls", strict=True)),
    "i": "l", "ı": "l", "ł": "l", "ø": "o", "đ": "d", "ß": "b",
})  # fmt: skip


def skeleton(name: str) -> str:
    """A name as the eye takes it in: accents, alphabets, digits and signs that look alike are one.

    >>> skeleton("DMS_Bot") == skeleton("dms-b0t") == skeleton("dмѕ.воt".replace("м", "m").replace("в", "b"))
    True
    """
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(sign))
    seen = "".join(sign for sign in plain.translate(_LOOKS).translate(_LOOKS) if sign.isalnum())
    return seen.replace("rn", "m").replace("vv", "w")


def _differ(left: str, right: str, most: int) -> bool:
    """Whether at most so many letters were added, left out, changed or swapped (Damerau–Levenshtein)."""
    if abs(len(left) - len(right)) > most:
        return False
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, 1):
        before, last, row = row, before, [i]
        for j, other in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (one != other))
            if i > 1 and j > 1 and one == right[j - 2] and left[i - 2] == other:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return False
    return row[-1] <= most
