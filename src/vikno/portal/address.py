"""The address of a consultation: answers in the query, read kindly and written in one canonical way.

    /uk/ua/id-card/?where=ua&age=33&status=idp&status=homeless&on=2026-03-15

A fact may stand in an address as the person's browser sent it, as somebody typed it, or as somebody bent it. What
cannot be read is left out and told; it is never an error of the server. Names that begin with a hyphen are ours and
can be no fact: `-ask` opens a question again, `-sent` says whose form was sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl, urlencode

from vikno.domain.errors import ViknoError
from vikno.domain.rules.answers import AnswerRefused, read_answer
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.service import Fact, Service

DAY, ASK, SENT = "on", "-ask", "-sent"
MOST_BYTES = 8192
MOST_PAIRS = 400
LONGEST_SHOWN = 60
AHEAD = timedelta(days=3 * 366)
"""How far into the future a day may be asked for."""
VISITS = ("utm_", "fbclid", "gclid", "yclid", "mc_")
"""Beginnings of names that other sites add to links; they mean nothing here, and nobody needs to hear of them."""


class AddressTooLong(ViknoError):
    """This address is longer than any consultation needs. Begin again from the list of services."""

    code = "address_too_long"
    retryable = False


@dataclass(frozen=True, slots=True)
class Odd:
    """A part of an address that was left out. `why`: unknown | refused | twice | day; `code` of a refusal."""

    why: str
    name: str
    value: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """An address as read. `typed` holds what was given for each fact, taken or not."""

    answers: Mapping[str, Answer]
    typed: Mapping[str, tuple[str, ...]]
    odd: tuple[Odd, ...] = ()
    day: date | None = None
    ask: str | None = None
    sent: str | None = None

    def refused(self, fact: str) -> Odd | None:
        """Why the answer to this fact was left out; None if it was taken or not given."""
        return next((odd for odd in self.odd if odd.name == fact and odd.why in ("refused", "twice")), None)


def read_address(service: Service, query: bytes, today: date) -> Address:
    """Read the query of an address.

    Raises:
        AddressTooLong: more than `MOST_BYTES` or `MOST_PAIRS`.
    """
    typed = _pairs(query)
    odd: list[Odd] = []
    day = _day(service, typed, today, odd)
    answers: dict[str, Answer] = {}
    for name, values in typed.items():
        fact = service.fact.get(name)
        if fact is None:
            if name not in (DAY, ASK, SENT) and not name.startswith(VISITS):
                odd.append(Odd("unknown", shown(name)))
            continue
        found = _answer(service, fact, values, day or today)
        if isinstance(found, Odd):
            odd.append(found)
        elif found is not None:
            answers[name] = found
    ask, sent = (_last(typed, name, service) for name in (ASK, SENT))
    if sent is not None and sent not in typed and service.fact[sent].kind == "choose_any":
        answers[sent] = frozenset()  # browsers send nothing of boxes without a tick: whoever went on chose none
    return Address(answers, typed, tuple(odd), day, ask, sent)


def _pairs(query: bytes) -> dict[str, tuple[str, ...]]:
    if len(query) > MOST_BYTES:
        raise AddressTooLong
    try:
        pairs = parse_qsl(query.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_PAIRS)
    except ValueError as error:
        raise AddressTooLong from error
    found: dict[str, tuple[str, ...]] = {}
    for name, value in pairs:
        found[name] = (*found.get(name, ()), value)
    return found


def _last(typed: Mapping[str, tuple[str, ...]], name: str, service: Service) -> str | None:
    value = typed.get(name, ("",))[-1]
    return value if value in service.fact else None


def _answer(service: Service, fact: Fact, values: tuple[str, ...], today: date) -> Answer | Odd | None:
    """The answer, what is odd about it, or None where the field was left empty."""
    distinct = list(dict.fromkeys(value.strip() for value in values))
    named = [value for value in distinct if value]
    if fact.kind == "choose_any":
        if named and "" in distinct:
            return Odd("twice", fact.id, shown(", ".join(named)))
        raw: object = named
    elif len(named) > 1:
        return Odd("twice", fact.id, shown(", ".join(named)))
    elif not named:
        return None
    else:
        raw = _as_number(named[0]) if fact.kind == "number" else named[0]
    try:
        return read_answer(fact, raw, today, service.dates)
    except AnswerRefused as refused:
        return Odd("refused", fact.id, shown(", ".join(named)), refused.code)


def _as_number(written: str) -> str:
    """A number as people write it: blanks between thousands, a decimal comma."""
    return "".join(written.split()).replace(",", ".")


def _day(service: Service, typed: Mapping[str, tuple[str, ...]], today: date, odd: list[Odd]) -> date | None:
    """The day the rules of which are asked for; None for today."""
    if DAY not in typed or DAY in service.fact:
        return None
    written = typed[DAY][-1].strip()
    try:
        day = date.fromisoformat(written) if len(written) == 10 else None
    except ValueError:
        day = None
    if day is None or len(typed[DAY]) > 1 or not (service.floor or date.min) <= day <= today + AHEAD:
        odd.append(Odd("day", DAY, shown(", ".join(typed[DAY]))))
        return None
    return day


def shown(text: str) -> str:
    """What somebody sent, short and printable, to be shown to them.

    >>> shown("0\\u20281")
    '0 1'
    >>> shown("a\\x00b\\u202e\\ud800" + "c" * 100)
    'abcccccccccccccccccccccccccccccccccccccccccccccccccccccccccc…'
    """
    seen = "".join(letter if letter.isprintable() else " " * letter.isspace() for letter in text[:200])
    return seen if len(seen) <= LONGEST_SHOWN else f"{seen[:LONGEST_SHOWN]}…"


def pairs(service: Service, answers: Mapping[str, Answer], facts: Iterable[str] | None = None) -> list[tuple[str, str]]:
    """The answers as name and value, in the order of the questions; of `facts` only, if given."""
    wanted = set(service.fact if facts is None else facts)
    written: list[tuple[str, str]] = []
    for fact in service.facts:
        if fact.id in wanted and fact.id in answers:
            written += [(fact.id, value) for value in values_of(fact, answers[fact.id])]
    return written


def values_of(fact: Fact, answer: Answer) -> list[str]:
    """An answer as an address says it; a choice of none is one empty value."""
    if isinstance(answer, bool):
        return ["true" if answer else "false"]
    if isinstance(answer, frozenset):
        return [option for option in fact.option_ids if option in answer] or [""]
    if isinstance(answer, Decimal):
        return [f"{answer:f}"]
    return [str(answer)]


def write_address(
    base: str, written: Iterable[tuple[str, str]], day: date | None = None, ask: str | None = None
) -> str:
    """An address from its parts."""
    query = [*written]
    if day is not None:
        query.append((DAY, day.isoformat()))
    if ask is not None:
        query.append((ASK, ask))
    return f"{base}?{urlencode(query)}" if query else base
