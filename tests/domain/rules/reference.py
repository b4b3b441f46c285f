"""The meaning of a small service, by brute force: every person, every day, no diagrams.

A person answers every question that could be asked, in classes; sets of persons are bits of an integer. The rules are
those of the service language: facts that do not apply have no value, certain is true under every remaining
answer, the consultation ends at the first fact after which a stop, done or human item is certain, and a fact is asked
if two of its answers can still lead to different items, totals or texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from itertools import product
from typing import Any

from tests.domain.rules.model import Cond, MFact, MItem, Model, MPromise, Value, classes, leaf_true

ENDINGS = ("stop", "done", "human")
Person = tuple[int, ...]  # the class of the answer to each fact, in the order of the facts
Out = tuple[tuple[int, ...], tuple[Any, ...]]  # the items shown, and the answers that their texts show


class World:
    """One service on one day. `runs`: the classes of each fact, when they are to be finer than its own."""

    def __init__(
        self,
        model: Model,
        today: date,
        dates: Mapping[str, date | None] | None = None,
        runs: Mapping[str, list[tuple[Value, Value]]] | None = None,
    ) -> None:
        self.model, self.today = model, today
        self.dates = model.dates if dates is None else dates
        supposed = Model(**{**model.__dict__, "dates": self.dates})
        self.runs = {fact.id: runs[fact.id] if runs else classes(supposed, fact, today) for fact in model.facts}
        self.persons: list[Person] = list(product(*(range(len(self.runs[fact.id])) for fact in model.facts)))
        self.everybody = (1 << len(self.persons)) - 1
        self.items = [item for item in model.items if item.holds_on(today)]
        self._masks = {
            fact.id: [
                self._set(person[at] == index for person in self.persons) for index in range(len(self.runs[fact.id]))
            ]
            for at, fact in enumerate(model.facts)
        }
        self.applies: dict[str, int] = {}
        for fact in model.facts:
            self.applies[fact.id] = self.where(fact.when)

    def _set(self, bits: Iterator[bool]) -> int:
        return int("".join("1" if bit else "0" for bit in bits)[::-1] or "0", 2)

    def members(self, persons: int) -> Iterator[int]:
        """The positions of the persons of a set."""
        return (at for at in range(len(self.persons)) if persons >> at & 1)

    # conditions

    def where(self, condition: Cond | None) -> int:
        """For whom a condition holds."""
        if condition is None:
            return self.everybody
        match condition.op:
            case "true":
                return self.everybody
            case "false":
                return 0
            case "not":
                return self.everybody & ~self.where(condition.args[0])
            case "and":
                out = self.everybody
                for part in condition.args:
                    out &= self.where(part)
                return out
            case "or":
                out = 0
                for part in condition.args:
                    out |= self.where(part)
                return out
            case "term":
                return self.where(self.model.terms[condition.args[0]])
        return self._leaf(condition)

    def _leaf(self, leaf: Cond) -> int:
        if leaf.op == "today":
            return self.everybody if leaf_true(leaf, None, {}, self.today, self.dates) else 0
        name = self.model.base(leaf.args[0])
        applies, groups = self.applies[name], self.model.groups()
        out = 0
        for mask, (first, _) in zip(self._masks[name], self.runs[name], strict=True):
            if leaf_true(leaf, self._value(leaf.args[0], first), groups, self.today, self.dates):
                out |= mask & applies
        if leaf_true(leaf, None, groups, self.today, self.dates):
            out |= self.everybody & ~applies
        return out

    def _value(self, name: str, answer: Value) -> Value:
        """The value of a fact or derived name, when the fact behind it has this answer."""
        table = next((table for table in self.model.tables if table.name == name), None)
        return answer if table is None else table.of(self._value(table.by, answer))

    def known_true(self, condition: Cond | None, truth: bool = True) -> int:
        """For whom a condition is true (or false) by answers they gave alone: without a value nothing is known."""
        if condition is None or condition.op in ("true", "false", "today"):
            holds = self.where(condition)
            return holds if truth else self.everybody & ~holds
        if condition.op == "not":
            return self.known_true(condition.args[0], not truth)
        if condition.op == "term":
            return self.known_true(self.model.terms[condition.args[0]], truth)
        if condition.op in ("and", "or"):
            parts = [self.known_true(part, truth) for part in condition.args]
            every = (condition.op == "and") == truth
            out = self.everybody if every else 0
            for part in parts:
                out = out & part if every else out | part
            return out
        asked = self.applies[self.model.base(condition.args[0])]
        holds = self.where(condition)
        return (holds if truth else self.everybody & ~holds) & asked

    # outcomes

    @cached_property
    def raw(self) -> list[int]:
        """For whom each item's own condition holds; an alternative holds only beside what it is an alternative to."""
        own = [self.where(item.when) for item in self.items]
        out = []
        for item, holds in zip(self.items, own, strict=True):
            main = 0 if item.instead_of else self.everybody
            for other, theirs in zip(self.items, own, strict=True):
                main |= theirs if other.key == f"{item.kind}:{item.instead_of}" else 0
            out.append(holds & main)
        return out

    def certain(self, persons: int, count: int) -> int:
        """Those of whom everybody with the same first `count` answers is in the set."""
        block = 1
        for fact in self.model.facts[count:]:
            block *= len(self.runs[fact.id])
        full, out = (1 << block) - 1, 0
        for start in range(0, len(self.persons), block):
            if persons >> start & full == full:
                out |= full << start
        return out

    @cached_property
    def _ended(self) -> tuple[list[int], int, list[int]]:
        """For whom each item is shown, who is told two kinds of ending at once, and who has ended before each fact."""
        shown = [0 if item.kind in ENDINGS else holds for item, holds in zip(self.items, self.raw, strict=True)]
        open_, clash = self.everybody, 0
        over = []
        for count in range(len(self.model.facts) + 1):
            kinds: dict[str, int] = {}
            for at, item in enumerate(self.items):
                if item.kind in ENDINGS:
                    here = self.certain(self.raw[at], count) & open_
                    shown[at] |= here
                    for kind, others in kinds.items():
                        if kind != item.kind:
                            clash |= here & others
                    kinds[item.kind] = kinds.get(item.kind, 0) | here
            for ended in kinds.values():
                open_ &= ~ended
            over.append(self.everybody & ~open_)
        return [s if i.kind in ENDINGS else s & open_ for s, i in zip(shown, self.items, strict=True)], clash, over

    @property
    def shown(self) -> list[int]:
        return self._ended[0]

    @property
    def clash(self) -> int:
        return self._ended[1]

    @cached_property
    def stopped(self) -> int:
        out = 0
        for item, shown in zip(self.items, self.shown, strict=True):
            out |= shown if item.kind in ENDINGS else 0
        return out

    @cached_property
    def outs(self) -> dict[Person, Out]:
        """What each person gets."""
        out: dict[Person, Out] = {}
        position = {fact.id: at for at, fact in enumerate(self.model.facts)}
        for at, person in enumerate(self.persons):
            items = tuple(index for index, shown in enumerate(self.shown) if shown >> at & 1)
            texts = tuple(
                (index, name, person[position[name]] if self.told(name) >> at & 1 else None)
                for index in items
                for name in self.items[index].shows
            )
            out[person] = items, texts
        return out

    def told(self, name: str) -> int:
        """Whose answer to a fact a text can show: it applies to them, and the consultation was not over before."""
        position = next(at for at, fact in enumerate(self.model.facts) if fact.id == name)
        return self.applies[name] & ~self._ended[2][position]

    def total(self, items: tuple[int, ...]) -> dict[str, str] | None:
        """The sum of the fees that count, by currency."""
        sums: dict[str, Decimal] = {}
        for index in items:
            item = self.items[index]
            if item.kind == "fee" and not item.instead_of:
                amount = self.model.amount_on(item, self.today)
                if amount is None or amount[1] is None:
                    return None
                sums[amount[0]] = sums.get(amount[0], Decimal(0)) + amount[1]
        return {currency: f"{value:.2f}" for currency, value in sums.items()} or {"EUR": "0.00"}

    # asking

    @cached_property
    def asked(self) -> dict[str, set[Person]]:
        """For each fact, the answers to the facts above it after which it is asked."""
        out: dict[str, set[Person]] = {}
        for at, fact in enumerate(self.model.facts):
            ways: dict[tuple[Person, Person], set[Out]] = {}
            asked: set[Person] = set()
            for index, person in enumerate(self.persons):
                got = ways.setdefault((person[:at], person[at + 1 :]), set())
                got.add(self.outs[person])
                said = any(fact.id in self.items[item].shows for item in self.outs[person][0])
                if len(got) > 1 or (said and self.told(fact.id) >> index & 1):
                    asked.add(person[:at])
            out[fact.id] = asked
        return out

    def path(self, person: Person) -> tuple[str, ...]:
        """The facts that somebody is asked."""
        return tuple(fact.id for at, fact in enumerate(self.model.facts) if person[:at] in self.asked[fact.id])

    @cached_property
    def paths(self) -> set[tuple[tuple[str, int], ...]]:
        """Every complete way to answer."""
        position = {fact.id: at for at, fact in enumerate(self.model.facts)}
        return {tuple((name, person[position[name]]) for name in self.path(person)) for person in self.persons}

    @cached_property
    def outcomes(self) -> set[tuple[int, ...]]:
        return {items for items, _ in self.outs.values()}

    def certain_items(self, answered: Mapping[str, int]) -> tuple[int, ...]:
        """The items whose condition holds for everybody with these answers."""
        alike = self.having(answered)
        return tuple(at for at, holds in enumerate(self.raw) if holds & alike == alike)

    def having(self, answered: Mapping[str, int]) -> int:
        """Everybody with these answers."""
        out = self.everybody
        for name, index in answered.items():
            out &= self._masks[name][index]
        return out

    def run_of(self, name: str, answer: Value) -> int:
        """The class of an answer."""
        for at, (first, last) in enumerate(self.runs[name]):
            if answer == first or (not isinstance(first, (str, bool, frozenset)) and first <= answer <= last):
                return at
        raise KeyError(answer)


# ---- what a proof must find


@dataclass
class Expected:
    """What the check must say: each fault with the name of what is at fault."""

    faults: set[tuple[str, Any]] = field(default_factory=set)
    worlds: list[World] = field(default_factory=list)


def expected(  # noqa: C901  (one fault after the other)
    model: Model, days: list[tuple[date, Mapping[str, date | None]]]
) -> Expected:
    """Every fault of a service, over all persons, on all these days with these values of its named dates."""
    out = Expected()
    true: set[Any] = set()
    false: set[Any] = set()
    counted: set[Any] = set()
    applies: set[str] = set()
    asked: set[str] = set()
    shown: set[int] = set()
    for day, dates in days:
        world = World(model, day, dates)
        out.worlds.append(world)
        for name, condition in placed(model):
            if name[0] == "item" and not model.items[name[1]].holds_on(day):
                continue
            who, holds = askable(world, condition), world.where(condition)
            counted |= {name} if who else set()
            true |= {name} if who & holds else set()
            false |= {name} if who & ~holds else set()
        applies |= {name for name, who in world.applies.items() if who}
        asked |= {name for name, who in world.asked.items() if who}
        for item, who in zip(world.items, world.shown, strict=True):
            at = next(at for at, known in enumerate(model.items) if known is item)
            shown |= {at} if who else set()
            if item.when and who & ~world.known_true(item.when):
                out.faults.add(("absent_surprise", at))
            out.faults |= {("amount_gap", (name, item.key)) for name in gaps(model, item, day) if who}
        listed = 0
        for item, who in zip(world.items, world.shown, strict=True):
            listed |= 0 if item.kind in ENDINGS else who
        if world.everybody & ~world.stopped & ~listed:
            out.faults.add(("outcome_empty", None))
        if world.clash:
            out.faults.add(("outcome_clash", None))
        for at, promise in enumerate(model.promises):
            none, many = broken(world, promise)
            out.faults |= {("promise_none", at)} if none else set()
            out.faults |= {("promise_many", at)} if many else set()
    never = counted - true
    out.faults |= {("never_true", name) for name in never}
    out.faults |= {("never_false", name) for name in counted - false - never if dict(placed(model))[name].op != "true"}
    for fact in model.facts:
        if fact.id not in applies:
            out.faults.add(("fact_never_asked", fact.id))
        elif fact.id not in asked:
            out.faults.add(("fact_changes_nothing", fact.id))
    for at in range(len(model.items)):
        if at not in shown and ("item", at) not in never:
            out.faults.add(("item_never", at))
    return out


def placed(model: Model) -> list[tuple[tuple[str, Any], Cond]]:
    """Every condition that can be never true or never false, with what it belongs to."""
    return [
        *((("fact", fact.id), fact.when) for fact in model.facts if fact.when),
        *((("term", name), condition) for name, condition in model.terms.items()),
        *((("item", at), item.when) for at, item in enumerate(model.items) if item.when),
        *((("promise", at), promise.condition) for at, promise in enumerate(model.promises) if promise.condition),
    ]


def askable(world: World, condition: Cond) -> int:
    """Those to whom at least one fact of the condition applies; everybody, if it looks at no fact."""
    leaves = [leaf for leaf in condition.leaves(world.model.terms) if leaf.op != "today"]
    if not leaves:
        return world.everybody
    out = 0
    for leaf in leaves:
        out |= world.applies[world.model.base(leaf.args[0])]
    return out


def gaps(model: Model, item: MItem, day: date) -> set[str]:
    """The amounts that an item needs and that have no row on a day."""
    needed = {*item.sums, *([item.amount] if isinstance(item.amount, str) else [])}
    return {name for name in needed if day < model.amounts[name][1][0][0]}


def broken(world: World, promise: MPromise) -> tuple[int, int]:
    """Those with a complete checklist to whom a promise gives none, and those to whom it gives several."""
    bound = world.everybody & ~world.stopped & world.where(promise.condition)
    if promise.kind:
        sets = [
            holds
            for item, holds in zip(world.items, world.raw, strict=True)
            if item.kind == promise.kind and not item.instead_of and not item.in_addition
        ]
    else:
        sets = [member(world, name) for name in promise.members]
    once = twice = 0
    for one in sets:
        twice |= once & one
        once |= one
    return bound & ~once, bound & twice


def member(world: World, name: str) -> int:
    """For whom a term, a yes/no fact or an item holds."""
    if ":" in name:
        out = 0
        for item, holds in zip(world.items, world.raw, strict=True):
            out |= holds if item.key == name else 0
        return out
    return world.where(Cond("term", (name,)) if name in world.model.terms else Cond("is", (name,)))


__all__ = ["ENDINGS", "Expected", "MFact", "World", "broken", "expected", "member"]
