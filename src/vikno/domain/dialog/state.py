"""The state of a conversation: plain frozen data, stored as JSON, replayed onto whatever the service is by then."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec
from msgspec import Struct

from vikno.domain.rules.conditions import Answer

Plain = str | bool | int | list[str]
"""An answer as it is stored: days and fractions as text, sets as sorted lists."""

MOST_TALKS = 8
"""Consultations kept in one conversation; the oldest gives way."""


class Talk(Struct, frozen=True, omit_defaults=True):
    """One consultation within a conversation. `number` is never given twice; `day`: when it was last touched."""

    number: int
    service: str
    version: str
    day: date
    answers: dict[str, Plain] = {}
    ended: bool = False


class Shown(Struct, frozen=True, omit_defaults=True):
    """A case as a conversation shows it. `number` is masked; `text` says where it stands, and is never kept."""

    case: str
    title: str
    number: str
    text: str = ""


class Want(Struct, frozen=True, omit_defaults=True):
    """What the conversation needs to know or have done before it can go on; a use case sees to it."""

    what: Literal["follow", "cases", "case", "stop", "data", "erase", "check", "language", "settings", "switch", "link"]
    number: str = ""
    code: str = ""
    case: str = ""


class State(Struct, frozen=True, omit_defaults=True):
    """Where a conversation stands.

    `step` counts the changes of what is asked: a button carries the step it was made in. `view` says what the
    numbers on the screen stand for; `fact` is what is asked now; `picked` are the ticks of a choice of several;
    `offered` are the tags of a “did you mean”, or the services found. `tapped` is the last button that had effect.
    `noted` is the number of a case while its code is asked for, or what a link said; `cases` are those in the list on
    the screen; `senders` are the organisations and kinds of message there; `wants` is what must be found out outside
    before the conversation goes on.
    """

    lang: str
    step: int = 1
    view: str = "home"
    fact: str = ""
    open: int = 0
    last: int = 0
    talks: tuple[Talk, ...] = ()
    picked: tuple[str, ...] = ()
    offered: tuple[str, ...] = ()
    editing: bool = False
    tapped: str = ""
    noted: str = ""
    cases: tuple[Shown, ...] = ()
    senders: tuple[Shown, ...] = ()
    wants: Want | None = None


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(State)


def encode(state: State) -> bytes:
    return _encoder.encode(state)


def decode(kept: bytes) -> State:
    """Raises msgspec.DecodeError or msgspec.ValidationError for what `encode` did not write."""
    return _decoder.decode(kept)


def plain_answer(answer: Answer) -> Plain:
    """For storing.

    >>> plain_answer(frozenset({"idp", "adult"})), plain_answer(date(2026, 3, 1)), plain_answer(Decimal("1.5"))
    (['adult', 'idp'], '2026-03-01', '1.5')
    """
    match answer:
        case bool() | int() | str():
            return answer
        case frozenset():
            return sorted(answer)
    return str(answer)


def full_answers(plain: Mapping[str, Plain], unlike: Mapping[str, str]) -> Mapping[str, Answer]:
    """Stored answers as the rules take them. `unlike`: the facts whose answers are stored otherwise -> kind.

    They were read by `read_answer` under the same version of the rules, so nothing is checked again.

    >>> full_answers({"age": 33, "status": ["idp"]}, {"status": "choose_any"})
    {'age': 33, 'status': frozenset({'idp'})}
    """
    if unlike.keys().isdisjoint(plain):
        return plain  # type: ignore[return-value]
    return {fact: _full(unlike[fact], kept) if fact in unlike else kept for fact, kept in plain.items()}  # type: ignore[misc]


def _full(kind: str, kept: Plain) -> Answer:
    if isinstance(kept, list):
        return frozenset(kept)
    if kind == "date":
        return date.fromisoformat(str(kept))
    return Decimal(kept) if isinstance(kept, str) else kept
