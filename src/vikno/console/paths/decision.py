"""The decision table in the words of one language, as data: the page, the spreadsheet and the JSON are made from it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from vikno.console.in_words import InWords, Said
from vikno.domain.rules.service import Fact, Service
from vikno.usecases.tabulate_service import FactRow, ItemRow, Outcome, Table

MOST_OPTIONS = 20
PARTS = (
    *("questions", "graph", "terms", "lookups", "amounts", "items", "promises", "outcomes"),
    *("laws", "sources", "sign"),
)
"""Of the page, in order."""


@dataclass(frozen=True, slots=True)
class Law:
    """A legal act or a page. `read`: the day it was last read, in words."""

    id: str
    title: str
    url: str | None
    read: str | None
    read_on: date | None

    @property
    def link(self) -> str | None:
        """The address, if it is one that a browser opens."""
        return self.url if self.url and self.url.startswith(("https://", "http://")) else None


@dataclass(frozen=True, slots=True)
class Question:
    fact: Fact
    row: FactRow
    number: int
    ask: str
    hint: str | None
    kind: str
    options: tuple[tuple[str, str], ...]  # id, label
    groups: tuple[tuple[str, str], ...]  # name, labels
    when: Said
    share: Share

    @property
    def long(self) -> bool:
        """Whether its options stand apart, below the table."""
        return len(self.options) > MOST_OPTIONS


@dataclass(frozen=True, slots=True)
class Term:
    name: str
    written: str
    when: Said


@dataclass(frozen=True, slots=True)
class Lookup:
    """A value by the answer to a question: the table it is read from."""

    name: str
    by: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Money:
    """An amount over time: (from, sum) in words."""

    name: str
    rows: tuple[tuple[str, str], ...]
    laws: tuple[Law, ...]


@dataclass(frozen=True, slots=True)
class Share:
    """How many: in words, and as a number; None where it was not counted."""

    ways: int | None
    part: float | None
    words: str
    count: str


@dataclass(frozen=True, slots=True)
class Line:
    """An item in words."""

    row: ItemRow
    text: str
    when: Said
    laws: tuple[Law, ...]
    sources: tuple[Law, ...]
    period: str
    amount: str
    remarks: tuple[str, ...]
    share: Share
    anchor: str

    @property
    def key(self) -> str:
        return self.row.item.key


@dataclass(frozen=True, slots=True)
class Result:
    """An outcome in words; `who` are boxes of people, each a list of answers that narrow them down."""

    outcome: Outcome
    number: int
    kind: str
    items: tuple[str, ...]  # keys
    total: str
    share: Share
    who: tuple[tuple[str, ...], ...]
    laws: tuple[Law, ...]  # of its items, each once
    sources: tuple[Law, ...]


@dataclass(frozen=True)
class Decision:
    """The whole table."""

    table: Table
    words: InWords
    title: str
    authority: str
    dated: str
    ways: str
    questions: tuple[Question, ...]
    terms: tuple[Term, ...]
    lookups: tuple[Lookup, ...]
    amounts: tuple[Money, ...]
    kinds: tuple[tuple[str, str, tuple[Line, ...]], ...]  # kind, its name, items
    promises: tuple[str, ...]
    results: tuple[Result, ...] | None
    laws: tuple[Law, ...]
    sources: tuple[Law, ...]

    since: str | None
    outcome_count: str

    @property
    def service(self) -> Service:
        return self.table.service

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that the table has, in order."""
        there: dict[str, object] = dict.fromkeys(PARTS, True)
        there.update(terms=self.terms, lookups=self.lookups, amounts=self.amounts, promises=self.promises)
        there.update(laws=self.laws, sources=self.sources)
        return tuple(name for name, found in there.items() if found)

    @property
    def confidences(self) -> tuple[str, ...]:
        """The letters that occur."""
        return tuple(sorted({line.row.item.confidence for line in self.lines}))

    def anchor(self, key: str) -> str:
        """Where the line of an item stands in the page; of several entries of one item the first that holds."""
        found = [line for line in self.lines if line.key == key]
        return next((line for line in found if line.row.holds), found[0]).anchor

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for _, _, lines in self.kinds for line in lines)
