"""Conditions of a service evaluated directly on answers: the plain reading, without any diagram.

The walk of `ruleset` must agree with it; tests compare the two, and this one with an independent CEL library.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from vikno.domain.rules.conditions import Answer, Condition, evaluate
from vikno.domain.rules.service import Service


def derived_values(service: Service, answers: Mapping[str, Answer]) -> dict[str, Answer]:
    """The derived names that have a value for these answers."""
    out: dict[str, Answer] = {}
    for table in service.derived:
        found = table.of(answers.get(table.by, out.get(table.by)))
        if found is not None:
            out[table.name] = found
    return out


def holds(service: Service, condition: Condition, answers: Mapping[str, Answer], day: date) -> bool:
    """Whether a condition of a service holds for these answers; facts not among them have no value."""
    derived = derived_values(service, answers) if service.derived else None
    return evaluate(condition, answers, day, service.dates, derived)


def applicable(service: Service, answers: Mapping[str, Answer], day: date) -> dict[str, Answer]:
    """The answers to facts whose `when` holds, in the order of the facts; the others have no value."""
    out: dict[str, Answer] = {}
    for fact in service.facts:
        if fact.id in answers and (fact.when is None or holds(service, fact.when, out, day)):
            out[fact.id] = answers[fact.id]
    return out
