"""A service as the tests think of it, apart from the code: plain data, written as a real country folder of YAML."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby, product
from pathlib import Path
from typing import Any

Value = Any  # str | bool | int | Decimal | date | frozenset[str]; None: no value


# ---- days and conditions


@dataclass(frozen=True)
class When:
    """A day as a condition names it: "today", a named date or a written day, moved by some days."""

    base: str | date
    shift: int = 0

    def on(self, today: date, dates: Mapping[str, date | None]) -> date | None:
        base = self.base if isinstance(self.base, date) else today if self.base == "today" else dates[self.base]
        return None if base is None else base + timedelta(days=self.shift)

    def __str__(self) -> str:
        return f"{self.base} {'+' if self.shift > 0 else '-'} {abs(self.shift)} days" if self.shift else f"{self.base}"


@dataclass(frozen=True)
class Cond:
    """`op` with its arguments; `text()` is how an author writes it. See `Leafs` for what each op means."""

    op: str
    args: tuple[Any, ...] = ()

    def text(self, inside: bool = False) -> str:  # noqa: C901, PLR0912  (one case an operator)
        a = self.args
        match self.op:
            case "true" | "false":
                return self.op
            case "is" | "term" | "written":
                return str(a[0])
            case "no":
                return f"{a[0]} == false"
            case "yes":
                return f"{a[0]} == true"
            case "==" | "!=" | "<" | "<=" | ">" | ">=":
                return f"{a[0]} {self.op} {a[1]}"
            case "in" | "not in":
                return f"{a[0]} {self.op} [{', '.join(map(str, a[1]))}]"
            case "in group" | "not in group":
                return f"{a[0]} {self.op[:-6]} {a[1]}"
            case "has" | "has not":
                return f"{a[1]} {'in' if self.op == 'has' else 'not in'} {a[0]}"
            case "range" | "not range":
                return f"{a[0]} {'in' if self.op == 'range' else 'not in'} {a[1]}..{a[2]}"
            case "date":
                return f"{a[0]} {a[1]} {a[2]}"
            case "age":
                return f"age_on({a[0]}, {a[3]}) {a[1]} {a[2]}"
            case "age range":
                return f"age_on({a[0]}, {a[3]}) in {a[1]}..{a[2]}"
            case "today":
                return f"today {a[0]} {a[1]}"
            case "not":
                inner = a[0].text()
                return f"not {inner}" if a[0].op in ("is", "term", "true", "false") else f"not ({inner})"
            case _:
                written = f" {self.op} ".join(part.text(inside=True) for part in a)
                return f"({written})" if inside else written

    def leaves(self, terms: Mapping[str, Cond]) -> Iterator[Cond]:
        """Every comparison, through terms."""
        match self.op:
            case "not" | "and" | "or":
                for part in self.args:
                    yield from part.leaves(terms)
            case "term":
                yield from terms[self.args[0]].leaves(terms)
            case "true" | "false":
                return
            case _:
                yield self

    def terms(self) -> Iterator[str]:
        """The terms it names itself."""
        if self.op == "term":
            yield self.args[0]
        elif self.op in ("not", "and", "or"):
            for part in self.args:
                yield from part.terms()


def full_years(born: date, day: date) -> int:
    """Full years, counted one birthday after the other; who was born on 29 February has it on 1 March if need be."""
    years = -1
    while birthday(born, years + 1) <= day and years < 200:
        years += 1
    if years >= 0:
        return years
    while birthday(born, years) > day:
        years -= 1
    return years


def birthday(born: date, age: int) -> date:
    try:
        return born.replace(year=born.year + age)
    except ValueError:
        return date(born.year + age, 3, 1)


def compared(op: str, left: Any, right: Any) -> bool:
    held: dict[str, bool] = {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }
    return held[op]


def leaf_true(  # noqa: C901, PLR0912  (one case an operator)
    leaf: Cond, value: Value, groups: Mapping[str, frozenset[str]], today: date, dates: Mapping[str, date | None]
) -> bool:
    """Reading 3: without a value `== in < is` are false, `!= not in` are true; a day without a value never comes."""
    a = leaf.args
    if leaf.op == "today":
        day = a[1].on(today, dates)
        return a[0] in ("<", "<=", "!=") if day is None else compared(a[0], today, day)
    if value is None:
        return leaf.op in ("!=", "not in", "not in group", "has not", "not range") or (
            leaf.op in ("date", "age") and a[1] == "!="
        )
    match leaf.op:
        case "is" | "yes":
            return value is True
        case "no":
            return value is False
        case "==" | "!=" | "<" | "<=" | ">" | ">=":
            return compared(leaf.op, value, a[1])
        case "in":
            return value in a[1]
        case "not in":
            return value not in a[1]
        case "in group":
            return value in groups[a[1]]
        case "not in group":
            return value not in groups[a[1]]
        case "has":
            return a[1] in value
        case "has not":
            return a[1] not in value
        case "range":
            return bool(a[1] <= value <= a[2])
        case "not range":
            return not a[1] <= value <= a[2]
        case "date":
            day = a[2].on(today, dates)
            return a[1] in ("<", "<=", "!=") if day is None else compared(a[1], value, day)
        case "age":
            day = a[3].on(today, dates)
            return a[1] == "!=" if day is None else compared(a[1], full_years(value, day), a[2])
        case "age range":
            day = a[3].on(today, dates)
            return day is not None and a[1] <= full_years(value, day) <= a[2]
    raise AssertionError(leaf.op)


# ---- facts, tables, items


@dataclass(frozen=True)
class MFact:
    id: str
    kind: str
    options: tuple[str, ...] = ()
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    step: Decimal = Decimal(1)
    first: When | None = None  # of a date
    last: When | None = None
    when: Cond | None = None
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    shared: str | None = None  # the name of a list of the country; `options` are then what is left of it
    same_as: str | None = None

    def values(self, today: date, dates: Mapping[str, date | None]) -> list[Value]:
        """Every answer there is, in order."""
        match self.kind:
            case "yes_no":
                return [True, False]
            case "choose_any":
                sides = product((False, True), repeat=len(self.options))
                return [frozenset(o for o, on in zip(self.options, side, strict=True) if on) for side in sides]
            case "number":
                count = int((self.high - self.low) / self.step)
                return [self.low + self.step * at for at in range(count + 1)]
            case "date":
                assert self.first
                assert self.last
                first, last = self.first.on(today, dates), self.last.on(today, dates)
                assert first
                assert last
                return [first + timedelta(days=at) for at in range((last - first).days + 1)]
        return list(self.options)


@dataclass(frozen=True)
class MTable:
    """Rows of a derived name: (first, last, cell) of numbers, (option, option, cell) otherwise."""

    name: str
    by: str
    rows: tuple[tuple[Value, Value, Value], ...]
    csv: bool = False

    def of(self, value: Value) -> Value:
        if value is None:
            return None
        return next((cell for low, high, cell in self.rows if self.covers(low, high, value)), None)

    @staticmethod
    def covers(low: Value, high: Value, value: Value) -> bool:
        return bool(low <= value <= high) if isinstance(value, Decimal) else value == low

    @property
    def cells(self) -> list[Value]:
        return list(dict.fromkeys(cell for _, _, cell in self.rows))


@dataclass(frozen=True)
class MItem:
    kind: str
    id: str
    when: Cond | None = None
    amount: str | Decimal | None = None
    first: date | None = None
    last: date | None = None
    instead_of: str | None = None
    in_addition: bool = False
    shows: tuple[str, ...] = ()  # facts whose answers its text shows
    sums: tuple[str, ...] = ()  # amounts that its text shows

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id}"

    def holds_on(self, day: date) -> bool:
        return (self.first is None or self.first <= day) and (self.last is None or day <= self.last)


@dataclass(frozen=True)
class MPromise:
    kind: str | None
    condition: Cond | None = None
    members: tuple[str, ...] = ()


@dataclass(frozen=True, repr=False)
class Model:
    facts: tuple[MFact, ...]
    items: tuple[MItem, ...]
    terms: Mapping[str, Cond] = field(default_factory=dict)
    tables: tuple[MTable, ...] = ()
    amounts: Mapping[str, tuple[str, tuple[tuple[date, Decimal | None], ...]]] = field(default_factory=dict)
    promises: tuple[MPromise, ...] = ()
    dates: Mapping[str, date | None] = field(default_factory=dict)
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    list_groups: Mapping[str, Mapping[str, frozenset[str]]] = field(default_factory=dict)
    since: date | None = None

    def __repr__(self) -> str:
        with tempfile.TemporaryDirectory() as folder:
            return "\n" + "\n".join([*_country(self), *_consultation(self, Path(folder))]) + "\n"

    def _repr_pretty_(self, printer: Any, _: bool) -> None:
        printer.text(repr(self))

    def fact(self, name: str) -> MFact:
        return next(fact for fact in self.facts if fact.id == name)

    def base(self, name: str) -> str:
        """The fact behind a derived name."""
        while table := next((table for table in self.tables if table.name == name), None):
            name = table.by
        return name

    def groups(self) -> dict[str, frozenset[str]]:
        """Group names are unique in a model, whether of a fact or of a shared list."""
        out: dict[str, frozenset[str]] = {}
        for of_list in self.list_groups.values():
            out.update(of_list)
        for fact in self.facts:
            out.update(fact.groups)
        return out

    def conditions(self) -> list[Cond]:
        """Every condition of the service."""
        return [
            *(fact.when for fact in self.facts if fact.when),
            *self.terms.values(),
            *(item.when for item in self.items if item.when),
            *(promise.condition for promise in self.promises if promise.condition),
        ]

    def leaves(self) -> list[Cond]:
        return [leaf for condition in self.conditions() for leaf in condition.leaves(self.terms)]

    def amount_on(self, item: MItem, day: date) -> tuple[str, Decimal | None] | None:
        if item.amount is None:
            return None
        if isinstance(item.amount, Decimal):
            return "EUR", item.amount
        currency, rows = self.amounts[item.amount]
        held = [value for start, value in rows if start <= day]
        return currency, held[-1] if held else None


def classes(model: Model, fact: MFact, today: date) -> list[tuple[Value, Value]]:
    """The answers to a fact in runs (first, last) that no comparison and no table tells apart."""
    values = fact.values(today, model.dates)
    if fact.kind not in ("number", "date"):
        return [(value, value) for value in values]
    runs = [list(run) for _, run in groupby(values, key=told_apart([model], fact.id, today))]
    return [(run[0], run[-1]) for run in runs]


def told_apart(models: Sequence[Model], name: str, today: date) -> Callable[[Value], tuple[bool, ...]]:
    """What the comparisons and tables of some models say of a value of a number or date fact."""
    tests = [
        (leaf, model)
        for model in models
        for leaf in model.leaves()
        if leaf.op != "today" and leaf.args[0] == name and any(mine.id == name for mine in model.facts)
    ]
    rows = [row for model in models for table in model.tables if table.by == name for row in table.rows]
    ends = [(leaf.args[1], leaf.args[-1]) for leaf, _ in tests if leaf.op in ("==", "!=", "range", "not range")]
    ends += [(low, high) for low, high, _ in rows]

    def said(value: Value) -> tuple[bool, ...]:
        out = [leaf_true(leaf, value, model.groups(), today, model.dates) for leaf, model in tests]
        if isinstance(value, Decimal):  # a constant between two values stands between two classes
            for low, high in ends:
                out += [value < low, value > high]
        return tuple(out)

    return said


# ---- as a folder of YAML


def written(model: Model, folder: Path, slug: str = "svc") -> Path:
    """Write a model as the country `gen` with one service; returns the country folder."""
    service = folder / "services" / slug
    service.mkdir(parents=True, exist_ok=True)
    (folder / "country.yaml").write_text("\n".join(_country(model)) + "\n", "utf-8")
    head = ["title: T", "authority: office", *([f"since: {model.since}"] if model.since else [])]
    (service / "service.yaml").write_text("\n".join(head) + "\n", "utf-8")
    (service / "consultation.yaml").write_text("\n".join(_consultation(model, service)) + "\n", "utf-8")
    return folder


def _country(model: Model) -> Iterator[str]:
    yield "code: gen\nlanguages: [en]\ncurrency: EUR\ntime_zone: UTC\nchannels: [web]"
    yield "authorities: {office: {name: Office}}"
    if model.dates:
        yield "dates:"
        for name, day in model.dates.items():
            yield f"  {name}: {day or 'null'}"
    if model.lists:
        yield "lists:"
    for name, options in model.lists.items():
        yield f"  {name}:"
        yield f"    options: {{{', '.join(f'{o}: L{o}' for o in options)}}}"
        for group, members in model.list_groups.get(name, {}).items():
            yield f"    groups: {{{group}: [{', '.join(sorted(members))}]}}"


def _consultation(model: Model, folder: Path) -> Iterator[str]:
    yield "facts:"
    for fact in model.facts:
        yield f"  {fact.id}:\n    ask: Q {fact.id}"
        if fact.when:
            yield f"    when: {fact.when.text()}"
        yield from _kind(model, fact)
    if model.terms:
        yield "terms:"
    for name, condition in model.terms.items():
        yield f"  {name}: {condition.text()}"
    if model.amounts:
        yield "amounts:"
    for name, (currency, rows) in model.amounts.items():
        shown = ", ".join(f"{day}: {'unknown' if value is None else value}" for day, value in rows)
        yield f"  {name}: {{currency: {currency}, {shown}}}"
    yield from _tables(model, folder)
    yield "items:"
    for item in model.items:
        yield from _item(item)
    yield from _promises(model)


def _tables(model: Model, folder: Path) -> Iterator[str]:
    if model.tables:
        yield "derive:"
    for table in model.tables:
        there = {(f"{low}..{high}" if low != high else _word(low)): cell for low, high, cell in table.rows}
        if table.csv:
            (folder / f"{table.name}.csv").write_text(
                "".join(f"{key},{cell}\n" for key, cell in {table.by: "cell", **there}.items()), "utf-8"
            )
            yield f"  {table.name}: {{by: {table.by}, table: {table.name}.csv, column: cell}}"
        else:
            yield f"  {table.name}: {{by: {table.by}, table: {{{', '.join(f'{k}: {v}' for k, v in there.items())}}}}}"


def _promises(model: Model) -> Iterator[str]:
    if model.promises:
        yield "promise:"
        kinds = [promise for promise in model.promises if promise.kind]
        if kinds:
            yield "  exactly_one:"
        for promise in kinds:
            yield f"    {promise.kind}: {promise.condition.text() if promise.condition else 'always'}"
        groups = [promise.members for promise in model.promises if not promise.kind]
        if groups:
            yield f"  one_of: [{', '.join('[' + ', '.join(group) + ']' for group in groups)}]"


def _word(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _kind(model: Model, fact: MFact) -> Iterator[str]:
    labels = f"{{{', '.join(f'{o}: L{o}' for o in fact.options)}}}"
    match fact.kind:
        case "yes_no":
            yield "    yes_no: true"
        case "number":
            yield f"    number: {{from: {fact.low}, to: {fact.high}, step: {fact.step}}}"
        case "date":
            yield f"    date: {{from: {fact.first}, to: {fact.last}}}"
        case "list" if fact.shared:
            there = model.lists[fact.shared]
            yield f"    list: {fact.shared}"
            if gone := [o for o in there if o not in fact.options]:
                yield f"    except: [{', '.join(gone)}]"
            if more := [o for o in fact.options if o not in there]:
                yield f"    plus: {{{', '.join(f'{o}: L{o}' for o in more)}}}"
        case "list" if fact.groups:
            groups = ", ".join(f"{name}: [{', '.join(sorted(members))}]" for name, members in fact.groups.items())
            yield f"    list: {{options: {labels}, groups: {{{groups}}}}}"
        case _ if fact.same_as:
            other = model.fact(fact.same_as).options
            gone = [o for o in other if o not in fact.options]
            excepted = f", except: [{', '.join(gone)}]" if gone else ""
            yield f"    {fact.kind}: {{same_as: {fact.same_as}{excepted}}}"
        case _:
            yield f"    {fact.kind}: {labels}"


def _item(item: MItem) -> Iterator[str]:
    yield f"  - {item.kind}: {item.id}"
    sums = "".join(f" {{amount:{name}}}" for name in item.sums)
    yield f"    text: X {item.id}" + "".join(f" {{answer:{name}}}" for name in item.shows) + sums
    for key, value in (
        ("when", item.when.text() if item.when else None),
        ("amount", item.amount),
        ("from", item.first),
        ("until", item.last),
        ("instead_of", item.instead_of),
        ("in_addition", "true" if item.in_addition else None),
    ):
        if value is not None:
            yield f"    {key}: {value}"


__all__ = [
    "Cond",
    "MFact",
    "MItem",
    "MPromise",
    "MTable",
    "Model",
    "When",
    "classes",
    "leaf_true",
    "replace",
    "told_apart",
    "written",
]
