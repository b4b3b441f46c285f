"""What the dialogue answers: messages without a channel. A channel, a page or a terminal renders them and escapes."""

from __future__ import annotations

from datetime import date
from typing import Literal

from msgspec import Struct

Kind = Literal["question", "outcome", "notice", "why", "choice"]
"""question: one fact is asked · outcome: the end, with its checklist · choice: what to do next (services, languages,
answers to change, "did you mean") · why: an explanation · notice: a word beside the conversation."""

Style = Literal["choice", "chosen", "action", "nav"]
"""choice: one of the numbered options (typed as 1, 2, …) · chosen: the same, ticked · action: the main next step ·
nav: a side door (back, why, language …), whose label can be typed too."""


class Button(Struct, frozen=True, gc=False):
    """Something to tap. `id` is opaque, at most 20 ASCII characters; give it back in `Tapped`."""

    id: str
    label: str
    style: Style = "choice"


class Citation(Struct, frozen=True, gc=False):
    """A law or a page that says so. `read`: the day it was last read."""

    title: str
    url: str | None = None
    read: date | None = None


class Line(Struct, frozen=True):
    """One item of an outcome, as a person reads it."""

    item: str  # "bring:birth_cert"
    text: str
    amount: str | None = None  # "558,00 ₴"
    caution: str | None = None  # said when the basis is not confirmed
    basis: tuple[Citation, ...] = ()
    why: str | None = None  # id of the button that explains it
    alternative: bool = False  # a fee in place of another: not in the total


class Section(Struct, frozen=True):
    """The items of one kind, in the order of the service."""

    kind: str
    title: str
    lines: tuple[Line, ...]


class Contact(Struct, frozen=True, gc=False):
    """Where a person can ask."""

    name: str
    url: str | None = None
    phone: str | None = None
    email: str | None = None


class Checklist(Struct, frozen=True):
    """The outcome of a consultation, in one language."""

    service: str
    title: str
    outcome: Literal["checklist", "stop", "done", "human"]
    sections: tuple[Section, ...]
    date: date
    dated: str  # the date in words
    receipt: str
    total: str | None = None  # in words; None: unknown, or nobody pays here
    sums: dict[str, str] | None = None  # {"UAH": "618.00"}; None: not known
    contact: Contact | None = None


class Message(Struct, frozen=True):
    """One thing said. `text` is plain: paragraphs parted by an empty line, list lines begin with “• ”.

    `text` says everything, so that a channel with nothing but text loses nothing but the buttons.
    """

    kind: Kind
    text: str
    buttons: tuple[Button, ...] = ()
    checklist: Checklist | None = None
    fact: str | None = None  # the fact asked, for pages that render a field of its kind
    input: str | None = None  # kind of that fact: choose, choose_any, yes_no, number, date, country, list
