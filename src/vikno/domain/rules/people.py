"""Counting and finding people in a diagram: how many ways to answer, how many outcomes, the smallest example.

Nothing here walks every combination: states that ask and show the same from here on are counted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from oxidd.bdd import BDDFunction

from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.diagram import Diagram
from vikno.domain.rules.space import Space, support

State = tuple[BDDFunction, ...]
STATES = 300_000  # at the most, before a count is given up and said to be


class BudgetExceeded(Exception):
    """A count or search was given up; the caller says so. Internal."""


class Asking:
    """Who is asked what, as one function a fact, over facts in the order of asking."""

    def __init__(self, space: Space, asked: Mapping[str, BDDFunction], order: Iterable[str]) -> None:
        self.space = space
        self.order = tuple(order)
        self.asked = tuple(asked[name] for name in self.order)

    @staticmethod
    def of(diagram: Diagram) -> Asking:
        return Asking(diagram.space, diagram.asked, [fact.id for fact in diagram.service.facts])

    def ways(self) -> int:
        """The number of complete ways to answer; each class of a number or date once.

        Raises:
            BudgetExceeded: more than STATES different states were met.
        """
        memo: dict[tuple[int, State], int] = {}
        false = self.space.false

        def count(at: int, state: State) -> int:
            while at < len(self.order) and state[0] == false:
                state = self._skip(at, state)
                at += 1
            if at == len(self.order) or all(function == false for function in state):
                return 1
            key = (at, state)
            found = memo.get(key)
            if found is None:
                if len(memo) >= STATES:
                    raise BudgetExceeded
                found = memo[key] = sum(times * count(at + 1, rest) for rest, times in self.after(at, state).items())
            return found

        return count(0, self.asked)

    def _skip(self, at: int, state: State) -> State:
        """Past a fact that is not asked: its answer matters to nobody, so any will do."""
        domain = self.space.domains[self.order[at]]
        return tuple(_lowest(function, domain.variables) for function in state[1:])

    def after(self, at: int, state: State) -> dict[State, int]:
        """The states after a fact is answered, with the number of answers that lead to each."""
        domain = self.space.domains[self.order[at]]
        rest = state[1:]
        out: dict[State, int] = {}
        if domain.several:
            states: dict[State, int] = {rest: 1}
            for variable in domain.variables:
                following: dict[State, int] = {}
                for known, times in states.items():
                    for side in (0, 1):
                        branch = tuple(_side(function, variable, side) for function in known)
                        following[branch] = following.get(branch, 0) + times
                states = following
            return states
        for branch in zip(*(self.space.branches(function, domain.fact.id) for function in rest), strict=True):
            out[branch] = out.get(branch, 0) + 1
        return out or {(): len(domain.cells)}

    def smallest(self, wrong: BDDFunction) -> dict[str, Answer]:
        """The fewest answers, then the first options, that reach somebody in `wrong` (which must not be empty)."""
        memo: dict[tuple[int, State], tuple[int, tuple[tuple[str, Answer], ...]] | None] = {}
        false = self.space.false
        greedy = False

        def search(at: int, state: State) -> tuple[int, tuple[tuple[str, Answer], ...]] | None:
            nonlocal greedy
            if state[0] == false:
                return None
            if at == len(self.order):
                return 0, ()
            key = (at, state)
            if key in memo:
                return memo[key]
            if len(memo) > STATES // 10:
                greedy = True
            name = self.order[at]
            best: tuple[int, tuple[tuple[str, Answer], ...]] | None = None
            if state[1] == false:
                best = search(at + 1, (_any_branch(self.space, state[0], name), *self._skip(at, state[1:])))
            else:
                tried: set[State] = set()
                for answer, branch in self._branches(at, state):
                    if branch in tried:
                        continue
                    tried.add(branch)
                    found = search(at + 1, branch)
                    if found and (best is None or found[0] + 1 < best[0]):
                        best = (found[0] + 1, ((name, answer), *found[1]))
                        if greedy:
                            break
            memo[key] = best
            return best

        found = search(0, (wrong, *self.asked))
        return dict(found[1]) if found else {}

    def _branches(self, at: int, state: State) -> Iterable[tuple[Answer, State]]:
        domain = self.space.domains[self.order[at]]
        rest = (state[0], *state[2:])
        if domain.several:
            sets: list[tuple[frozenset[str], State]] = [(frozenset(), rest)]
            for variable, cell in zip(domain.variables, domain.cells, strict=True):
                following: list[tuple[frozenset[str], State]] = []
                seen: set[State] = set()
                for side in (0, 1):
                    for chosen, known in sets:
                        branch = tuple(_side(function, variable, side) for function in known)
                        if branch not in seen:
                            seen.add(branch)
                            following.append((chosen | {str(cell.value)} if side else chosen, branch))
                sets = following
            yield from sorted(sets, key=lambda entry: len(entry[0]))
            return
        for cell, branch in zip(domain.cells, zip(*(self.space.branches(function, domain.fact.id) for function in rest), strict=True), strict=True):
            yield cell.value, branch


def _side(function: BDDFunction, variable: int, side: int) -> BDDFunction:
    if function.node_var() != variable:
        return function
    high, low = function.cofactors()
    return high if side else low


def _lowest(function: BDDFunction, variables: range) -> BDDFunction:
    for variable in variables:
        function = _side(function, variable, 0)
    return function


def _any_branch(space: Space, function: BDDFunction, name: str) -> BDDFunction:
    """What is left of a set of people after a fact that is not asked: the union over its answers."""
    cube = space.cube([name])
    return function.exists(cube) if cube != space.true else function


def outcomes(diagram: Diagram, states: int = 50_000) -> int:
    """The number of different outcomes (sets of items) that people can reach.

    Raises:
        BudgetExceeded: more than `states` different states were met.
    """
    space = diagram.space
    names = list(space.domains)
    shown = [function for function in diagram.shown if function != space.false]
    last = [max(names.index(name) for name in found) if (found := support(space, function)) else -1 for function in shown]
    shown = [function for _, function in sorted(zip(last, shown, strict=True), key=lambda pair: pair[0])]
    needed: list[frozenset[str]] = [frozenset()] * (len(shown) + 1)
    for at in range(len(shown) - 1, -1, -1):
        needed[at] = needed[at + 1] | support(space, shown[at])
    memo: dict[tuple[int, BDDFunction], int] = {}

    def count(at: int, care: BDDFunction) -> int:
        if at == len(shown):
            return 1
        key = (at, care)
        found = memo.get(key)
        if found is not None:
            return found
        if len(memo) >= states:
            raise BudgetExceeded
        gone = space.cube([name for name in names if name in needed[at] and name not in needed[at + 1]])
        total = 0
        for side in (care & shown[at], care & ~shown[at]):
            if side != space.false:
                total += count(at + 1, side.exists(gone) if gone != space.true else side)
        memo[key] = total
        return total

    return count(0, space.true)


def exactly_one(space: Space, functions: Iterable[BDDFunction]) -> BDDFunction:
    """The people for whom exactly one of these holds."""
    none, one = space.true, space.false
    for function in functions:
        one = (one & ~function) | (none & function)
        none = none & ~function
    return one


def union(space: Space, functions: Iterable[BDDFunction]) -> BDDFunction:
    """The people for whom any of these holds."""
    return reduce(lambda left, right: left | right, functions, space.false)
