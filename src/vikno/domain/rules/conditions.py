"""Conditions after type checking: a small tree over facts with declared types, and its direct evaluation.

Every leaf is false for a fact without a value; `not` is classical. So `!=`, `not in` and `not` are true
for somebody who was never asked (design, fixed reading 3).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

Answer = str | bool | int | Decimal | date | frozenset[str]
Number = int | Decimal


@dataclass(frozen=True, slots=True)
class Day:
    """A day that conditions compare with: today, a named date or a written one, moved by `days`."""

    name: str | None = None  # "today" or a named date of the country; None: `fixed`
    fixed: date | None = None
    days: int = 0

    def on(self, today: date, dates: Mapping[str, date | None]) -> date | None:
        """The calendar day meant, or None for a named date without a value yet."""
        base = today if self.name == "today" else self.fixed if self.name is None else dates.get(self.name)
        if base is None:
            return None
        try:
            return base + timedelta(days=self.days)
        except OverflowError:
            return date.max if self.days > 0 else date.min

    def __str__(self) -> str:
        base = self.name or str(self.fixed)
        return f"{base} {'+' if self.days > 0 else '-'} {abs(self.days)} days" if self.days else base


@dataclass(frozen=True, slots=True)
class Always:
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


@dataclass(frozen=True, slots=True)
class IsTrue:
    """A yes_no fact by its bare name."""

    fact: str

    def __str__(self) -> str:
        return self.fact


@dataclass(frozen=True, slots=True)
class IsFalse:
    """`f == false`: asked, and the answer is no."""

    fact: str

    def __str__(self) -> str:
        return f"{self.fact} == false"


@dataclass(frozen=True, slots=True)
class OneOf:
    """The answer (or the derived value) is one of these options. `group` is the name written instead of a list."""

    fact: str
    options: frozenset[str]
    group: str | None = None

    def __str__(self) -> str:
        if self.group:
            return f"{self.fact} in {self.group}"
        if len(self.options) == 1:
            return f"{self.fact} == {next(iter(self.options))}"
        return f"{self.fact} in [{', '.join(sorted(self.options))}]"


@dataclass(frozen=True, slots=True)
class Has:
    """A choose_any answer holds this option."""

    fact: str
    option: str

    def __str__(self) -> str:
        return f"{self.option} in {self.fact}"


@dataclass(frozen=True, slots=True)
class Within:
    """A number lies between these, both ends included; None is open. Written with the sharpest operator."""

    fact: str
    low: Number | None
    high: Number | None
    low_open: bool = False  # `>` rather than `>=`
    high_open: bool = False

    def __str__(self) -> str:
        if self.low is not None and self.high is not None:
            return f"{self.fact} == {self.low}" if self.low == self.high else f"{self.fact} in {self.low}..{self.high}"
        if self.low is not None:
            return f"{self.fact} {'>' if self.low_open else '>='} {self.low}"
        return f"{self.fact} {'<' if self.high_open else '<='} {self.high}"

    def holds(self, value: Number) -> bool:
        if self.low is not None and (value < self.low or (self.low_open and value == self.low)):
            return False
        return not (self.high is not None and (value > self.high or (self.high_open and value == self.high)))


OPS: dict[str, Callable[[date, date], bool]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class DateIs:
    """A date fact compared with a day."""

    fact: str
    op: str
    day: Day

    def __str__(self) -> str:
        return f"{self.fact} {self.op} {self.day}"

    def holds(self, value: date, day: date | None) -> bool:
        """A day that has no value yet lies after every date."""
        if day is None:
            return self.op in ("<", "<=")
        return OPS[self.op](value, day)


@dataclass(frozen=True, slots=True)
class TodayIs:
    """The day of the consultation compared with a named or written day."""

    op: str
    day: Day

    def __str__(self) -> str:
        return f"today {self.op} {self.day}"

    def holds(self, today: date, day: date | None) -> bool:
        if day is None:
            return self.op in ("<", "<=")
        return OPS[self.op](today, day)


@dataclass(frozen=True, slots=True)
class AgeIs:
    """Full years on a day since a date fact, compared with a number."""

    fact: str
    on: Day
    within: Within  # its `fact` is the date fact too

    def __str__(self) -> str:
        return str(self.within).replace(self.fact, f"age_on({self.fact}, {self.on})", 1)

    def holds(self, value: date, day: date | None) -> bool:
        return day is not None and self.within.holds(age_on(value, day))


@dataclass(frozen=True, slots=True)
class Named:
    """A term: a condition with a name, the unit of reuse and of citation."""

    name: str
    inner: Condition

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Not:
    inner: Condition

    def __str__(self) -> str:
        inner = self.inner
        if isinstance(inner, OneOf) and (len(inner.options) > 1 or inner.group):
            return str(inner).replace(" in ", " not in ", 1)
        if isinstance(inner, Has):
            return str(inner).replace(" in ", " not in ", 1)
        if isinstance(inner, (OneOf, DateIs)) and " == " in str(inner):
            return str(inner).replace(" == ", " != ", 1)
        if isinstance(inner, Within) and inner.low is not None and inner.low == inner.high:
            return str(inner).replace(" == ", " != ", 1)
        return f"not {inner}" if isinstance(inner, (IsTrue, Named, Always)) else f"not ({inner})"


@dataclass(frozen=True, slots=True)
class All:
    """All of these hold: `and`."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, (Some, All)) else str(part) for part in self.parts)


@dataclass(frozen=True, slots=True)
class Some:
    """Any of these holds: `or`."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(f"({part})" if isinstance(part, (Some, All)) else str(part) for part in self.parts)


Leaf = IsTrue | IsFalse | OneOf | Has | Within | DateIs | TodayIs | AgeIs
Condition = Always | Leaf | Named | Not | All | Some
TRUE = Always(True)
FALSE = Always(False)


def age_on(born: date, day: date) -> int:
    """Full years on `day`. Who was born on 29 February turns a year older on 1 March of a common year.

    >>> age_on(date(2012, 2, 29), date(2026, 2, 28)), age_on(date(2012, 2, 29), date(2026, 3, 1))
    (13, 14)
    """
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def latest_birth(age: int, day: date) -> date | None:
    """The last birth date of those who are at least `age` full years old on `day`; None: nobody can be.

    >>> latest_birth(14, date(2026, 3, 1)), latest_birth(1, date(2024, 2, 29))
    (datetime.date(2012, 3, 1), datetime.date(2023, 2, 28))
    """
    year = day.year - age
    if not 1 <= year <= 9999:
        return None
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 2, 28)


def evaluate(
    condition: Condition,
    answers: Mapping[str, Answer],
    today: date,
    dates: Mapping[str, date | None],
    derived: Mapping[str, Answer] | None = None,
) -> bool:
    """Whether the condition holds for these answers. A fact (or derived name) that is absent has no value.

    >>> evaluate(Not(IsTrue("rep")), {}, date(2026, 1, 1), {})
    True
    """

    def value(fact: str) -> Answer | None:
        found = answers.get(fact)
        return found if found is not None or derived is None else derived.get(fact)

    def holds(node: Condition) -> bool:
        match node:
            case Always():
                return node.value
            case Not():
                return not holds(node.inner)
            case All():
                return all(holds(part) for part in node.parts)
            case Some():
                return any(holds(part) for part in node.parts)
            case Named():
                return holds(node.inner)
            case TodayIs():
                return node.holds(today, node.day.on(today, dates))
        return leaf_holds(node, value(node.fact), today, dates)

    return holds(condition)


def leaf_holds(
    leaf: IsTrue | IsFalse | OneOf | Has | Within | DateIs | AgeIs,
    answer: Answer | None,
    today: date,
    dates: Mapping[str, date | None],
) -> bool:
    """Whether a leaf holds for this answer of its fact; without a value never."""
    if answer is None:
        return False
    match leaf:
        case IsTrue():
            return answer is True
        case IsFalse():
            return answer is False
        case OneOf():
            return answer in leaf.options
        case Has():
            return isinstance(answer, frozenset) and leaf.option in answer
        case Within():
            return isinstance(answer, (int, Decimal)) and leaf.holds(answer)
        case DateIs():
            return isinstance(answer, date) and leaf.holds(answer, leaf.day.on(today, dates))
        case AgeIs():
            return isinstance(answer, date) and leaf.holds(answer, leaf.on.on(today, dates))


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Every leaf, through terms."""
    match condition:
        case Always():
            return
        case Not() | Named():
            yield from leaves(condition.inner)
        case All() | Some():
            for part in condition.parts:
                yield from leaves(part)
        case _:
            yield condition


def facts_of(condition: Condition) -> frozenset[str]:
    """The names of all facts and derived names the condition looks at."""
    return frozenset(leaf.fact for leaf in leaves(condition) if not isinstance(leaf, TodayIs))
