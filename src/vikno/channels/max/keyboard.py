"""Keyboards: labels in rows as they have room, or the numbers of a list; nothing is dropped, no limit passed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from msgspec import Struct

from vikno.domain.dialog.messages import Button, Style
from vikno.wire.limits import (
    MAX_BUTTONS_A_ROW,
    MAX_PAYLOAD_CHARACTERS,
    MAX_ROWS,
    MAX_URL_CHARACTERS,
)
from vikno.wire.text import split, utf16

SHOWN = 36
"""Of a label on a button as wide as the chat, on a usual phone: estimated, for MAX names only what it takes (128)."""
NUMBERS_A_ROW = 5
"""Buttons that are nothing but numbers: still wide enough for a thumb."""
NUMBERED = ("choice", "chosen")


class Key(Struct, frozen=True, gc=False, omit_defaults=True):
    """A button: `callback` with our id as its payload, or `link` with an address."""

    type: str
    text: str
    payload: str | None = None
    url: str | None = None


Rows = list[list[Key]]


class Layout(NamedTuple):
    """The rows; what must stand in the text besides; and how many have no button at all, which can be typed."""

    rows: Rows
    lines: list[str]
    missed: int


def laid_out(buttons: Sequence[Button], link: str | None) -> Layout:
    """Options stand above, then what goes on, then the side doors together, then the link."""
    options = [_face(button) for button in buttons if button.style in NUMBERED]
    sides = [_face(button) for button in buttons if button.style not in NUMBERED]
    lines: list[str] = []
    last = [] if link is None else _link(link, lines)
    doors, untold, missed = _doors(sides, MAX_ROWS - len(last) - bool(options))
    room = MAX_ROWS - len(last) - len(doors)
    rows = _options(options)
    if rows is None or len(rows) > room:
        rows, listed, more = _numbered(options, room)
        lines[:0] = listed + untold
        missed += more
    else:
        lines[:0] = untold
    return Layout(rows + doors + last, lines, missed)


def _options(faces: Sequence[_Face]) -> Rows | None:
    """Two in a row if all of them are short, otherwise one; None if one is longer than a button."""
    if not all(face.shows for face in faces):
        return None
    across = 2 if all(face.units <= _WIDTH[2] for face in faces) else 1
    keys = [face.key() for face in faces]
    return [keys[at : at + across] for at in range(0, len(keys), across)]


def _numbered(faces: Sequence[_Face], room: int) -> tuple[Rows, list[str], int]:
    """A list for the text, and its numbers on as many buttons as there is room for."""
    lines = [f"{number}) {face.label}" for number, face in enumerate(faces, 1)]
    across = NUMBERS_A_ROW if len(faces) <= room * NUMBERS_A_ROW else MAX_BUTTONS_A_ROW
    keys = [face.key(str(number)) for number, face in enumerate(faces, 1) if face.tappable]
    shown = keys[: room * across]
    return [shown[at : at + across] for at in range(0, len(shown), across)], lines, len(faces) - len(shown)


def _doors(faces: Sequence[_Face], room: int) -> tuple[Rows, list[str], int]:
    """What goes on, each in a row of its own, then the side doors, as many in a row as are seen whole.

    What no button shows whole stands in the text too, and what finds no room there only.
    """
    tappable = [face for face in faces if face.tappable]
    ahead = [face for face in tappable if face.style == "action"]
    beside = [face for face in tappable if face.style != "action"]
    rows = [[face] for face in ahead] + _in_rows(beside)
    if len(rows) > room:
        across = MAX_BUTTONS_A_ROW
        packed = ahead + beside
        rows = [packed[at : at + across] for at in range(0, len(packed), across)][:room]
    shown = {id(face) for row in rows for face in row}
    lines = [f"• {face.label}" for face in faces if id(face) not in shown or not face.shows]
    return [[face.key(_short(face.label)) for face in row] for row in rows], lines, len(faces) - len(shown)


def _in_rows(faces: Sequence[_Face]) -> list[list[_Face]]:
    rows: list[list[_Face]] = []
    widest = 0
    for face in faces:
        across = len(rows[-1]) + 1 if rows else 1
        widest = max(widest, face.units)
        if 1 < across <= MAX_BUTTONS_A_ROW and widest <= _WIDTH[across]:
            rows[-1].append(face)
        else:
            rows.append([face])
            widest = face.units
    return rows


def _link(link: str, lines: list[str]) -> Rows:
    """A row with a button that opens it, or a line of the text: for a bad link MAX refuses the whole message."""
    host = host_of(link)
    if host is None:
        lines.append(clean(link).strip())
        return []
    return [[Key("link", _short(f"🌐 {host}"), url=link)]]


def host_of(link: str) -> str | None:
    """The host of a link that MAX takes for a button; None for others.

    >>> host_of("https://vikno.example/s/1"), host_of("tg://resolve"), host_of("https://a b.example/")
    ('vikno.example', None, None)
    """
    if len(link) > MAX_URL_CHARACTERS or not link.isascii() or not link.isprintable() or " " in link:
        return None
    try:
        parts = urlsplit(link)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return None
    host = parts.hostname or ""
    plain = parts.scheme in ("https", "http") and "@" not in parts.netloc
    return host if plain and _HOST.match(host) else None


class _Face(NamedTuple):
    """A button as it is seen. `units`: of its label, in UTF-16; `tappable`: whether MAX carries its id."""

    id: str
    style: Style
    label: str
    units: int
    tappable: bool

    @property
    def shows(self) -> bool:
        """Whether a button of its own shows the whole label."""
        return self.tappable and self.units <= SHOWN

    def key(self, label: str | None = None) -> Key:
        ticked = label is not None and label.isdigit() and self.style == "chosen"
        return Key("callback", f"✓ {label}" if ticked else label or self.label, payload=self.id)


def _face(button: Button) -> _Face:
    """With its label in one line; a tick stands before what is chosen."""
    label = " ".join(clean(button.label).split()) or "…"
    if button.style == "chosen":
        label = f"✓ {label}"
    tappable = 1 <= utf16(button.id) <= MAX_PAYLOAD_CHARACTERS and clean(button.id) == button.id
    return _Face(button.id, button.style, label, utf16(label), tappable)


def _short(label: str) -> str:
    """As many whole words as a button shows.

    >>> _short("Назад"), _short("Показати все, що треба принести з собою")
    ('Назад', 'Показати все, що треба принести з…')
    """
    if utf16(label) <= SHOWN:
        return label
    return split(label, SHOWN - 1, utf16)[0].rstrip(" ,.;:") + "…"


_WIDTH = {across: SHOWN // across for across in range(1, MAX_BUTTONS_A_ROW + 1)}
"""How much of a label is seen when so many buttons share a row."""
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]\Z")
_UNSAID = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def clean(text: str) -> str:
    """Without what is no letter: control characters, and halves of surrogate pairs, which JSON cannot carry."""
    return text if text.isprintable() else _UNSAID.sub("", text)
