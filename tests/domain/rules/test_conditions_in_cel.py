"""In meaning the condition language is a strict subset of CEL: an independent CEL library comes to the same."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import cel
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.rules.model import Cond, MFact, MItem, Model, Value, When
from tests.domain.rules.strategies import DAYS, FIRST, Maker, examples
from tests.domain.rules.test_reference_consult import loaded
from vikno.domain.rules.evaluate import holds
from vikno.domain.rules.ruleset import Ruleset

ABSENT_IS_TRUE = ("!=", "not in", "not in group", "has not", "not range")
DAY_OPS = ("<", "<=", "!=")  # true against a named date that has no value: it is never reached


class Cel:
    """A condition written in CEL, with facts that have no value replaced as reading 3 says."""

    def __init__(self, model: Model, answers: Mapping[str, Value], today: date) -> None:
        self.model, self.answers, self.today = model, answers, today

    def of(self, condition: Cond) -> str:
        a = condition.args
        match condition.op:
            case "true" | "false":
                return condition.op
            case "not":
                return f"!({self.of(a[0])})"
            case "and" | "or":
                return f"({(' && ' if condition.op == 'and' else ' || ').join(map(self.of, a))})"
            case "term":
                return f"({self.of(self.model.terms[a[0]])})"
            case "today":
                return self.against("'" + self.today.isoformat() + "'", a[0], a[1])
        if self.answers.get(self.model.base(a[0])) is None:
            return "true" if condition.op in ABSENT_IS_TRUE or a[1:2] == ("!=",) else "false"
        return self.leaf(condition)

    def leaf(self, condition: Cond) -> str:
        a, name = condition.args, self.value(condition.args[0])
        match condition.op:
            case "is" | "yes":
                return name
            case "no":
                return f"!{name}"
            case "==" | "!=" | "<" | "<=" | ">" | ">=":
                return f"({name} {condition.op} {literal(a[1])})"
            case "in" | "not in":
                inside = f"({name} in [{', '.join(map(literal, a[1]))}])"
                return inside if condition.op == "in" else f"!{inside}"
            case "in group" | "not in group":
                members = ", ".join(map(literal, sorted(self.model.groups()[a[1]])))
                return f"{'' if condition.op == 'in group' else '!'}({name} in [{members}])"
            case "has" | "has not":
                return f"{'' if condition.op == 'has' else '!'}({literal(a[1])} in {name})"
            case "range" | "not range":
                between = f"({name} >= {literal(a[1])} && {name} <= {literal(a[2])})"
                return between if condition.op == "range" else f"!{between}"
            case "date":
                return self.against(name, a[1], a[2])
        day = a[3].on(self.today, self.model.dates)
        if day is None:
            return "true" if a[1] == "!=" else "false"
        before = f"({day.month} < {name}_m || ({day.month} == {name}_m && {day.day} < {name}_d))"
        age = f"({day.year} - {name}_y - ({before} ? 1 : 0))"
        if condition.op == "age":
            return f"({age} {a[1]} {a[2]})"
        return f"({age} >= {a[1]} && {age} <= {a[2]})"

    def against(self, left: str, op: str, day: When) -> str:
        found = day.on(self.today, self.model.dates)
        if found is None:
            return "true" if op in DAY_OPS else "false"
        return f"({left} {op} '{found.isoformat()}')"

    def value(self, name: str) -> str:
        """A fact, or a table as a chain of choices."""
        table = next((table for table in self.model.tables if table.name == name), None)
        if table is None:
            return name
        by, out = self.value(table.by), literal(table.rows[-1][2])
        for low, high, cell in table.rows[:-1]:
            test = (
                f"{by} >= {literal(low)} && {by} <= {literal(high)}"
                if isinstance(low, Decimal)
                else f"{by} == {literal(low)}"
            )
            out = f"(({test}) ? {literal(cell)} : {out})"
        return out

    def context(self) -> dict[str, Any]:
        """The answers as values of CEL: numbers as doubles, days as text that sorts by time."""
        out: dict[str, Any] = {}
        for name, answer in self.answers.items():
            if isinstance(answer, date):
                out |= {
                    name: answer.isoformat(),
                    f"{name}_y": answer.year,
                    f"{name}_m": answer.month,
                    f"{name}_d": answer.day,
                }
            elif isinstance(answer, bool):
                out[name] = answer
            elif isinstance(answer, (int, Decimal)):
                out[name] = float(answer)
            elif answer is not None:
                out[name] = sorted(answer) if isinstance(answer, frozenset) else answer
        return out


def literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(float(value)) if isinstance(value, (int, Decimal)) else f"'{value}'"


@st.composite
def conditions(draw: Any) -> Model:
    """A service whose items carry conditions over every kind of fact."""
    maker = Maker(draw, dated=True)
    maker.dates = {"d1": maker.pick([None, *DAYS]), "d2": maker.pick(DAYS)}
    while {fact.kind for fact in maker.facts} != {"choose", "choose_any", "number", "yes_no", "list", "date"}:
        fact = maker.fact()
        if all(fact.kind != other.kind for other in maker.facts):
            maker.facts.append(MFact(**{**fact.__dict__, "when": None}))
    for _ in range(maker.count(0, 3)):
        maker.table()
    for at in range(2):
        maker.terms[f"c{at}"] = maker.condition(2, maker.facts)
    items = tuple(MItem("note", f"i{at}", maker.condition(3, maker.facts)) for at in range(6))
    return Model(
        facts=tuple(maker.facts),
        items=items,
        terms=maker.terms,
        tables=tuple(maker.tables),
        dates=maker.dates,
        lists=maker.lists,
        list_groups=maker.list_groups,
        since=FIRST,
    )


@examples(80)
@given(conditions(), st.randoms(use_true_random=False))
def test_conditions_mean_in_cel_what_they_mean_here(model: Model, chosen: random.Random) -> None:
    service = loaded(model)
    for today in (DAYS[0], DAYS[3]):
        everybody: dict[str, list[Value]] = {fact.id: fact.values(today, model.dates) for fact in model.facts}
        for _ in range(4):
            answers = {name: chosen.choice(values) for name, values in everybody.items() if chosen.random() < 0.8}
            translated = Cel(model, answers, today)
            for item, written in zip(service.items, model.items, strict=True):
                assert item.when
                assert written.when
                said = cel.evaluate(translated.of(written.when), translated.context())
                assert holds(service, item.when, answers, today) is said, (
                    written.when.text(),
                    translated.of(written.when),
                )


@pytest.mark.parametrize(
    ("condition", "in_cel"),
    [
        ("age in 18..59", "age >= 18.0 && age <= 59.0"),
        ("age not in 18..59", "!(age >= 18.0 && age <= 59.0)"),
        ("not (age < 14 or age > 70)", "!(age < 14.0 || age > 70.0)"),
        ("5 < age", "5.0 < age"),
        ("idp in status and homeless not in status", "'idp' in status && !('homeless' in status)"),
        ("rep == true or rep == false", "rep == true || rep == false"),
        ("reason != lost", "reason != 'lost'"),
        ("not not rep", "!!rep"),
        ("(age < 14) and (rep or (reason == lost))", "(age < 14.0) && (rep || (reason == 'lost'))"),
    ],
)
def test_what_authors_write_means_the_same_in_cel(condition: str, in_cel: str) -> None:
    facts = (
        MFact("age", "number", high=Decimal(90)),
        MFact("rep", "yes_no"),
        MFact("reason", "choose", ("lost", "stolen")),
        MFact("status", "choose_any", ("idp", "homeless")),
    )
    service = loaded(Model(facts, (MItem("note", "n", Cond("written", (condition,))),), since=FIRST))
    for age in (0, 5, 6, 13, 14, 17, 18, 59, 60, 71):
        for rep in (True, False):
            for reason in ("lost", "stolen"):
                for status in (frozenset[str](), frozenset({"idp"}), frozenset({"idp", "homeless"})):
                    answers: dict[str, Any] = {"age": age, "rep": rep, "reason": reason, "status": status}
                    context = {**answers, "age": float(age), "status": sorted(status)}
                    said = cel.evaluate(in_cel, context)
                    condition_read = service.items[0].when
                    assert condition_read
                    assert holds(service, condition_read, answers, FIRST) is said
                    assert bool(Ruleset(service, FIRST).consult(answers).items) is said
