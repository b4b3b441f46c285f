"""What a notice says: what has happened, what happens next, how long that usually takes. It promises nothing.

The words of a stage in a language are made once; then only the number of the case and the code differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

BRIEF_PARTS = 3
BRIEF_UNITS = BRIEF_PARTS * 67
"""UTF-16 units of a notice by SMS: three parts of 67 in UCS-2 (3GPP TS 23.040). More is dear, and nobody reads it."""


class Say(Protocol):
    """The phrases of a language (`vikno.domain.dialog.phrases.Phrases.say`)."""

    def __call__(self, phrase: str, /, **about: object) -> str: ...


@dataclass(frozen=True, slots=True)
class Told:
    """What there is to say of a stage, in one language. `usual`, `legal`: from and to, in working days."""

    title: str
    text: str
    next: str | None = None
    sms: str | None = None
    usual: tuple[int, int] | None = None
    legal: tuple[int, int] | None = None
    time: str | None = None
    """How long it takes, where the author has said it in words."""
    final: bool = False
    """Nothing comes after it, so there is nothing to end."""


@dataclass(frozen=True, slots=True)
class Wording:
    """A notice but for the number of the case and its code."""

    before: str
    between: str
    after: str
    title: str
    """Of a mail; the number follows."""
    label: str
    """Of the button that ends such notices; "" where there is none."""

    def text(self, number: str, code: str) -> str:
        return f"{self.before}{number}{self.between}{code}{self.after}"


_NUMBER, _CODE = "\0", "\1"  # no text of a pack holds control characters


def worded(told: Told, say: Say, brief: bool = False) -> Wording:
    """The notice that a stage was reached; `brief` for SMS, one paragraph without a button."""
    about = {"title": told.title, "number": _NUMBER, "code": _CODE}
    if brief:
        time = _span("usual", *told.usual, say) if told.usual else None
        happened = told.sms or _line(told.text, told.next)
        said = say("notice.brief", **about, text=_line(happened, time))
    else:
        said = say("notice", **about, text=_paragraph(told.text, told.next, lasts(told, say)))
    return _cut(said, told.title, "" if brief or told.final else say("button.stop"))


def outstaying(told: Told, say: Say, brief: bool = False) -> Wording:
    """The notice that a case has been at a stage for longer than usual: said once, kindly."""
    about = {"title": told.title, "number": _NUMBER, "code": _CODE}
    if brief:
        return _cut(say("notice.brief", **about, text=say("outstays.brief")), told.title, "")
    said = say("notice", **about, text=_paragraph(say("outstays"), say("outstays.last", text=told.text), None))
    return _cut(said, told.title, say("button.stop"))


def lasts(told: Told, say: Say) -> str | None:
    """How long it takes, in words; None where nothing says so."""
    if told.time is not None:
        return told.time
    if told.usual is not None:
        return _span("usual", *told.usual, say)
    return _span("legal", *told.legal, say) if told.legal else None


def _span(kind: str, low: int, high: int, say: Say) -> str:
    if low == high:
        return say(f"{kind}.exactly", count=high)
    return say(f"{kind}.range", low=low, count=high) if low else say(f"{kind}.upto", count=high)


def brief_units(wording: Wording) -> int:
    """The most UTF-16 units that an SMS with this wording can have."""
    return len(wording.text("…0000", "000000").encode("utf-16-le")) // 2


def _line(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _paragraph(*parts: str | None) -> str:
    return "\n".join(part for part in parts if part)


def _cut(said: str, title: str, label: str) -> Wording:
    before, _, rest = said.partition(_NUMBER)
    between, _, after = rest.partition(_CODE)
    return Wording(before, between, after, title, label)
