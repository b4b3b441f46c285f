"""Random small services for Hypothesis: facts of every type, conditions, terms, tables, dated items, promises."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from math import prod
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, assume, settings
from hypothesis import strategies as st

from tests.domain.rules.model import Cond, MFact, MItem, Model, MPromise, MTable, When, classes, replace

FIRST = date(2026, 1, 1)
DAYS = [FIRST + timedelta(days=days) for days in (0, 3, 4, 5, 9, 12)]
KINDS = ("choose", "choose", "yes_no", "yes_no", "number", "number", "choose_any", "list", "date")
ITEM_KINDS = ("bring", "fee", "fee", "benefit", "term", "place", "note", "stop", "done", "human")
T = TypeVar("T")


def examples(count: int) -> settings:
    """The same examples on every run, so that a test that passes stays so.

    VIKNO_EXAMPLES=1000 asks for as many new ones, VIKNO_SHRINK=1 for the smallest that fails (which takes minutes).
    """
    more = os.environ.get("VIKNO_EXAMPLES")
    return settings(
        max_examples=int(more) if more else count,
        phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if os.environ.get("VIKNO_SHRINK") else [])],
        derandomize=not more,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


class Maker:
    """Draws the parts of one service, with names that exist."""

    def __init__(self, draw: Any, dated: bool) -> None:
        self.draw, self.dated = draw, dated
        self.windows: tuple[int, ...] = (5, 370, 800)  # how far back a date fact may begin,
        self.lengths: tuple[int, ...] = (6, 6, 30, 800)  # and how far it may reach
        self.facts: list[MFact] = []
        self.tables: list[MTable] = []
        self.terms: dict[str, Cond] = {}
        self.dates: dict[str, date | None] = {}
        self.lists: dict[str, tuple[str, ...]] = {}
        self.list_groups: dict[str, dict[str, frozenset[str]]] = {}

    def pick(self, options: Sequence[T]) -> T:
        picked: T = self.draw(st.sampled_from(options))
        return picked

    def chance(self, percent: int) -> bool:
        return bool(self.draw(st.integers(0, 99)) >= 100 - percent)

    def count(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high)))

    def some(self, options: Sequence[str], least: int = 1) -> list[str]:
        kept = [option for option in options if self.chance(50)]
        return kept if len(kept) >= least else list(options[:least])

    # facts

    def fact(self) -> MFact:
        at = len(self.facts)
        kind = self.pick(KINDS if self.dated else KINDS[:-1])
        name = f"f{at}"
        when = self.condition(1, self.facts, terms=False) if self.facts and self.chance(35) else None
        options = tuple(f"{name}{letter}" for letter in "abcd"[: self.count(2, 3)])
        match kind:
            case "number":
                low, step = self.pick([(0, "1"), (2, "1"), (0, "0.5"), (1, "2"), (-2, "1")])
                high = low + self.count(1, 9) * Decimal(step)
                return MFact(name, kind, low=Decimal(low), high=Decimal(high), step=Decimal(step), when=when)
            case "date":
                first = self.pick([When("today"), When(DAYS[0]), *(When("today", -days) for days in self.windows)])
                length = self.pick(self.lengths)
                last = When(first.base, first.shift + length)
                return MFact(name, kind, first=first, last=last, when=when)
            case "yes_no":
                return MFact(name, kind, when=when)
            case "list":
                return self.listed(MFact(name, kind, options, when=when))
            case "choose" if self.facts and self.chance(15):
                others = [fact for fact in self.facts if fact.kind == "choose" and not fact.same_as]
                if others:
                    other = self.pick(others)
                    return MFact(name, kind, tuple(self.some(other.options, 2)), when=when, same_as=other.id)
        return MFact(name, kind, options, when=when)

    def listed(self, fact: MFact) -> MFact:
        group = f"g{fact.id}"
        if not self.chance(50):
            return replace(fact, groups={group: frozenset(self.some(fact.options))}) if self.chance(60) else fact
        shared, there = f"s{fact.id}", tuple(f"{fact.id}{letter}" for letter in "wxyz")
        self.lists[shared] = there
        self.list_groups[shared] = {group: frozenset(self.some(there))}
        kept = self.some(there, 2)
        return replace(fact, options=(*kept, *([f"{fact.id}p"] if self.chance(30) else [])), shared=shared)

    # conditions

    def condition(self, depth: int, facts: Sequence[MFact], terms: bool = True, tables: bool = True) -> Cond:
        joined = self.count(0, 9) if depth else 0
        if joined >= 8:
            return Cond("not", (self.condition(depth - 1, facts, terms, tables),))
        if joined >= 5:
            parts = tuple(self.condition(depth - 1, facts, terms, tables) for _ in range(self.count(2, 3)))
            return Cond(self.pick(["and", "or"]), parts)
        if terms and self.terms and self.chance(25):
            return Cond("term", (self.pick(sorted(self.terms)),))
        if self.dated and self.chance(15):
            op = self.pick(["<", "<=", ">", ">=", "==", "!="])
            return Cond("today", (op, self.day(today=False)))
        if self.chance(2):
            return Cond(self.pick(["true", "false"]))
        there = [fact.id for fact in facts]
        known = [table for table in self.tables if tables and self.base(table.name) in there]
        if known and self.chance(30):
            return self.of_table(self.pick(known))
        return self.of_fact(self.pick(facts))

    def base(self, name: str) -> str:
        while table := next((table for table in self.tables if table.name == name), None):
            name = table.by
        return name

    def of_fact(self, fact: MFact) -> Cond:
        match fact.kind:
            case "yes_no":
                return Cond(self.pick(["is", "is", "no", "yes"]), (fact.id,))
            case "choose_any":
                return Cond(self.pick(["has", "has", "has not"]), (fact.id, self.pick(fact.options)))
            case "number":
                ends = (max(0, int(fact.low) - 1), max(0, int(fact.high) + 1))
                return self.of_number(fact.id, *ends)
            case "date":
                if self.chance(40):
                    op = self.pick(["<", "<=", ">", ">=", "==", "!="])
                    day = self.day()
                    if self.chance(40):
                        low = self.count(0, 2)
                        return Cond("age range", (fact.id, low, low + self.count(0, 1), day))
                    return Cond("age", (fact.id, op, self.count(0, 2), day))
                return Cond("date", (fact.id, self.pick(["<", "<=", ">", ">=", "==", "!="]), self.day()))
        if fact.kind == "list" and self.chance(50):
            groups = [*fact.groups, *(name for name in self.list_groups.get(fact.shared or "", {}))]
            if groups:
                return Cond(self.pick(["in group", "not in group"]), (fact.id, self.pick(groups)))
        return self.of_options(fact.id, fact.options)

    def of_options(self, name: str, options: Sequence[str]) -> Cond:
        op = self.pick(["==", "==", "!=", "in", "not in"])
        return Cond(op, (name, self.pick(options))) if op[-1] == "=" else Cond(op, (name, tuple(self.some(options))))

    def of_number(self, name: str, low: int, high: int) -> Cond:
        op = self.pick(["==", "!=", "<", "<=", ">", ">=", "range", "not range"])
        number = Decimal(self.count(low, high)) + (Decimal("0.5") if self.chance(10) else 0)
        if op.endswith("range"):
            return Cond(op, (name, number, number + self.count(0, 3)))
        return Cond(op, (name, number))

    def of_table(self, table: MTable) -> Cond:
        cells = table.cells
        if all(isinstance(cell, Decimal) for cell in cells):
            return self.of_number(table.name, int(min(cells)), int(max(cells)))
        return self.of_options(table.name, cells)

    def day(self, today: bool = True) -> When:
        names = ["today"] * today + [*self.dates]
        base = self.pick(names) if names and self.chance(50) else self.pick(DAYS)
        return When(base, self.pick([0, 0, 0, 2, -1, 7]))

    # tables, items, promises

    def table(self) -> None:
        name = f"t{len(self.tables)}"
        sources = [fact for fact in self.facts if fact.kind not in ("choose_any", "date")]
        numbers = self.chance(40)
        cells: list[Any] = [Decimal(cell) for cell in (1, 2, 5)] if numbers else [f"{name}{letter}" for letter in "xyz"]
        if self.tables and self.chance(30):
            by = self.pick(self.tables)
            rows = tuple((cell, cell, self.pick(cells)) for cell in by.cells)
            self.tables.append(MTable(name, by.name, rows, self.chance(30)))
        elif sources:
            fact = self.pick(sources)
            if fact.kind == "number":
                count = int((fact.high - fact.low) / fact.step)
                cut = self.count(1, count)
                ends = [(0, cut - 1), (cut, count)]
                rows = tuple((fact.low + fact.step * a, fact.low + fact.step * b, self.pick(cells)) for a, b in ends)
            else:
                options: list[Any] = [True, False] if fact.kind == "yes_no" else list(fact.options)
                rows = tuple((option, option, self.pick(cells)) for option in options)
            self.tables.append(MTable(name, fact.id, rows, self.chance(30)))

    def item(self, at: int, fees: Sequence[MItem], amounts: Sequence[str]) -> list[MItem]:
        kind = self.pick(ITEM_KINDS)
        endings = kind in ("stop", "done", "human")
        when = self.condition(2, self.facts) if endings or self.chance(75) else None
        made = MItem(kind, f"i{at}", when)
        if kind in ("fee", "benefit"):
            sums: list[str | Decimal | None] = [*amounts, *amounts, Decimal(10), Decimal("7.5"), None]
            made = replace(made, amount=self.pick(sums))
        if kind == "fee" and fees and self.chance(30):
            made = replace(made, instead_of=self.pick(fees).id)
        elif kind == "fee" and self.chance(30):
            made = replace(made, in_addition=True)
        if self.chance(20):
            made = replace(made, shows=(self.pick(self.facts).id,))
        if amounts and self.chance(20):
            made = replace(made, sums=(self.pick(amounts),))
        if self.dated and self.chance(25):
            cut = self.pick(DAYS[1:])
            if self.chance(50):
                other = replace(made, when=self.condition(1, self.facts), last=None, first=cut + timedelta(days=1))
                return [replace(made, last=cut), other]
            return [replace(made, first=cut) if self.chance(50) else replace(made, last=cut)]
        return [made]

    def promise(self, items: Sequence[MItem]) -> MPromise:
        if self.chance(60):
            return MPromise(
                self.pick(["fee", "term", "place"]), self.condition(1, self.facts) if self.chance(40) else None
            )
        known = [*self.terms, *{item.key for item in items}, *(fact.id for fact in self.facts if fact.kind == "yes_no")]
        members = sorted({self.pick(sorted(known)) for _ in range(3)})
        return MPromise(None, None, tuple(members))


@st.composite
def models(draw: Any, dated: bool = False, most: int = 700, facts: int = 6, open_: bool | None = None) -> Model:
    """A service with at most `most` persons on a day. `open_`: with a named date that has no value, or surely none."""
    maker = Maker(draw, dated)
    if open_ is not None:
        maker.windows, maker.lengths = ((5, 8), (6, 25)) if open_ else ((5, 30, 370), (6, 20))
    if open_ or (dated and maker.chance(50)):
        known = [] if open_ else DAYS if open_ is False else [None, None, *DAYS]
        maker.dates = {"d1": maker.pick(known) if known else None}
    for _ in range(maker.count(2 if dated else 3, facts)):
        maker.facts.append(maker.fact())
    for _ in range(maker.pick([0, 0, 1, 2])):
        maker.table()
    for at in range(maker.count(0, 3)):
        maker.terms[f"c{at}"] = maker.condition(2, maker.facts)
    amounts: dict[str, Any] = {}
    for at in range(maker.count(0, 2)):
        rows = {
            maker.pick(DAYS if dated else DAYS[:1]): maker.pick([Decimal(5), Decimal("12.50"), None])
            for _ in range(maker.count(1, 2))
        }
        amounts[f"a{at}"] = (maker.pick(["EUR", "EUR", "CHF"]), tuple(sorted(rows.items(), key=lambda row: row[0])))
    items: list[MItem] = []
    for at in range(maker.count(2, 8)):
        mains = [item for item in items if item.kind == "fee" and not item.instead_of]
        items += maker.item(at, mains, sorted(amounts))
    promises = [maker.promise(items) for _ in range(maker.count(0, 2))]
    kinds = [promise.kind for promise in promises]
    promises = [promise for at, promise in enumerate(promises) if not promise.kind or promise.kind not in kinds[:at]]
    model = Model(
        facts=tuple(with_terms(maker)),
        items=tuple(items),
        terms=dict(maker.terms),
        tables=tuple(maker.tables),
        amounts=amounts,
        promises=tuple(sorted(promises, key=lambda promise: promise.kind is None)),
        dates=dict(maker.dates),
        lists=dict(maker.lists),
        list_groups=dict(maker.list_groups),
        since=FIRST,
    )
    assume(persons(model, FIRST) <= most)
    return model


def with_terms(maker: Maker) -> list[MFact]:
    """Some facts are asked on a term, or by a table, of the facts above them."""
    out = []
    for at, fact in enumerate(maker.facts):
        above = {known.id for known in maker.facts[:at]}
        fitting = [
            name
            for name, condition in maker.terms.items()
            if {maker.base(leaf.args[0]) for leaf in condition.leaves(maker.terms) if leaf.op != "today"} <= above
        ]
        tables = [table for table in maker.tables if maker.base(table.name) in above]
        if fitting and maker.chance(30):
            out.append(replace(fact, when=Cond("term", (maker.pick(fitting),))))
        elif tables and maker.chance(20):
            out.append(replace(fact, when=maker.of_table(maker.pick(tables))))
        else:
            out.append(fact)
    return out


def persons(model: Model, day: date) -> int:
    """How many persons there are to look at."""
    return prod(len(classes(model, fact, day)) for fact in model.facts)
