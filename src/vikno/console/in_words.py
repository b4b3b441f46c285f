"""Conditions and answers in words: the question, then what is answered, as a lawyer or a clerk reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.rules.conditions import (
    AgeIs,
    All,
    Always,
    Condition,
    DateIs,
    Day,
    Has,
    IsFalse,
    IsTrue,
    Leaf,
    Named,
    Not,
    OneOf,
    Some,
    TodayIs,
    Within,
)
from vikno.domain.rules.service import Fact, Service
from vikno.domain.rules.space import DATE_CEILING, DATE_FLOOR, day_bounds
from vikno.domain.rules.texts import filled
from vikno.domain.rules.wording import UNKNOWN_SUM, day_text, number_text, text_on
from vikno.domain.values import Text

MOST_LISTED = 12
"""Options that are named one by one; a longer list is cut, and says how many more there are."""
TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!="}
Asked = IsTrue | IsFalse | OneOf | Has | Within | DateIs | AgeIs
BOUNDS = {"<": "less", "<=": "at_most", ">": "more", ">=": "at_least"}


@dataclass(frozen=True, slots=True)
class Said:
    """A condition in words: a line, or several that are `joined` by “all” or by “any”."""

    text: str = ""
    joined: str = ""
    parts: tuple[Said, ...] = ()
    term: str = ""  # the named condition that the line stands for


class InWords:
    """One service in one language, on one day. Of more than `most` options the first ones are named; None: all."""

    def __init__(
        self, service: Service, phrases: Phrases, language: str, day: date, most: int | None = MOST_LISTED
    ) -> None:
        self.service, self.phrases, self.language, self.day, self.most = service, phrases, language, day, most
        self._tables = {table.name: table for table in service.derived}
        self._yes_no = {True: phrases.say("yes"), False: phrases.say("no")}

    def say(self, phrase: str, /, **about: object) -> str:
        return self.phrases.say(phrase, **about)

    def text(self, text: Text) -> str:
        """A text with its sums filled in, and in place of somebody's answer the question it is given to."""

        def fill(what: str, name: str) -> str:
            fact = self.service.fact.get(name) if what == "answer" else None
            if fact is not None:
                return self.say("cond.answer_to", ask=filled(fact.ask.text(self.language), lambda *_: UNKNOWN_SUM))
            return text_on(self.service, Text("", f"{{{what}:{name}}}"), {}, self.day, self.language)

        return filled(text.text(self.language), fill)

    def ask(self, fact: Fact) -> str:
        return self.text(fact.ask)

    # ---- conditions ----

    def condition(self, condition: Condition | None) -> Said:
        """A condition; none is “for everybody”."""
        return Said(self.say("cond.everyone")) if condition is None else self._said(condition, True)

    def sentence(self, said: Said) -> str:
        """The whole condition in one line, with brackets where AND and OR meet."""
        if not said.joined:
            return said.text
        parts = [f"({self.sentence(part)})" if part.joined else self.sentence(part) for part in said.parts]
        return f" {self.say(f'cond.{said.joined}')} ".join(parts)

    def _said(self, condition: Condition, truth: bool) -> Said:
        match condition:
            case Always():
                return Said(self.say("cond.always" if condition.value is truth else "cond.never"))
            case Not():
                return self._said(condition.inner, not truth)
            case Named():
                text = self.say("cond.term" if truth else "cond.not_term", name=condition.name)
                return Said(text, term=condition.name)
            case All() | Some():
                joined = "all" if isinstance(condition, All) is truth else "any"
                parts: list[Said] = []
                for part in condition.parts:
                    said = self._said(part, truth)
                    parts.extend(said.parts if said.joined == joined else (said,))
                return Said(joined=joined, parts=tuple(parts))
        return Said(self._leaf(condition, truth))

    def _leaf(self, leaf: Leaf, truth: bool) -> str:
        if isinstance(leaf, TodayIs):
            return self.say("cond.today", bounds=self._compared(leaf.op if truth else TURNED[leaf.op], leaf.day))
        fact, asked = self._subject(leaf.fact)
        if fact is None:
            return str(leaf)
        said = self.say("cond.leaf", ask=asked, answer=self._answer(fact, leaf, truth))
        if not truth and fact.when is not None:
            return self.say("cond.or_not_asked", said=said)
        return said

    def _answer(self, fact: Fact, leaf: Asked, truth: bool) -> str:
        match leaf:
            case IsTrue() | IsFalse():
                return self._yes_no[isinstance(leaf, IsTrue) is truth]
            case OneOf():
                return self._options(fact, leaf, truth)
            case Has():
                label = self.say("quoted", text=fact.label(leaf.option, self.language))
                return self.say("cond.has" if truth else "cond.has_not", option=label)
            case Within():
                return self._bounds(leaf, truth, fact.unit if leaf.fact == fact.id else None)
            case DateIs():
                return self._compared(leaf.op if truth else TURNED[leaf.op], leaf.day)
            case AgeIs():
                bounds = self._bounds(leaf.within, truth, "years")
                return self.say("cond.age", day=self.day_words(leaf.on), bounds=bounds)

    def _subject(self, name: str) -> tuple[Fact | None, str]:
        """The fact that is asked, and what is looked at: its question, or a value from a table by it."""
        chain = []
        while name in self._tables:
            chain.append(name)
            name = self._tables[name].by
        fact = self.service.fact.get(name)
        if fact is None:
            return None, name
        asked = self.ask(fact)
        for table in reversed(chain):
            asked = self.say("cond.derived", name=table, ask=asked)
        return fact, asked

    def _options(self, fact: Fact, leaf: OneOf, truth: bool) -> str:
        if leaf.fact != fact.id:  # a value from a table, which has no words of its own
            labels = [self.say("quoted", text=cell) for cell in sorted(leaf.options)]
        else:
            labels = [
                self.say("quoted", text=option.label.text(self.language))
                for option in fact.options
                if option.id in leaf.options
            ]
        if leaf.group in fact.groups and len(labels) > MOST_LISTED:
            listed = self.say("cond.group", group=leaf.group, count=len(labels))
        else:
            listed = self.listed(labels)
        return listed if truth else self.say("cond.except", list=listed)

    def listed(self, labels: Sequence[str]) -> str:
        """“A”, “B” or “C”."""
        if self.most is not None and len(labels) > self.most:
            return self.say("and_more", list=", ".join(labels[: self.most]), count=len(labels) - self.most)
        if len(labels) < 2:
            return "".join(labels)
        return self.say("cond.or_last", list=", ".join(labels[:-1]), last=labels[-1])

    def _bounds(self, leaf: Within, truth: bool, unit: str | None) -> str:
        low, high = leaf.low, leaf.high
        if low is not None and high is not None:
            if low == high:
                value = number_text(low, unit, self.language)
                return value if truth else self.say("bounds.is_not", value=value)
            written = {"low": number_text(low, None, self.language), "high": number_text(high, unit, self.language)}
            return self.say("bounds.between" if truth else "bounds.outside", **written)
        if low is not None:
            op, value = ">" if leaf.low_open else ">=", number_text(low, unit, self.language)
        else:
            op, value = "<" if leaf.high_open else "<=", number_text(high or 0, unit, self.language)
        return self.say(f"bounds.{BOUNDS[op if truth else TURNED[op]]}", value=value)

    def _compared(self, op: str, day: Day) -> str:
        return self.say(f"cond.date.{op}", day=self.day_words(day))

    def day_words(self, day: Day) -> str:
        if day.name is None:
            return day_text(day.on(self.day, self.service.dates) or self.day, self.language)
        if day.name == "today":
            base = self.say("cond.the_day")
        else:
            known = self.service.dates.get(day.name)
            value = day_text(known, self.language) if known else self.say("cond.not_yet")
            base = self.say("cond.named_day", name=day.name, value=value)
        if not day.days:
            return base
        return self.say("cond.days_after" if day.days > 0 else "cond.days_before", day=base, count=abs(day.days))

    # ---- answers, as `who` has them ----

    def who(self, who: Mapping[str, Iterable[Any]], facts: Mapping[str, Fact] | None = None) -> list[str]:
        """Each fact whose answers narrow it down, as a line; facts that any answer fits are left out."""
        lines = []
        for name, values in who.items():
            fact = (facts or self.service.fact).get(name)
            if fact is None:
                continue
            said = self.values(fact, tuple(values))
            if said is not None:
                lines.append(self.say("cond.leaf", ask=self.ask(fact), answer=said))
        return lines

    def values(self, fact: Fact, values: Sequence[Any]) -> str | None:
        """Some answers to a fact in words; None where they are all there are."""
        if fact.kind == "choose_any":
            return self._sets(fact, [frozenset(chosen) for chosen in values])
        if fact.kind == "yes_no":
            return None if len(set(values)) == 2 else self._yes_no[bool(values[0])]
        if fact.kind == "number":
            return self._ranges(_joined([_numbers(value) for value in values], fact.step), (fact.low, fact.high), fact)
        if fact.kind == "date":
            days = [tuple(map(date.fromordinal, pair)) for pair in _joined([_days(value) for value in values], 1)]
            low, high = day_bounds(fact, self.day, self.service.dates)
            if days == [(low, high)]:
                return None
            return self.listed([self._day_range(first, last) for first, last in days])
        chosen = {str(value) for value in values}
        if chosen >= set(fact.option_ids):
            return None
        labels = [option.label.text(self.language) for option in fact.options if option.id in chosen]
        missing = [option.label.text(self.language) for option in fact.options if option.id not in chosen]
        if len(missing) < len(labels) and len(labels) > 3:
            return self.say("cond.except", list=self.listed([self.say("quoted", text=label) for label in missing]))
        return self.listed([self.say("quoted", text=label) for label in labels])

    def _ranges(self, found: Sequence[tuple[Any, Any]], whole: tuple[Any, Any], fact: Fact) -> str | None:
        if list(found) == [whole]:
            return None
        said = []
        for low, high in found:
            if low == high:
                said.append(number_text(_plain(low), fact.unit, self.language))
            else:
                last = number_text(_plain(high), fact.unit, self.language)
                said.append(f"{number_text(_plain(low), None, self.language)}–{last}")
        return self.listed(said)

    def _day_range(self, first: date, last: date) -> str:
        if first == last:
            return day_text(first, self.language)
        if first <= DATE_FLOOR:
            return self.say("cond.date.<=", day=day_text(last, self.language))
        if last >= DATE_CEILING:
            return self.say("cond.date.>=", day=day_text(first, self.language))
        return f"{day_text(first, self.language)} – {day_text(last, self.language)}"

    def _sets(self, fact: Fact, sets: Sequence[frozenset[str]]) -> str | None:
        """Sets of options: what all hold and what none holds, where that says it; else each set."""
        every = frozenset.intersection(*sets)
        some = frozenset.union(*sets)
        free = len(some - every)
        if len(set(sets)) == 1 << free:
            never = frozenset(fact.option_ids) - some
            if not every and not never:
                return None
            if not some:
                return self.say("cond.none")
            parts = [self.say("cond.has", option=label) for label in self._quoted(fact, every)]
            parts += [self.say("cond.has_not", option=label) for label in self._quoted(fact, never)]
            return f" {self.say('cond.all')} ".join(parts)
        return self.listed([" + ".join(self._quoted(fact, chosen)) or self.say("cond.none") for chosen in sets])

    def _quoted(self, fact: Fact, options: frozenset[str]) -> list[str]:
        return [
            self.say("quoted", text=option.label.text(self.language)) for option in fact.options if option.id in options
        ]


def _plain(number: Decimal) -> int | Decimal:
    return int(number) if number == number.to_integral_value() else number


def _numbers(label: Any) -> tuple[Decimal, Decimal]:
    low, _, high = str(label).partition("..")
    return Decimal(low), Decimal(high or low)


def _days(label: Any) -> tuple[int, int]:
    low, _, high = str(label).partition("..")
    return date.fromisoformat(low).toordinal(), date.fromisoformat(high or low).toordinal()


def _joined(ranges: Iterable[tuple[Any, Any]], step: Any) -> list[tuple[Any, Any]]:
    """Ranges in order, those that touch as one.

    >>> _joined([(5, 9), (1, 2), (3, 4)], 1)
    [(1, 9)]
    """
    out: list[tuple[Any, Any]] = []
    for low, high in sorted(ranges):
        if out and low <= out[-1][1] + step:
            out[-1] = (out[-1][0], max(high, out[-1][1]))
        else:
            out.append((low, high))
    return out
