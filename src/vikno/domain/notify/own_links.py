"""The links that a text itself has: where each leads, and what a reviewer should look at twice.

Values bring no links (`fill`), so what people can tap is what stands here. A link is read as messengers read one, more
widely than any of them: what is none to some of them may be one to another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vikno.domain.notify.template import TOP, Conditional, Placeholder, Template

_MESSENGERS = """
t.me telegram.me telegram.dog tg.dev wa.me whatsapp.com viber.com viber.click vb.me vk.com vk.ru vk.me ok.ru max.ru
m.me messenger.com facebook.com fb.com fb.me instagram.com x.com twitter.com tiktok.com youtube.com youtu.be
discord.gg discord.com linkedin.com signal.me line.me
"""
_MADE_IN_A_MINUTE = """
forms.gle docs.google.com drive.google.com sites.google.com script.google.com storage.googleapis.com typeform.com
forms.office.com forms.microsoft.com sharepoint.com onedrive.live.com 1drv.ms dropbox.com jotform.com surveymonkey.com
tally.so airtable.com notion.so notion.site linktr.ee taplink.cc carrd.co tilda.ws wixsite.com weebly.com gitlab.io
wordpress.com blogspot.com blogger.com medium.com telegra.ph teletype.in pastebin.com github.io pages.dev workers.dev
netlify.app vercel.app web.app firebaseapp.com herokuapp.com onrender.com glitch.me replit.app azurewebsites.net
amazonaws.com cloudfront.net ngrok.io ngrok-free.app trycloudflare.com duckdns.org
"""
_SHORT = """
bit.ly bitly.com tinyurl.com t.co goo.gl is.gd v.gd ow.ly buff.ly cutt.ly rebrand.ly shorturl.at shorturl.com rb.gy
t.ly s.id clck.ru vk.cc u.to surl.li lnk.to tiny.cc bl.ink short.io goo.su
"""
ANYBODYS = frozenset(f"{_MESSENGERS} {_MADE_IN_A_MINUTE} {_SHORT}".split())
"""Hosts where anybody may have a page: trust in one of them is trust in everybody."""
_LINK = re.compile(
    r"\[(?P<shown>[^\[\]\n]{1,300})\]\((?P<target>[^\s()<>]+)[^()\n]{0,100}\)"
    r"|(?P<bare>(?:https?://|mailto:)[^\s<>\"«»()\[\]/?#][^\s<>\"«»]*"
    rf"|(?<![\w.@/-])(?:[\w-]{{1,63}}\.){{1,10}}{TOP}(?![\w-])(?::\d+)?(?:[/?#][^\s<>\"«»]*)?)",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:https?://|mailto:)[^\s/?#]", re.IGNORECASE)
_HOST = re.compile(r"(?:https?://)?(?:[^/?#\s]*@)?([^/?#:\s]+)", re.IGNORECASE)
_NAMED = re.compile(rf"(?<![\w.@-])(?:[\w-]{{1,63}}\.){{1,10}}{TOP}(?![\w.-])", re.IGNORECASE)
_FIRST, _LAST = 0xE000, 0xF8FF
_PLACE = re.compile(f"[{chr(_FIRST)}-{chr(_LAST)}]")
_ENDS = ".,:;!?\"'»”’)]*"


@dataclass(frozen=True, slots=True)
class OwnLink:
    """A link. `url`: as it is written; `host`: "" for an address of mail; `places`: the placeholders within it.

    `shown`: the words that stand for it, where its author has hidden it behind some.
    """

    url: str
    host: str
    places: tuple[str, ...] = ()
    shown: str = ""

    @property
    def anybodys(self) -> bool:
        """Whether anybody may have a page there."""
        return anybodys(self.host)

    @property
    def open(self) -> bool:
        """Whether others may read and change on the way what is seen there."""
        return self.url.lower().startswith("http://")

    @property
    def disguised(self) -> bool:
        """Whether its words name another host than the one it leads to."""
        named = {_bare(found[0]) for found in _NAMED.finditer(self.shown)}
        return bool(named) and named != {_bare(self.host)}


def own_links(template: Template) -> tuple[OwnLink, ...]:
    """Those of a template, with all its conditional words, each once.

    >>> from vikno.domain.notify.template import parse
    >>> [link] = own_links(parse("See [bank.ua](https://t.me/((name))) ((paid??now))."))
    >>> link.url, link.host, link.places, link.anybodys, link.disguised
    ('https://t.me/((name))', 't.me', ('name',), True, True)
    """
    names: list[str] = []
    pieces: list[str] = []
    for part in template.parts:
        if isinstance(part, Placeholder):
            pieces.append(chr(min(_FIRST + len(names), _LAST)))
            names.append(part.name)
        else:
            pieces.append(part.text if isinstance(part, Conditional) else part)
    return links_in("".join(pieces), tuple(names))


def links_in(text: str, names: tuple[str, ...] = ()) -> tuple[OwnLink, ...]:
    """Those of a text, each once. `names`: of the places whose private letters stand in it.

    >>> [link.url for link in links_in("at https://pay.example/a. Or bank.ua; not 12.50, not [x](https:// evil. com)")]
    ['https://pay.example/a', 'bank.ua']
    """
    found: dict[OwnLink, None] = {}
    for one in _LINK.finditer(text):
        url = one["target"] or one["bare"].rstrip(_ENDS)
        if one["target"] and not (_NAMED.match(url) or _SCHEME.match(url)):
            continue
        places = tuple(dict.fromkeys(_name(letter, names) for letter in _PLACE.findall(url)))
        written = _PLACE.sub(lambda letter: f"(({_name(letter[0], names)}))", url)
        found[OwnLink(written, _host(url), places, one["shown"] or "")] = None
    return tuple(found)


def anybodys(host: str) -> bool:
    """Whether anybody may have a page on this host, or below it.

    >>> anybodys("t.me"), anybodys("my-bank.github.io"), anybodys("bank.ua")
    (True, True, False)
    """
    labels = host.lower().split(".")
    return any(".".join(labels[at:]) in ANYBODYS for at in range(len(labels)))


def _host(url: str) -> str:
    if url.lower().startswith("mailto:"):
        return ""
    found = _HOST.match(url)
    return found[1].lower() if found else ""


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


def _name(letter: str, names: tuple[str, ...]) -> str:
    at = ord(letter) - _FIRST
    return names[at] if at < len(names) else "…"
