"""A small layered layout: nodes in columns from left to right, lines through the gaps between them.

Nodes keep their order: a column is filled from top to bottom until a node depends on one that is in it already.
A line that passes columns gets a slot in each of them; lines from one node share their slots.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH = 216
"""Of a node, in pixels; so are all measures here."""
GAP = 92
"""Between columns."""
BETWEEN = 22
"""Between nodes of a column."""
SLOT = 16
"""A line that passes through."""
MOST = 6
"""Nodes in a column."""
STRENGTH = ("needs", "after", "end")
LATE = frozenset({"stop", "done", "human"})


@dataclass(frozen=True, slots=True)
class Node:
    """A box with words. `kind` is question, stop, done, human or list; `told` is what it says when pointed at."""

    id: str
    kind: str
    label: str
    text: tuple[str, ...]
    small: tuple[str, ...]
    told: str
    height: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is: upper left corners of nodes; lines as (source, SVG path, style, whether it ends there).

    `left` is 0, or less where a line goes out to the left of the first column.
    """

    left: float
    width: float
    height: float
    places: Mapping[str, tuple[float, float]]
    paths: Sequence[tuple[str, str, str, bool]]


Key = tuple[str, int]
"""A node (its id, -1), or the slot of a node's lines in a column (id, column)."""


def lay_out(nodes: Sequence[Node], lines: Mapping[tuple[str, str], str]) -> Layout:
    """Place nodes and lines. `lines` is (from, to) -> style, always from an earlier node to a later one."""
    column = _columns(nodes, lines)
    count = max(column.values()) + 1
    known = {node.id: node for node in nodes}
    slots = _slots(column, lines)
    stacks: list[list[Key]] = []
    middle: dict[Key, float] = {}
    heights = [_needed([known[id_].height for id_ in column if column[id_] == at], slots, at) for at in range(count)]
    height = max(heights)
    for at in range(count):
        stack = [(node.id, -1) for node in nodes if column[node.id] == at]
        through = sorted((source for source, where in slots if where == at), key=lambda s: _before(s, at, middle))
        stacks.append(_stacked(stack, through, at, known, middle, height))
    places = {
        node.id: (column[node.id] * (WIDTH + GAP), middle[node.id, -1] - node.height / 2)
        for node in nodes
    }  # fmt: skip
    paths = _Paths(column, middle, known, lines).all()
    beside = any(column[source] == column[target] == 0 for source, target in lines)
    return Layout(-GAP / 2 if beside else 0, count * (WIDTH + GAP) - GAP, height, places, paths)


def _columns(nodes: Sequence[Node], lines: Mapping[tuple[str, str], str]) -> dict[str, int]:
    """Questions fill columns in their order; an ending stands right after the last question it depends on."""
    column: dict[str, int] = {}
    here, filled = 0, 0
    needs = {
        target: {one for (one, to), style in lines.items() if to == target and style == "needs"} for _, target in lines
    }
    for node in nodes:
        if node.kind != "question":
            continue
        if filled >= MOST or any(column.get(name) == here for name in needs.get(node.id, ())):
            here, filled = here + 1, 0
        column[node.id] = here
        filled += 1
    for node in nodes:
        if node.kind in LATE:
            column[node.id] = 1 + max((column[name] for name in needs.get(node.id, ()) if name in column), default=here)
    last = max(column.values(), default=-1)
    column.update({node.id: max(last, here + 1) for node in nodes if node.kind == "list"})
    return column


def _slots(column: Mapping[str, int], lines: Mapping[tuple[str, str], str]) -> set[tuple[str, int]]:
    """(source, column) for every column that a line passes."""
    return {(source, at) for source, target in lines for at in range(column[source] + 1, column[target])}


def _needed(heights: Sequence[int], slots: set[tuple[str, int]], at: int) -> float:
    return sum(heights) + BETWEEN * (len(heights) + 1) + SLOT * sum(where == at for _, where in slots)


def _before(source: str, at: int, middle: Mapping[Key, float]) -> float:
    """Where a line comes from: its slot in the column before, or its node."""
    return middle.get((source, at - 1), middle.get((source, -1), 0.0))


def _stacked(
    stack: list[Key], through: list[str], at: int, known: Mapping[str, Node], middle: dict[Key, float], height: float
) -> list[Key]:
    """Nodes in their order around the middle, each line in the gap nearest to where it comes from."""
    tall = [known[id_].height for id_, _ in stack]
    used = sum(tall) + BETWEEN * (len(tall) + 1) + SLOT * len(through)
    top = (height - used) / 2
    gaps: list[list[str]] = [[] for _ in range(len(stack) + 1)]
    for source in through:
        wanted = _before(source, at, middle)
        edges, y = [], top
        for index in range(len(stack) + 1):
            y += BETWEEN / 2 + SLOT * len(gaps[index]) / 2
            edges.append(abs(y - wanted))
            y += BETWEEN / 2 + SLOT * len(gaps[index]) / 2 + (tall[index] if index < len(stack) else 0)
        gaps[edges.index(min(edges))].append(source)
    out: list[Key] = []
    y = top
    for index in range(len(stack) + 1):
        y += BETWEEN / 2
        for source in sorted(gaps[index], key=lambda one: _before(one, at, middle)):
            middle[source, at] = y + SLOT / 2
            out.append((source, at))
            y += SLOT
        y += BETWEEN / 2
        if index < len(stack):
            middle[stack[index]] = y + tall[index] / 2
            out.append(stack[index])
            y += tall[index]
    return out


class _Paths:
    """Lines as SVG paths: from the right side of a node, through its slots, to the left side of another."""

    def __init__(
        self,
        column: Mapping[str, int],
        middle: Mapping[Key, float],
        known: Mapping[str, Node],
        lines: Mapping[tuple[str, str], str],
    ) -> None:
        self.column, self.middle, self.known, self.lines = column, middle, known, lines
        self.ports = self._ports()

    def all(self) -> list[tuple[str, str, str, bool]]:
        """Parts that several lines share are drawn once, as the strongest of them."""
        parts: dict[tuple[str, str], tuple[str, bool]] = {}
        for (source, target), style in self.lines.items():
            for path, end in self._parts(source, target):
                known = parts.get((source, path), (style, end))[0]
                parts[source, path] = (min(known, style, key=STRENGTH.index), end)
        return [(source, path, style, end) for (source, path), (style, end) in parts.items()]

    def _ports(self) -> dict[tuple[str, str], float]:
        """Where on its left side each line reaches a node: spread, in the order in which they come in."""
        ports: dict[tuple[str, str], float] = {}
        for target, node in self.known.items():
            coming = [source for source, to in self.lines if to == target and self.column[source] < self.column[target]]
            coming.sort(key=lambda source: _before(source, self.column[target], self.middle))
            for at, source in enumerate(coming, 1):
                top = self.middle[target, -1] - node.height / 2
                ports[source, target] = top + node.height * at / (len(coming) + 1)
        return ports

    def _parts(self, source: str, target: str) -> list[tuple[str, bool]]:
        start, end = self.column[source], self.column[target]
        y = self.middle[source, -1]
        if start == end:
            return [(self._beside(source, target), True)]
        parts = []
        for at in range(start + 1, end):
            x, following = self._left(at), self.middle[source, at]
            parts.append((f"{_curve(x - GAP, y, x, following)} H{x + WIDTH:g}", False))
            y = following
        x = self._left(end)
        parts.append((_curve(x - GAP, y, x - 2, self.ports[source, target]), True))
        return parts

    def _beside(self, source: str, target: str) -> str:
        """Within a column: out on the left side and in again."""
        x, above, below = self._left(self.column[source]), self.middle[source, -1], self.middle[target, -1]
        below -= self.known[target].height / 4
        out = min(GAP * 0.6, 18 + abs(below - above) / 12)  # of a curve; it reaches three quarters as far
        return f"M{x:g} {above:g} C{x - out:g} {above:g} {x - out:g} {below:g} {x - 2:g} {below:g}"

    def _left(self, column: int) -> float:
        return column * (WIDTH + GAP)


def _curve(x: float, y: float, to_x: float, to_y: float) -> str:
    bend = (to_x - x) * 0.55
    return f"M{x:g} {y:g} C{x + bend:g} {y:g} {to_x - bend:g} {to_y:g} {to_x:g} {to_y:g}"
