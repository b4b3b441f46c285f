"""One abstract message as SMS: plain text, numbered choices, words that can be typed, as few parts as can be.

A text of more than SMS_PARTS parts becomes a short one with its link; without a link it becomes several messages. In
either case every choice stands, and no word is cut.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from vikno.channels.sms.segments import PART, WHOLE, encoding_of, filled, length, segments
from vikno.domain.dialog.messages import Button
from vikno.usecases.channel import Outbound
from vikno.wire.limits import SMS_PARTS, SMS_SHORT_PARTS
from vikno.wire.text import split

NUMBERED = ("choice", "chosen")
MORE = "…"
_SEAMS = re.compile(r"\n+|(?<=[.!?…;])\s+")

_PLAINER = str.maketrans({
    "’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"', "–": "-", "—": "-", "•": "-",
    "…": "...", "✓": "*", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\u2011": "-", "\t": " ",
})  # fmt: skip
"""Typography that costs a Latin text half of its room, and what stands for it then."""


def texts(outbound: Outbound) -> tuple[str, ...]:
    """The messages that say it, in order: each at most SMS_PARTS parts.

    >>> from vikno.usecases.channel import Outbound
    >>> yes, no, back = Button("a", "Так"), Button("b", "Ні"), Button("c", "Назад", "nav")
    >>> print(texts(Outbound("Вам є 18 років?", buttons=(yes, no, back)))[0])
    Вам є 18 років?
    1 Так
    2 Ні
    (Назад)
    """
    tail = "\n".join([*_numbered(outbound.buttons), *_doors(outbound.buttons)])
    whole = plainer("\n".join(filter(None, [outbound.text.strip(), tail])))
    if len(segments(whole).parts) <= SMS_PARTS:
        return (whole,)
    if outbound.link is not None:
        short = _shortened(outbound.text.strip(), _asked(outbound), tail, outbound.link)
        if short is not None:
            return (short,)
        whole = f"{whole}\n{outbound.link}"
    encoding = encoding_of(whole)
    return split(whole, SMS_PARTS * PART[encoding], partial(filled, encoding=encoding))


def parts(said: str) -> int:
    """How many SMS a text without choices takes, each of which is paid for.

    It is counted by its length, so that many can be counted at once: a letter that would be parted, such as an emoji,
    may make it one more (`texts` and `segments` know).

    >>> parts("Your seat is ready."), parts("Ваше місце готове. " * 4), parts("x" * 161)
    (1, 2, 2)
    """
    text = plainer(said.strip())
    encoding = encoding_of(text)
    units = length(text, encoding)
    return 1 if units <= WHOLE[encoding] else -(-units // PART[encoding])


def plainer(text: str) -> str:
    """The text without typography, if it fits the GSM-7 alphabet then; otherwise as it is.

    >>> plainer("The “fee” – 10 €"), plainer("Ваш «збір» – 10 €")
    ('The "fee" - 10 €', 'Ваш «збір» – 10 €')
    """
    plain = text.translate(_PLAINER)
    return plain if encoding_of(plain) == "gsm7" else text


def _numbered(buttons: Sequence[Button]) -> list[str]:
    """What can be answered with a number, as the dialogue counts it."""
    choices = [button for button in buttons if button.style in NUMBERED]
    return [f"{at} {'✓ ' if one.style == 'chosen' else ''}{_line(one.label)}" for at, one in enumerate(choices, 1)]


def _doors(buttons: Sequence[Button]) -> list[str]:
    """What can be typed in words."""
    doors = [_line(button.label) for button in buttons if button.style not in NUMBERED]
    return [f"({' / '.join(doors)})"] if doors else []


def _line(label: str) -> str:
    return " ".join(label.split())


def _asked(outbound: Outbound) -> str:
    """What must stay of a shortened text beside its choices: the last paragraph is the question."""
    above, _, last = outbound.text.strip().rpartition("\n\n")
    return last if above and any(button.style in NUMBERED for button in outbound.buttons) else ""


def _shortened(text: str, asked: str, tail: str, link: str) -> str | None:
    """As much of the text as SMS_SHORT_PARTS hold together with its choices and its link; None if they hold no text.

    What is asked stays; of the rest, a text's beginning says the most.
    """
    pieces = [piece for piece in _SEAMS.split(text.removesuffix(asked).strip()) if piece]
    for most in (SMS_SHORT_PARTS, SMS_PARTS):
        best = None
        for count in range(len(pieces) + 1):
            kept = text[: _end(text, pieces[:count])].rstrip()
            if kept.endswith(":"):
                continue  # a heading with nothing below it
            candidate = _joined(f"{kept} {MORE}" if kept else "", asked, tail, link)
            if len(segments(candidate).parts) > most:
                break
            best = candidate if kept or asked else None
        if best is not None:
            return best
    return _first_words(text, tail, link)


def _first_words(text: str, tail: str, link: str) -> str | None:
    """The first words of a text whose first sentence is already too long."""
    words, best = text.split(), None
    for count in range(1, len(words)):
        candidate = _joined(" ".join(words[:count]) + " " + MORE, tail, link)
        if len(segments(candidate).parts) > SMS_SHORT_PARTS:
            break
        best = candidate
    return best


def _end(text: str, pieces: Sequence[str]) -> int:
    """Where the last of these pieces ends in the text."""
    at = 0
    for piece in pieces:
        at = text.index(piece, at) + len(piece)
    return at


def _joined(*parts: str) -> str:
    return plainer("\n".join(part for part in parts if part))
