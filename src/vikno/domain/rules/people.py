"""Counting and finding people in a diagram: how many ways to answer, how many outcomes, the smallest example.

Nothing here walks every combination: states that ask and show the same from here on are counted once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce

from oxidd.bdd import BDDFunction

from vikno.domain.errors import ViknoError
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.diagram import Diagram
from vikno.domain.rules.space import Space, support
from vikno.domain.rules.tables import NO, YES, Tables

State = tuple[int, ...]  # rows: one for each fact that may still be asked
STATES = 400_000  # at the most, before a count is given up and said to be
SEARCHED = 3_000  # states after which the smallest answers are sought greedily

Path = tuple[tuple[str, Answer], ...]


class BudgetExceeded(ViknoError):
    """This is too wide to be worked out exactly within the budget, and nothing is sampled instead."""

    code = "budget_exceeded"


class Asking:
    """Who is asked what: a walk down the facts in the order of asking, over rows instead of diagrams."""

    def __init__(self, space: Space, asked: Mapping[str, BDDFunction], order: Iterable[str]) -> None:
        self.space = space
        self.order = tuple(order)
        self.tables = Tables(space, self.order)
        self.asked = tuple(self.tables.row(asked[name]) for name in self.order)
        self._domains = tuple(space.domains[name] for name in self.order)

    @staticmethod
    def of(diagram: Diagram) -> Asking:
        return Asking(diagram.space, diagram.asked, [fact.id for fact in diagram.service.facts])

    def ways(self, among: BDDFunction | None = None) -> int:
        """The number of complete ways to answer; each class of a number or date once.

        `among`: only the ways of these people, such as those who get an item. It must be decided by the answers
        that are asked, as everything in an outcome is.

        Raises:
            BudgetExceeded: more than STATES different states were met.
        """
        memo: list[dict[State, int]] = [{} for _ in range(len(self.order) + 1)]
        met = 0

        def count(at: int, state: State) -> int:
            """`state`: who is asked this fact and each one below, then who is counted."""
            nonlocal met
            while len(state) > 1 and state[0] == NO:
                state = self._skip(at, state[1:])
                at += 1
            if state[-1] == NO:
                return 0
            if not any(state[:-1]):
                return 1
            found = memo[at].get(state)
            if found is None:
                met += 1
                if met > STATES:
                    raise BudgetExceeded
                found = 0
                for rest, times in self._counted(at, state[1:]).items():
                    found += times * count(at + 1, rest)
                memo[at][state] = found
            return found

        return count(0, (*self.asked, YES if among is None else self.tables.row(among)))

    def _skip(self, at: int, rest: State) -> State:
        """Past a fact that is not asked: its answer matters to nobody, so the first will do."""
        level, kids = self.tables.level, self.tables.kids
        if at not in [level[row] for row in rest]:
            return rest
        out = list(rest)
        for index in range(len(out)):
            while level[out[index]] == at:
                out[index] = kids[out[index]][0]
        return tuple(out)

    def _counted(self, at: int, rest: State) -> dict[State, int]:
        """The states after a fact is answered, with the number of answers that lead to each."""
        domain = self._domains[at]
        out: dict[State, int] = {}
        if not domain.several:
            for branch in range(len(domain.cells)):
                state = self._answered(at, rest, branch)
                out[state] = out.get(state, 0) + 1
            return out
        states: dict[State, int] = {rest: 1}
        for option in range(len(domain.cells)):
            out = {}
            for known, times in states.items():
                for side in (0, 1):
                    state = self._chosen(at, known, option, side)
                    out[state] = out.get(state, 0) + times
            states = out
        return states

    def _answered(self, at: int, rest: State, branch: int) -> State:
        level, kids = self.tables.level, self.tables.kids
        return tuple([kids[row][branch] if level[row] == at else row for row in rest])

    def _chosen(self, at: int, rest: State, option: int, side: int) -> State:
        level, options, kids = self.tables.level, self.tables.option, self.tables.kids
        return tuple([kids[row][side] if level[row] == at and options[row] == option else row for row in rest])

    def smallest(self, wrong: BDDFunction) -> dict[str, Answer]:
        """The fewest answers, then the first options, that reach somebody in `wrong` (which must not be empty).

        In a service so wide that SEARCHED states do not tell, the rest is filled with the first answers that fit.
        """
        memo: dict[tuple[int, State], tuple[int, Path] | None] = {}

        def search(at: int, state: State) -> tuple[int, Path] | None:
            if state[0] == NO:
                return None
            if at == len(self.order):
                return 0, ()
            key = (at, state)
            if key in memo:
                return memo[key]
            name, best = self.order[at], None
            if state[1] == NO:
                # not asked: any answer that leaves somebody in `wrong` stands for all
                for branch in self._branches(at, (state[0], *state[2:])):
                    if branch[1][0] != NO:
                        best = search(at + 1, branch[1])
                        break
            else:
                tried: set[State] = set()
                for answer, following in self._branches(at, (state[0], *state[2:])):
                    if following in tried:
                        continue
                    tried.add(following)
                    found = search(at + 1, following)
                    if found and (best is None or found[0] + 1 < best[0]):
                        best = (found[0] + 1, ((name, answer), *found[1]))
                        if len(memo) > SEARCHED:
                            break
            memo[key] = best
            return best

        found = search(0, (self.tables.row(wrong), *self.asked))
        return dict(found[1]) if found else {}

    def _branches(self, at: int, rest: State) -> Iterable[tuple[Answer, State]]:
        """Each answer to a fact with the state after it; of several options the small sets first, each state once."""
        domain = self._domains[at]
        if not domain.several:
            for branch, cell in enumerate(domain.cells):
                yield cell.value, self._answered(at, rest, branch)
            return
        sets: list[tuple[frozenset[str], State]] = [(frozenset(), rest)]
        for option, cell in enumerate(domain.cells):
            following: list[tuple[frozenset[str], State]] = []
            seen: set[State] = set()
            for side in (0, 1):
                for chosen, known in sets:
                    state = self._chosen(at, known, option, side)
                    if state not in seen:
                        seen.add(state)
                        following.append((chosen | {str(cell.value)} if side else chosen, state))
            sets = following
        yield from sorted(sets, key=lambda entry: len(entry[0]))


def outcomes(diagram: Diagram, states: int = 50_000) -> int:
    """The number of different outcomes (sets of items) that people can reach.

    Raises:
        BudgetExceeded: more than `states` different states were met.
    """
    space = diagram.space
    names = list(space.domains)
    shown = [function for function in diagram.shown if function != space.false]
    last = [
        max(names.index(name) for name in found) if (found := support(space, function)) else -1 for function in shown
    ]
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
