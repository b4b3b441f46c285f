"""The comparison of two versions agrees with brute force: exact, disjoint boxes of all people whose outcome changes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import groupby, product
from math import prod
from typing import Any

from hypothesis import assume, given

from tests.domain.rules.model import MFact, Model, Value, replace, told_apart
from tests.domain.rules.mutations import versions
from tests.domain.rules.reference import World
from tests.domain.rules.strategies import DAYS, examples
from tests.domain.rules.test_reference_consult import loaded
from vikno.cli.diff import change_json
from vikno.domain.rules.compare import Change, compare
from vikno.domain.rules.ruleset import Ruleset

Run = tuple[Value, Value]
Ends = tuple[tuple[str, ...], Any]  # the items and the total of an outcome


class Both:
    """Two versions on one day, person by person."""

    def __init__(self, old: Model, new: Model, day: date) -> None:
        self.names = [fact.id for fact in new.facts] + [
            fact.id for fact in old.facts if all(fact.id != other.id for other in new.facts)
        ]
        self.runs: dict[str, list[Run]] = {}
        own: dict[int, dict[str, list[Run]]] = {0: {}, 1: {}}
        for name in self.names:
            facts = [next((fact for fact in model.facts if fact.id == name), None) for model in (old, new)]
            values = [
                fact.values(day, model.dates) if fact else [] for fact, model in zip(facts, (old, new), strict=True)
            ]
            runs = self.split(name, [old, new], facts, values, day)
            for side in (0, 1):
                own[side][name] = [run for run in runs if run[0] in values[side]]
            self.runs[name] = [run for run in runs if all(run[0] in known for known in values if known)]
        self.worlds = World(old, day, runs=own[0]), World(new, day, runs=own[1])
        self.people = [
            dict(zip(self.names, person, strict=True)) for person in product(*(self.runs[name] for name in self.names))
        ]

    @staticmethod
    def split(
        name: str, models: list[Model], facts: list[MFact | None], values: list[list[Value]], day: date
    ) -> list[Run]:
        every = [value for at, known in enumerate(values) for value in known if not at or value not in values[0]]
        fact = next(fact for fact in facts if fact)
        if fact.kind not in ("number", "date"):
            return [(value, value) for value in every]
        tests = told_apart(models, name, day)
        runs = [
            list(run) for _, run in groupby(sorted(every), key=lambda v: (tests(v), *(v in known for known in values)))
        ]
        return [(run[0], run[-1]) for run in runs]

    def ends(self, side: int, person: dict[str, Run]) -> tuple[Ends, tuple[str, ...]]:
        """The outcome of one version, and what it asks."""
        world = self.worlds[side]
        mine = tuple(world.runs[fact.id].index(person[fact.id]) for fact in world.model.facts)
        items, _ = world.outs[mine]
        keys = tuple(world.items[at].key for at in items)
        return (keys, world.total(items)), world.path(mine)

    def path(self, person: dict[str, Run]) -> tuple[tuple[str, Run], ...]:
        """What either version asks somebody, with the answers."""
        asked = {*self.ends(0, person)[1], *self.ends(1, person)[1]}
        return tuple((name, person[name]) for name in self.names if name in asked)


def shown(run: Run) -> Any:
    """A class as `who` writes it."""
    if isinstance(run[0], (bool, frozenset)):
        return run[0]
    low, high = (int(end) if isinstance(end, Decimal) and end == int(end) else end for end in run)
    return str(low) if low == high else f"{low}..{high}"


def in_box(change: dict[str, Any], person: dict[str, Run]) -> bool:
    for name, values in change["who"].items():
        known = [frozenset(value) if isinstance(value, (list, tuple)) else value for value in values]
        if shown(person[name]) not in known:
            return False
    return True


def check(old: Model, new: Model, day: date) -> None:
    both = Both(old, new, day)
    assume(0 < len(both.people) <= 1500)
    services = loaded(old), loaded(new)
    found = compare(*services, day)
    changes = [change_json(change, None) for change in found.changes]
    met = [0] * len(changes)
    for person in both.people:
        (before, path_before), (after, path_after) = both.ends(0, person), both.ends(1, person)
        mine = [at for at, change in enumerate(changes) if in_box(change, person)]
        assert len(mine) == (before != after), (person, before, after)
        for at in mine:
            met[at] += 1
            change = changes[at]
            assert (tuple(change["before"]), change["before_total"]) == before
            assert (tuple(change["after"]), change["after_total"]) == after
            assert set(change["who"]) >= {*path_before, *path_after}
            if in_order(old, new):
                assert set(change["who"]) == {*path_before, *path_after}
    assert all(met)
    for change, raw in zip(changes, found.changes, strict=True):
        assert change["ways"] == prod(len(values) for values in change["who"].values())
        assert change["share"] == change["ways"] / found.ways
        check_smallest(raw, services, day)
    assert sum(change["ways"] for change in changes) <= found.ways
    if found.ways and same_questions(old, new):
        assert found.ways == len({both.path(person) for person in both.people})


def in_order(old: Model, new: Model) -> bool:
    """Whether the facts of both stand in one order."""
    one, two = ([fact.id for fact in model.facts if fact.id != "fn"] for model in (old, new))
    return one == two


def same_questions(old: Model, new: Model) -> bool:
    """Whether both versions have the same facts, apart from their conditions."""
    return [replace(fact, when=None) for fact in old.facts] == [replace(fact, when=None) for fact in new.facts]


def check_smallest(change: Change, services: Any, day: date) -> None:
    """Its answers, given to both versions, come to what it says."""
    for service, items, total in zip(
        services, (change.before, change.after), (change.before_total, change.after_total), strict=True
    ):
        found = Ruleset(service, day).consult({name: a for name, a in change.answers.items() if name in service.fact})
        assert found.complete
        assert tuple(item.key for item in found.items) == items
        assert found.total == total


@examples(150)
@given(versions())
def test_a_comparison_agrees_with_brute_force(pair: tuple[Model, Model]) -> None:
    check(*pair, DAYS[2])


@examples(60)
@given(versions(dated=True, most=200))
def test_a_comparison_agrees_with_brute_force_where_days_matter(pair: tuple[Model, Model]) -> None:
    for day in (DAYS[0], DAYS[3]):
        check(*pair, day)
