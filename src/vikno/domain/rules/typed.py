"""The type checker: a parsed condition and the names there are -> a typed condition, or findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from vikno.domain.rules import syntax
from vikno.domain.rules.conditions import (
    FALSE,
    TRUE,
    AgeIs,
    All,
    Condition,
    DateIs,
    Day,
    Has,
    IsFalse,
    IsTrue,
    Named,
    Not,
    Number,
    OneOf,
    Some,
    TodayIs,
    Within,
)
from vikno.domain.rules.findings import did_you_mean
from vikno.domain.rules.service import Derived, Fact, Term

FLIPPED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}
LONGEST_NUMBER = 28
OPTIONED = ("choose", "country", "list")


class TypeWrong(Exception):
    """A word of the condition does not fit. Internal: it becomes a finding with its place."""

    def __init__(self, code: str, message: str, at: int) -> None:
        super().__init__(message)
        self.code, self.message, self.at = code, message, at


@dataclass
class Names:
    """What a condition may name. `hidden` holds names that exist but may not be used here, with the reason."""

    facts: Mapping[str, Fact]
    terms: Mapping[str, Term] = field(default_factory=dict)
    derived: Mapping[str, Derived] = field(default_factory=dict)
    dates: Mapping[str, date | None] = field(default_factory=dict)
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)  # of the country's shared lists
    hidden: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # name -> (code, reason)

    def all(self) -> list[str]:
        return [*self.facts, *self.terms, *self.derived]


Report = Callable[[str, str, int], None]


def typed(tree: Any, names: Names, report: Report) -> Condition | None:
    """Type-check a parsed condition; every misfit is reported (code, message, offset). None if there was any."""
    match tree:
        case syntax.Joined():
            parts = [typed(part, names, report) for part in tree.parts]
            if any(part is None for part in parts):
                return None
            good = tuple(part for part in parts if part is not None)
            return All(good) if tree.op == "and" else Some(good)
        case syntax.Negated():
            inner = typed(tree.inner, names, report)
            return None if inner is None else Not(inner)
    try:
        if isinstance(tree, syntax.Compared):
            return _compared(tree, names)
        return _bare(tree, names)
    except TypeWrong as wrong:
        report(wrong.code, wrong.message, wrong.at)
        return None


def _bare(tree: Any, names: Names) -> Condition:
    if not isinstance(tree, syntax.Word):
        raise TypeWrong("type_wrong", "this is a value, not a condition: compare it with something", tree.at)
    if tree.kind != "name":
        raise TypeWrong("type_wrong", f"“{tree.text}” is a value, not a condition", tree.at)
    if tree.text in ("true", "false"):
        return TRUE if tree.text == "true" else FALSE
    if tree.text in names.terms:
        return Named(tree.text, names.terms[tree.text].condition)
    fact = names.facts.get(tree.text)
    if fact and fact.kind == "yes_no":
        return IsTrue(fact.id)
    if fact or tree.text in names.derived:
        raise TypeWrong("type_wrong", f"“{tree.text}” is not a yes/no question: compare it with a value", tree.at)
    raise _unknown(tree, names)


def _unknown(word: syntax.Word, names: Names) -> TypeWrong:
    if word.text in names.hidden:
        code, reason = names.hidden[word.text]
        return TypeWrong(code, reason, word.at)
    if word.text in names.dates or word.text == "today":
        return TypeWrong("type_wrong", f"“{word.text}” is a day: compare it with a day", word.at)
    known = [*names.all(), *names.dates, "today"]
    return TypeWrong("name_unknown", f"there is no fact or term “{word.text}”{did_you_mean(word.text, known)}", word.at)


def _compared(tree: syntax.Compared, names: Names) -> Condition:
    left, op, right = tree.left, tree.op, tree.right
    if op in ("in", "not in"):
        inside = _inside(left, right, names)
        return Not(inside) if op == "not in" else inside
    if _is_subject(right, names) and not _is_subject(left, names):
        left, right, op = right, left, FLIPPED[op]
    negated = op == "!="
    condition = _single(left, "==" if negated else op, right, names)
    return Not(condition) if negated else condition


def _base(tree: Any) -> Any:
    return tree.base if isinstance(tree, syntax.Shifted) else tree


def _is_subject(tree: Any, names: Names) -> bool:
    """Whether this side is what is asked about: a fact, a derived name, an age; `today` only against other days."""
    base = _base(tree)
    if isinstance(base, syntax.Called):
        return True
    return isinstance(base, syntax.Word) and (base.text in names.facts or base.text in names.derived)


def _single(left: Any, op: str, right: Any, names: Names) -> Condition:
    """`left op right` for `== < <= > >=`."""
    base = _base(left)
    if isinstance(base, syntax.Called):
        return _age(base, op, right, names)
    if not isinstance(base, syntax.Word):
        raise TypeWrong("type_wrong", "on the left of a comparison stands a fact, `today` or `age_on(…)`", base.at)
    if base.text in names.derived:
        return _derived(names.derived[base.text], op, right)
    fact = names.facts.get(base.text)
    if fact is None:
        if base.kind == "date" or base.text == "today" or base.text in names.dates:
            return _today(left, op, right, names)
        raise _unknown(base, names)
    if isinstance(left, syntax.Shifted) and fact.kind != "date":
        raise TypeWrong("type_wrong", f"days can be added to a date only; “{fact.id}” is {_kind(fact)}", left.at)
    match fact.kind:
        case "yes_no":
            return _yes_no(fact, op, right)
        case "choose_any":
            raise TypeWrong("type_wrong", f"“{fact.id}” holds several options: write “option in {fact.id}”", base.at)
        case "number":
            return _bounds(fact.id, op, _number(right))
        case "date":
            shift = left.days if isinstance(left, syntax.Shifted) else 0
            return _date_is(fact, op, right, names, shift)
    _ordered_only(op, fact.id, right.at)
    return OneOf(fact.id, frozenset([_option(fact.id, fact.option_ids, right)]))


def _kind(fact: Fact) -> str:
    return {
        "choose": "a choice",
        "choose_any": "a choice of several",
        "yes_no": "a yes/no question",
        "number": "a number",
        "date": "a date",
        "country": "a country",
        "list": "a choice from a list",
    }[fact.kind]


def _ordered_only(op: str, name: str, at: int) -> None:
    if op != "==":
        raise TypeWrong("type_wrong", f"“{name}” has no order: only ==, !=, in and not in fit", at)


def _option(name: str, options: tuple[str, ...], word: Any) -> str:
    if not isinstance(word, syntax.Word):
        raise TypeWrong("type_wrong", f"an option of “{name}” is expected here", word.at)
    if word.text not in options:
        if word.kind == "date" or (word.kind == "number" and not any(option.isdigit() for option in options)):
            raise TypeWrong(
                "type_wrong", f"“{name}” is a choice, not {'a date' if word.kind == 'date' else 'a number'}", word.at
            )
        raise TypeWrong(
            "option_unknown", f"“{word.text}” is not an option of “{name}”{did_you_mean(word.text, options)}", word.at
        )
    return word.text


def _yes_no(fact: Fact, op: str, right: Any) -> Condition:
    _ordered_only(op, fact.id, right.at)
    if not isinstance(right, syntax.Word) or right.text not in ("true", "false"):
        raise TypeWrong(
            "type_wrong",
            f"“{fact.id}” is a yes/no question: write “{fact.id}”, “{fact.id} == false” or “not {fact.id}”",
            right.at,
        )
    return IsTrue(fact.id) if right.text == "true" else IsFalse(fact.id)


def _number(tree: Any) -> Number:
    if not isinstance(tree, syntax.Word) or tree.kind != "number":
        raise TypeWrong("type_wrong", "a number is expected here", tree.at)
    if len(tree.text) > LONGEST_NUMBER:
        raise TypeWrong("type_wrong", f"the number is longer than {LONGEST_NUMBER} characters", tree.at)
    return Decimal(tree.text) if "." in tree.text else int(tree.text)


def _bounds(name: str, op: str, number: Number) -> Within:
    match op:
        case "==":
            return Within(name, number, number)
        case "<":
            return Within(name, None, number, high_open=True)
        case "<=":
            return Within(name, None, number)
        case ">":
            return Within(name, number, None, low_open=True)
    return Within(name, number, None)


def _derived(derived: Derived, op: str, right: Any) -> Condition:
    if derived.numeric:
        return _bounds(derived.name, op, _number(right))
    _ordered_only(op, derived.name, right.at)
    return OneOf(derived.name, frozenset([_option(derived.name, derived.cells, right)]))


def _day(tree: Any, names: Names) -> Day:
    base, days = _base(tree), tree.days if isinstance(tree, syntax.Shifted) else 0
    if isinstance(base, syntax.Word):
        if base.kind == "date":
            try:
                return Day(None, date.fromisoformat(base.text), days)
            except ValueError:
                raise TypeWrong("type_wrong", f"“{base.text}” is not a day of the calendar", base.at) from None
        if base.text == "today" or base.text in names.dates:
            return Day(base.text, None, days)
        if base.text in names.facts:
            raise TypeWrong("type_wrong", "two facts cannot be compared with each other: compare with a day", base.at)
        if base.kind == "name":
            known = [*names.dates, "today"]
            raise TypeWrong(
                "name_unknown", f"there is no named date “{base.text}”{did_you_mean(base.text, known)}", base.at
            )
    raise TypeWrong("type_wrong", "a day is expected here: today, a named date or 2026-01-31", base.at)


def _date_is(fact: Fact, op: str, right: Any, names: Names, shift: int = 0) -> DateIs:
    day = _day(right, names)
    return DateIs(fact.id, op, Day(day.name, day.fixed, day.days - shift))


def _today(left: Any, op: str, right: Any, names: Names) -> Condition:
    """A comparison of two days, one of which is today."""
    first, second = _day(left, names), _day(right, names)
    if first.name != "today":
        if second.name != "today":
            raise TypeWrong("type_wrong", "one of two days that are compared must be today or a date fact", left.at)
        first, second, op = second, first, FLIPPED[op]
    elif second.name == "today":
        raise TypeWrong("type_wrong", "today is compared with itself", right.at)
    return TodayIs(op, Day(second.name, second.fixed, second.days - first.days))


def _age(call: syntax.Called, op: str, right: Any, names: Names) -> AgeIs:
    fact, on = _age_arguments(call, names)
    return AgeIs(fact, on, _bounds(fact, op, _number(right)))


def _age_arguments(call: syntax.Called, names: Names) -> tuple[str, Day]:
    if call.name != "age_on":
        raise TypeWrong(
            "name_unknown", f"there is no function “{call.name}”{did_you_mean(call.name, ['age_on'])}", call.at
        )
    if len(call.arguments) != 2:
        raise TypeWrong("type_wrong", "age_on takes a date fact and a day: age_on(birth_date, today)", call.at)
    word, day = call.arguments
    fact = names.facts.get(word.text) if isinstance(word, syntax.Word) else None
    if fact is None or fact.kind != "date":
        if isinstance(word, syntax.Word) and fact is None:
            raise _unknown(word, names)
        raise TypeWrong("type_wrong", "the first argument of age_on is a date fact", word.at)
    return fact.id, _day(day, names)


def _inside(left: Any, right: Any, names: Names) -> Condition:
    """`left in right`."""
    if isinstance(right, syntax.Ranged):
        return _in_range(left, right, names)
    base = _base(left)
    if isinstance(right, syntax.Listed):
        if not right.words:
            raise TypeWrong("type_wrong", "the list is empty", right.at)
        return _in_list(left, right, names)
    if not isinstance(right, syntax.Word) or right.kind == "date":
        raise TypeWrong(
            "type_wrong", "after “in” stands a list [a, b], a range 1..5, a group, or a choice of several", right.at
        )
    several = names.facts.get(right.text)
    if several and several.kind == "choose_any":
        return Has(several.id, _option(several.id, several.option_ids, left))
    if several or right.text in names.derived:
        raise TypeWrong(
            "type_wrong",
            f"“{right.text}” is {_kind(several) if several else 'a derived value'}, not a choice of several",
            right.at,
        )
    if not isinstance(base, syntax.Word):
        raise TypeWrong("type_wrong", "a fact is expected before “in”", base.at)
    fact = names.facts.get(base.text)
    if fact is None:
        raise _unknown(right if base.text not in names.all() and right.text not in names.groups else base, names)
    group = fact.groups.get(right.text)
    if group is None and right.text in names.groups and names.groups[right.text] & set(fact.option_ids):
        group = names.groups[right.text]
    if group is None:
        known = [
            *fact.groups,
            *names.groups,
            *(other.id for other in names.facts.values() if other.kind == "choose_any"),
        ]
        raise TypeWrong(
            "list_unknown",
            f"there is no group or choice of several “{right.text}”{did_you_mean(right.text, known)}",
            right.at,
        )
    return OneOf(fact.id, group & frozenset(fact.option_ids), right.text)


def _in_list(left: Any, right: syntax.Listed, names: Names) -> Condition:
    base = _base(left)
    if isinstance(base, syntax.Word):
        derived = names.derived.get(base.text)
        if derived and not derived.numeric:
            return OneOf(derived.name, frozenset(_option(derived.name, derived.cells, word) for word in right.words))
        fact = names.facts.get(base.text)
        if fact and fact.kind in OPTIONED:
            return OneOf(fact.id, frozenset(_option(fact.id, fact.option_ids, word) for word in right.words))
        if fact and fact.kind == "choose_any":
            raise TypeWrong("type_wrong", f"“{fact.id}” holds several options: write “option in {fact.id}”", base.at)
        if fact and fact.kind == "yes_no":
            raise TypeWrong(
                "type_wrong", f"“{fact.id}” is a yes/no question: write “{fact.id}” or “not {fact.id}”", base.at
            )
        if (
            fact is None
            and derived is None
            and base.text != "today"
            and base.text not in names.dates
            and base.kind == "name"
        ):
            raise _unknown(base, names)
    parts = tuple(_single(left, "==", word, names) for word in right.words)
    return parts[0] if len(parts) == 1 else Some(parts)


def _in_range(left: Any, right: syntax.Ranged, names: Names) -> Condition:
    base = _base(left)
    if isinstance(base, syntax.Called):
        fact, on = _age_arguments(base, names)
        return AgeIs(fact, on, _range(fact, right))
    if isinstance(base, syntax.Word):
        fact_or_none = names.facts.get(base.text)
        derived = names.derived.get(base.text)
        if (fact_or_none and fact_or_none.kind == "number") or (derived and derived.numeric):
            return _range(base.text, right)
        if fact_or_none and fact_or_none.kind != "date":
            raise TypeWrong(
                "type_wrong", f"“{base.text}” is {_kind(fact_or_none)}: a range fits numbers and dates", base.at
            )
    return All((_single(left, ">=", right.low, names), _single(left, "<=", right.high, names)))


def _range(name: str, right: syntax.Ranged) -> Within:
    low, high = _number(right.low), _number(right.high)
    if low > high:
        raise TypeWrong("type_wrong", f"the range {low}..{high} is empty", right.at)
    return Within(name, low, high)
