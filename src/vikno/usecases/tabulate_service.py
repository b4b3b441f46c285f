"""The decision table of a service on a day: every rule with the share of people it is for, and every outcome there is.

All numbers are exact. What is too large to be listed or counted is None, and whoever shows the table says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from oxidd.bdd import BDDFunction

from vikno.domain.rules.answers import AnswerRefused, read_answers
from vikno.domain.rules.boxes import Box, Values, boxes
from vikno.domain.rules.conditions import facts_of
from vikno.domain.rules.diagram import Diagram, diagram_on
from vikno.domain.rules.people import Asking, BudgetExceeded, outcomes
from vikno.domain.rules.receipt import plain
from vikno.domain.rules.ruleset import ruleset_on, total_of
from vikno.domain.rules.service import ENDINGS, Example, Item, Service
from vikno.domain.rules.space import Space, base_fact, support

MOST_OUTCOMES = 2_000
MOST_BOXES = 200_000


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item. `ways`: in how many ways to answer it is shown on the day; None: not counted."""

    item: Item
    holds: bool
    """On the day; an item of another time is listed all the same."""
    ways: int | None
    amount: tuple[str, Decimal | None] | None
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactRow:
    """A question. `ways`: in how many of them it is asked; `needs`: facts that its `when` looks at; `after`: other
    facts whose answers decide whether it is asked, without those that act through another fact."""

    id: str
    ways: int | None
    needs: tuple[str, ...]
    after: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Who gets just these items: `who` are exact and disjoint, each {fact: values}."""

    items: tuple[Item, ...]
    kind: str
    total: Mapping[str, Decimal] | None
    ways: int
    who: tuple[Mapping[str, tuple[Any, ...]], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Everything a service can do on a day."""

    service: Service
    day: date
    ways: int | None
    facts: tuple[FactRow, ...]
    items: tuple[ItemRow, ...]
    outcome_count: int | None
    outcomes: tuple[Outcome, ...] | None
    """None where there are more than MOST_OUTCOMES."""


def tabulate(service: Service, examples: Sequence[Example], day: date) -> Table:
    """The table of a service. `day` lies within its rules."""
    diagram = diagram_on(service, day)
    asking = Asking.of(diagram)
    try:
        number: int | None = outcomes(diagram)
    except BudgetExceeded:
        number = None
    listed = None if number is None or number > MOST_OUTCOMES else _outcomes(diagram)
    ways = _ways(asking, diagram.space.true)
    return Table(
        service, day, ways, _facts(diagram, asking, ways), _items(diagram, asking, ways, examples), number, listed
    )


def _ways(asking: Asking, among: BDDFunction) -> int | None:
    try:
        return asking.ways(among)
    except BudgetExceeded:
        return None


def _facts(diagram: Diagram, asking: Asking, ways: int | None) -> tuple[FactRow, ...]:
    service = diagram.service
    needs = {
        fact.id: frozenset(base_fact(service, name) for name in facts_of(fact.when)) if fact.when else frozenset()
        for fact in service.facts
    }
    looks = {name: support(diagram.space, function) | needs[name] for name, function in diagram.asked.items()}
    rows = []
    for fact in service.facts:
        through = {earlier for name in looks[fact.id] for earlier in looks[name]}
        rows.append(
            FactRow(
                fact.id,
                None if ways is None else _ways(asking, diagram.asked[fact.id]),
                _ordered(service, needs[fact.id]),
                _ordered(service, looks[fact.id] - needs[fact.id] - through),
            )
        )
    return tuple(rows)


def _ordered(service: Service, names: Iterable[str]) -> tuple[str, ...]:
    wanted = set(names)
    return tuple(fact.id for fact in service.facts if fact.id in wanted)


def _items(diagram: Diagram, asking: Asking, ways: int | None, examples: Sequence[Example]) -> tuple[ItemRow, ...]:
    service, day = diagram.service, diagram.space.today
    shown = dict(zip(map(id, diagram.items), diagram.shown, strict=True))
    showing = _showing(service, examples, day)
    rows = []
    for item in service.items:
        function = shown.get(id(item))
        counted = 0 if function is None else None if ways is None else _ways(asking, function)
        amount = service.amount_on(item, day)
        rows.append(ItemRow(item, function is not None, counted, amount, tuple(showing.get(id(item), ()))))
    return tuple(rows)


def _showing(service: Service, examples: Sequence[Example], today: date) -> Mapping[int, list[str]]:
    """The examples that show each item, each on its own day."""
    out: dict[int, list[str]] = {}
    for example in examples:
        day = example.on or today
        try:
            consultation = ruleset_on(service, day).consult(read_answers(service, example.given, day))
        except AnswerRefused:
            continue  # the check says what is wrong with it
        for item in consultation.items if consultation.complete else ():
            out.setdefault(id(item), []).append(example.name)
    return out


def _outcomes(diagram: Diagram) -> tuple[Outcome, ...] | None:
    """Every outcome with everybody who gets it: endings first, then the lists that most get."""
    service, day = diagram.service, diagram.space.today
    order = [fact.id for fact in service.facts]
    try:
        found = boxes(diagram.space, order, diagram.asked, diagram.space.true, diagram.shown, MOST_BOXES)
    except BudgetExceeded:
        return None
    out = []
    for mask, people in found.items():
        items = tuple(item for at, item in enumerate(diagram.items) if mask >> at & 1)
        kind = next((item.kind for item in items if item.kind in ENDINGS), "checklist")
        ways = sum(box.ways if box else 1 for box in people)
        total = total_of(service, items, day) if kind == "checklist" else None
        out.append(Outcome(items, kind, total, ways, tuple(_who(diagram.space, box) for box in people)))
    kinds = (*ENDINGS, "checklist")
    out.sort(key=lambda one: (kinds.index(one.kind), -one.ways, [item.key for item in one.items]))
    return tuple(out)


def _who(space: Space, box: Box | None) -> Mapping[str, tuple[Any, ...]]:
    return {part.fact: tuple(_value(space, part, value) for value in part.values) for part in box or ()}


def _value(space: Space, part: Values, value: Any) -> Any:
    """A value as `vikno diff` writes it: an option, a class of numbers or days, a list of options."""
    domain = space.domains[part.fact]
    if isinstance(value, frozenset):
        return [option for option in domain.fact.option_ids if option in value]
    cell = domain.cells[value]
    return cell.label if domain.edges else plain(cell.value)
