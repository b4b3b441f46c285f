"""Keyboards: labels in a grid of six columns, or the numbers of a list; nothing is dropped, all of it within limits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape
from itertools import groupby
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

from vikno.channels.viber.inbound import marked
from vikno.domain.dialog.messages import Button, Style
from vikno.wire.limits import (
    VIBER_BUTTON_ROWS,
    VIBER_COLUMNS,
    VIBER_LABEL_CHARACTERS,
    VIBER_ROWS,
    VIBER_URL_CHARACTERS,
)


class Key(Struct, frozen=True, rename="pascal", kw_only=True, omit_defaults=True):
    """A button. `silent`: pressing it puts no words of the person into the chat."""

    columns: int
    rows: int
    text: str
    action_type: str
    action_body: str
    silent: bool
    text_size: str = "regular"


class Keyboard(Struct, frozen=True, rename="pascal"):
    """The keys, row by row. Without `Type` Viber refuses the whole message."""

    type: str
    default_height: bool
    buttons: tuple[Key, ...]


Size = Literal["regular", "small"]
SIZES: tuple[Size, ...] = ("regular", "small")
SHOWN: dict[Size, dict[int, int]] = {"regular": {2: 10, 3: 16, 6: 34}, "small": {2: 13, 3: 20, 6: 42}}
"""Characters that one row of a button shows on a usual phone, by its columns. Estimated; Viber names none."""
MOST_SHOWN = 100
"""Of a button six wide and two high: three lines."""
SPOKEN = 60
"""Of a label in an ActionBody, which is seldom shown."""
NUMBERED = ("choice", "chosen")


def laid_out(buttons: Sequence[Button], link: Key | None = None) -> Keyboard | None:
    """All labels on buttons, in small letters if need be, the link below; None if one is too long, or too many."""
    if len(buttons) > VIBER_ROWS * 3:
        return None
    for size in SIZES:
        rows = _rows(buttons, size)
        if rows is None:
            return None
        if link is not None:
            rows.append([link])
        if sum(row[0].rows for row in rows) <= VIBER_ROWS:
            return keyboard_of(key for row in rows for key in row)
    return None


def numbered(buttons: Sequence[Button], link: Key | None = None) -> tuple[list[str], Keyboard | None, int]:
    """Lines of a list, buttons with its numbers, and how many have no button: those can be typed."""
    choices = [button for button in buttons if button.style in NUMBERED]
    others = [button for button in buttons if button.style not in NUMBERED]
    rows: list[list[Key]] = [[link]] if link else []
    height, beside = len(rows), 0
    for row in _rows(others, cut=True) or ():
        if height + row[0].rows + bool(choices) > VIBER_ROWS:
            break
        rows.insert(len(rows) - bool(link), row)
        height, beside = height + row[0].rows, beside + len(row)
    lines = [f"{number}. {label_of(button)}" for number, button in enumerate(choices, 1)]
    if beside < len(others) or any(_wide(_face(button)) is None for button in others):
        lines += [f"• {label_of(button)}" for button in others]
    room = (VIBER_ROWS - height) * VIBER_COLUMNS
    keys = [_number(button, str(number)) for number, button in enumerate(choices[:room], 1)]
    keys += [key for row in rows for key in row]
    return lines, keyboard_of(keys) if keys else None, max(0, len(choices) - room) + len(others) - beside


def link_key(link: str | None) -> Key | None:
    """A button that opens the link; None for what is no web address that Viber would take."""
    if not link or len(link) > VIBER_URL_CHARACTERS or not link.isascii() or not link.isprintable() or " " in link:
        return None
    try:
        parts = urlsplit(link)
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host:
        return None
    shown = escape(f"🌐 {host}"[:MOST_SHOWN], quote=False)
    return Key(
        columns=VIBER_COLUMNS,
        rows=1,
        text=shown[:VIBER_LABEL_CHARACTERS],
        action_type="open-url",
        action_body=link,
        silent=True,
        text_size="small",
    )


class _Face(NamedTuple):
    """A button as it is seen. `spoken`: what its ActionBody says."""

    label: str
    style: Style
    spoken: str


class _Cell(NamedTuple):
    """Where a button stands and how it looks, whatever its id."""

    columns: int
    rows: int
    text: str
    size: Size
    spoken: str

    def key(self, button: str) -> Key:
        return Key(
            columns=self.columns,
            rows=self.rows,
            text=self.text,
            action_type="reply",
            action_body=marked(self.spoken, button),
            silent=True,
            text_size=self.size,
        )


def _rows(buttons: Sequence[Button], size: Size = "regular", *, cut: bool = False) -> list[list[Key]] | None:
    """Rows of one, two or three, as labels have room, in order; choices do not share a row with side doors.

    None if a label is longer than a button, unless it may be `cut`.
    """
    rows = _cells(tuple([_face(button) for button in buttons]), size, cut)
    if rows is None:
        return None
    ids = iter(buttons)
    return [[cell.key(next(ids).id) for cell in row] for row in rows]


@lru_cache(2048)  # the same question has the same buttons, but for their ids
def _cells(faces: tuple[_Face, ...], size: Size, cut: bool) -> list[list[_Cell]] | None:
    rows: list[list[_Cell]] = []
    for _, alike in groupby(faces, key=lambda face: face.style in NUMBERED):
        group = list(alike)
        shown = [SHOWN[_size(face.style, size)] for face in group]
        widths = [_wide(face) for face in group]
        if None in widths and not cut:
            return None
        at = 0
        while at < len(group):
            beside = next((n for n in (3, 2) if _fit(widths[at : at + n], shown[at : at + n], n)), 1)
            columns = VIBER_COLUMNS // beside
            high = VIBER_BUTTON_ROWS if (widths[at] or MOST_SHOWN) > shown[at][columns] else 1
            rows.append([_cell(face, columns, high, size) for face in group[at : at + beside]])
            at += beside
    return rows


def _fit(widths: Sequence[int | None], shown: Sequence[dict[int, int]], count: int) -> bool:
    """Whether so many labels have room side by side."""
    columns = VIBER_COLUMNS // count
    return len(widths) == count and all(
        width is not None and width <= most[columns] for width, most in zip(widths, shown, strict=True)
    )


def _size(style: Style, size: Size) -> Size:
    return "small" if style == "nav" else size


def _wide(face: _Face) -> int | None:
    """How many characters the label shows; None if no button has room for it."""
    fits = len(face.label) <= MOST_SHOWN and len(_markup(face.label, face.style)) <= VIBER_LABEL_CHARACTERS
    return len(face.label) if fits else None


def _cell(face: _Face, columns: int, rows: int, size: Size) -> _Cell:
    text, keep = _markup(face.label, face.style), MOST_SHOWN
    while keep < len(face.label) or len(text) > VIBER_LABEL_CHARACTERS:
        text = _markup(face.label[:keep].rstrip() + "…", face.style)
        if len(text) <= VIBER_LABEL_CHARACTERS:
            break
        keep //= 2
    return _Cell(columns, rows, text, _size(face.style, size), face.spoken)


def _number(button: Button, number: str) -> Key:
    """A button one wide that is only the number of its line."""
    return _Cell(1, 1, _ticked(button, number), _size(button.style, "regular"), number).key(button.id)


def _face(button: Button) -> _Face:
    return _Face(label_of(button), button.style, _on_one_line(button.label)[:SPOKEN].strip())


def _ticked(button: Button, number: str) -> str:
    return f"✓{number}" if button.style == "chosen" else number


def label_of(button: Button) -> str:
    """The label on one line, with a tick if it is chosen."""
    label = _on_one_line(button.label) or button.id
    return f"✓ {label}" if button.style == "chosen" else label


@lru_cache(4096)
def _on_one_line(label: str) -> str:
    return " ".join(clean(label).split())


def _markup(label: str, style: str) -> str:
    """A button's Text is a subset of HTML: letters that mean something there are escaped.

    >>> _markup("Діти < 14 & опіка", "choice"), _markup("Далі", "action")
    ('Діти &lt; 14 &amp; опіка', '<b>Далі</b>')
    """
    text = escape(label, quote=False)
    return f"<b>{text}</b>" if style == "action" else text


def keyboard_of(keys: Iterable[Key]) -> Keyboard:
    return Keyboard("keyboard", False, tuple(keys))


_UNSAID = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def clean(text: str) -> str:
    """Without what is no letter: control characters, and halves of surrogate pairs, which JSON cannot carry."""
    return text if text.isprintable() else _UNSAID.sub("", text)
