"""Keyboards: labels in rows of at most five keys, or the numbers of a list; nothing is dropped, all within limits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from vikno.channels.vk.inbound import marked
from vikno.domain.dialog.messages import Button
from vikno.wire.limits import (
    VK_INLINE_KEYS,
    VK_INLINE_ROWS,
    VK_KEYS,
    VK_KEYS_A_ROW,
    VK_LABEL_CHARACTERS,
    VK_PAYLOAD_CHARACTERS,
    VK_ROWS,
    VK_URL_CHARACTERS,
)
from vikno.wire.text import split, utf16


class Action(Struct, frozen=True, omit_defaults=True):
    """What a key does. `text` writes its label into the chat, `callback` writes nothing."""

    type: str
    label: str
    payload: str | None = None
    link: str | None = None


class Key(Struct, frozen=True, omit_defaults=True):
    """A key of a keyboard. VK gives one that opens a link a colour of its own."""

    action: Action
    color: str | None = None


class Keyboard(Struct, frozen=True):
    """The keys, row by row; `inline`: inside the message, where it leaves the one below the chat as it is."""

    one_time: bool
    inline: bool
    buttons: tuple[tuple[Key, ...], ...]


class Room(NamedTuple):
    """How much a keyboard holds."""

    inline: bool
    rows: int
    keys: int


BELOW = Room(False, VK_ROWS, VK_KEYS)
INSIDE = Room(True, VK_INLINE_ROWS, VK_INLINE_KEYS)
NUMBERED = ("choice", "chosen")
SHOWN = {1: VK_LABEL_CHARACTERS, 2: 18, 3: 11, 4: 8, 5: 5}
"""Units of a label that a usual phone shows, by the keys in its row. Estimated: VK cuts, and names no width."""
COLOURS = {"choice": "secondary", "chosen": "positive", "action": "primary", "nav": "secondary"}


class Laid(NamedTuple):
    """What became of the buttons: lines for the text, the keyboard, and how many choices can only be typed."""

    lines: list[str]
    keyboard: Keyboard | None
    missed: int


def laid_out(buttons: Sequence[Button], link: str | None, room: Room, press: str) -> Laid:
    """All labels on keys; else a numbered list with the numbers on keys, as far as there is room.

    `press`: text or callback. The link has the last row, if it can have one.
    """
    faces = [_face(button, press) for button in buttons]
    options = [face for face in faces if face.style in NUMBERED]
    doors = [face for face in faces if face.style not in NUMBERED]
    last = [[_link_key(link)]] if link and link_shows(link) else []
    most_rows, most_keys = room.rows - len(last), room.keys - len(last)
    short = [face if face.shows else face.named(_short(face.label)) for face in doors if face.tappable]
    rows, lines = [*_in_rows(options), *_in_rows(short)], []
    if not all(face.shows for face in options) or len(rows) > most_rows or sum(map(len, rows)) > most_keys:
        lines = [f"{number}. {face.label}" for number, face in enumerate(options, 1)]
        numbers = [face.named(_ticked(face, str(at))) for at, face in enumerate(options, 1) if face.tappable]
        below = _fitting(short, most_rows - bool(numbers), most_keys - bool(numbers))
        rows = [*_fitting(numbers, most_rows - len(below), most_keys - sum(map(len, below))), *below]
    placed = {face.id for row in rows for face in row}
    lines += [f"• {face.label}" for face in doors if not face.shows or face.id not in placed]
    keys = [*(tuple(face.key for face in row) for row in rows), *map(tuple, last)]
    missed = sum(face.id not in placed for face in faces)
    return Laid(lines, Keyboard(False, room.inline, tuple(keys)) if keys else None, missed)


def link_shows(link: str | None) -> bool:
    """Whether a key can open it: a web address that VK would take; one bad link has it refuse the message."""
    if not link or len(link) > VK_URL_CHARACTERS or not link.isascii() or not link.isprintable() or " " in link:
        return False
    try:
        parts = urlsplit(link)
        _ = parts.port  # raises for a port that is none
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in (parts.hostname or "") and "@" not in parts.netloc


class _Face(NamedTuple):
    """A button as it is seen. `tappable`: whether VK carries its id."""

    id: str
    style: str
    label: str
    press: str
    tappable: bool

    @property
    def shows(self) -> bool:
        """Whether a key of its own shows the whole label."""
        return self.tappable and utf16(self.label) <= VK_LABEL_CHARACTERS

    @property
    def key(self) -> Key:
        return Key(Action(self.press, self.label, marked(self.id)), COLOURS[self.style])

    def named(self, label: str) -> _Face:
        return self._replace(label=label)


def _face(button: Button, press: str) -> _Face:
    tappable = bool(button.id) and button.id.isascii() and button.id.isprintable()
    return _Face(
        button.id,
        button.style,
        label_of(button),
        press,
        tappable and len(marked(button.id)) <= VK_PAYLOAD_CHARACTERS,
    )


def _in_rows(faces: Sequence[_Face]) -> list[list[_Face]]:
    """In their order, as many in a row as a phone shows whole; what is said to go on stands apart."""
    rows: list[list[_Face]] = []
    for _, alike in groupby(faces, key=lambda face: face.style == "action"):
        group, at = list(alike), 0
        while at < len(group):
            beside = next(n for n in range(VK_KEYS_A_ROW, 0, -1) if n == 1 or _fit(group[at : at + n], n))
            rows.append(group[at : at + beside])
            at += beside
    return rows


def _fit(faces: Sequence[_Face], count: int) -> bool:
    return len(faces) == count and all(utf16(face.label) <= SHOWN[count] for face in faces)


def _fitting(faces: Sequence[_Face], rows: int, keys: int) -> list[list[_Face]]:
    """The first ones, in at most so many rows and keys."""
    found: list[list[_Face]] = []
    for row in _in_rows(faces):
        if len(found) >= rows or keys <= 0:
            break
        found.append(row[:keys])
        keys -= len(found[-1])
    return found


def _short(label: str) -> str:
    """As many whole words as a key has room for; the whole of it stands in the text.

    >>> _short("Назад"), _short("Показати все, що треба принести з собою завтра")
    ('Назад', 'Показати все, що треба принести з собою…')
    """
    if utf16(label) <= VK_LABEL_CHARACTERS:
        return label
    return split(label, VK_LABEL_CHARACTERS - 1, utf16)[0].rstrip(" ,.;:") + "…"


def _link_key(link: str) -> Key:
    return Key(Action("open_link", _short(f"🌐 {urlsplit(link).hostname}"), link=link))


def _ticked(face: _Face, number: str) -> str:
    return f"✓{number}" if face.style == "chosen" else number


def label_of(button: Button) -> str:
    """The label on one line, with a tick if it is chosen."""
    label = " ".join(clean(button.label).split()) or clean(button.id) or "…"
    return f"✓ {label}" if button.style == "chosen" else label


encode = msgspec.json.Encoder().encode
_UNSAID = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def clean(text: str) -> str:
    """Without what is no letter: control characters, and halves of surrogate pairs, which cannot be sent as UTF-8."""
    return text if text.isprintable() else _UNSAID.sub("", text)
