"""What a service shows to whom on one day: one function over people for every item, and for every question.

`shown[i]` is item i in the final outcome, with everything decided: the consultation ends at the first fact
after which a stop, done or human item is certain, and then shows only the certain ones (design, reading 4).
A question is asked where two of its answers still lead to different items, totals or texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property, reduce

from oxidd.bdd import BDDFunction
from oxidd.util import BooleanOperator

from vikno.domain.rules.service import ENDINGS, Item, Service
from vikno.domain.rules.space import Meaning, Space, support
from vikno.domain.rules.texts import answers_in


class Diagram:
    """One service on one day in a space of people."""

    def __init__(self, space: Space, service: Service) -> None:
        self.space, self.service = space, service
        self.meaning = Meaning(space, service)
        self.items: tuple[Item, ...] = tuple(item for item in service.items if item.holds_on(space.today))
        self.raw = self._raw()
        self.endings = tuple(at for at, item in enumerate(self.items) if item.kind in ENDINGS)
        self.stopped = self._any(self.raw[at] for at in self.endings)
        self.clash = space.false
        self.over: list[BDDFunction] = [space.false] * len(
            service.facts
        )  # before each fact: whose consultation has ended
        self.shown = self._shown()
        self.told = self._told()

    def _any(self, functions: Iterable[BDDFunction]) -> BDDFunction:
        return reduce(lambda left, right: left | right, functions, self.space.false)

    def _raw(self) -> list[BDDFunction]:
        raw = [self.meaning.of(item.when) for item in self.items]
        for at, item in enumerate(self.items):
            if item.instead_of:
                key = f"{item.kind}:{item.instead_of}"
                raw[at] &= self._any(raw[other] for other, known in enumerate(self.items) if known.key == key)
        return raw

    def _shown(self) -> list[BDDFunction]:
        shown = [function & ~self.stopped for function in self.raw]
        if not self.endings:
            return shown
        certain = {at: self.raw[at] for at in self.endings}
        layers = [certain]
        for fact in reversed(self.service.facts):
            cube = self.space.cube([fact.id])
            if cube != self.space.true:
                certain = {at: function.forall(cube) for at, function in certain.items()}
            layers.append(certain)
        layers.reverse()
        for at in self.endings:
            shown[at] = self.space.false
        before = self.space.false
        previous: dict[int, BDDFunction] | None = None
        for count, certain in enumerate(layers):
            if certain == previous:
                continue
            previous = certain
            ended = self._any(certain.values())
            self.over[count:] = [ended] * (len(self.over) - count)
            first = ended & ~before
            before = ended
            if not first.satisfiable():
                continue
            kinds: dict[str, BDDFunction] = {}
            for at, function in certain.items():
                here = first & function
                shown[at] = shown[at] | here
                kind = self.items[at].kind
                kinds[kind] = kinds.get(kind, self.space.false) | here
            present = list(kinds.values())
            for index, one in enumerate(present):
                for other in present[index + 1 :]:
                    self.clash |= one & other
        return shown

    def _told(self) -> list[tuple[str, int, BDDFunction]]:
        """(fact, item, to whom): an item is shown whose text shows the answer to a fact that applies to them."""
        return [
            (fact.id, at, self.shown[at] & self.meaning.applies[fact.id] & ~self.over[position])
            for at, item in enumerate(self.items)
            if (named := answers_in(item.text))
            for position, fact in enumerate(self.service.facts)
            if fact.id in named
        ]

    def mattering(self) -> frozenset[str]:
        """The facts that somebody is asked: where a function looks at a fact, two of its answers differ."""
        shown = support(self.space, *self.shown, *(people for _, _, people in self.told))
        return shown | {fact for fact, _, people in self.told if people != self.space.false}

    @cached_property
    def asked(self) -> dict[str, BDDFunction]:
        """For each fact, the people who are asked it: a function over the facts above it."""
        space = self.space
        order = [fact.id for fact in self.service.facts]
        looking: dict[str, list[BDDFunction]] = {name: [] for name in order}
        for function in sorted(
            {*self.shown, *(people for _, _, people in self.told)}, key=lambda function: function.node_count()
        ):
            for name in support(space, function):
                looking[name].append(function)
        out: dict[str, BDDFunction] = {}
        for at, name in enumerate(order):
            here, below = space.cube([name]), space.cube(order[at + 1 :])
            matters = space.false
            for fact, _, people in self.told:
                if fact == name:
                    matters |= people.exists(here).exists(below)
            for function in looking[name]:
                if matters == space.true:
                    break
                # where the union over its answers differs from what they have in common, the answer matters
                matters |= function.exists(here).apply_exists(BooleanOperator.XOR, function.forall(here), below)
            out[name] = matters
        return out


def diagram_on(
    service: Service, day: date, dates: Mapping[str, date | None] | None = None, nodes: int = 1 << 21
) -> Diagram:
    """The diagram of a service on a day, with the country's named dates unless others are given."""
    return Diagram(Space([service], day, service.dates if dates is None else dates, nodes), service)
