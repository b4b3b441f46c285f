"""A service compiled for one day: which question next, and what comes of the answers.

The decision diagram is unrolled once into plain tables, one row a node; a consultation is then a walk: every
item holds a node, and a fact is asked exactly when some item's node still waits for it (design, reading 4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache

from vikno.domain.rules.conditions import Answer, facts_of
from vikno.domain.rules.diagram import diagram_on
from vikno.domain.rules.explain import Reason, reasons_for
from vikno.domain.rules.receipt import Receipt, receipt_of
from vikno.domain.rules.service import ENDINGS, Fact, Item, Service
from vikno.domain.rules.space import base_fact
from vikno.domain.rules.tables import NO, YES, Tables
from vikno.domain.rules.wording import item_text

RUNTIME_NODES = 1 << 16
KEPT = 256
REMEMBERED = 50_000  # steps, ways on from them and outcomes of one ruleset

Live = tuple[tuple[int, int], ...]  # (item, row) of every item that is not decided yet


@dataclass(frozen=True)
class Consultation:
    """Where somebody's answers have led, on one day."""

    ruleset: Ruleset
    answers: Mapping[str, Answer]
    asked: tuple[str, ...]
    next: Fact | None
    ignored: tuple[str, ...]
    outcome: str | None  # checklist | stop | done | human; None while a question is left
    _shown: tuple[Item, ...]

    @property
    def complete(self) -> bool:
        return self.next is None

    @cached_property
    def items(self) -> tuple[Item, ...]:
        """The items of the outcome; before it, those that are certain already."""
        return self._shown if self.next is None else self.ruleset.certain(self.used)

    @cached_property
    def used(self) -> Mapping[str, Answer]:
        """The answers that count, in the order of the questions."""
        return {name: self.answers[name] for name in self.asked}

    @cached_property
    def total(self) -> Mapping[str, Decimal] | None:
        """What is to be paid, per currency; None when not known (yet)."""
        return total_of(self.ruleset.service, self._shown, self.ruleset.day) if self.next is None else None


def total_of(service: Service, items: tuple[Item, ...], day: date) -> Mapping[str, Decimal] | None:
    """The sum of the fees that count, two places, per currency; None when one of them has no known amount."""
    sums: dict[str, Decimal] = {}
    for item in items:
        if item.kind != "fee" or item.instead_of:
            continue
        found = service.amount_on(item, day)
        if found is None or found[1] is None:
            return None
        sums[found[0]] = sums.get(found[0], Decimal(0)) + found[1]
    if not sums:
        sums[service.currency] = Decimal(0)
    return {currency: value.quantize(Decimal("0.01")) for currency, value in sorted(sums.items())}


class _Step:
    """A point of a walk: the fact asked there, what is still open, and where each answer leads."""

    __slots__ = ("at", "decides", "edges", "live")

    def __init__(self, at: int, live: Live) -> None:
        self.at, self.live = at, live
        self.edges: dict[Answer | int, tuple[_Step, tuple[int, ...]]] = {}
        self.decides: tuple[Item, ...] | None = None


class Ruleset:
    """A service on a day. Immutable once built; safe to share."""

    def __init__(self, service: Service, day: date) -> None:
        self.service, self.day = service, day
        diagram = diagram_on(service, day, nodes=RUNTIME_NODES)
        tables = Tables(diagram.space, [fact.id for fact in service.facts])
        self._level, self._option, self._kids = tables.level, tables.option, tables.kids
        # an item's row, then one for each text that shows an answer: its fact is asked where that row can hold
        functions = [*diagram.shown, *(people for _, _, people in diagram.told)]
        self._roots = [tables.row(function) for function in functions]
        self._owner = [*range(len(diagram.shown)), *(item for _, item, _ in diagram.told)]
        self._raw_roots = [tables.row(function) for function in diagram.raw]
        self.items = diagram.items
        self._domains = tuple(diagram.space.domains[fact.id] for fact in service.facts)
        self._lookups = tuple(None if domain.several or domain.edges else domain.places for domain in self._domains)
        self._several = tuple(domain.several for domain in self._domains)
        self._options = tuple(fact.option_ids if fact.kind == "choose_any" else () for fact in service.facts)
        self._told_at = {at: tables.order[fact] for at, (fact, _, _) in enumerate(diagram.told, len(diagram.shown))}
        self._ids = tuple(fact.id for fact in service.facts)
        self._steps: dict[tuple[int, Live], _Step] = {}
        self._items: dict[tuple[int, ...], tuple[Item, ...]] = {}
        self._edges = 0
        self._looks = {item: self._looked_at(item) for item in self.items}
        self._reasons: dict[tuple[Item, tuple[Answer | None, ...]], tuple[Reason, ...]] = {}
        self._first = self._settled(0, list(enumerate(self._roots)))

    def consult(self, answers: Mapping[str, Answer]) -> Consultation:
        """Where these answers lead. Answers must be of their fact's type (`read_answer` sees to it)."""
        step, certain = self._first
        names, lookups = self._ids, self._lookups
        asked: list[str] = []
        upcoming: Fact | None = None
        while step.at < len(names):
            at = step.at
            name = names[at]
            answer = answers.get(name)
            if answer is None:
                upcoming = self.service.facts[at]
                break
            asked.append(name)
            lookup = lookups[at]
            branch = self._branch(at, answer) if lookup is None else lookup[answer]
            edge = step.edges.get(branch)
            if edge is None:
                edge = self._taken(step, branch)
            step = edge[0]
            certain += edge[1]
        if upcoming is not None:
            above = names[: step.at] if len(asked) < len(answers) else ()
            ignored = tuple(name for name in above if name in answers and name not in asked)
            return Consultation(self, answers, tuple(asked), upcoming, ignored, None, ())
        shown = self._shown(certain)
        ignored = tuple(name for name in answers if name not in asked) if len(asked) < len(answers) else ()
        kind = shown[0].kind if shown and shown[0].kind in ENDINGS else "checklist"
        return Consultation(self, answers, tuple(asked), None, ignored, kind, shown)

    def _branch(self, at: int, answer: Answer) -> Answer | int:
        """What tells an answer from others: of several options the answer itself, otherwise its class."""
        return answer if self._several[at] else self._domains[at].index(answer)

    def _shown(self, certain: tuple[int, ...]) -> tuple[Item, ...]:
        """The items of a finished walk, in the order in which the service has them."""
        found = self._items.get(certain)
        if found is None:
            self._make_room()
            found = tuple(self.items[index] for index in sorted(certain))
            self._items[certain] = found
        return found

    def _taken(self, step: _Step, branch: Answer | int) -> tuple[_Step, tuple[int, ...]]:
        """The step after an answer; worked out once, then remembered."""
        at, level, option, kids = step.at, self._level, self._option, self._kids
        following: list[tuple[int, int]] = []
        for index, known in step.live:
            row = known
            if self._several[at]:
                while row > YES and level[row] == at:
                    row = kids[row][self._options[at][option[row]] in branch]  # type: ignore[operator]
            elif row > YES and level[row] == at:
                row = kids[row][branch]  # type: ignore[index]
            following.append((index, row))
        edge = self._settled(at + 1, following)
        self._make_room()
        step.edges[branch] = edge
        self._edges += 1
        return edge

    def _settled(self, at: int, rows: list[tuple[int, int]]) -> tuple[_Step, tuple[int, ...]]:
        """The step at the next fact that is asked, from `at` on, and the items that have become certain."""
        count = len(self.items)
        certain = tuple(index for index, row in rows if row == YES and index < count)
        live = tuple(
            (index, row)
            for index, row in rows
            if (row > YES if index < count else row != NO and self._told_at[index] >= at)
        )
        waiting = {self._level[row] for _, row in live if row > YES}
        told = {self._told_at[index] for index, _ in live if index >= count}
        at = min((place for place in waiting | told if place >= at), default=len(self._ids))
        key = at, live
        step = self._steps.get(key)
        if step is None:
            step = self._steps[key] = _Step(at, live)
        return step, certain

    def _make_room(self) -> None:
        """Forget what was remembered when it has grown large; it is only remembered for speed."""
        if len(self._steps) + len(self._items) + len(self._reasons) + self._edges > REMEMBERED:
            self._edges = 0  # of n ticks there are 2ⁿ ways on from one step
            self._steps.clear()
            self._items.clear()
            self._reasons.clear()
            self._first = self._settled(0, list(enumerate(self._roots)))

    def certain(self, used: Mapping[str, Answer]) -> tuple[Item, ...]:
        """The items whose condition is true under every remaining answer."""
        last = max((at for at, name in enumerate(self._ids) if name in used), default=-1)
        known: dict[int, bool] = {NO: False, YES: True}

        def sure(row: int) -> bool:
            """Whether every way on from a row ends in yes, once these answers are given."""
            found = known.get(row)
            if found is None:
                at = self._level[row]
                if self._ids[at] in used:
                    found = sure(self._step(row, used))
                else:  # a question that was skipped may stand above those that were answered
                    found = at < last and all(sure(kid) for kid in self._kids[row])
                known[row] = found
            return found

        return tuple(item for item, root in zip(self.items, self._raw_roots, strict=True) if sure(root))

    def waiting(self, answers: Mapping[str, Answer]) -> Mapping[Item, tuple[str, ...]]:
        """The items that may hold or not, once what is not answered is; each with the facts that it waits for."""
        return {
            item: facts
            for item, root in zip(self.items, self._raw_roots, strict=True)
            if (facts := self._awaited(root, answers))
        }

    def _awaited(self, root: int, answers: Mapping[str, Answer]) -> tuple[str, ...]:
        """The unanswered facts between a row and its ends; none if these answers lead to one end."""
        ends: set[int] = set()
        facts: dict[str, None] = {}
        seen, todo = {root}, [root]
        while todo:
            row = todo.pop()
            if row <= YES:
                ends.add(row)
                continue
            name = self._ids[self._level[row]]
            if name in answers:
                ways: tuple[int, ...] = (self._step(row, answers),)
            else:
                ways = self._kids[row]
                facts[name] = None
            todo += [way for way in ways if way not in seen]
            seen.update(ways)
        return tuple(name for name in self._ids if name in facts) if len(ends) > 1 else ()

    def decides(self, answers: Mapping[str, Answer], fact: Fact) -> tuple[Item, ...]:
        """The items that the answer to this fact can still change, after the answers to the facts above it."""
        at = self._ids.index(fact.id)
        step = self._first[0]
        while step.at < at:
            answer = answers.get(self._ids[step.at])
            if answer is None:
                break  # a question above is open: nothing is known below it
            branch = self._branch(step.at, answer)
            edge = step.edges.get(branch) or self._taken(step, branch)
            step = edge[0]
        if step.at != at:
            return ()
        if step.decides is None:
            waiting = [
                self._owner[index]
                for index, row in step.live
                if (row > YES and self._level[row] == at) or self._told_at.get(index) == at
            ]
            step.decides = tuple(self.items[index] for index in sorted(set(waiting)))
        return step.decides

    def _step(self, row: int, answers: Mapping[str, Answer]) -> int:
        at = self._level[row]
        answer = answers.get(self._ids[at])
        if answer is None:
            return NO  # not asked: no answer to it matters here
        if self._several[at]:
            return self._kids[row][self._options[at][self._option[row]] in answer]  # type: ignore[operator]
        return self._kids[row][self._domains[at].index(answer)]

    def text(self, item: Item, answers: Mapping[str, Answer], language: str) -> str:
        """The item's words, with amounts and answers in place, formatted in the language."""
        return item_text(self.service, item, answers, self.day, language)

    def reasons(self, consultation: Consultation, item: Item) -> tuple[Reason, ...]:
        """Why this item: only the answers that decided."""
        used = consultation.used
        key = item, tuple([used.get(name) for name in self._looks[item]])
        found = self._reasons.get(key)
        if found is None:
            self._make_room()
            found = self._reasons[key] = reasons_for(self.service, item, used, self.day)
        return found

    def _looked_at(self, item: Item) -> tuple[str, ...]:
        """The facts whose answers an item's condition looks at, itself or through a table."""
        names = facts_of(item.when) if item.when else frozenset()
        return tuple(sorted({base_fact(self.service, name) for name in names}))

    def receipt(self, consultation: Consultation) -> Receipt:
        """The proof of an outcome: canonical JSON and its hash, the same in every language."""
        items = [(item, self.reasons(consultation, item)) for item in consultation.items]
        return receipt_of(self.service, self.day, consultation.used, items)


class _ByIdentity:
    """A service as a key of the cache: two readings of one folder are two services."""

    __slots__ = ("service",)

    def __init__(self, service: Service) -> None:
        self.service = service

    def __hash__(self) -> int:
        return id(self.service)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _ByIdentity) and other.service is self.service


@lru_cache(maxsize=KEPT)
def _kept(key: _ByIdentity, day: date) -> Ruleset:
    return Ruleset(key.service, day)


def ruleset_on(service: Service, day: date) -> Ruleset:
    """The ruleset of a service on a day, compiled once; the KEPT last used are kept."""
    return _kept(_ByIdentity(service), day)
