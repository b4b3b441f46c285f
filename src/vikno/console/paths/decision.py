"""The decision table in the words of one language: what the page, the spreadsheet and the JSON are made from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel.numbers import format_decimal, format_percent

from vikno.console.in_words import InWords, Said
from vikno.domain.catalog import LegalResource, PublicOrganisation
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.rules.receipt import money, plain
from vikno.domain.rules.service import KINDS, Amount, Derived, Fact, Promise, Service
from vikno.domain.rules.wording import answer_text, day_text, number_text, sum_text
from vikno.usecases.tabulate_service import FactRow, ItemRow, Outcome, Table

SMALL = 0.0001
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


def in_words(table: Table, authority: PublicOrganisation | None, phrases: Phrases, language: str) -> Decision:
    """The table in a language."""
    return _Writer(table, InWords(table.service, phrases, language, table.day, most=None)).decision(authority)


class _Writer:
    def __init__(self, table: Table, words: InWords) -> None:
        self.table, self.service, self.words = table, table.service, words
        self.language, self.say = words.language, words.say
        self.laws = {one.id: self._law(one) for one in self.service.law.values()}
        self.sources = {one.id: self._law(one) for one in self.service.sources.values()}

    def decision(self, authority: PublicOrganisation | None) -> Decision:
        table, service = self.table, self.service
        lines = [self._line(at, row) for at, row in enumerate(table.items, 1)]
        used = [law for line in lines for law in (*line.laws, *line.sources)]
        used += [law for amount in service.amounts.values() for law in self._cited(amount.basis, self.laws)]
        return Decision(
            table,
            self.words,
            service.title.text(self.language),
            authority.name.text(self.language) if authority else service.authority,
            day_text(table.day, self.language),
            self.say("paths.uncounted") if table.ways is None else self._number(table.ways),
            tuple(self._question(at, row) for at, row in enumerate(table.facts, 1)),
            tuple(Term(term.name, str(term.condition), self.words.condition(term.condition)) for term in service.terms),
            tuple(self._lookup(derived) for derived in service.derived),
            tuple(self._money(amount) for amount in service.amounts.values()),
            tuple(
                (kind, self.say(f"section.{kind}"), found)
                for kind in KINDS
                if (found := tuple(line for line in lines if line.row.item.kind == kind))
            ),
            tuple(self._promise(promise) for promise in service.promises),
            None if table.outcomes is None else tuple(self._result(*pair) for pair in enumerate(table.outcomes, 1)),
            tuple(law for law in self.laws.values() if law in used),
            tuple(law for law in self.sources.values() if law in used),
            day_text(service.since, self.language) if service.since else None,
            self.say("paths.uncounted") if table.outcome_count is None else self._number(table.outcome_count),
        )

    # ---- questions ----

    def _question(self, number: int, row: FactRow) -> Question:
        fact = self.service.fact[row.id]
        label = fact.label
        return Question(
            fact,
            row,
            number,
            self.words.ask(fact),
            self.words.text(fact.hint) if fact.hint else None,
            self._kind(fact),
            tuple((option.id, option.label.text(self.language)) for option in fact.options),
            tuple((name, ", ".join(label(one, self.language) for one in fact.option_ids if one in members))
                  for name, members in sorted(fact.groups.items())),
            self.words.condition(fact.when),
            self._share(row.ways),
        )  # fmt: skip

    def _kind(self, fact: Fact) -> str:
        """What can be answered."""
        if fact.kind == "number":
            low, high = (number_text(_whole(bound), None, self.language) for bound in (fact.low, fact.high))
            unit = number_text(_whole(fact.high), fact.unit, self.language).removeprefix(high).strip()
            step = self.say("paths.step", step=number_text(_whole(fact.step), None, self.language))
            said = self.say("paths.kind.number", low=low, high=high, unit=unit).strip()
            return said if fact.step == 1 else f"{said}, {step}"
        if fact.kind == "date" and fact.dates:
            low_day, high_day = fact.dates.low, fact.dates.high
            parts = [self.say("paths.kind.date")]
            parts += [self.say("cond.date.>=", day=self.words.day_words(low_day))] if low_day else []
            parts += [self.say("cond.date.<=", day=self.words.day_words(high_day))] if high_day else []
            return ", ".join(parts)
        return self.say(f"paths.kind.{fact.kind}")

    def _lookup(self, table: Derived) -> Lookup:
        name, facts = table.by, {derived.name: derived for derived in self.service.derived}
        fact = self.service.fact.get(name)
        rows = [(self._answer(fact, answer), cell) for answer, cell in table.values.items()]
        rows += [
            (number_text(_whole(low), None, self.language) if low == high else f"{_whole(low)}–{_whole(high)}", cell)
            for low, high, cell in table.ranges
        ]
        return Lookup(table.name, self.words.ask(fact) if fact else facts[name].name, tuple(rows))

    def _answer(self, fact: Fact | None, answer: str) -> str:
        if fact is None:
            return answer
        if fact.kind == "yes_no":
            return self.say("yes" if answer == "true" else "no")
        return answer_text(fact, answer, self.language)

    # ---- items ----

    def _line(self, at: int, row: ItemRow) -> Line:
        item = row.item
        text = self.words.text(item.text)
        if item.form:
            text = self.say("with_form", text=text, form=self.say(f"form.{item.form}"))
        remarks = []
        if not item.basis:
            remarks.append(self.say("caution.no_basis"))
        if item.instead_of:
            remarks.append(self.say("paths.instead_of", item=f"{item.kind}:{item.instead_of}"))
        if item.in_addition:
            remarks.append(self.say("paths.in_addition"))
        if not row.holds:
            remarks.append(self.say("paths.not_on_the_day"))
        return Line(
            row,
            text,
            self.words.condition(item.when),
            self._cited(item.basis, self.laws),
            self._cited(item.sources, self.sources),
            self._period(item.from_, item.until),
            self._amount(row.amount),
            tuple(remarks),
            self._share(row.ways),
            f"item-{at}",
        )

    def _period(self, first: date | None, last: date | None) -> str:
        if first is None and last is None:
            return ""
        if last is None:
            return self.say("cond.date.>=", day=day_text(first or date.min, self.language))
        if first is None:
            return self.say("cond.date.<=", day=day_text(last, self.language))
        return f"{day_text(first, self.language)} – {day_text(last, self.language)}"

    def _amount(self, amount: tuple[str, Decimal | None] | None) -> str:
        if amount is None:
            return ""
        return self.say("diff.unknown") if amount[1] is None else sum_text(amount[1], amount[0], self.language)

    def _money(self, amount: Amount) -> Money:
        rows = tuple(
            (day_text(start, self.language), self._amount((amount.currency, value))) for start, value in amount.rows
        )
        return Money(amount.name, rows, self._cited(amount.basis, self.laws))

    def _promise(self, promise: Promise) -> str:
        if promise.kind is None:
            return self.say("paths.promise.one_of", list=", ".join(promise.members))
        name = self.say(f"section.{promise.kind}")
        when = self.words.sentence(self.words.condition(promise.while_)) if promise.while_ else self.say("cond.always")
        return self.say("paths.promise.exactly_one", kind=f"{name} ({promise.kind})", when=when)

    # ---- outcomes ----

    def _result(self, number: int, outcome: Outcome) -> Result:
        if outcome.kind != "checklist":
            total = ""
        elif outcome.total is None:
            total = self.say("diff.unknown")
        else:
            total = " + ".join(sum_text(value, code, self.language) for code, value in outcome.total.items())
        return Result(
            outcome,
            number,
            self.say(f"paths.outcome.{outcome.kind}"),
            tuple(item.key for item in outcome.items),
            total,
            self._share(outcome.ways),
            tuple(tuple(self.words.who(who)) or (self.say("cond.everyone"),) for who in outcome.who),
        )

    # ---- parts ----

    def _share(self, ways: int | None) -> Share:
        if ways is None or not self.table.ways:
            return Share(None, None, self.say("paths.uncounted"), "")
        part = ways / self.table.ways
        count = self.say("paths.of", ways=self._number(ways), all=self._number(self.table.ways))
        if 0 < part < SMALL:
            words = self.say("diff.tiny", share=format_percent(SMALL, "0.##%", locale=self.language))
        elif 1 - SMALL * 10 < part < 1:
            words = self.say("paths.nearly", share=format_percent(1 - SMALL * 10, "0.##%", locale=self.language))
        else:
            words = str(format_percent(part, "0.##%" if part < 0.1 else "0.#%", locale=self.language))
        return Share(ways, part, words, count)

    def _number(self, number: int) -> str:
        return str(format_decimal(number, locale=self.language))

    def _law(self, one: LegalResource) -> Law:
        read = self.say("consult.read", day=day_text(one.read, self.language)) if one.read else None
        return Law(one.id, one.title.text(self.language), one.url, read, one.read)

    def _cited(self, ids: Iterable[str], known: Mapping[str, Law]) -> tuple[Law, ...]:
        return tuple(known[one] for one in ids if one in known)


def _whole(number: Decimal) -> int | Decimal:
    return int(number) if number == number.to_integral_value() else number


def as_json(decision: Decision) -> dict[str, Any]:
    """The same table for other programs."""
    service, table, sentence = decision.service, decision.table, decision.words.sentence
    return {
        "service": service.key,
        "title": decision.title,
        "authority": decision.authority,
        "version": service.version,
        "date": table.day.isoformat(),
        "lang": decision.words.language,
        "ways": table.ways,
        "facts": [
            {
                "id": one.fact.id,
                "kind": one.fact.kind,
                "ask": one.ask,
                "hint": one.hint,
                "answers": one.kind,
                "options": [{"id": id_, "label": label} for id_, label in one.options],
                "groups": {name: sorted(members) for name, members in one.fact.groups.items()},
                "when": str(one.fact.when) if one.fact.when else None,
                "when_words": sentence(one.when),
                "needs": list(one.row.needs),
                "after": list(one.row.after),
                "ways": one.share.ways,
                "share": one.share.part,
            }
            for one in decision.questions
        ],
        "terms": [{"name": one.name, "when": one.written, "when_words": sentence(one.when)} for one in decision.terms],
        "tables": [
            {"name": one.name, "by": one.by, "rows": [{"answer": answer, "value": cell} for answer, cell in one.rows]}
            for one in decision.lookups
        ],
        "amounts": [
            {
                "name": one.name,
                "currency": one.currency,
                "rows": [{"from": start.isoformat(), "sum": money(value)} for start, value in one.rows],
                "basis": list(one.basis),
            }
            for one in service.amounts.values()
        ],
        "items": [_line_json(line, sentence(line.when)) for line in decision.lines],
        "promises": list(decision.promises),
        "outcome_count": table.outcome_count,
        "outcomes": None if decision.results is None else [_result_json(one) for one in decision.results],
        "law": _laws_json(decision.laws),
        "sources": _laws_json(decision.sources),
    }


def _line_json(line: Line, words: str) -> dict[str, Any]:
    item, amount = line.row.item, line.row.amount
    return {
        "kind": item.kind,
        "id": item.id,
        "text": line.text,
        "form": item.form,
        "when": str(item.when) if item.when else None,
        "when_words": words,
        "basis": list(item.basis),
        "sources": list(item.sources),
        "confidence": item.confidence,
        "from": item.from_.isoformat() if item.from_ else None,
        "until": item.until.isoformat() if item.until else None,
        "holds": line.row.holds,
        "amount": {amount[0]: money(amount[1])} if amount and amount[1] is not None else None,
        "instead_of": item.instead_of,
        "in_addition": item.in_addition,
        "ways": line.share.ways,
        "share": line.share.part,
        "examples": list(line.row.examples),
    }


def _result_json(one: Result) -> dict[str, Any]:
    total = one.outcome.total
    return {
        "kind": one.outcome.kind,
        "items": list(one.items),
        "total": None if total is None else {currency: money(value) for currency, value in total.items()},
        "ways": one.outcome.ways,
        "share": one.share.part,
        "who": [{name: list(values) for name, values in who.items()} for who in one.outcome.who],
        "who_words": [list(lines) for lines in one.who],
    }


def _laws_json(laws: Sequence[Law]) -> list[dict[str, Any]]:
    return [
        {"id": one.id, "title": one.title, "url": one.url, "read": plain(one.read_on) if one.read_on else None}
        for one in laws
    ]
