"""Exact boxes: the people of each outcome, as the answers that lead to it.

A box is {fact: values} over the facts that these people are asked, so the number of its ways is the product of
its values. Boxes are disjoint, and together they hold everybody: nothing is sampled. The walk goes down the facts
once for each different future, and shares what it finds: a box is one fact's values and the box of the facts below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from oxidd.bdd import BDDFunction

from vikno.domain.rules.people import BudgetExceeded
from vikno.domain.rules.space import Space
from vikno.domain.rules.tables import NO, YES, Tables

BOXES = 4_000_000
"""Parts of boxes that a walk may make before it gives up and says so: about one gigabyte."""

Mask = int
"""Some of the functions asked about: bit i stands for the i-th."""


class Values:
    """Some answers to one fact: places of its classes, or for a choice of several the sets themselves."""

    __slots__ = ("fact", "values")

    def __init__(self, fact: str, values: tuple[Any, ...]) -> None:
        self.fact, self.values = fact, values


class Box:
    """People: one fact's values, and the box of the facts below (None at the end). Equal boxes are one object."""

    __slots__ = ("first", "rest", "ways")

    def __init__(self, first: Values, rest: Box | None) -> None:
        self.first, self.rest = first, rest
        self.ways: int = len(first.values) * (rest.ways if rest else 1)

    def __iter__(self) -> Iterator[Values]:
        box: Box | None = self
        while box is not None:
            yield box.first
            box = box.rest


Found = dict[Mask, tuple[Box | None, ...]]
State = tuple[int, ...]


def boxes(
    space: Space,
    order: Sequence[str],
    asked: Mapping[str, BDDFunction],
    people: BDDFunction,
    functions: Sequence[BDDFunction],
    most: int = BOXES,
) -> Mapping[Mask, tuple[Box | None, ...]]:
    """For each combination of `functions` that somebody in `people` has, the boxes of those who have just these.

    `order` is that of the space's variables; `asked[fact]` are the people who are asked it. A fact that somebody is
    not asked does not appear in the box. The box None is somebody who is asked nothing.

    Raises:
        BudgetExceeded: more than `most` parts were made.
    """
    return _Walk(space, order, asked, most).start(people, functions)


class _Walk:
    """Down the facts through the people, each state once; boxes are joined on the way up."""

    def __init__(self, space: Space, order: Sequence[str], asked: Mapping[str, BDDFunction], most: int) -> None:
        self.tables = Tables(space, order)
        self.domains = [space.domains[name] for name in order]
        self.asked = [self.tables.row(asked[name]) for name in order]
        self.left = most
        self._sets: dict[int, Sequence[tuple[frozenset[str], tuple[bool, ...]]]] = {}
        self._memo: list[dict[tuple[State, tuple[Mask, ...]], Found]] = [{} for _ in range(len(order) + 1)]
        self._values: dict[tuple[str, tuple[Any, ...]], Values] = {}
        self._boxes: dict[tuple[Values, Box | None], Box] = {}

    def start(self, people: BDDFunction, functions: Sequence[BDDFunction]) -> Found:
        rows = [self.tables.row(function) for function in functions]
        bits = [1 << at for at in range(len(rows))]
        state, live, certain = self._settled((self.tables.row(people), *self.asked), rows, bits)
        return _with(self._down(0, state, live), certain)

    def _settled(self, fixed: State, rows: Sequence[int], bits: Sequence[Mask]) -> tuple[State, tuple[Mask, ...], Mask]:
        """The state without the functions that are decided, and those that became certain."""
        certain, live, left = 0, [], []
        for row, bit in zip(rows, bits, strict=True):
            if row == YES:
                certain |= bit
            elif row != NO:
                live.append(bit)
                left.append(row)
        return (*fixed, *left), tuple(live), certain

    def _down(self, at: int, state: State, live: tuple[Mask, ...]) -> Found:
        if state[0] == NO:
            return {}
        if at == len(self.domains):
            return {0: (None,)}
        key = (state, live)
        found = self._memo[at].get(key)
        if found is None:
            found = self._memo[at][key] = self._at(at, state, live)
        return found

    def _at(self, at: int, state: State, live: tuple[Mask, ...]) -> Found:
        """`state`: the people, who is asked this fact and those below, the functions that are `live`."""
        fixed = len(self.domains) - at
        known = (state[0], *state[2:])
        # values with the same future share a box
        alike: dict[tuple[tuple[Mask, tuple[Box | None, ...]], ...], tuple[list[Any], Found]] = {}
        after: dict[State, Found] = {}
        for value, branch in self._branches(at, known):
            found = after.get(branch)
            if found is None:
                following, alive, certain = self._settled(branch[:fixed], branch[fixed:], live)
                found = after[branch] = _with(self._down(at + 1, following, alive), certain)
            if not found:
                continue
            if state[1] == NO:
                return found  # not asked: any value stands for all
            alike.setdefault(tuple(sorted(found.items(), key=_mask)), ([], found))[0].append(value)
        return self._joined(self.domains[at].fact.id, list(alike.values()))

    def _joined(self, name: str, futures: Sequence[tuple[list[Any], Found]]) -> Found:
        """Boxes of one outcome that differ in this fact alone become one."""
        rests: dict[Mask, dict[Box | None, list[int]]] = {}
        for at, (_, found) in enumerate(futures):
            for mask, below in found.items():
                by_rest = rests.setdefault(mask, {})
                for rest in below:
                    by_rest.setdefault(rest, []).append(at)
        known: dict[tuple[int, ...], Values] = {}

        def values(which: tuple[int, ...]) -> Values:
            found = known.get(which)
            if found is None:
                found = known[which] = self._values_of(name, tuple(value for at in which for value in futures[at][0]))
            return found

        return {
            mask: tuple([self._box(values(tuple(which)), rest) for rest, which in by_rest.items()])
            for mask, by_rest in rests.items()
        }

    def _values_of(self, name: str, values: tuple[Any, ...]) -> Values:
        found = self._values.get((name, values))
        if found is None:
            found = self._values[name, values] = Values(name, values)
        return found

    def _box(self, first: Values, rest: Box | None) -> Box:
        box = self._boxes.get((first, rest))
        if box is None:
            self.left -= 1
            if self.left < 0:
                raise BudgetExceeded
            box = self._boxes[first, rest] = Box(first, rest)
        return box

    def _branches(self, at: int, known: State) -> Iterator[tuple[Any, State]]:
        """Each answer with the rows after it; of several options the small sets first."""
        level, option, kids = self.tables.level, self.tables.option, self.tables.kids
        if not self.domains[at].several:
            for branch in range(len(self.domains[at].cells)):
                yield branch, tuple([kids[row][branch] if level[row] == at else row for row in known])
            return
        for chosen, sides in self._sets_of(at):
            rows = []
            for row in known:
                after = row
                while level[after] == at:
                    after = kids[after][sides[option[after]]]
                rows.append(after)
            yield chosen, tuple(rows)

    def _sets_of(self, at: int) -> Sequence[tuple[frozenset[str], tuple[bool, ...]]]:
        found = self._sets.get(at)
        if found is None:
            options = self.domains[at].fact.option_ids
            if 1 << len(options) > self.left:
                raise BudgetExceeded
            found = self._sets[at] = _sets(options)
        return found


def _mask(entry: tuple[Mask, Any]) -> Mask:
    return entry[0]


def _with(found: Found, certain: Mask) -> Found:
    return {mask | certain: below for mask, below in found.items()} if certain else found


def _sets(options: Sequence[str]) -> tuple[tuple[frozenset[str], tuple[bool, ...]], ...]:
    """Every set of options, small ones first."""
    sets = [
        frozenset(option for at, option in enumerate(options) if code >> at & 1) for code in range(1 << len(options))
    ]
    sets.sort(key=lambda chosen: (len(chosen), sorted(chosen)))
    return tuple((chosen, tuple(option in chosen for option in options)) for chosen in sets)
