"""A decision table put into the words of one language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from babel.numbers import format_decimal, format_percent

from vikno.console.in_words import InWords
from vikno.console.paths.decision import Decision, Law, Line, Lookup, Money, Question, Result, Share, Term
from vikno.domain.catalog import LegalResource, PublicOrganisation
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.rules.service import KINDS, Amount, Derived, Fact, Promise
from vikno.domain.rules.wording import answer_text, day_text, number_text, sum_text
from vikno.usecases.tabulate_service import FactRow, ItemRow, Outcome, Table

SMALL = 0.0001
"""A smaller share is said to be smaller than this."""


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
            self._cited(dict.fromkeys(law for item in outcome.items for law in item.basis), self.laws),
            self._cited(dict.fromkeys(page for item in outcome.items for page in item.sources), self.sources),
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
