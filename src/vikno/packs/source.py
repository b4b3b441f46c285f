"""YAML read into nodes that know their place. Nothing is guessed: a scalar stays text until its shape is known.

Only `true` and `false` are booleans and nothing is a date by looks (YAML 1.2, core schema, read by shape), so
`no`, `on` and `2026-01-31` are what the author wrote. Anchors, aliases and tags are refused; sizes are bounded.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from vikno.domain.rules.findings import Finding
from vikno.domain.values import Place

MAX_FILE = 4 * 1024 * 1024  # bytes; the largest real service has about 60 kB
MAX_DEPTH = 20
TOO_DEEP = "the file is nested too deeply"
DEEP_BLOCK = re.compile(r"^[ ?:-]{500}", re.MULTILINE)
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e]")
"""What no text holds: control characters but the line's end, and marks that show letters in another order."""
PLAIN_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "map", "seq")
)
"""What plain words look like to YAML 1.1. Here they stay words."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
Report = Callable[[Finding], None]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A word or text. `offsets(n)` tells where character n of a condition stands in the file."""

    text: str
    place: Place
    quoted: bool
    raw: str  # as it stands in the file, from its first character to its last
    start: tuple[int, int]  # line and column of raw's first character, from 1

    def place_of(self, offset: int) -> Place:
        """The place of a character of `raw`."""
        before = self.raw[:offset]
        line = self.start[0] + before.count("\n")
        column = offset - before.rfind("\n") if "\n" in before else self.start[1] + offset
        return Place(self.place.file, line, column)


@dataclass(frozen=True, slots=True)
class Mapped:
    """A mapping: keys in order, each with its node."""

    entries: tuple[tuple[Scalar, Node], ...]
    place: Place

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries)

    def get(self, key: str) -> Node | None:
        return next((node for name, node in self.entries if name.text == key), None)


@dataclass(frozen=True, slots=True)
class Listed:
    nodes: tuple[Node, ...]
    place: Place


Node = Scalar | Mapped | Listed


def read_yaml(path: Path, file: str, report: Report) -> Node | None:
    """The root node of a YAML file; None (and a finding) when it cannot be read."""
    text = read_text(path, file, report)
    if text is None:
        return None
    return parse_yaml(text, file, report)


def read_text(path: Path, file: str, report: Report) -> str | None:
    """A UTF-8 file of this folder, of bounded size; None (and a finding) when it cannot be read."""
    try:
        if not path.resolve().is_relative_to(path.parent.resolve()):
            report(Finding("file_unreadable", Place(file), "the file is a link that leads out of its folder"))
            return None
        raw = _beginning(path, MAX_FILE + 1)
        if raw is None:
            report(Finding("file_unreadable", Place(file), "this is a folder, a pipe or a device, and no file"))
            return None
        if len(raw) > MAX_FILE:
            report(Finding("file_unreadable", Place(file), f"the file is larger than {MAX_FILE} bytes"))
            return None
        return raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        report(Finding("file_unreadable", Place(file), "the file is not UTF-8"))
    except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
        why = getattr(error, "strerror", None) or "its links lead in a circle"
        report(Finding("file_unreadable", Place(file), f"the file cannot be read: {why}"))
    return None


def _beginning(path: Path, most: int) -> bytes | None:
    """Up to so many bytes of a file; None for what is none. A pipe to which nobody writes keeps nobody waiting."""
    opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        return None
    with os.fdopen(opened, "rb") as file:
        return file.read(most)


def parse_yaml(text: str, file: str, report: Report) -> Node | None:
    """The root node of a YAML text; an empty text is an empty mapping."""
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_Loader) if _suspicious(text) else ():
            anchor, mark = getattr(event, "anchor", None), event.start_mark
            if anchor is not None:
                place = _place(file, mark)
                report(
                    Finding(
                        "yaml_anchor", place, f"“{anchor}”: anchors and aliases are not used here, write the value out"
                    )
                )
                return None
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                report(Finding("yaml_broken", _place(file, mark), TOO_DEEP))
                return None
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(file, mark)
        report(Finding("yaml_broken", place, f"{error.problem or error.context}"))
        return None
    except (yaml.YAMLError, RecursionError) as error:
        report(Finding("yaml_broken", Place(file), f"the YAML cannot be read: {error}"))
        return None
    if root is None:
        return Mapped((), Place(file, 1, 1))
    return _convert(root, file, text, report, 0)


def _suspicious(text: str) -> bool:
    """Whether the events must be looked through first, which takes a third of the reading.

    Only a text with these signs can hold anchors, or be nested so deeply that composing it overruns the stack of C.
    """
    return "&" in text or "*" in text or text.count("[") + text.count("{") > 2000 or bool(DEEP_BLOCK.search(text))


def _convert(node: yaml.Node, file: str, text: str, report: Report, depth: int) -> Node | None:
    place = _place(file, node.start_mark)
    if depth > MAX_DEPTH:
        report(Finding("yaml_broken", place, TOO_DEEP))
        return None
    if node.tag not in PLAIN_TAGS:
        report(Finding("yaml_broken", place, f"“{node.tag[:60]}”: tags are not used here"))
        return None
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node, text, place)
    if isinstance(node, yaml.SequenceNode):
        items = (_convert(child, file, text, report, depth + 1) for child in node.value)
        return Listed(tuple(item for item in items if item is not None), place)
    entries: list[tuple[Scalar, Node]] = []
    seen: dict[str, Place] = {}
    for key, value in node.value:
        name = _convert(key, file, text, report, depth + 1)
        child = _convert(value, file, text, report, depth + 1)
        if not isinstance(name, Scalar):
            report(Finding("value_wrong", place, "a key must be a single word"))
            continue
        if name.text in seen:
            report(
                Finding(
                    "key_twice", name.place, f"“{name.text}” stands here twice, first at line {seen[name.text].line}"
                )
            )
            continue
        seen[name.text] = name.place
        if child is not None:
            entries.append((name, child))
    return Mapped(tuple(entries), place)


def _scalar(node: yaml.ScalarNode, text: str, place: Place) -> Scalar:
    start, end = node.start_mark.index, node.end_mark.index
    raw, line, column = text[start:end], place.line, place.column
    if node.style in ("'", '"'):
        raw, column = raw[1:-1], column + 1
    elif node.style in ("|", ">"):
        header = raw.find("\n") + 1
        raw, line, column = raw[header:], line + 1, 1
    return Scalar(node.value, place, node.style in ("'", '"'), raw, (line, column))


def _place(file: str, mark: Any) -> Place:
    """The place of a parser's mark."""
    return Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
