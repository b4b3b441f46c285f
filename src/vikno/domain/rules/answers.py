"""Answers as they come from outside (JSON, YAML, an address) read into the type of their fact."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from vikno.domain.errors import ViknoError
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.findings import nearest
from vikno.domain.rules.service import Fact, Service
from vikno.domain.rules.space import day_bounds

LONGEST = 100  # characters of a written answer


class AnswerRefused(ViknoError):
    """This answer does not belong to the question."""

    code = "answer_refused"
    retryable = False

    def __init__(self, code: str, message: str, near: str | None = None) -> None:
        super().__init__(message)
        self.code = code  # type: ignore[misc]  # the code says what was wrong with the answer
        self.message, self.nearest = message, near

    def __str__(self) -> str:
        return self.message


def read_answer(fact: Fact, raw: Any, today: date, dates: Mapping[str, date | None] | None = None) -> Answer:
    """The answer in its fact's type.

    Raises:
        AnswerRefused: option_unknown (with the nearest option), type_wrong or out_of_range.
    """
    match fact.kind:
        case "yes_no":
            if isinstance(raw, bool):
                return raw
            if raw in ("true", "false"):
                return bool(raw == "true")
            raise AnswerRefused("type_wrong", f"“{fact.id}” is answered with true or false")
        case "choose_any":
            chosen = raw if isinstance(raw, (list, tuple, set, frozenset)) else None
            if chosen is None or len(chosen) > len(fact.options):
                raise AnswerRefused("type_wrong", f"“{fact.id}” is answered with a list of options, without repeats")
            return frozenset(_option(fact, one) for one in chosen)
        case "number":
            return _number(fact, raw)
        case "date":
            return _date(fact, raw, today, dates or {})
    return _option(fact, raw)


def _option(fact: Fact, raw: Any) -> str:
    word = str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else raw
    if not isinstance(word, str):
        raise AnswerRefused("type_wrong", f"“{fact.id}” is answered with the id of an option")
    if word not in fact.option_ids:
        shown = word[:LONGEST]
        near = nearest(shown, fact.option_ids)
        hint = f"; the nearest is “{near}”" if near else ""
        raise AnswerRefused("option_unknown", f"“{shown}” is not an option of “{fact.id}”{hint}", near)
    return word


def _number(fact: Fact, raw: Any) -> int | Decimal:
    if isinstance(raw, bool) or not isinstance(raw, (int, float, Decimal, str)) or len(str(raw)) > LONGEST:
        raise AnswerRefused("type_wrong", f"“{fact.id}” is answered with a number")
    try:
        value = Decimal(str(raw).strip())
    except InvalidOperation:
        raise AnswerRefused("type_wrong", f"“{fact.id}” is answered with a number") from None
    if not value.is_finite():
        raise AnswerRefused("type_wrong", f"“{fact.id}” is answered with a number")
    if not fact.low <= value <= fact.high:
        raise AnswerRefused("out_of_range", f"“{fact.id}” lies between {fact.low} and {fact.high}")
    if (value - fact.low) % fact.step:
        raise AnswerRefused("out_of_range", f"“{fact.id}” goes in steps of {fact.step} from {fact.low}")
    return int(value) if value == value.to_integral_value() else value


def _date(fact: Fact, raw: Any, today: date, dates: Mapping[str, date | None]) -> date:
    if isinstance(raw, str) and len(raw) == 10:
        with suppress(ValueError):
            raw = date.fromisoformat(raw)
    if not isinstance(raw, date):
        raise AnswerRefused("type_wrong", f"“{fact.id}” is answered with a day, for example 2026-01-31")
    low, high = day_bounds(fact, today, dates)
    if not low <= raw <= high:
        raise AnswerRefused("out_of_range", f"“{fact.id}” lies between {low} and {high}")
    return raw


def read_answers(service: Service, raw: Mapping[str, Any], today: date) -> dict[str, Answer]:
    """All answers of a mapping.

    Raises:
        AnswerRefused: fact_unknown (with the nearest fact), or what `read_answer` raises.
    """
    out: dict[str, Answer] = {}
    for name, value in raw.items():
        fact = service.fact.get(str(name))
        if fact is None:
            near = nearest(str(name)[:LONGEST], service.fact)
            hint = f"; the nearest is “{near}”" if near else ""
            raise AnswerRefused("fact_unknown", f"there is no fact “{str(name)[:LONGEST]}”{hint}", near)
        if value is not None:
            out[fact.id] = read_answer(fact, value, today, service.dates)
    return out
