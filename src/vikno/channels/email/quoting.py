"""What a person wrote, out of a mail that also holds what they answered to, a signature and a client's advertisement.

No client says where its quotation begins, so it is known by how each of them writes it: `>` lines, "On … wrote:", the
block of From, Sent, To and Subject. Where a list of words is needed, it stands in texts.yaml.
"""

from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser

from vikno.channels.email.words import ADVERTISING, WROTE

MOST_CHARACTERS = 8_000
"""Of an answer; the dialogue reads fewer."""

_QUOTED = re.compile(r"[ \t]*>")
_SEPARATOR = re.compile(r"[ \t]*(?:-{3,}[^-\n]{3,60}-{3,}|_{10,})[ \t]*$")
_FIELD = re.compile(r"[ \t]*\*?[^\W\d_][\w .’'-]{1,24}:\*?[ \t]")
_SIGNATURE = re.compile(r"--[ \t\u00a0]?$")
_UNFIT = re.compile(r"<[!?][^<>]*>|<(?![^<>]*>)")
"""Declarations, and tags that never end."""
_INVISIBLE = re.compile(r"[\u200b\u200e\u200f\u2060\ufeff\u00ad]")


def bare(text: str) -> str:
    """The first words of a reply that are its writer's own.

    >>> bare("2\\n\\nOn Fri, 20 Nov 2026 at 10:15, Vikno <reply+x@example.org>\\nwrote:\\n\\n> Choose:\\n> 1. One")
    '2'
    >>> bare("> Choose:\\n> 1. One\\n\\nOne\\n-- \\nOlena")
    'One'
    """
    lines = [line.replace("\u00a0", " ").rstrip() for line in _INVISIBLE.sub("", text).splitlines()]
    own: list[str] = []
    begun = False
    at = 0
    while at < len(lines):
        line = lines[at]
        if _SIGNATURE.match(line) or _SEPARATOR.match(line) or _is_header_block(lines, at):
            break
        quoted = _attribution(lines, at) or (1 if _QUOTED.match(line) else 0)
        if quoted and begun:
            break
        if not quoted:
            own.append(line)
            begun = begun or bool(line)
        at += quoted or 1
    return _without_advertising(own)[:MOST_CHARACTERS]


def _attribution(lines: list[str], at: int) -> int:
    """How many lines "On … <…> wrote:" takes here; clients break it anywhere. 0: it is none."""
    if not lines[at].strip() or (at and lines[at - 1].strip() and not _QUOTED.match(lines[at - 1])):
        return 0
    said = ""
    for count in range(1, 5):
        if at + count > len(lines) or not lines[at + count - 1].strip():
            return 0
        said += " " + lines[at + count - 1].strip()
        if not said.endswith(":") or len(said) > 400:
            continue
        rest = next((lines[below] for below in range(at + count, len(lines)) if lines[below]), "")
        by_word = said.removesuffix(":").casefold().rstrip().endswith(WROTE)
        if (by_word and re.search(r"\d", said)) or ("@" in said and (_QUOTED.match(rest) or not rest)):
            return count
        if _QUOTED.match(rest) and re.search(r"\d{4}|\d:\d\d", said):
            return count
    return 0


def _is_header_block(lines: list[str], at: int) -> bool:
    """Whether here begins the From, Sent, To, Subject with which Outlook heads what it quotes, in any language."""
    block = [line for line in lines[at : at + 7] if line.strip()][:4]
    fields = [line for line in block if _FIELD.match(line)]
    return bool(_FIELD.match(lines[at])) and len(fields) >= 3 and any("@" in line for line in fields)


def _without_advertising(lines: list[str]) -> str:
    """Without the line that a phone adds, and without empty lines around."""
    kept = list(lines)
    while kept and (not kept[-1].strip() or kept[-1].strip().casefold().startswith(ADVERTISING)):
        kept.pop()
    return "\n".join(kept).strip()


def _without_comments(html: str) -> str:
    """In one pass, whatever stands in them; one that never ends takes the rest with it."""
    kept: list[str] = []
    at = 0
    while (begins := html.find("<!--", at)) >= 0:
        kept.append(html[at:begins])
        ends = html.find("-->", begins + 4)
        if ends < 0:
            return "".join(kept)
        at = ends + 3
    return "".join([*kept, html[at:]])


class _Reader(HTMLParser):
    """Text of a mail in HTML, up to where its quotation begins."""

    UNSEEN = frozenset({"script", "style", "head", "title", "blockquote", "template", "select"})
    VOID = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "area", "base", "wbr", "embed", "source"})
    LINES = frozenset({"p", "div", "br", "tr", "li", "ul", "ol", "table", "hr", "h1", "h2", "h3", "h4"})
    QUOTES = ("gmail_quote", "gmail_attr", "yahoo_quoted", "moz-cite-prefix", "gmail_signature", "protonmail_quote")
    ENDS = ("divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "stopspelling")
    """Ids after which Outlook has nothing of its writer's any more."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._within: list[str] = []
        self._open: Counter[str] = Counter()
        """How often each tag is within: a page may close thousands that were never opened."""
        self._ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: (value or "").lower() for name, value in attrs}
        if known.get("id", "") in self.ENDS or "border-top:solid" in known.get("style", "").replace(" ", ""):
            self._ended = True
        if tag in self.LINES and not self._within:
            self.said.append("\n")
        unseen = tag in self.UNSEEN or any(name in known.get("class", "") for name in self.QUOTES)
        if tag not in self.VOID and (unseen or self._within):
            self._within.append(tag)
            self._open[tag] += 1

    def handle_endtag(self, tag: str) -> None:
        if self._open[tag]:
            closed = ""
            while closed != tag:
                closed = self._within.pop()
                self._open[closed] -= 1
        elif tag in self.LINES:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not (self._within or self._ended):
            self.said.append(re.sub(r"[ \t\r\n\f]+", " ", data))


def from_html(html: str) -> str:
    """The words of a mail that has no plain part.

    >>> from_html("<p>2<br><b>дякую</b></p><div class=gmail_quote>On … <blockquote>1. One</blockquote></div>")
    '2\\nдякую'
    """
    reader = _Reader()
    # Python's reader raises for a declaration that it does not know, and is slow where tags never end.
    reader.feed(_UNFIT.sub(lambda found: "&lt;" if found[0] == "<" else "", _without_comments(html)))
    reader.close()
    lines = (line.strip() for line in "".join(reader.said).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
