"""Diagram functions unrolled into plain rows, so that a walk through them is list look-ups and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from oxidd.bdd import BDDFunction

from vikno.domain.rules.space import Space, cofactors

NO, YES = 0, 1  # the two ends of a walk; other numbers are rows


class Tables:
    """Rows of functions over facts in an order (that of the space's variables).

    `level[row]` is the fact (its place in `order`), `option[row]` the option of a choose_any (else -1) and
    `kids[row]` the next rows: one a class of the fact, or (without, with) for an option.
    """

    def __init__(self, space: Space, order: Sequence[str]) -> None:
        self.space = space
        self.order = {name: at for at, name in enumerate(order)}
        self.level: list[int] = [len(order), len(order)]
        self.option: list[int] = [-1, -1]
        self.kids: list[tuple[int, ...]] = [(), ()]
        self._rows: dict[BDDFunction, int] = {space.false: NO, space.true: YES}

    def row(self, function: BDDFunction) -> int:
        """The row of a function; made, with all below it, when first asked for."""
        found = self._rows.get(function)
        if found is not None:
            return found
        top = function.node_var()
        if top is None:
            raise ValueError("only inner nodes need a row")
        name = self.space.owner[top]
        domain = self.space.domains[name]
        kids: tuple[int, ...]
        if domain.several:
            high, low = cofactors(function)
            kids, option = (self.row(low), self.row(high)), top - domain.variables.start
        else:
            kids, option = tuple(self.row(branch) for branch in self.space.branches(function, name)), -1
        at = len(self.level)
        self.level.append(self.order[name])
        self.option.append(option)
        self.kids.append(kids)
        self._rows[function] = at
        return at
