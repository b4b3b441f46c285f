"""A service as data: facts, terms, amounts, tables, items, promises, and the texts people read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from vikno.domain.catalog import LegalResource
from vikno.domain.rules.conditions import Answer, Condition, Day
from vikno.domain.values import Place, Text

ENDINGS = ("stop", "done", "human")
KINDS = (*ENDINGS, "bring", "fee", "benefit", "term", "place", "validity", "deadline", "note")
"""Item kinds in the order in which an outcome shows them."""
FORMS = ("original", "copy", "original_and_copy", "shown_on_screen")
CONFIDENCES = ("A", "B", "C", "D")


@dataclass(frozen=True, slots=True)
class Option:
    id: str
    label: Text


@dataclass(frozen=True, slots=True)
class Bound:
    """The first or last day a date fact accepts, both included."""

    low: Day | None
    high: Day | None


@dataclass(frozen=True)
class Fact:
    """A question and the type of its answer. Numbers: from `low` to `high` by `step`, in `unit`."""

    id: str
    kind: str  # choose choose_any yes_no number date country list
    ask: Text
    hint: Text | None = None
    options: tuple[Option, ...] = ()
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    step: Decimal = Decimal(1)
    unit: str | None = None
    dates: Bound | None = None
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    when: Condition | None = None
    when_place: Place = Place()
    place: Place = Place()

    @cached_property
    def option_ids(self) -> tuple[str, ...]:
        return tuple(option.id for option in self.options)

    def label(self, option: str, language: str) -> str:
        """The option's words; the id itself if there is no such option."""
        known = self._labels.get(option)
        return known.text(language) if known else option

    @cached_property
    def _labels(self) -> Mapping[str, Text]:
        return {option.id: option.label for option in self.options}


@dataclass(frozen=True, slots=True)
class Amount:
    """Money over time: rows in order of their first day; None is “unknown from this day”."""

    name: str
    currency: str
    rows: tuple[tuple[date, Decimal | None], ...]
    basis: tuple[str, ...] = ()
    place: Place = Place()

    def covers(self, day: date) -> bool:
        return bool(self.rows) and self.rows[0][0] <= day

    def on(self, day: date) -> Decimal | None:
        """The sum on that day; None where the table says unknown (or, before its first row, says nothing)."""
        found: Decimal | None = None
        for start, value in self.rows:
            if start > day:
                break
            found = value
        return found


@dataclass(frozen=True, slots=True)
class Derived:
    """A value read from a table by the value of a fact (or of another derived name)."""

    name: str
    by: str
    values: Mapping[str, str]  # option id (or "true"/"false") -> cell; numbers through `ranges`
    ranges: tuple[tuple[Decimal, Decimal, str], ...] = ()
    numeric: bool = False
    place: Place = Place()

    def of(self, answer: Answer | None) -> Answer | None:
        """The cell for this answer; None where there is no answer or no row."""
        cell: str | None = None
        if isinstance(answer, bool):
            cell = self.values.get("true" if answer else "false")
        elif isinstance(answer, (int, Decimal)):
            cell = next((value for low, high, value in self.ranges if low <= answer <= high), None)
        elif isinstance(answer, str):
            cell = self.values.get(answer)
        return Decimal(cell) if cell is not None and self.numeric else cell

    @property
    def cells(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*self.values.values(), *(value for _, _, value in self.ranges)]))


@dataclass(frozen=True, slots=True)
class Term:
    name: str
    condition: Condition
    place: Place = Place()


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One line of an outcome. `from_` is the first day it holds, `until` the last. Compared by identity."""

    kind: str
    id: str
    text: Text
    when: Condition | None = None
    basis: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    form: str | None = None
    confidence: str = "C"
    amount: str | Decimal | None = None  # the name of an amount, or a sum in the country's currency
    from_: date | None = None
    until: date | None = None
    instead_of: str | None = None
    in_addition: bool = False
    document: str | None = None
    place: Place = Place()
    when_place: Place = Place()
    period_place: Place = Place()

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id}"

    def holds_on(self, day: date) -> bool:
        return (self.from_ is None or self.from_ <= day) and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class Promise:
    """`exactly_one` of a kind while a condition holds, or exactly one of some terms and items."""

    kind: str | None
    while_: Condition | None
    members: tuple[str, ...] = ()  # term names and kind:id
    place: Place = Place()


@dataclass(frozen=True)
class Service:
    """A public service's consultation, complete. Immutable; texts apart, `version` identifies it."""

    key: str  # "ua/id-card"
    title: Text
    authority: str
    language: str
    languages: tuple[str, ...]
    currency: str
    facts: tuple[Fact, ...]
    items: tuple[Item, ...]
    terms: tuple[Term, ...] = ()
    amounts: Mapping[str, Amount] = field(default_factory=dict)
    derived: tuple[Derived, ...] = ()
    promises: tuple[Promise, ...] = ()
    law: Mapping[str, LegalResource] = field(default_factory=dict)
    sources: Mapping[str, LegalResource] = field(default_factory=dict)
    dates: Mapping[str, date | None] = field(default_factory=dict)
    keywords: Text | None = None
    output: str | None = None
    since: date | None = None
    place: Place = Place()

    @cached_property
    def fact(self) -> Mapping[str, Fact]:
        return {fact.id: fact for fact in self.facts}

    @cached_property
    def floor(self) -> date | None:
        """The first day the rules speak of: `since`, else the earliest first day of an item or a sum."""
        from vikno.domain.rules.days import first_days

        return self.since or min(first_days(self), default=None)

    @cached_property
    def version(self) -> str:
        """SHA-256 of the canonical JSON of the rules with the lists, dates and tables they use, without texts."""
        from vikno.domain.rules.receipt import rules_hash

        return rules_hash(self)

    def amount_on(self, item: Item, day: date) -> tuple[str, Decimal | None] | None:
        """Currency and sum of an item on a day; None for an item without an amount."""
        if item.amount is None:
            return None
        if isinstance(item.amount, Decimal):
            return self.currency, item.amount
        amount = self.amounts.get(item.amount)
        return (amount.currency, amount.on(day)) if amount else None


@dataclass(frozen=True, slots=True)
class Example:
    """A case a clerk can read: answers, a day, and what must come of it."""

    name: str
    given: Mapping[str, Any]
    on: date | None
    then: Mapping[str, Any]
    place: Place = Place()
    places: Mapping[str, Place] = field(default_factory=dict)
