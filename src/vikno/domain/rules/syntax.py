"""The condition language as it is written: grammar, parser, and a tree in which every word knows its place.

A closed language: comparisons, `and or not`, ranges, membership, dates with `+ 30 days`, `age_on(fact, date)`.
In meaning a strict subset of CEL; `docs/reference/conditions.md` lists all of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

MAX_CONDITION = 10_000  # characters; a longer one is no longer read by a lawyer either

GRAMMAR = r"""
start: cond
cond: unit (CONNECT unit)*
?unit: NOT unit -> negation
     | comparison
comparison: operand (OP operand)*
operand: sum [".." sum]
sum: atom (SIGN NUMBER NAME)*
?atom: value | list | call | group
?value: NAME | NUMBER | DATE
group: "(" cond ")"
list: "[" [value ("," value)* [","]] "]"
call: NAME "(" [operand ("," operand)*] ")"

CONNECT.4: /(and|or)\b/
OP.4: /==|!=|<=|>=|<|>|not\s+in\b|in\b/
NOT.3: /not\b/
DATE.3: /\d{4}-\d{2}-\d{2}/
NUMBER.2: /\d+(\.\d+)?(?![A-Za-z_0-9])/
SIGN: /[+-]/
NAME.1: /[A-Za-z0-9_]+/
WS: /[ \t\f\r\n]+/
%ignore WS
"""


class ConditionBroken(Exception):
    """The condition cannot be read. Internal: it becomes a finding with its place."""

    def __init__(self, code: str, message: str, at: int) -> None:
        super().__init__(message)
        self.code, self.message, self.at = code, message, at


@dataclass(frozen=True, slots=True)
class Word:
    """A name, number or date as written; `at` is its offset in the condition."""

    text: str
    kind: str  # name | number | date
    at: int


@dataclass(frozen=True, slots=True)
class Shifted:
    """`base + 30 days`; days may be negative."""

    base: Any
    days: int
    at: int


@dataclass(frozen=True, slots=True)
class Listed:
    words: tuple[Word, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Ranged:
    low: Any
    high: Any
    at: int


@dataclass(frozen=True, slots=True)
class Called:
    name: str
    arguments: tuple[Any, ...]
    at: int


@dataclass(frozen=True, slots=True)
class Compared:
    left: Any
    op: str
    right: Any
    at: int


@dataclass(frozen=True, slots=True)
class Negated:
    inner: Any
    at: int


@dataclass(frozen=True, slots=True)
class Joined:
    op: str  # and | or
    parts: tuple[Any, ...]
    at: int


@cache
def _parser() -> Lark:
    return Lark(GRAMMAR, parser="lalr", propagate_positions=True)


def parse(text: str) -> Any:
    """Read a condition.

    Raises:
        ConditionBroken: with a code of `findings.CODES`, a message and the offset of the word.

    >>> parse("age in 18..59").op
    'in'
    """
    if len(text) > MAX_CONDITION:
        raise ConditionBroken("condition_broken", f"the condition is longer than {MAX_CONDITION} characters", 0)
    try:
        return _build(_parser().parse(text).children[0])
    except UnexpectedCharacters as error:
        at = _offset(error)
        raise ConditionBroken("condition_broken", _odd_character(text, at), at) from None
    except UnexpectedToken as error:
        raise _unexpected(text, error) from None
    except UnexpectedInput as error:  # the end of the text, in lark's other form
        at = _offset(error)
        raise ConditionBroken("condition_broken", "the condition ends too early", at) from None
    except RecursionError:
        raise ConditionBroken("condition_broken", "the condition is nested too deeply", 0) from None


def _offset(error: UnexpectedInput) -> int:
    return max(0, int(getattr(error, "pos_in_stream", 0) or 0))


def _odd_character(text: str, at: int) -> str:
    char = text[at]
    if char in "'\"":
        return "options are written without quotation marks"
    if char == "=":
        return "“=” is written “==”"
    if char in "&|":
        return "“&&” and “||” are written “and” and “or”"
    if char == "!":
        return "“!” is written “not”"
    return f"“{char}” has no place in a condition"


def _unexpected(text: str, error: UnexpectedToken) -> ConditionBroken:
    token = error.token
    if token.type == "$END":
        return ConditionBroken("condition_broken", "the condition ends too early", len(text.rstrip()))
    at: int = token.start_pos
    if token.type == "SIGN":
        return ConditionBroken(
            "condition_broken", "only “+ 30 days” and “- 30 days” can be added, and only to a date", at
        )
    return ConditionBroken("condition_broken", f"“{token}” is not expected here", at)


def _build(node: Tree[Token] | Token) -> Any:
    if isinstance(node, Token):
        kind = {"NAME": "name", "NUMBER": "number", "DATE": "date"}[node.type]
        return Word(str(node), kind, node.start_pos or 0)
    at = node.meta.start_pos if not node.meta.empty else 0
    parts: list[Any] = [*filter(None, node.children)]  # an optional part that is absent is None
    match node.data:
        case "cond":
            return _joined(parts, at)
        case "negation":
            inner = _build(parts[1])
            if isinstance(inner, Compared) and inner.op in ("in", "not in") and _is_bare(parts[1]):
                raise ConditionBroken("condition_broken", "“not x in y” is written “x not in y”", parts[0].start_pos)
            return Negated(inner, at)
        case "comparison":
            return _compared(parts, at)
        case "operand":
            built = [_build(part) for part in parts]
            return built[0] if len(built) == 1 else Ranged(built[0], built[1], at)
        case "sum":
            return _shifted(parts, at)
        case "group":
            return _build(parts[0])
        case "list":
            return Listed(tuple(_build(part) for part in parts), at)
        case _:
            return Called(str(parts[0]), tuple(_build(part) for part in parts[1:]), at)


def _is_bare(node: Tree[Token] | Token) -> bool:
    """Whether a comparison stands there itself, not one in parentheses (which is a comparison of one operand)."""
    return isinstance(node, Tree) and node.data == "comparison" and len(node.children) > 1


def _joined(parts: list[Any], at: int) -> Any:
    if len(parts) == 1:
        return _build(parts[0])
    ops = parts[1::2]
    for op in ops[1:]:
        if str(op) != str(ops[0]):
            raise ConditionBroken(
                "condition_mixed",
                "“and” and “or” stand together: put parentheses round what belongs together",
                op.start_pos,
            )
    return Joined(str(ops[0]), tuple(_build(part) for part in parts[0::2]), at)


def _compared(parts: list[Any], at: int) -> Any:
    left = _build(parts[0])
    if len(parts) == 1:
        return left
    if len(parts) > 3:
        raise ConditionBroken(
            "condition_chained",
            "comparisons cannot be chained: write a range, for example “age in 18..59”",
            parts[3].start_pos,
        )
    return Compared(left, " ".join(str(parts[1]).split()), _build(parts[2]), at)


def _shifted(parts: list[Any], at: int) -> Any:
    base, days = _build(parts[0]), 0
    for sign, number, unit in zip(parts[1::3], parts[2::3], parts[3::3], strict=True):
        if str(unit) not in ("day", "days", "week", "weeks") or "." in str(number) or len(number) > 5:
            raise ConditionBroken(
                "condition_broken", "only whole days (or weeks) can be added: “+ 30 days”", number.start_pos
            )
        days += int(number) * (7 if str(unit).startswith("week") else 1) * (1 if sign == "+" else -1)
    return Shifted(base, days, at) if len(parts) > 1 else base
