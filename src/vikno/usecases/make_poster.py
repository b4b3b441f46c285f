"""Make a poster: what stands on the paper of an office or a campaign, in the languages of its country.

The QR holds nothing but the address of the landing page: what is printed outlives bots, and the page shows what works
today. The names stand beside it, for whoever has no camera or does not trust a code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from vikno.domain.catalog import Country, Entry
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import did_you_mean, nearest

PHRASES = ("poster.scan", "poster.free", "poster.names", "poster.site", "poster.does")


class EntryUnknown(ViknoError):
    """This country has no such entry. Its entries.yaml lists them."""

    code = "entry_unknown"

    def __init__(self, written: str, known: Sequence[str]) -> None:
        super().__init__(f"“{written}”{did_you_mean(written, known)}")
        self.nearest = nearest(written, known)


class UrlUnfit(ViknoError):
    """The poster needs the public address of the site, such as https://vikno.example.org."""

    code = "url_unfit"


@dataclass(frozen=True, slots=True)
class Name:
    """A channel and the name by which people find us there. `app` in the words of one language."""

    kind: str
    app: str
    name: str


@dataclass(frozen=True, slots=True)
class Side:
    """All that stands on a poster in one language."""

    lang: str
    title: str
    office: str
    authority: str
    words: Mapping[str, str]
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Poster:
    """A poster: `url` is all that its QR holds, `shown` the same without what nobody types."""

    url: str
    shown: str
    sides: tuple[Side, ...]


def make_poster(
    country: Country,
    slug: str,
    public: str,
    names: Sequence[tuple[str, str]],
    words: Mapping[str, Phrases],
    *,
    languages: Sequence[str] = (),
) -> Poster:
    """The poster of an entry. `names`: channel kind and visible name; `words`: the phrases of the pages.

    Raises:
        EntryUnknown, UrlUnfit.
    """
    entry = country.entries.get(slug)
    if entry is None:
        raise EntryUnknown(f"{country.code}/{slug}", [f"{country.code}/{name}" for name in country.entries])
    site = _site(public)
    spoken = [lang for lang in (languages or country.languages) if lang in words]
    url = f"{site}/q/{slug}"
    sides = tuple(_side(country, entry, names, words[lang], site) for lang in spoken)
    return Poster(url, url.partition("//")[2], sides)


def _site(public: str) -> str:
    """The site's address without a slash at its end."""
    try:
        parts = urlsplit(public)
        _ = parts.port  # only now it is looked at
    except ValueError:
        raise UrlUnfit(public[:200]) from None
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise UrlUnfit(public[:200])
    return public.rstrip("/")


def _side(country: Country, entry: Entry, names: Sequence[tuple[str, str]], words: Phrases, site: str) -> Side:
    lang = words.language
    authority = country.authorities.get(entry.authority) if entry.authority else None
    said = {phrase: words.say(phrase) for phrase in PHRASES}
    said["poster.never"] = words.say("poster.never", check=f"{site.partition('//')[2]}/check")
    app = {kind: words.app(kind) for kind, _ in names}
    return Side(
        lang=lang,
        title=entry.title.text(lang),
        office=entry.office.text(lang) if entry.office else "",
        authority=authority.name.text(lang) if authority else "",
        words=said,
        names=tuple(Name(kind, app[kind], name) for kind, name in names),
    )
