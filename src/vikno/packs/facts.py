"""Facts, tables and conditions of a consultation: read records into the types of the rules floor."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from vikno.domain.catalog import Country
from vikno.domain.rules import syntax
from vikno.domain.rules.conditions import Condition, Day, facts_of
from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.rules.service import Bound, Derived, Fact, Option, Term
from vikno.domain.rules.typed import Names, typed
from vikno.domain.values import Place, Text
from vikno.packs.forms import FACT_KINDS
from vikno.packs.iso3166 import country_texts
from vikno.packs.shapes import Entries, Read
from vikno.packs.source import Report, Scalar
from vikno.packs.words import FolderTexts

RESERVED = frozenset({"and", "or", "not", "in", "true", "false", "today", "age_on", "days", "weeks"})
SAID = ""  # the code of a misfit that was reported where it began
LONGEST_DAY = 100  # characters of “season_ends + 30 days”
STEPS = 10_000_000  # values of a number fact at the most


@dataclass
class Builder:
    """What has been read of one service so far."""

    folder: Path
    shown: str
    country: Country
    texts: FolderTexts
    report: Report
    amounts: Mapping[str, Any] = field(default_factory=dict)
    facts: dict[str, Fact] = field(default_factory=dict)
    terms: dict[str, Term] = field(default_factory=dict)
    derived: dict[str, Derived] = field(default_factory=dict)
    broken: set[str] = field(default_factory=set)  # names with findings of their own: using them is no second finding

    def say(self, code: str, place: Place, message: str) -> None:
        self.report(Finding(code, place, message))

    # conditions

    def condition(self, scalar: Scalar, hidden: Mapping[str, tuple[str, str]] | None = None) -> Condition | None:
        """A condition read and type-checked; None when it has a finding."""
        good = True

        def report(code: str, message: str, at: int) -> None:
            nonlocal good
            good = False
            if code != SAID:
                self.say(code, scalar.place_of(at), message)

        try:
            tree = syntax.parse(scalar.raw)
        except syntax.ConditionBroken as broken:
            report(broken.code, broken.message, broken.at)
            return None
        hidden = dict.fromkeys(self.broken, (SAID, "")) | dict(hidden or {})
        names = Names(
            {name: fact for name, fact in self.facts.items() if name not in hidden},
            {name: term for name, term in self.terms.items() if name not in hidden},
            {name: table for name, table in self.derived.items() if name not in hidden},
            self.country.dates,
            {name: members for shared in self.country.lists.values() for name, members in shared.groups.items()},
            hidden,
        )
        out = typed(tree, names, report)
        return out if good else None

    # facts

    def read_facts(self, entries: Entries) -> None:
        """All facts, in order; then their conditions, which look upwards only."""
        for name, record in entries:
            self.unique(name)
            fact = self._fact(name, record)
            if fact:
                self.facts[fact.id] = fact
            else:
                self.broken.add(name.text)

    def unique(self, name: Scalar) -> None:
        if name.text in RESERVED:
            self.say("id_bad", name.place, f"“{name.text}” is a word of the condition language")
        if name.text in self.facts or name.text in self.terms or name.text in self.derived:
            self.say("id_twice", name.place, f"“{name.text}” is already a fact, term or derived name of this service")

    def read_whens(self, entries: Entries) -> None:
        from dataclasses import replace

        order = list(self.facts)
        for name, record in entries:
            scalar = record.get("when")
            fact = self.facts.get(name.text)
            if fact is None or scalar is None:
                continue
            above = set(order[: order.index(name.text)])
            hidden = {
                other: ("when_below", f"“{other}” is asked later: a `when` looks at the facts above it only")
                for other in order
                if other not in above
            }
            hidden[name.text] = ("when_below", f"“{name.text}” cannot depend on its own answer")
            for term in self.terms.values():
                if self._bases(facts_of(term.condition)) - above:
                    hidden[term.name] = ("when_below", f"the term “{term.name}” looks at facts that are asked later")
            for table in self.derived.values():
                if self._bases(frozenset([table.name])) - above:
                    hidden[table.name] = ("when_below", f"“{table.name}” is derived from a fact that is asked later")
            self.facts[name.text] = replace(fact, when=self.condition(scalar, hidden), when_place=scalar.place)

    def _bases(self, names: frozenset[str]) -> set[str]:
        out = set()
        for name in names:
            base = name
            while base in self.derived:
                base = self.derived[base].by
            out.add(base)
        return out

    def _fact(self, name: Scalar, record: Read) -> Fact | None:
        ask = record.get("ask")
        prefix = f"fact.{name.text}"
        hint = record.get("hint")
        base: dict[str, Any] = {
            "id": name.text,
            "ask": self.texts.text(f"{prefix}.ask", ask, known=self.known_in_question)
            if ask
            else Text(f"{prefix}.ask", name.text),
            "hint": self.texts.text(f"{prefix}.hint", hint, known=self.known_in_question) if hint else None,
            "place": name.place,
        }
        kinds = [kind for kind in FACT_KINDS if kind in record.nodes]
        if len(kinds) != 1:
            said = "one of " + ", ".join(FACT_KINDS) if not kinds else f"only one of {', '.join(kinds)}"
            self.say("key_missing" if not kinds else "key_unknown", name.place, f"“{name.text}” needs {said}")
            return None
        kind = kinds[0]
        if kind not in record:
            return None
        base["kind"] = kind
        for extra in ("except", "plus"):
            if extra in record.nodes and kind not in ("list", "country"):
                self.say("key_unknown", record.at(extra), f"“{extra}” goes with a list or a country")
        match kind:
            case "yes_no":
                if record.get("yes_no") is not True:
                    self.say("value_wrong", record.at("yes_no"), "write “yes_no: true”")
            case "number":
                self._number(record, base)
            case "date":
                base["dates"] = self._dates(record.get("date"))
            case _:
                if not self._options(name, kind, record, base):
                    return None
        return Fact(**base)

    def known_in_question(self, what: str, name: str) -> str | None:
        """A question may name amounts only."""
        if what == "answer":
            return "a question cannot show an answer: {answer:…} stands in items"
        return self.known_amount(name)

    def known_amount(self, name: str) -> str | None:
        return None if name in self.amounts else f"there is no amount “{name}”{did_you_mean(name, self.amounts)}"

    def _number(self, record: Read, base: dict[str, Any]) -> None:
        read = record.get("number")
        low, high = read.get("from", Decimal(0)), read.get("to", Decimal(0))
        step = read.get("step", Decimal(1))
        unit = read.get("unit")
        if step <= 0:
            self.say("value_wrong", read.at("step"), "the step must be above 0")
            step = Decimal(1)
        if low > high:
            self.say("value_wrong", read.at("to"), f"the range {low}..{high} is empty")
            high = low
        if (high - low) / step > STEPS:
            self.say("value_wrong", read.at("to"), f"there are more than {STEPS} values: use a larger step")
            high = low
        base.update(low=low, high=high, step=step, unit=unit.text if unit else None)

    def _dates(self, read: Read) -> Bound | None:
        low, high = (self._day(read.get(edge)) for edge in ("from", "to"))
        return Bound(low, high) if low or high else None

    def _day(self, scalar: Scalar | None) -> Day | None:
        if scalar is None:
            return None
        found = len(scalar.text) <= LONGEST_DAY and re.fullmatch(
            r"\s*(\d{4}-\d{2}-\d{2}|[a-z0-9_]+)\s*(?:([+-])\s*(\d{1,5})\s*(days?|weeks?))?\s*", scalar.text
        )
        if not found:
            self.say(
                "value_wrong",
                scalar.place,
                "a day is expected here: today, a named date or 2026-01-31, and “+ 30 days”",
            )
            return None
        days = int(found[3] or 0) * (7 if (found[4] or "").startswith("week") else 1) * (-1 if found[2] == "-" else 1)
        if found[1][:4].isdigit() and "-" in found[1]:
            try:
                return Day(None, date.fromisoformat(found[1]), days)
            except ValueError:
                self.say("value_wrong", scalar.place, f"“{found[1]}” is not a day of the calendar")
                return None
        if found[1] != "today" and found[1] not in self.country.dates:
            known = [*self.country.dates, "today"]
            self.say(
                "name_unknown", scalar.place, f"there is no named date “{found[1]}”{did_you_mean(found[1], known)}"
            )
            return None
        return Day(found[1], None, days)

    # options

    def _options(self, name: Scalar, kind: str, record: Read, base: dict[str, Any]) -> bool:
        """The options of a fact and their groups; False, with a finding, where none are known."""
        value, prefix = record.get(kind), f"fact.{name.text}.option"
        excepted: list[Scalar] = list(record.get("except", []))
        plus: list[tuple[Scalar, Scalar]] = list(record.get("plus", []))
        if isinstance(value, Read):
            excepted += value.get("except", [])
            plus += value.get("plus", [])
        found = self._written(kind, value, prefix)
        if found is None:
            return False
        options, groups = found
        for option in excepted:
            if option.text not in options:
                self.say(
                    "option_unknown",
                    option.place,
                    f"“{option.text}” is not an option here{did_you_mean(option.text, options)}",
                )
            options.pop(option.text, None)
        for option, label in plus:
            if option.text in options:
                self.say("id_twice", option.place, f"“{option.text}” is already an option here")
            options[option.text] = self.texts.text(f"{prefix}.{option.text}", label, known=_nothing)
        if not options:
            self.say("value_wrong", record.at(kind), f"no option of “{name.text}” is left")
        base["options"] = tuple(Option(option, label) for option, label in options.items())
        base["groups"] = groups
        return bool(options)

    def _written(
        self, kind: str, value: Any, prefix: str
    ) -> tuple[dict[str, Text], Mapping[str, frozenset[str]]] | None:
        """Options and groups before any is left out or added: of a fact, of ISO, of the country or written here."""
        if isinstance(value, Read) and "same_as" in value:
            return self._borrowed(value.get("same_as"))
        if kind == "country":
            options = country_texts([self.texts.language, *(other.language for other in self.texts.translations)])
            return options, self._groups(value.get("groups", []), options)
        if isinstance(value, Scalar):
            return self._shared(value)
        written = value.get("options", []) if isinstance(value, Read) else value
        options = {
            option.text: self.texts.text(f"{prefix}.{option.text}", label, known=_nothing) for option, label in written
        }
        return options, self._groups(value.get("groups", []), options) if isinstance(value, Read) else {}

    def _borrowed(self, same_as: Scalar) -> tuple[dict[str, Text], Mapping[str, frozenset[str]]] | None:
        other = self.facts.get(same_as.text)
        if same_as.text in self.broken:
            return None
        if other is None or not other.options:
            known = [fact.id for fact in self.facts.values() if fact.options]
            self.say(
                "name_unknown",
                same_as.place,
                f"there is no fact with options “{same_as.text}” above{did_you_mean(same_as.text, known)}",
            )
            return None
        return {option.id: option.label for option in other.options}, other.groups

    def _shared(self, name: Scalar) -> tuple[dict[str, Text], Mapping[str, frozenset[str]]] | None:
        country = self.country
        shared = country.lists.get(name.text)
        if shared is None:
            hint = did_you_mean(name.text, country.lists)
            self.say("list_unknown", name.place, f"there is no shared list “{name.text}”{hint}")
            return None
        options = {
            option: self.texts.completed(label, country.language, country.languages)
            for option, label in shared.options.items()
        }
        return options, shared.groups

    def _groups(self, entries: Entries, options: Mapping[str, Text]) -> dict[str, frozenset[str]]:
        out = {}
        for name, members in entries:
            for member in members:
                if member.text not in options:
                    self.say(
                        "option_unknown",
                        member.place,
                        f"“{member.text}” is not an option here{did_you_mean(member.text, options)}",
                    )
            out[name.text] = frozenset(member.text for member in members) & frozenset(options)
        return out

    # terms and tables

    def read_terms(self, entries: Entries) -> None:
        """Terms in order; each may use those above it."""
        names = [name.text for name, _ in entries]
        for at, (name, scalar) in enumerate(entries):
            self.unique(name)
            hidden = {
                other: ("cycle", f"“{other}” is defined below: a term uses terms above it")
                for other in names[at + 1 :]
                if other not in self.facts
            }
            hidden[name.text] = ("cycle", f"“{name.text}” refers to itself")
            condition = self.condition(scalar, {**hidden})
            if condition is not None:
                self.terms[name.text] = Term(name.text, condition, scalar.place)
            else:
                self.broken.add(name.text)


def _nothing(what: str, name: str) -> str | None:
    return f"a label cannot hold a placeholder ({{{what}:{name}}})"
