"""Examples: cases a clerk can read, run against the rules; and the items that no example shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from vikno.domain.rules.answers import AnswerRefused, read_answers
from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.rules.receipt import plain
from vikno.domain.rules.ruleset import Consultation, ruleset_on
from vikno.domain.rules.service import KINDS, Example, Service

OTHER_KEYS = ("total", "next", "outcome", "asked", "ignored")


def run_examples(service: Service, examples: Iterable[Example], today: date) -> Iterator[Finding]:
    """Every example that does not hold, then every item that no example shows."""
    shown: set[str] = set()
    for example in examples:
        yield from _run(service, example, today, shown)
    told: set[str] = set()
    for item in service.items:
        if item.key not in shown and item.key not in told:
            told.add(item.key)
            yield Finding("example_missing", item.place, f"no example shows {item.key}")


def _run(service: Service, example: Example, today: date, shown: set[str]) -> Iterator[Finding]:
    day = example.on or max(today, service.floor or today)
    if service.floor and day < service.floor:
        yield Finding(
            "example_answer",
            example.places.get("on", example.place),
            f"“{example.name}”: the rules begin on {service.floor}",
        )
        return
    try:
        answers = read_answers(service, example.given, day)
    except AnswerRefused as refused:
        place = next(
            (
                example.places[f"given.{name}"]
                for name in example.given
                if f"“{name}”" in refused.message and f"given.{name}" in example.places
            ),
            example.places.get("given", example.place),
        )
        yield Finding("example_answer", place, f"“{example.name}”: {refused.message}")
        return
    consultation = ruleset_on(service, day).consult(answers)
    if consultation.complete:
        shown.update(item.key for item in consultation.items)
    given = {name: plain(answer) for name, answer in answers.items()}
    if not consultation.complete and "next" not in example.then:
        yield Finding(
            "example_incomplete",
            example.places.get("given", example.place),
            f"“{example.name}”: the answers are not complete, “{_next(consultation)}” is asked next",
            given,
            day,
        )
        return
    for key, wanted in example.then.items():
        problem = _compare(service, consultation, key, wanted)
        if problem:
            yield Finding(
                "example_fails",
                example.places.get(f"then.{key}", example.place),
                f"“{example.name}”: {problem}",
                given,
                day,
            )


def _next(consultation: Consultation) -> str | None:
    return consultation.next.id if consultation.next else None


def _compare(service: Service, consultation: Consultation, key: str, wanted: Any) -> str | None:
    if key in KINDS:
        if not isinstance(wanted, list):
            return f"“{key}” is compared with a list of ids"
        found = {item.id for item in consultation.items if item.kind == key}
        ids = {str(one) for one in wanted}
        known = {item.id for item in service.items if item.kind == key}
        unknown = sorted(ids - known)
        if unknown:
            return f"there is no {key} “{unknown[0]}”{did_you_mean(unknown[0], sorted(known))}"
        missing, extra = sorted(ids - found), sorted(found - ids)
        parts = ([f"missing {', '.join(missing)}"] if missing else []) + (
            [f"not expected {', '.join(extra)}"] if extra else []
        )
        return f"{key}: {'; '.join(parts)}" if parts else None
    match key:
        case "total":
            return _total(consultation, wanted)
        case "next":
            found_next = _next(consultation)
            return (
                None
                if wanted == found_next
                else f"next is {found_next or 'nothing: the answers are complete'}, not {wanted}"
            )
        case "outcome":
            return None if wanted == consultation.outcome else f"the outcome is {consultation.outcome}, not {wanted}"
        case "asked" | "ignored":
            names = list(getattr(consultation, key))
            return None if wanted == names else f"{key} is {names}, not {wanted}"
    return f"“{key}” cannot be compared{did_you_mean(key, [*KINDS, *OTHER_KEYS])}"


def _total(consultation: Consultation, wanted: Any) -> str | None:
    found = consultation.total
    if wanted is None or found is None:
        return None if wanted is None and found is None else f"the total is {_sums(found)}, not {_sums(wanted)}"
    if not isinstance(wanted, dict):
        return "“total” is compared with a mapping of currencies to sums, or null"
    try:
        expected = {str(currency): Decimal(str(value)) for currency, value in wanted.items()}
    except InvalidOperation:
        return "“total” is compared with a mapping of currencies to sums, or null"
    return None if expected == dict(found) else f"the total is {_sums(found)}, not {_sums(wanted)}"


def _sums(total: Any) -> str:
    return (
        "unknown"
        if total is None
        else ", ".join(f"{value} {currency}" for currency, value in total.items())
        if isinstance(total, dict)
        else str(total)
    )
