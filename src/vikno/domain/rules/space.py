"""The space of answers on one day: each fact's values in classes, each class a code of a binary decision diagram.

Numbers and dates are split at the constants that occur in the rules, so the space is finite; options stand
for themselves. Codes beyond the last class mean the last class, so that every code is a possible person.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import reduce
from typing import Any

from oxidd.bdd import BDDFunction, BDDManager

from vikno.domain.rules.conditions import (
    AgeIs,
    All,
    Always,
    Answer,
    Condition,
    DateIs,
    Has,
    Leaf,
    Named,
    Not,
    Some,
    TodayIs,
    Within,
    latest_birth,
    leaf_holds,
    leaves,
)
from vikno.domain.rules.service import Bound, Derived, Fact, Service

DATE_FLOOR, DATE_CEILING = date(1900, 1, 1), date(2100, 12, 31)
NODES, CACHE = 1 << 21, 1 << 18  # of a proof; a full diagram raises DDMemoryError, which is reported


@dataclass(frozen=True, slots=True)
class Cell:
    """A class of answers that no condition tells apart: its written form and one member."""

    label: str
    value: Answer


class Domain:
    """A fact with its classes and the diagram variables that code them (one per option of choose_any)."""

    def __init__(self, fact: Fact, cells: Sequence[Cell], edges: Sequence[int], first: int) -> None:
        self.fact = fact
        self.cells = tuple(cells)
        self.edges = tuple(edges)  # of numbers and dates: where each class begins, in steps or days
        self.several = fact.kind == "choose_any"
        width = len(self.cells) if self.several else max(0, (len(self.cells) - 1).bit_length())
        self.variables = range(first, first + width)
        self.places = {cell.value: at for at, cell in enumerate(self.cells)} if not edges else {}

    def index(self, answer: Answer) -> int:
        """The class of an answer; KeyError for one that the fact does not have."""
        if not self.edges:
            return self.places[answer]
        if isinstance(answer, date):
            return bisect_right(self.edges, answer.toordinal()) - 1
        steps = (Decimal(str(answer)) - self.fact.low) / self.fact.step
        return bisect_right(self.edges, int(steps)) - 1


def day_bounds(fact: Fact, today: date, dates: Mapping[str, date | None]) -> tuple[date, date]:
    """First and last day a date fact accepts on the day of the consultation."""
    bound = fact.dates or Bound(None, None)
    low = bound.low.on(today, dates) if bound.low else None
    high = bound.high.on(today, dates) if bound.high else None
    low = low or min(DATE_FLOOR, high or DATE_FLOOR)
    return low, max(low, high or DATE_CEILING)


def cuts(leaf: Leaf, fact: Fact, today: date, dates: Mapping[str, date | None]) -> Iterator[int]:
    """Where a leaf splits its fact: the first step or day of the upper part."""
    if isinstance(leaf, Within):
        yield from _number_cuts(leaf, fact)
    elif isinstance(leaf, DateIs):
        day = leaf.day.on(today, dates)
        if day is not None:
            at = day.toordinal()
            if leaf.op in ("<", ">=", "=="):
                yield at
            if leaf.op in ("<=", ">", "=="):
                yield at + 1
    elif isinstance(leaf, AgeIs):
        day = leaf.on.on(today, dates)
        if day is not None:
            ages = []
            if leaf.within.low is not None:
                ages.append(_floor(leaf.within.low) + 1 if leaf.within.low_open else _ceil(leaf.within.low))
            if leaf.within.high is not None:
                ages.append(_ceil(leaf.within.high) if leaf.within.high_open else _floor(leaf.within.high) + 1)
            for age in ages:
                born = latest_birth(age, day)
                if born is not None:
                    yield born.toordinal() + 1


def _floor(number: int | Decimal) -> int:
    return int(Decimal(number).to_integral_value(ROUND_FLOOR))


def _ceil(number: int | Decimal) -> int:
    return int(Decimal(number).to_integral_value(ROUND_CEILING))


def _number_cuts(leaf: Within, fact: Fact) -> Iterator[int]:
    if leaf.low is not None:
        at = (Decimal(leaf.low) - fact.low) / fact.step
        yield _floor(at) + 1 if leaf.low_open else _ceil(at)
    if leaf.high is not None:
        at = (Decimal(leaf.high) - fact.low) / fact.step
        yield _ceil(at) if leaf.high_open else _floor(at) + 1


def number_cell(fact: Fact, first: int, last: int) -> Cell:
    """The class of a number fact from its `first` to its `last` step."""
    low, high = (_plain(fact.low + fact.step * at) for at in (first, last))
    return Cell(str(low) if first == last else f"{low}..{high}", low)


def _plain(number: Decimal) -> int | Decimal:
    return int(number) if number == number.to_integral_value() else number


def date_cell(first: int, last: int) -> Cell:
    low, high = date.fromordinal(first), date.fromordinal(last)
    return Cell(str(low) if first == last else f"{low}..{high}", low)


def base_fact(service: Service, name: str) -> str:
    """The fact behind a derived name (or the fact itself)."""
    tables = {table.name: table for table in service.derived}
    while name in tables:
        name = tables[name].by
    return name


def conditions_of(service: Service) -> Iterator[Condition]:
    """Every condition of a service."""
    for fact in service.facts:
        if fact.when:
            yield fact.when
    for term in service.terms:
        yield term.condition
    for item in service.items:
        if item.when:
            yield item.when
    for promise in service.promises:
        if promise.while_:
            yield promise.while_


class Space:
    """The answers to one service (or to two versions of it) on one day, coded for a decision diagram."""

    def __init__(
        self,
        services: Sequence[Service],
        today: date,
        dates: Mapping[str, date | None],
        nodes: int = NODES,
        order: Sequence[str] = (),
    ) -> None:
        self.today, self.dates = today, dates
        self.manager = BDDManager(nodes, max(1 << 12, nodes >> 3), 1)
        self.true, self.false = self.manager.true(), self.manager.false()
        versions: dict[str, list[Fact]] = {name: [] for name in order}
        for service in services:
            for fact in service.facts:
                versions.setdefault(fact.id, []).append(fact)
        facts = {name: _united(known) for name, known in versions.items()}
        splits: dict[str, set[int]] = {name: set() for name in facts}
        days: dict[str, list[tuple[date, date]]] = {name: [] for name in facts}
        for service in services:
            # of two versions each has its own named dates; for a single one others may be supposed
            own = dates if len(services) == 1 else service.dates
            self._split(service, facts, splits, own)
            self._reach(service, facts, splits, days, own)
        self.domains: dict[str, Domain] = {}
        first = 0
        for name, fact in facts.items():
            domain = _domain(fact, sorted(splits[name]), days[name], first)
            self.domains[name] = domain
            first += len(domain.variables)
        if first:
            self.manager.add_vars(first)
        self.owner: list[str] = [name for name, domain in self.domains.items() for _ in domain.variables]
        self._literals = [self.manager.var(at) for at in range(first)]

    def _split(
        self,
        service: Service,
        facts: Mapping[str, Fact],
        splits: dict[str, set[int]],
        dates: Mapping[str, date | None],
    ) -> None:
        own = {fact.id for fact in service.facts if fact.kind == facts[fact.id].kind}
        for condition in conditions_of(service):
            for leaf in leaves(condition):
                if not isinstance(leaf, TodayIs) and leaf.fact in own:
                    splits[leaf.fact].update(cuts(leaf, facts[leaf.fact], self.today, dates))
        for table in service.derived:
            fact = facts.get(table.by)
            if fact and fact.kind == "number" and fact.id in own:
                for low, high, _ in table.ranges:
                    splits[fact.id].update(_number_cuts(Within(fact.id, low, high), fact))

    def _reach(
        self,
        service: Service,
        facts: Mapping[str, Fact],
        splits: dict[str, set[int]],
        days: dict[str, list[tuple[date, date]]],
        dates: Mapping[str, date | None],
    ) -> None:
        """Where the numbers and days that a version takes begin and end: another one may take more."""
        for fact in service.facts:
            whole = facts[fact.id]
            if fact.kind == whole.kind == "number":
                splits[fact.id].update(_number_cuts(Within(fact.id, fact.low, fact.high), whole))
            elif fact.kind == whole.kind == "date":
                low, high = day_bounds(fact, self.today, dates)
                days[fact.id].append((low, high))
                splits[fact.id].update((low.toordinal(), high.toordinal() + 1))

    def variable(self, at: int) -> BDDFunction:
        return self._literals[at]

    def cube(self, names: Sequence[str]) -> BDDFunction:
        """The variables of these facts, as a set to quantify over."""
        literals = [self._literals[at] for name in names for at in self.domains[name].variables]
        return reduce(lambda left, right: left & right, literals, self.true)

    def where(self, name: str, test: Callable[[Cell], bool]) -> BDDFunction:
        """The people whose class of this fact passes the test (nobody, for choose_any)."""
        domain = self.domains[name]
        if domain.several:
            return self.false
        passed = [test(cell) for cell in domain.cells]
        if all(passed):
            return self.true
        if not any(passed):
            return self.false
        return self._mux(passed, list(domain.variables))

    def _mux(self, passed: Sequence[bool], variables: Sequence[int]) -> BDDFunction:
        """First variable is the highest bit; codes beyond the end repeat the last class."""
        if all(passed):
            return self.true
        if not any(passed):
            return self.false
        half = 1 << (len(variables) - 1)
        upper = passed[half:] or passed[-1:]
        low, high = self._mux(passed[:half], variables[1:]), self._mux(upper, variables[1:])
        return low if low == high else self._literals[variables[0]].ite(high, low)

    def option(self, name: str, option: str) -> BDDFunction:
        """The people whose choose_any answer holds this option."""
        domain = self.domains[name]
        known = zip(domain.variables, domain.cells, strict=True) if domain.several else ()
        return next((self._literals[at] for at, cell in known if cell.value == option), self.false)

    def branches(self, function: BDDFunction, name: str) -> list[BDDFunction]:
        """What is left of a function after each class of a fact, when all facts above are decided (not choose_any)."""
        domain = self.domains[name]
        count = len(domain.cells)
        out: list[BDDFunction] = []
        self._collect(function, domain.variables, 0, out, count)
        return out

    def _collect(self, function: BDDFunction, variables: range, depth: int, out: list[BDDFunction], count: int) -> None:
        left = len(variables) - depth
        top = function.node_var()
        if top is None or top > variables.stop - 1 or left == 0:
            out.extend([function] * min(1 << left, count - len(out)))
            return
        if top != variables[depth]:
            low = high = function
        else:
            high, low = cofactors(function)
        self._collect(low, variables, depth + 1, out, count)
        if len(out) < count:
            self._collect(high, variables, depth + 1, out, count)

    def chosen(self, function: BDDFunction, name: str, options: frozenset[str]) -> BDDFunction:
        """What is left of a function after a choose_any answer, when all facts above are decided."""
        domain = self.domains[name]
        for at, cell in zip(domain.variables, domain.cells, strict=True):
            if function.node_var() == at:
                high, low = cofactors(function)
                function = high if cell.value in options else low
        return function


def _united(versions: Sequence[Fact]) -> Fact:
    """One fact that takes the answers of every version of it."""
    fact = versions[-1]
    if len(versions) == 1:
        return fact
    options = {option.id: option for version in reversed(versions) for option in version.options}
    return replace(
        fact,
        options=tuple(options.values()),
        low=min(version.low for version in versions),
        high=max(version.high for version in versions),
        step=min(version.step for version in versions),
    )


def _domain(fact: Fact, splits: Sequence[int], days: Sequence[tuple[date, date]], first: int) -> Domain:
    match fact.kind:
        case "number":
            steps = int((fact.high - fact.low) / fact.step)
            starts = [0, *(at for at in splits if 0 < at <= steps)]
            ends = [*(at - 1 for at in starts[1:]), steps]
            return Domain(fact, [number_cell(fact, *pair) for pair in zip(starts, ends, strict=True)], starts, first)
        case "date":
            first_day = min(low.toordinal() for low, _ in days)
            last_day = max(high.toordinal() for _, high in days)
            starts = [first_day, *(at for at in splits if first_day < at <= last_day)]
            ends = [*(at - 1 for at in starts[1:]), last_day]
            return Domain(fact, [date_cell(*pair) for pair in zip(starts, ends, strict=True)], starts, first)
        case "yes_no":
            return Domain(fact, [Cell("true", True), Cell("false", False)], (), first)
    return Domain(fact, [Cell(option, option) for option in fact.option_ids], (), first)


def cofactors(function: BDDFunction) -> tuple[BDDFunction, BDDFunction]:
    """The two sides of an inner node: where its variable holds, and where not."""
    sides = function.cofactors()
    assert sides is not None, "a constant has no sides"  # noqa: S101  (a caller's mistake, never data)
    return sides


def support(space: Space, *functions: BDDFunction) -> frozenset[str]:
    """The facts that some functions look at."""
    seen: set[BDDFunction] = set()
    names: set[str] = set()
    stack = list(functions)
    while stack:
        node = stack.pop()
        top = node.node_var()
        if top is not None and node not in seen:
            seen.add(node)
            names.add(space.owner[top])
            stack.extend(cofactors(node))
    return frozenset(names)


class Meaning:
    """What the conditions of one service mean in a space: each a function over people."""

    def __init__(self, space: Space, service: Service) -> None:
        self.space, self.service = space, service
        self._tables: Mapping[str, Derived] = {table.name: table for table in service.derived}
        self._terms: dict[str, BDDFunction] = {}
        self.applies: dict[str, BDDFunction] = {}
        for fact in service.facts:
            self.applies[fact.id] = self.of(fact.when) if fact.when else space.true

    def asked_only(self, condition: Condition, truth: bool = True) -> BDDFunction:
        """The people for whom a condition holds by answers they gave: `not` needs an answer here."""
        space = self.space
        match condition:
            case Always() | TodayIs():
                return self.of(condition) if truth else ~self.of(condition)
            case Not() | Named():
                return self.asked_only(condition.inner, truth is not isinstance(condition, Not))
            case All() | Some():
                parts = [self.asked_only(part, truth) for part in condition.parts]
                if isinstance(condition, All) is truth:
                    return reduce(lambda left, right: left & right, parts, space.true)
                return reduce(lambda left, right: left | right, parts, space.false)
        holds = self.of(condition)
        return holds if truth else ~holds & self.applies.get(base_fact(self.service, condition.fact), space.false)

    def of(self, condition: Condition | None) -> BDDFunction:
        """The people for whom a condition holds; none given: everybody."""
        space = self.space
        match condition:
            case None:
                return space.true
            case Always():
                return space.true if condition.value else space.false
            case Not():
                return ~self.of(condition.inner)
            case All():
                return reduce(lambda left, right: left & self.of(right), condition.parts, space.true)
            case Some():
                return reduce(lambda left, right: left | self.of(right), condition.parts, space.false)
            case Named():
                found = self._terms.get(condition.name)
                if found is None:
                    found = self._terms[condition.name] = self.of(condition.inner)
                return found
            case TodayIs():
                holds = condition.holds(space.today, condition.day.on(space.today, space.dates))
                return space.true if holds else space.false
        return self._leaf(condition)

    def _leaf(self, leaf: Any) -> BDDFunction:
        space = self.space
        chain: list[Derived] = []
        name = leaf.fact
        while name in self._tables:
            chain.append(self._tables[name])
            name = chain[-1].by
        if name not in self.service.fact:
            return space.false
        if isinstance(leaf, Has):
            return self.applies[name] & space.option(name, leaf.option)

        def test(cell: Cell) -> bool:
            value: Answer | None = cell.value
            for table in reversed(chain):
                value = table.of(value)
            return leaf_holds(leaf, value, space.today, space.dates)

        return self.applies[name] & space.where(name, test)
