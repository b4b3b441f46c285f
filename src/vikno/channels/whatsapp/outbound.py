"""What goes to WhatsApp: text in parts, up to three buttons or a list of ten rows, a template, and Meta's answers."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
from msgspec import Struct

from vikno.channels.whatsapp.inbound import is_user
from vikno.channels.whatsapp.refusals import BUSY_S, meaning, named
from vikno.domain.dialog.messages import Button, Style
from vikno.usecases.channel import BadMessage, Misconfigured, NotCarried, Outbound, Outcome, RetryAfter, Sent, Unknown
from vikno.wire.http import HttpAnswer
from vikno.wire.limits import (
    WHATSAPP_BUTTONS,
    WHATSAPP_LABEL_CHARACTERS,
    WHATSAPP_MENU_CHARACTERS,
    WHATSAPP_PLAIN_CHARACTERS,
    WHATSAPP_ROW_CHARACTERS,
    WHATSAPP_ROW_ID_CHARACTERS,
    WHATSAPP_ROW_MORE_CHARACTERS,
    WHATSAPP_ROWS,
    WHATSAPP_TEMPLATE_CHARACTERS,
    WHATSAPP_TEXT_CHARACTERS,
)
from vikno.wire.text import split, utf16

log = logging.getLogger("vikno.whatsapp")

# ---- the shapes of the Cloud API's JSON ----


class Words(Struct, frozen=True):
    """A plain text. Without a preview: what it links to is not fetched for it."""

    body: str
    preview_url: bool = False


class Line(Struct, frozen=True):
    """The body of an interactive message."""

    text: str


class Reply(Struct, frozen=True):
    """A button's id and what stands on it."""

    id: str
    title: str


class ReplyButton(Struct, frozen=True):
    """A button below a message."""

    reply: Reply
    type: str = "reply"


class Row(Struct, frozen=True, omit_defaults=True):
    """One line of a list."""

    id: str
    title: str
    description: str | None = None


class Section(Struct, frozen=True):
    """Rows of a list."""

    rows: tuple[Row, ...]


class Action(Struct, frozen=True, omit_defaults=True):
    """What can be tapped: buttons, or one button that opens a list."""

    buttons: tuple[ReplyButton, ...] | None = None
    button: str | None = None
    sections: tuple[Section, ...] | None = None


class Interactive(Struct, frozen=True):
    """A message with something to tap."""

    type: Literal["button", "list"]
    body: Line
    action: Action


class Language(Struct, frozen=True):
    """Of a template: `uk`, `en_GB`."""

    code: str


class Parameter(Struct, frozen=True):
    """What is filled in."""

    text: str
    type: str = "text"


class Component(Struct, frozen=True):
    """The part of a template that has something filled in."""

    parameters: tuple[Parameter, ...]
    type: str = "body"


class TemplateSaid(Struct, frozen=True):
    """An approved template with what is filled in."""

    name: str
    language: Language
    components: tuple[Component, ...]


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A message. `to` is a phone; an id that Meta made is a `recipient`: as `to` it would vanish without an error."""

    messaging_product: str
    recipient_type: str
    to: str | None = None
    recipient: str | None = None
    type: str
    text: Words | None = None
    interactive: Interactive | None = None
    template: TemplateSaid | None = None


encode = msgspec.json.Encoder().encode

# ---- a message of ours as WhatsApp's ----


class Template(NamedTuple):
    """An approved template of the category “utility”, whose body has one parameter: {{1}}.

    `languages`: those in which it is approved, the first one for people of any other.
    """

    name: str
    languages: tuple[str, ...]

    def language(self, lang: str) -> str:
        """Meta's code for a language of ours.

        >>> Template("case", ("en_GB", "uk")).language("uk"), Template("case", ("en_GB", "uk")).language("de")
        ('uk', 'en_GB')
        """
        return next((code for code in self.languages if code.partition("_")[0] == lang), self.languages[0])


TEMPLATE_WORDS = 224
"""Characters of a template's body that are its own; the rest is for what is filled in."""
EMPTY = "…"
"""What stands above buttons where nothing is said: WhatsApp takes none without a text."""


def messages(outbound: Outbound, address: str, menu: str, template: Template | None) -> tuple[Message, ...]:
    """The messages that say it, in order; the last one has what can be tapped.

    What is not a reply goes as the template where there is one: whether the day after the person's last message is
    over is not known here, and inside of it a utility template costs nothing either.
    """
    if template is not None and outbound.purpose != "reply":
        return tuple(_filled(outbound, address, template))
    text, interactive = arranged(outbound, menu)
    if interactive is None:
        return tuple([_words(address, part) for part in _parted(text, WHATSAPP_PLAIN_CHARACTERS)])
    *_, last = _parted(text, WHATSAPP_TEXT_CHARACTERS) or (EMPTY,)
    before = _parted(text[: len(text) - len(last)], WHATSAPP_PLAIN_CHARACTERS) if text else ()
    shown = Interactive("list" if interactive.sections else "button", Line(last), interactive)
    return (*[_words(address, part) for part in before], _to(address, type="interactive", interactive=shown))


def _to(address: str, **content: Any) -> Message:
    phone, user = (None, address) if is_user(address) else (address, None)
    return Message(messaging_product="whatsapp", recipient_type="individual", to=phone, recipient=user, **content)


def _words(address: str, text: str) -> Message:
    return _to(address, type="text", text=Words(text))


def _parted(text: str, most: int) -> tuple[str, ...]:
    # UTF-16 units are never fewer than characters, however WhatsApp counts.
    return split(text, most, utf16) if text.strip() else ()


def _filled(outbound: Outbound, address: str, template: Template) -> Sequence[Message]:
    said = _under(clean(outbound.text).strip(), [f"• {face.label}" for face in _faces(outbound.buttons)], outbound.link)
    language = Language(template.language(outbound.lang))
    return [
        _to(
            address,
            type="template",
            template=TemplateSaid(template.name, language, (Component((Parameter(part),)),)),
        )
        for part in _parted(in_one_line(said), WHATSAPP_TEMPLATE_CHARACTERS - TEMPLATE_WORDS)
    ]


def in_one_line(text: str) -> str:
    """A text without new lines, tabs and long gaps, which a template refuses in what is filled in.

    >>> in_one_line("Принесіть:\\n• паспорт\\n• фото\\n\\nЧекаємо\\tна вас")
    'Принесіть: • паспорт • фото · Чекаємо на вас'
    """
    found = ""
    for line in (" ".join(line.split()) for line in text.splitlines()):
        if line:
            joined = not found or found[-1] in ".!?:;,…" or line[0] == "•"
            found += f"{'' if not found else ' ' if joined else ' · '}{line}"
    return found


# ---- what can be tapped ----


class Face(NamedTuple):
    """A button as it is seen. `tappable`: whether WhatsApp carries its id."""

    id: str
    style: Style
    label: str
    tappable: bool


def arranged(outbound: Outbound, menu: str) -> tuple[str, Action | None]:
    """The text and what can be tapped below it: three buttons, else a list of ten rows, else numbers; nothing is lost.

    Choices that have no room are a numbered list in the text, and are typed; side doors that have none are named in it.
    A link stands in the text, where WhatsApp makes it one.
    """
    text, faces = clean(outbound.text).strip(), _faces(outbound.buttons)
    choices = [face for face in faces if face.style in _NUMBERED]
    doors = sorted((face for face in faces if face.style not in _NUMBERED), key=lambda face: face.style != "action")
    lines: list[str] = []
    rows = [*choices, *doors]
    if _as_buttons(rows):
        return _under(text, (), outbound.link), _buttons(rows)
    named_rows: list[tuple[Face, str]] = []
    if len(choices) <= WHATSAPP_ROWS and all(_has_row(face) for face in choices):
        named_rows = [(face, "") for face in choices]
    elif choices:
        lines = [f"{number}. {face.label}" for number, face in enumerate(choices, 1)]
        if len(choices) <= WHATSAPP_ROWS:
            named_rows = [(face, str(number)) for number, face in enumerate(choices, 1) if face.tappable]
        if missed := len(choices) - len(named_rows):
            log.warning("choices_without_button", extra={"count": missed})
    beside = [face for face in doors if _has_row(face)][: WHATSAPP_ROWS - len(named_rows)]
    lines += [f"• {face.label}" for face in doors if face not in beside]
    text = _under(text, lines, outbound.link)
    if not named_rows and _as_buttons(beside):
        return text, _buttons(beside)
    listed = [_row(face, number) for face, number in [*named_rows, *((face, "") for face in beside)]]
    if not listed:
        return text, None
    opens = menu if 0 < utf16(menu) <= WHATSAPP_MENU_CHARACTERS else MENU
    return text, Action(button=opens, sections=(Section(tuple(listed)),))


MENU = "☰"
"""What opens a list, where no words were given for it."""
_NUMBERED = ("choice", "chosen")


def _faces(buttons: Sequence[Button]) -> list[Face]:
    """Each with its label on one line, a tick before what is chosen; an id that stood before carries nothing."""
    faces: list[Face] = []
    seen: set[str] = set()
    for button in buttons:
        label = " ".join(clean(button.label).split()) or button.id
        fits = 0 < len(button.id) <= WHATSAPP_ROW_ID_CHARACTERS and button.id.isascii() and button.id.isprintable()
        tappable = fits and button.id == button.id.strip() and button.id not in seen
        seen.add(button.id)
        faces.append(Face(button.id, button.style, f"✓ {label}" if button.style == "chosen" else label, tappable))
    return faces


def _as_buttons(faces: Sequence[Face]) -> bool:
    """Whether each can be a button below the message: few, short, and no two alike."""
    return (
        0 < len(faces) <= WHATSAPP_BUTTONS
        and len({face.label for face in faces}) == len(faces)
        and all(face.tappable and utf16(face.label) <= WHATSAPP_LABEL_CHARACTERS for face in faces)
    )


def _buttons(faces: Sequence[Face]) -> Action:
    return Action(buttons=tuple([ReplyButton(Reply(face.id, face.label)) for face in faces]))


def _has_row(face: Face) -> bool:
    """Whether a row shows all of it: in its title, or below a shortened one."""
    return face.tappable and utf16(face.label) <= WHATSAPP_ROW_MORE_CHARACTERS


def _row(face: Face, number: str) -> Row:
    """A row; one that is only a number has the beginning of its label below it."""
    if number:
        return Row(face.id, number, _short(face.label, WHATSAPP_ROW_MORE_CHARACTERS))
    if utf16(face.label) <= WHATSAPP_ROW_CHARACTERS:
        return Row(face.id, face.label)
    return Row(face.id, _short(face.label, WHATSAPP_ROW_CHARACTERS), face.label)


def _short(label: str, most: int) -> str:
    """As many whole words as there is room for.

    >>> _short("Посвідка на постійне проживання", 24)
    'Посвідка на постійне…'
    """
    if utf16(label) <= most:
        return label
    return split(label, most - 1, utf16)[0].rstrip(" ,.;:") + "…"


def _under(text: str, lines: Sequence[str], link: str | None) -> str:
    return "\n\n".join(part for part in (text, "\n".join(lines), clean(link or "").strip()) if part)


_UNSAID = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")


def clean(text: str) -> str:
    """Without what is no letter: control characters, and halves of surrogate pairs, which JSON cannot carry."""
    return text if text.isprintable() else _UNSAID.sub("", text)


# ---- what an answer means ----


class Taken(Struct, frozen=True):
    """The id of a message that was taken."""

    id: str = ""


class Fault(Struct, frozen=True):
    """A refusal. Its words are not read: they may speak of a person."""

    code: int
    error_subcode: int | None = None


class Answer(Struct, frozen=True):
    """What the Graph API answers."""

    messages: tuple[Taken, ...] = ()
    success: bool = False
    error: Fault | None = None


_decode = msgspec.json.Decoder(Answer).decode
UNREACHED_S = 2.0
LONGEST_BUSY_S = 3600.0


def classify(answer: HttpAnswer | NotCarried) -> Outcome:
    """What an answer to a message means."""
    if isinstance(answer, NotCarried):
        return Unknown(answer.reason) if answer.left else RetryAfter(UNREACHED_S, "account", answer.reason)
    try:
        said = _decode(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    if said is not None and said.error is not None:
        code, subcode = said.error.code, said.error.error_subcode
        return meaning(code, subcode) or _by_status(answer, f"{answer.status} code {named(code)}")
    if answer.status == 200:
        taken = said is not None and (said.messages or said.success)
        return Sent(said.messages[0].id if said and said.messages else "") if taken else Unknown("answer_unreadable")
    return _by_status(answer, f"HTTP {answer.status}")


def _by_status(answer: HttpAnswer, reason: str) -> Outcome:
    """A refusal without a code that is known: a gateway's, or a new one of Meta's."""
    match answer.status:
        case 400 | 411 | 413 | 414 | 415 | 422 | 431:
            return BadMessage(reason)
        case 408 | 425 | 429:
            return RetryAfter(_wait_s(answer), "account", reason)
        case status if status >= 500:
            return RetryAfter(_wait_s(answer), "account", reason)
        case 401 | 403:
            return Misconfigured(reason)
        case status if 200 <= status < 300:
            return Unknown(reason)
    return Misconfigured(f"{reason}: no answer of Meta's API, compare its address")


def _wait_s(answer: HttpAnswer) -> float:
    again_s = answer.again_s(LONGEST_BUSY_S)
    return BUSY_S if again_s is None else again_s
