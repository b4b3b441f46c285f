"""The markup of a mail's template as HTML and as plain text: what GOV.UK Notify's authors may write, and no more.

`# heading`, `## smaller`, `* list`, `1. list`, `^ inset`, `---` for a rule, `[words](link)` and bare links; a backslash
takes a sign as it is. Values are put in when all of this has been read, so no sign in them is markup; a list makes
lines of a list. A link leads where the author wrote, or a reviewer allowed: https, http and mailto, nothing else.

Kinder than Notify: a list needs no empty line before it, a line that begins with 01.09 or -5 is no list, and
`[words](www.example.org)` leads to https.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

from vikno.domain.notify.fill import Filled, Link, Value, Within
from vikno.domain.notify.template import Conditional

_FIRST = 0xF0000
"""Values stand in the markup as private letters from here on, which `parse` leaves in no template."""
_VALUES = "\U000f0000-\U0010ffff"
_WIDTH = 65
_DEEPEST = 3
"""Insets within insets."""

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]*([^\s#].*)$")
_RULE = re.compile(r" {0,3}(?:(?:-[ \t]*){3,}|(?:\*[ \t]*){3,}|(?:_[ \t]*){3,})$")
_INSET = re.compile(r" {0,3}\^ ?")
_POINT = re.compile(r"[ \t]*(?:(?:[•*](?!\*)|-(?=[ \t]))[ \t]*|(?P<number>\d{1,3})\.[ \t]+)(?=\S)")


@dataclass(frozen=True, slots=True)
class _Heading:
    level: int
    line: str


@dataclass(frozen=True, slots=True)
class _Rule:
    pass


@dataclass(frozen=True, slots=True)
class _Paragraph:
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Points:
    numbered: bool
    items: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Inset:
    blocks: tuple[_Block, ...]


_Block = _Heading | _Rule | _Paragraph | _Points | _Inset


def as_html(filled: Filled) -> str:
    """The body of a mail, for a page that gives it its looks.

    >>> from vikno.domain.notify.fill import fill
    >>> from vikno.domain.notify.template import parse
    >>> template = parse("# Hello ((name))\\n\\nSee [your case](https://vikno.example/?n=((n)))")
    >>> as_html(fill(template, {"name": "<b>", "n": 7}))
    '<h2>Hello &lt;b&gt;</h2>\\n<p>See <a href="https://vikno.example/?n=7">your case</a></p>'
    """
    source, values = _source(filled)
    put = {_FIRST + at: escape(_words(value)) for at, value in enumerate(values)}
    return "\n".join(_html(_blocks(source.split("\n")), lambda line: _html_line(line, values, put)))


def as_plain(filled: Filled) -> str:
    """The same for those who read no HTML.

    >>> from vikno.domain.notify.fill import fill
    >>> from vikno.domain.notify.template import parse
    >>> template = parse("Bring:\\n* ((first))\\n* a photo\\n[More](https://vikno.example)")
    >>> print(as_plain(fill(template, {"first": "# 1"})))
    Bring:
    <BLANKLINE>
    • # 1
    • a photo
    <BLANKLINE>
    More: https://vikno.example
    """
    source, values = _source(filled)
    put = {_FIRST + at: _words(value) for at, value in enumerate(values)}
    return "\n\n".join(_plain(_blocks(source.split("\n")), lambda line: _plain_line(line, values, put))).strip("\n")


def _words(value: Value) -> str:
    return value.url if isinstance(value, Link) else value.text if isinstance(value, Within) else str(value)


# ---- values as letters ----


def _source(filled: Filled) -> tuple[str, list[Value]]:
    """The template with a letter for every value, and the values."""
    pieces: list[str] = []
    values: list[Value] = []
    said = iter(filled.said)
    listed = False
    for part in filled.template.parts:
        value = "" if isinstance(part, str) else next(said)
        if isinstance(part, str):
            words = part
        elif isinstance(value, bool):
            words = part.text if isinstance(part, Conditional) and value else ""
        else:
            items = value if isinstance(value, tuple) else (value,)
            letters = [chr(at) for at in range(_FIRST + len(values), _FIRST + len(values) + len(items))]
            words = "\n\n* " + "\n* ".join(letters) if isinstance(value, tuple) and items else "".join(letters)
            values.extend(items)
        if words:
            pieces.append("\n\n" + words.lstrip(" ") if listed and words[0] not in "\n.,;:!?" else words)
            listed = isinstance(value, tuple)
    return "".join(pieces), values


# ---- blocks ----


def _blocks(lines: Sequence[str], depth: int = 0) -> Iterator[_Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            at += 1
        elif heading := _HEADING.match(line):
            yield _Heading(len(heading[1]), heading[2].rstrip(" #"))
            at += 1
        elif _RULE.match(line):
            yield _Rule()
            at += 1
        elif depth < _DEEPEST and _INSET.match(line):
            end = _until(lines, at, lambda line: not line.strip())
            yield _Inset(tuple(_blocks([_INSET.sub("", line, count=1) for line in lines[at:end]], depth + 1)))
            at = end
        elif point := _POINT.match(line):
            points, at = _points(lines, at, point["number"] is not None)
            yield points
        else:
            end = _until(lines, at + 1, lambda line: _begins(line, depth))
            yield _Paragraph(tuple(line.strip() for line in lines[at:end]))
            at = end


def _until(lines: Sequence[str], at: int, ends: Callable[[str], bool]) -> int:
    return next((place for place in range(at, len(lines)) if ends(lines[place])), len(lines))


def _begins(line: str, depth: int) -> bool:
    """Whether a paragraph ends before this line. A number only begins a list if it is 1."""
    if not line.strip() or _HEADING.match(line) or _RULE.match(line) or (depth < _DEEPEST and _INSET.match(line)):
        return True
    point = _POINT.match(line)
    return point is not None and point["number"] in (None, "1")


def _points(lines: Sequence[str], at: int, numbered: bool) -> tuple[_Points, int]:
    """A list from here on, and where it ends: empty lines may stand between its items."""
    items: list[list[str]] = []
    while at < len(lines):
        line = lines[at]
        point = None if _RULE.match(line) else _POINT.match(line)
        if point and (point["number"] is not None) == numbered:
            items.append([line[point.end() :].strip()])
        elif line.strip():
            if point or not lines[at - 1].strip() or not line.startswith((" ", "\t")):
                break
            items[-1].append(line.strip())
        at += 1
    return _Points(numbered, tuple(tuple(item) for item in items)), at


def _html(blocks: Iterator[_Block] | Sequence[_Block], said: Callable[[str], str]) -> Iterator[str]:
    for block in blocks:
        match block:
            case _Heading(level, line):
                name = f"h{level + 1}" if level < 3 else "p"
                yield f"<{name}>{said(line)}</{name}>"
            case _Rule():
                yield "<hr>"
            case _Paragraph(lines):
                yield f"<p>{'<br>'.join(map(said, lines))}</p>"
            case _Points(numbered, items):
                name = "ol" if numbered else "ul"
                points = ("<br>".join(map(said, item)) for item in items)
                yield f"<{name}>{''.join(f'<li>{point}</li>' for point in points)}</{name}>"
            case _Inset(inner):
                yield f"<blockquote>{''.join(_html(inner, said))}</blockquote>"


def _plain(blocks: Iterator[_Block] | Sequence[_Block], said: Callable[[str], str]) -> Iterator[str]:
    for block in blocks:
        match block:
            case _Heading(level, line):
                under = "=" if level == 1 else "-"
                yield f"\n{said(line)}\n{under * _WIDTH}" if level < 3 else said(line)
            case _Rule():
                yield ("=-" * _WIDTH)[:_WIDTH]
            case _Paragraph(lines):
                yield "\n".join(map(said, lines))
            case _Points(numbered, items):
                points = ("\n  ".join(map(said, item)) for item in items)
                yield "\n".join(f"{at}. {one}" if numbered else f"• {one}" for at, one in enumerate(points, 1))
            case _Inset(inner):
                yield "\n\n".join(_plain(inner, said))


# ---- links within a line ----

_INLINE = re.compile(
    r"\\(?P<sign>[\\`*{}\[\]()#+.!_>~|^•-])"
    r"|\[(?P<label>[^\[\]]+)\]\([ \t]{0,3}(?P<target>[^\s()<>]*(?:\([^\s()<>]*\)[^\s()<>]*)*)"
    r"(?:[ \t]{1,3}(?:\"[^\"]*\"|'[^']*'))?[ \t]{0,3}\)"
    r"|(?P<bare>https?://[^\s<>\\]+)"
    rf"|(?P<value>[{_VALUES}])",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"(?:https?://[^\s/?#]|mailto:\S)", re.IGNORECASE)
_HOST = re.compile(r"(?:[\w-]+\.)+[^\W\d_]{2,}(?::\d+)?(?:[/?#]|$)")
_VALUE = re.compile(f"[{_VALUES}]")
_UNSAFE = re.compile(r"[\s\"<>\\^`{|}]")


@dataclass(frozen=True, slots=True)
class _Span:
    """Some words of a line. `target`: where they lead; `bare`: the target itself is all that is shown."""

    words: str
    target: str = ""
    bare: bool = False


def _spans(line: str, values: list[Value]) -> Iterator[_Span]:
    end = 0
    for found in _INLINE.finditer(line):
        if found.start() < end:
            continue
        span, stop = _span(found, values)
        if span is not None:
            if words := line[end : found.start()]:
                yield _Span(words)
            yield span
            end = stop
    if words := line[end:]:
        yield _Span(words)


def _span(found: re.Match[str], values: list[Value]) -> tuple[_Span | None, int]:
    """What was found, and where it ends; None if it is only words."""
    if found["sign"]:
        return _Span(found["sign"]), found.end()
    if found["bare"]:
        url = _own(found["bare"], values)
        return _Span(url, url, bare=True) if _SCHEME.match(url) else None, found.start() + len(url)
    if found["value"]:
        value = values[ord(found["value"]) - _FIRST]
        return _Span(found[0], found[0], bare=True) if isinstance(value, Link) else None, found.end()
    target = found["target"]
    if _HOST.match(target):
        target = f"https://{target}"
    return _Span(_unescaped(found["label"]), target) if _leads(target, values) else None, found.end()


def _leads(target: str, values: list[Value]) -> bool:
    """Whether this may be a link: the author's own, with values only in their places, or one that was allowed."""
    if len(target) == 1 and _VALUE.match(target):
        return isinstance(values[ord(target) - _FIRST], Link)
    return _SCHEME.match(target) is not None and _own(target, values, bare=False) == target


def _own(url: str, values: list[Value], bare: bool = True) -> str:
    """The url up to the first value that does not belong into it; a bare one without the stop of its sentence."""
    alien = (one.start() for one in _VALUE.finditer(url) if not isinstance(values[ord(one[0]) - _FIRST], Within))
    url = url[: next(alien, len(url))]
    return url.rstrip(".,:;!?\"'»”’)]*") if bare else url


def _unescaped(words: str) -> str:
    return re.sub(r"\\([\\`*{}\[\]()#+.!_>~|^•-])", r"\1", words)


def _html_line(line: str, values: list[Value], put: dict[int, str]) -> str:
    return "".join(
        f'<a href="{_href(span.target, put)}">{escape(span.words).translate(put)}</a>'
        if span.target
        else escape(span.words).translate(put)
        for span in _spans(line, values)
    )


def _href(target: str, put: dict[int, str]) -> str:
    return escape(_UNSAFE.sub(lambda sign: quote(sign[0]), target)).translate(put)


def _plain_line(line: str, values: list[Value], put: dict[int, str]) -> str:
    return "".join(
        span.words if not span.target or span.bare else f"{span.words}: {span.target}" for span in _spans(line, values)
    ).translate(put)
