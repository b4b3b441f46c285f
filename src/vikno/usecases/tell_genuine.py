"""Tell genuine from forged: is this bot, link, number or address one of the authority's, or does it only look so?

Clones of official bots live on one letter more, on a Cyrillic letter among Latin ones, on a zero for an O. Forged
messages quote a real bot and then ask for money somewhere else. So everything in a paste is looked at, each compared
with the official list: the same, alike, or not there; and a link by its host and port, as a browser would read them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

LONGEST = 1000
"""Characters of what is pasted that are looked at: more than any link or any name, and a whole SMS."""
MOST_FOUND = 20
"""So many things that are not ours are named; all are looked at."""
MOST_SAID = 60
NEAR = 2
"""So many letters may differ and it is still taken for an imitation; in a short name only one."""
SHORT = 8
LEAST = 4
"""Letters of a name below which anything would look like it."""
NATIONAL = 9
"""Digits of a phone number without its country's code."""
AMOUNT = 6
"""Up to so many digits in a message may be a sum, a year or a case; alone they are a short number."""

Verdict = Literal["genuine", "quoted", "mixed", "alike", "named", "unknown", "nothing"]
"""quoted: what can be looked at is ours, and there is more text, which anybody may have written · mixed: beside ours
stands something that is not · named: only the words that stand above our messages, which anybody can take · nothing:
there is no name, no link and no number in what was pasted."""

NAMED = ("viber", "site", "authority")
"""Kinds of ours whose name is no address: anybody can call themselves so."""

Kind = Literal["telegram", "viber", "site", "phone", "mail", "handle", "account", "other"]
"""What a key names. A handle alone does not say in which app."""


@dataclass(frozen=True, slots=True)
class Key:
    """What something can be recognised by; `said` as it was written."""

    kind: Kind
    name: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    """A bot, sender or site of the authority. `keys` are what it can be recognised by."""

    kind: str
    name: str
    keys: frozenset[tuple[Kind, str]]


@dataclass(frozen=True, slots=True)
class Told:
    """What was found. `said`: what of the paste decided it; `own`: which of ours it is, or resembles; `others`: all in
    it that is not ours, as it was written."""

    verdict: Verdict
    said: str = ""
    own: Own | None = None
    others: tuple[str, ...] = ()


def own(kind: str, name: str, *addresses: str | None) -> Own:
    """One of the authority's, by its visible name and its links; by its links alone where anybody can take the name.

    >>> sorted(own("telegram", "@dms_bot", "https://t.me/dms_bot?start=x").keys)
    [('handle', 'dms_bot'), ('telegram', 'dms_bot')]
    """
    written = [one for one in (None if kind in NAMED and addresses else name, *addresses) if one]
    keys = {(key.kind, key.name) for one in written for key in keys_of(one)}
    return Own(kind, name, frozenset(keys or {("handle", name.strip().casefold())}))


def tell(pasted: str, ours: Sequence[Own]) -> Told:
    """Judge what somebody pasted.

    One imitation in it decides, then anything that is not ours, even beside a genuine link: forged messages quote real
    ones. Words around a genuine link prove nothing either, so that is never told as plainly genuine.

    >>> ours = [own("telegram", "@dms_bot", "https://t.me/dms_bot")]
    >>> [tell(said, ours).verdict for said in ("t.me/dms_bot", "@dms_b0t", "@dms_bot_help", "@weather", "...")]
    ['genuine', 'alike', 'alike', 'unknown', 'nothing']
    >>> [tell(f"@dms_bot {more}", ours).verdict for more in ("вам пише", "http://pay.example", "4441 1111 2222 3333")]
    ['quoted', 'mixed', 'mixed']
    """
    found, rest = _read(pasted)
    if not found or (len(found) == 1 and found[0].kind == "handle" and not found[0].said.startswith("@")):
        bare = skeleton(pasted[:LONGEST])
        named = (one for one in ours if one.kind in NAMED or not found)
        near = next((one for one in named if len(bare) >= LEAST and _differ(bare, skeleton(one.name), 1)), None)
        if near is not None:
            return Told("named", pasted.strip()[:LONGEST], near)
    more = any(sign.isalnum() for sign in rest) or len(pasted) >= LONGEST
    alone = len(found) == 1 and not more
    known: list[tuple[Key, Own]] = []
    others: list[Key] = []
    for key in found:
        same = next((one for one in ours if any(_same(key, *its) for its in one.keys)), None)
        if same is not None:
            known.append((key, same))
        elif key.kind == "phone" and len(key.name) <= AMOUNT and not alone:
            more = True
        else:
            others.append(key)
    said = tuple(dict.fromkeys(_short(key.said) for key in others))[:MOST_FOUND]
    for key in others:
        near = _nearest(key, ours)
        if near is not None:
            return Told("alike", _short(key.said), near, said)
    if known:
        verdict: Verdict = "mixed" if others else "quoted" if more else "genuine"
        return Told(verdict, _short(known[0][0].said), known[0][1], said)
    return Told("unknown", said[0], None, said) if said else Told("nothing")


def keys_of(written: str) -> tuple[Key, ...]:
    """What a name, a link, a number or a whole message can be recognised by, in the order in which it stands there.

    >>> [key.name for key in keys_of("viber://pa?chatURI=dmsbot&context=x https://chats.viber.com/dmsbot")]
    ['dmsbot', 'dmsbot']
    >>> [key.name for key in keys_of("Напишіть @dms_bot на www.dmsu.gov.ua/q, Info@DMSU.gov.ua, +380 44 123-45-67")]
    ['dms_bot', 'www.dmsu.gov.ua', 'info@dmsu.gov.ua', '+380441234567']
    """
    return _read(written)[0]


_LINK = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,20}:)?[/\\]{2}\S(?:(?!https?:[/\\]|www\.)\S)*|\b(?:viber|tg|smsto|sms|tel|mailto):\S+",
    re.IGNORECASE,
)
"""Up to the next link, should one stand in its path."""
_USER = re.compile(r"\b(?:[\w-]+\.)+[\w-]+:[^\s@/]*@\S+")
"""A host, to the eye, before the @ of an address without its scheme."""
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HOST = re.compile(
    r"(?<![\w.])(?:(?:[\w-]+\.)+(?:xn--[a-z0-9-]{2,59}|[^\W\d_]{2,24})|(?!0)\d{1,3}(?:\.\d{1,3}){3})"
    r"(?![\w-])(?::\d[^\s/]*)?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_HANDLE = re.compile(r"(?<![\w.])@([\w]{2,64})")
_ACCOUNT = re.compile(r"(?<!\w)[a-z]{2}\d{2}(?: ?[\da-z]){11,30}(?!\w)", re.IGNORECASE | re.ASCII)
"""An IBAN."""
_NO_NUMBER = re.compile(r"(?<![\w.])(?:\d{4}-\d\d-\d\d|\d{1,2}\.\d{1,2}\.\d{4}|[^\W\d_]{1,6}-\d{4}-\d{1,8})(?!\w)")
"""Days, and numbers of cases as authorities give them: they lead nowhere."""
_PHONE = re.compile(r"(?<!\d)\+?\d(?:[ ().\t\u2010-\u2015-]{0,3}\d){2,30}(?!\d)")
_BARE = re.compile(r"\w[\w-]{3,63}")
_TRAILING = ".,;:!?)]}>»”’\"'…"
_CYRILLIC = re.compile(
    r"[а-яґєіїў.-]+\.(?!(?:укр|бел|бг|ею|рф|рус|срб|мкд|мон|онлайн|сайт|орг|ком|дети|москва)$)[а-яґєіїў]+"
)
"""Two sentences without a blank between them; no top-level domain is called so."""


def _read(written: str) -> tuple[tuple[Key, ...], str]:
    """Everything in it that can be compared, and the text that is left."""
    text = unicodedata.normalize("NFKC", written[:LONGEST]).replace("\u3002", ".").strip()  # 。 in hosts is a dot
    found: list[tuple[int, Key]] = []

    def take(pattern: re.Pattern[str], made: Callable[[str], Key | None]) -> None:
        nonlocal text

        def read(match: re.Match[str]) -> str:
            key = made(match[0])
            if key is None:
                return match[0]
            found.append((match.start(), key))
            return " " * len(match[0])

        text = pattern.sub(read, text)

    take(_LINK, _of_link)
    take(_USER, lambda said: _of_link(f"https://{said}", said))
    take(_MAIL, lambda said: Key("mail", said.casefold(), said))
    take(_HOST, lambda said: None if _CYRILLIC.fullmatch(said.lower()) else _of_link(f"https://{said}", said))
    take(_HANDLE, lambda said: Key("handle", said[1:].casefold(), said))
    take(_ACCOUNT, lambda said: Key("account", said.replace(" ", "").casefold(), said))
    text = _NO_NUMBER.sub(lambda match: "x" * len(match[0]), text)
    take(_PHONE, lambda said: Key("phone", _digits(said), said))
    if not found and (bare := _BARE.fullmatch(written.strip())):
        name = unicodedata.normalize("NFKC", bare[0])
        return (Key("handle", name.casefold(), name),), ""
    return tuple(key for _, key in sorted(found, key=lambda one: one[0])), text


def _of_link(link: str, shown: str = "") -> Key | None:
    """The bot that a link opens, or else the host and port it leads to; what no browser should follow is no site."""
    link = link.rstrip(_TRAILING)
    said = shown.rstrip(_TRAILING) or link
    whole = link.replace("\\", "/")  # as browsers do, https://url.spec.whatwg.org/#authority-state
    if not any(sign.isalnum() for sign in whole.partition(":")[2] or whole):
        return None
    try:
        parts = urlsplit(f"https:{whole}" if whole.startswith("/") else whole)
        host, port = _host(parts.hostname or ""), parts.port
    except ValueError:
        return Key("other", said.casefold(), said)
    scheme = parts.scheme
    if scheme not in ("http", "https"):
        return _of_app(parts, said)
    if "@" in parts.netloc or not host:
        # https://ours.example@evil.example/ leads to evil.example: what stands before the @ only looks like a host.
        return Key("other", said.casefold(), said)
    if any(unquote(segment) in (".", "..") for segment in parts.path.split("/")):
        return Key("other", said.casefold(), said)  # a browser goes up before it asks
    if whole.startswith("/") and "." not in host:
        return None
    if port is not None and port != {"http": 80, "https": 443}[scheme]:
        return Key("site", f"{host}:{port}", said)
    first = unquote(parts.path.strip("/").split("/")[0]).lstrip("@").casefold()
    if host in ("t.me", "telegram.me", "telegram.dog") and first:
        return Key("telegram", first, said)
    if host in ("chats.viber.com", "www.viber.com") and first:
        return Key("viber", first, said)
    if host.endswith(".t.me"):
        return Key("telegram", host.removesuffix(".t.me"), said)
    return Key("site", host, said)


def _of_app(parts: SplitResult, said: str) -> Key:
    """The bot, number or address that a link of an app's own scheme opens."""
    scheme, query = parts.scheme, parse_qs(parts.query)
    named = [*query.get("chatURI", ()), *query.get("domain", ()), *query.get("number", ()), *query.get("phone", ())]
    name = (query.get("chatURI") or query.get("domain") or [""])[0].casefold()
    number = (query.get("number") or query.get("phone") or [""])[0]
    if len(named) > 1 or query.keys() & {"to", "cc", "bcc"}:  # which of them is opened, the app decides
        return Key("other", said.casefold(), said)
    if scheme in ("viber", "tg") and name:
        return Key("viber" if scheme == "viber" else "telegram", name, said)
    if scheme in ("viber", "tg") and number:
        return Key("phone", _digits(number), said)
    if scheme in ("sms", "smsto", "tel"):
        return Key("phone", _digits(parts.path), said)
    if scheme == "mailto":
        return Key("mail", unquote(parts.path).casefold(), said)
    return Key("other", said.casefold(), said)


def _host(host: str) -> str:
    """A host as the network knows it: small letters, ASCII.

    >>> _host("Дія.укр."), _host("straße.example")
    ('xn--d1a8cua.xn--j1amh', 'straße.example')
    """
    host = host.lower().removesuffix(".")
    # What IDNA 2003 and browsers (UTS 46) read differently is left as it is, and so is nobody's.
    if host.isascii() or any(sign in host for sign in "ßς\u200c\u200d"):
        return host
    try:
        return host.encode("idna").decode("ascii")
    except UnicodeError:
        return host


def _digits(written: str) -> str:
    digits = "".join(sign for sign in written if sign.isdigit())
    return ("+" if written.strip().startswith("+") else "") + digits


def _short(said: str) -> str:
    return said if len(said) <= MOST_SAID else f"{said[:MOST_SAID]}…"


def _same(key: Key, kind: Kind, name: str) -> bool:
    """The same name of the same kind; or the same phone number, with its country or without."""
    if kind == "phone" == key.kind:
        return key.name == name or _national(key.name, name)
    if key.kind == "handle":
        return kind in ("handle", "telegram", "viber") and key.name == name
    if key.kind == "site" == kind:
        return key.name.removeprefix("www.") == name.removeprefix("www.")
    return (key.kind, key.name) == (kind, name)


def _national(said: str, own: str) -> bool:
    """Whether it is our number as people dial it: 044…, 8 044…, 380 44…, 00 380 44….

    >>> [_national(said, "+380441234567") for said in ("0441234567", "380441234567", "+48441234567")]
    [True, True, False]
    """
    if min(len(said), len(own)) < NATIONAL or said[-NATIONAL:] != own[-NATIONAL:]:
        return False
    country, before = own[:-NATIONAL].lstrip("+"), said[:-NATIONAL]
    return before in ("", "0", "80", country, f"+{country}", f"00{country}")


def _nearest(key: Key, ours: Iterable[Own]) -> Own | None:
    """Whom it imitates: the same to the eye, a few letters off, or a real name with something hung on it."""
    seen = skeleton(_seen(key))
    for one in ours:
        for kind, name in one.keys:
            if "phone" in (kind, key.kind) or key.kind == "account":
                if kind == key.kind and len(name) >= NATIONAL and _differ(key.name, name, 1):
                    return one
                continue
            if kind == "site" == key.kind and key.name.endswith(f".{name.removeprefix('www.')}"):
                continue  # only who has the name can give out what is below it
            true = skeleton(name)
            if len(true) < LEAST:
                continue
            if seen == true or true in seen:
                return one
            if _differ(seen, true, 1 if len(true) < SHORT else NEAR):
                return one
    return None


def _seen(key: Key) -> str:
    """A name as it is shown: a host in its own alphabet."""
    if key.kind == "site" and "xn--" in key.name:
        try:
            return key.name.encode("ascii").decode("idna")
        except UnicodeError:
            return key.name
    return key.name


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
