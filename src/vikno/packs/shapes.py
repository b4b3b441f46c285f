"""Shapes: what may stand where in a pack's files. One declaration reads a node and writes the JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Any, Protocol

from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.values import Place
from vikno.packs.source import UNSEEN, Listed, Mapped, Node, Report, Scalar

ID = re.compile(r"[a-z0-9_]+")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
SLUG = re.compile(r"[A-Za-z0-9_-]{1,22}")
"""Of an entry: it is the payload of its links, and 22 signs are what every channel can carry."""
CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
WEB = re.compile(r"https?://[^\s<>\"\\]+")


class _Missing:
    """The value of a node that did not fit; the finding has been reported."""

    def __bool__(self) -> bool:
        return False


MISSING = _Missing()


class Shape(Protocol):
    """One kind of node."""

    def read(self, node: Node, report: Report) -> Any: ...

    def schema(self) -> dict[str, Any]: ...


def _wrong(node: Node, expected: str, report: Report) -> _Missing:
    shown = f"“{node.text[:60]}”" if isinstance(node, Scalar) else "a list" if isinstance(node, Listed) else "a mapping"
    report(Finding("value_wrong", node.place, f"{expected} is expected here, not {shown}"))
    return MISSING


@dataclass(frozen=True)
class Words:
    """Text that people read, or any other line of text. Kept as the scalar, for its place."""

    what: str = "a text"

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar) or not node.text.strip():
            return _wrong(node, self.what, report)
        if UNSEEN.search(node.text):
            report(Finding("text_control", node.place, "the text holds control characters"))
            return MISSING
        return node

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"]}


@dataclass(frozen=True)
class Link(Words):
    """An address on the web. Pages show it as a link, so it can be nothing that a browser would run."""

    what: str = "an address"

    def read(self, node: Node, report: Report) -> Any:
        read = super().read(node, report)
        return read if read is MISSING or WEB.fullmatch(read.text) else _wrong(node, "an address https://…", report)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{WEB.pattern}$"}


@dataclass(frozen=True)
class Condition(Words):
    """A condition of the service language."""

    what: str = "a condition"

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "boolean"], "description": "A condition: == != < <= > >= in not in and or not ( )"}


@dataclass(frozen=True)
class Id:
    """An id: of a thing in conditions (a-z 0-9 _), or of a file, law or service (also A-Z and -)."""

    pattern: re.Pattern[str] = NAME

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Scalar) or not self.pattern.fullmatch(node.text):
            if isinstance(node, Scalar):
                report(
                    Finding("id_bad", node.place, f"“{node.text[:60]}” cannot be an id here: {_allowed(self.pattern)}")
                )
                return MISSING
            return _wrong(node, "an id", report)
        return node

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "integer"], "pattern": f"^{self.pattern.pattern}$"}


def _allowed(pattern: re.Pattern[str]) -> str:
    if pattern is SLUG:
        return "at most 22 letters of A-Z and a-z, digits, - and _"
    return "only a-z, 0-9 and _" if pattern is ID else "only letters, digits, - and _"


@dataclass(frozen=True)
class Flag:
    """true or false; nothing else is a boolean."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and not node.quoted and node.text in ("true", "false"):
            return node.text == "true"
        return _wrong(node, "true or false", report)

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Only:
    """One of a closed list of words."""

    words: tuple[str, ...]

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and node.text in self.words:
            return node.text
        if isinstance(node, Scalar):
            report(
                Finding(
                    "value_wrong",
                    node.place,
                    f"“{node.text[:60]}” is not allowed here{did_you_mean(node.text, self.words)}",
                )
            )
            return MISSING
        return _wrong(node, " or ".join(self.words), report)

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.words)}


@dataclass(frozen=True)
class Number:
    """A decimal number, read exactly as written."""

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and re.fullmatch(r"-?\d{1,18}(\.\d{1,9})?", node.text):
            try:
                return Decimal(node.text)
            except InvalidOperation:  # pragma: no cover  (the pattern admits only numbers)
                pass
        return _wrong(node, "a number", report)

    def schema(self) -> dict[str, Any]:
        return {"type": "number"}


@dataclass(frozen=True)
class Calendar:
    """A day, written 2026-01-31; `null` is “not yet” where that is allowed."""

    or_null: bool = False

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar):
            if self.or_null and node.text in ("null", "~", "") and not node.quoted:
                return None
            if re.fullmatch(r"\d{4}-\d{2}-\d{2}", node.text):
                try:
                    return date.fromisoformat(node.text)
                except ValueError:
                    pass
        return _wrong(node, "a day of the calendar, written 2026-01-31,", report)

    def schema(self) -> dict[str, Any]:
        day = {"type": "string", "format": "date"}
        return {"anyOf": [day, {"type": "null"}]} if self.or_null else day


@dataclass(frozen=True)
class Clock(Words):
    """A time of the day, written 21:00."""

    what: str = "a time of the day"

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and CLOCK.fullmatch(node.text):
            return time.fromisoformat(node.text)
        return _wrong(node, "a time of the day, written 21:00,", report)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^{CLOCK.pattern}$"}


@dataclass(frozen=True)
class Whole(Number):
    """A whole number from `low` to `high`."""

    low: int = 0
    high: int = 10_000

    def read(self, node: Node, report: Report) -> Any:
        if isinstance(node, Scalar) and re.fullmatch(r"\d{1,6}", node.text) and self.low <= int(node.text) <= self.high:
            return int(node.text)
        return _wrong(node, f"a whole number from {self.low} to {self.high}", report)

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class Each:
    """A list; with `or_one`, a single value stands for a list of it."""

    shape: Shape
    or_one: bool = False

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Listed):
            if self.or_one:
                value = self.shape.read(node, report)
                return MISSING if value is MISSING else [value]
            return _wrong(node, "a list", report)
        values = [self.shape.read(child, report) for child in node.nodes]
        return [value for value in values if value is not MISSING]

    def schema(self) -> dict[str, Any]:
        many = {"type": "array", "items": self.shape.schema()}
        return {"anyOf": [self.shape.schema(), many]} if self.or_one else many


@dataclass(frozen=True)
class Table:
    """A mapping of ids to values of one shape; read as [(key scalar, value)]."""

    shape: Shape
    key: Shape = field(default_factory=Id)

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Mapped):
            return _wrong(node, "a mapping", report)
        out = []
        for name, child in node:
            key = self.key.read(name, report)
            value = self.shape.read(child, report)
            if key is not MISSING and value is not MISSING:
                out.append((name, value))
        return out

    def schema(self) -> dict[str, Any]:
        out: dict[str, Any] = {"type": "object", "additionalProperties": self.shape.schema()}
        pattern = self.key.schema().get("pattern")
        if pattern:
            out["propertyNames"] = {"pattern": pattern}
        return out


@dataclass(frozen=True)
class Key:
    """A key of a record: what it holds, whether it must be there, and a line for the author's editor."""

    shape: Shape
    doc: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Read:
    """A record as read: values by key, and where each value stands. Keys that did not fit are absent."""

    values: Mapping[str, Any]
    places: Mapping[str, Place]
    nodes: Mapping[str, Node]
    place: Place

    def get(self, key: str, default: Any = None) -> Any:
        return self.values.get(key, default)

    def at(self, key: str) -> Place:
        return self.places.get(key, self.place)

    def __contains__(self, key: str) -> bool:
        return key in self.values


@dataclass(frozen=True)
class Record:
    """A mapping with known keys. Unknown keys are findings."""

    keys: Mapping[str, Key]
    title: str = ""

    def read(self, node: Node, report: Report) -> Any:
        if not isinstance(node, Mapped):
            return _wrong(node, "a mapping", report)
        values: dict[str, Any] = {}
        places: dict[str, Place] = {}
        nodes: dict[str, Node] = {}
        present = set()
        for name, child in node:
            key = self.keys.get(name.text)
            if key is None:
                report(
                    Finding(
                        "key_unknown",
                        name.place,
                        f"“{name.text[:60]}” is not a key here{did_you_mean(name.text, self.keys)}",
                    )
                )
                continue
            present.add(name.text)
            places[name.text] = child.place
            nodes[name.text] = child
            value = key.shape.read(child, report)
            if value is not MISSING:
                values[name.text] = value
        for wanted, key in self.keys.items():
            if key.required and wanted not in present:
                report(Finding("key_missing", node.place, f"“{wanted}” is missing here"))
        return Read(values, places, nodes, node.place)

    def schema(self) -> dict[str, Any]:
        properties = {
            name: key.shape.schema() | ({"description": key.doc} if key.doc else {}) for name, key in self.keys.items()
        }
        out: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
        required = [name for name, key in self.keys.items() if key.required]
        if required:
            out["required"] = required
        if self.title:
            out["title"] = self.title
        return out


@dataclass(frozen=True)
class Either:
    """One of two kinds of node, told apart before reading: by being a mapping, or by a test."""

    scalar: Shape
    mapping: Shape

    def read(self, node: Node, report: Report) -> Any:
        return (self.mapping if isinstance(node, Mapped) else self.scalar).read(node, report)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [self.scalar.schema(), self.mapping.schema()]}


@dataclass(frozen=True)
class Anything:
    """Plain values, as an example's answers: words, numbers, booleans, days, lists, mappings."""

    def read(self, node: Node, report: Report) -> Any:  # noqa: ARG002  (every shape is read alike)
        return plain(node)

    def schema(self) -> dict[str, Any]:
        return {}


def plain(node: Node) -> Any:
    """A node as plain data: unquoted true, false and null are themselves, whole numbers are numbers."""
    if isinstance(node, Mapped):
        return {name.text: plain(child) for name, child in node}
    if isinstance(node, Listed):
        return [plain(child) for child in node.nodes]
    if not node.quoted:
        if node.text in ("true", "false"):
            return node.text == "true"
        if node.text in ("null", "~", ""):
            return None
        if re.fullmatch(r"-?(0|[1-9]\d{0,17})(\.\d{1,9})?", node.text):
            return Decimal(node.text) if "." in node.text else int(node.text)
    return node.text


Reader = Callable[[Node, Report], Any]
Entries = Sequence[tuple[Scalar, Any]]
