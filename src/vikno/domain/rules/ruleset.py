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

from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.diagram import diagram_on
from vikno.domain.rules.explain import Reason, reasons_for
from vikno.domain.rules.receipt import Receipt, receipt_of
from vikno.domain.rules.service import ENDINGS, Fact, Item, Service
from vikno.domain.rules.tables import NO, YES, Tables
from vikno.domain.rules.wording import item_text

RUNTIME_NODES = 1 << 16
KEPT = 256


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
        self._several = tuple(domain.several for domain in self._domains)
        self._options = tuple(fact.option_ids if fact.kind == "choose_any" else () for fact in service.facts)
        self._told: list[list[int]] = [[] for _ in service.facts]
        for at, (fact, _, _) in enumerate(diagram.told, len(diagram.shown)):
            self._told[tables.order[fact]].append(at)
        self._ids = tuple(fact.id for fact in service.facts)
        # first buckets, copied at the start of every walk
        self._start: list[list[int]] = [[] for _ in service.facts]
        self._certain_at_once = [at for at, root in enumerate(self._roots) if root == YES]
        for at, root in enumerate(self._roots):
            if root > YES:
                self._start[self._level[root]].append(at)

    def consult(self, answers: Mapping[str, Answer]) -> Consultation:  # noqa: C901  (the hot path, in one piece)
        """Where these answers lead. Answers must be of their fact's type (`read_answer` sees to it)."""
        level, option, kids = self._level, self._option, self._kids
        node = self._roots.copy()
        buckets = [bucket.copy() for bucket in self._start]
        certain = self._certain_at_once.copy()
        asked: list[str] = []
        upcoming: Fact | None = None
        told_of = self._told
        for at, name in enumerate(self._ids):
            bucket = buckets[at]
            if not bucket:
                told = told_of[at]
                if not told or not any(node[index] for index in told):
                    continue
            answer = answers.get(name)
            if answer is None:
                upcoming = self.service.facts[at]
                break
            asked.append(name)
            if self._several[at]:
                options = self._options[at]
                chosen = [known in answer for known in options]  # type: ignore[operator]
                for index in bucket:
                    row = node[index]
                    while row > YES and level[row] == at:
                        row = kids[row][chosen[option[row]]]
                    node[index] = row
                    if row == YES:
                        certain.append(index)
                    elif row:
                        buckets[level[row]].append(index)
            else:
                branch = self._domains[at].index(answer)
                for index in bucket:
                    row = kids[node[index]][branch]
                    node[index] = row
                    if row == YES:
                        certain.append(index)
                    elif row:
                        buckets[level[row]].append(index)
        if upcoming is not None:
            here = self._ids.index(upcoming.id)
            ignored = tuple(name for name in self._ids[:here] if name in answers and name not in asked)
            return Consultation(self, answers, tuple(asked), upcoming, ignored, None, ())
        certain.sort()
        items = self.items
        shown = tuple(items[index] for index in certain if index < len(items))
        ignored = tuple(name for name in answers if name not in asked) if len(asked) < len(answers) else ()
        kind = next((item.kind for item in shown if item.kind in ENDINGS), "checklist")
        return Consultation(self, answers, tuple(asked), None, ignored, kind, shown)

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

    def decides(self, answers: Mapping[str, Answer], fact: Fact) -> tuple[Item, ...]:
        """The items that the answer to this fact can still change, after the answers to the facts above it."""
        at = self._ids.index(fact.id)
        before = {name: answers[name] for name in self._ids[:at] if name in answers}
        out = []
        for index, root in enumerate(self._roots):
            row, item = root, self.items[self._owner[index]]
            while row > YES and self._level[row] < at:
                row = self._step(row, before)
            if (row > YES and self._level[row] == at) or (row and index in self._told[at]):
                out.append(item)
        return tuple(dict.fromkeys(out))

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
        return reasons_for(self.service, item, consultation.used, self.day)

    def receipt(self, consultation: Consultation) -> Receipt:
        """The proof of an outcome: canonical JSON and its hash, the same in every language."""
        return receipt_of(self.service, self.day, consultation.used, consultation.items)


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
