"""Two versions of a service: a random one, and what a few changes of the law make of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from tests.domain.rules.model import Cond, MFact, MItem, Model, When, replace
from tests.domain.rules.strategies import DAYS, Maker, models

CHANGES = (
    "condition", "condition", "item", "item gone", "amount", "sum", "in addition", "period", "term", "when", "option",
    "wider", "fact", "order", "date",
)  # fmt: skip


@st.composite
def versions(draw: Any, dated: bool = False, most: int = 400) -> tuple[Model, Model]:
    """(old, new): changes are of both directions, because the two may come the other way round."""
    old = draw(models(dated=dated, most=most, facts=4 if dated else 5))
    new, maker = old, Maker(draw, dated)
    maker.facts, maker.tables = list(old.facts), list(old.tables)
    maker.terms, maker.dates, maker.lists = dict(old.terms), dict(old.dates), dict(old.lists)
    maker.list_groups = {name: dict(groups) for name, groups in old.list_groups.items()}
    for _ in range(maker.count(1, 3)):
        new = changed(new, maker, maker.pick(CHANGES))
    return (new, old) if maker.chance(50) else (old, new)


def changed(model: Model, maker: Maker, change: str) -> Model:
    """The model with one change (or none, where it does not fit)."""
    at = maker.count(0, len(model.items) - 1)
    item, items = model.items[at], list(model.items)
    match change:
        case "condition":
            items[at] = replace(item, when=maker.condition(2, model.facts))
        case "item" if not any(other.id == "new" for other in items):
            items.append(MItem(maker.pick(["bring", "term", "stop", "done"]), "new", maker.condition(1, model.facts)))
        case "item gone" if len(items) > 1 and not any(other.instead_of == item.id for other in items):
            named = {member for promise in model.promises for member in promise.members}
            items = items if item.key in named else [other for other in items if other.key != item.key]
        case "amount" if model.amounts:
            name = maker.pick(sorted(model.amounts))
            currency, rows = model.amounts[name]
            more = tuple((day, maker.pick([Decimal(5), Decimal(99), None])) for day, _ in rows)
            return replace(model, amounts={**model.amounts, name: (currency, more)})
        case "sum" if item.kind in ("fee", "benefit"):
            items[at] = replace(item, amount=maker.pick([Decimal(1), None]))
        case "in addition" if item.kind == "fee" and not any(other.instead_of == item.id for other in items):
            items[at] = replace(item, instead_of=None, in_addition=not item.in_addition)
        case "period" if sum(other.key == item.key for other in items) == 1:
            items[at] = replace(item, first=maker.pick([None, *DAYS]), last=None)
        case "term" if model.terms:
            name = maker.pick(sorted(model.terms))
            if not any(name in fact.when.terms() for fact in model.facts if fact.when):
                return replace(model, terms={**model.terms, name: maker.condition(1, model.facts, terms=False)})
        case "date" if model.dates:
            return replace(model, dates=dict.fromkeys(model.dates, maker.pick([None, *DAYS])))
        case "when" | "option" | "wider" | "fact" | "order":
            return replace(model, facts=tuple(changed_facts(model, maker, change)))
    return replace(model, items=tuple(items))


def changed_facts(model: Model, maker: Maker, change: str) -> list[MFact]:
    facts = list(model.facts)
    at = maker.count(0, len(facts) - 1)
    fact = facts[at]
    tabled = any(table.by == fact.id for table in model.tables)
    match change:
        case "when":
            condition = maker.condition(1, facts[:at], terms=False) if at else None
            facts[at] = replace(fact, when=condition)
        case "option" if fact.kind in ("choose", "choose_any") and not tabled and not fact.same_as:
            if f"{fact.id}n" not in fact.options and not any(other.same_as == fact.id for other in facts):
                facts[at] = replace(fact, options=(*fact.options, f"{fact.id}n"))
        case "wider" if fact.kind == "number" and not tabled:
            facts[at] = replace(fact, low=fact.low - fact.step, high=fact.high + 2 * fact.step)
        case "wider" if fact.kind == "date" and fact.last:
            facts[at] = replace(fact, last=When(fact.last.base, fact.last.shift + 3))
        case "fact" if not any(other.id == "fn" for other in facts):
            facts.insert(at, MFact("fn", "yes_no"))
        case "order" if at:
            above = facts[at - 1].id
            needed = {model.base(leaf.args[0]) for leaf in leaves(fact.when, model) if leaf.op != "today"}
            if above not in needed and fact.same_as != above:
                facts[at - 1 : at + 1] = [fact, facts[at - 1]]
    return facts


def leaves(condition: Cond | None, model: Model) -> list[Cond]:
    return list(condition.leaves(model.terms)) if condition else []
