"""The proof: what must hold for every person on every day, and the smallest answers where it does not.

Duties 1 to 3 of the language (`docs/why/proof.md`); texts, examples and people are proved by the use case.
One diagram a stretch of days; stretches on which every comparison comes out alike are proved once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import chain

from oxidd.bdd import BDDFunction
from oxidd.util import DDMemoryError

from vikno.domain.rules.conditions import TRUE, AgeIs, Condition, DateIs, TodayIs, facts_of, leaves
from vikno.domain.rules.days import Stretch, open_names, stretches
from vikno.domain.rules.diagram import Diagram
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.people import Asking, BudgetExceeded, exactly_one, outcomes, union
from vikno.domain.rules.service import ENDINGS, Promise, Service
from vikno.domain.rules.space import Space, base_fact, conditions_of, cuts, day_bounds
from vikno.domain.rules.supposed import supposed
from vikno.domain.rules.texts import amounts_in, placeholders
from vikno.domain.values import Place

Report = Callable[[Finding], None]


@dataclass
class _Seen:
    """What has been met over all stretches so far."""

    true: set[int] = field(default_factory=set)
    false: set[int] = field(default_factory=set)
    counted: set[int] = field(default_factory=set)
    applies: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    shown: set[int] = field(default_factory=set)
    said: set[tuple[str, Place, str]] = field(default_factory=set)


def prove(service: Service) -> list[Finding]:
    """Prove a service. Findings come once each, with the first day and the smallest answers that show them."""
    findings: list[Finding] = []
    seen, report = _Seen(), findings.append
    known: set[object] = set()
    uncovered: set[tuple[str, str]] = set()
    try:
        known_dates = stretches(service)
        for stretch in chain(known_dates, supposed(service, open_names(service), known_dates)):
            _amounts(service, stretch, uncovered, report)
            signature = _signature(service, stretch)
            if signature not in known:
                known.add(signature)
                _Stretch(service, stretch, seen, report).prove()
        _overall(service, seen, report)
    except DDMemoryError:
        report(
            Finding(
                "budget_exceeded",
                service.place,
                "the proof outgrew its budget and is incomplete: nothing was sampled instead",
            )
        )
    return findings


def count(service: Service, today: date) -> tuple[int | None, int | None]:
    """Ways to answer and different outcomes, on the day; None for what is beyond the budget of counting."""
    day = max(today, service.floor or today)
    ways = different = None
    try:
        diagram = Diagram(Space([service], day, service.dates), service)
        different = _within_budget(lambda: outcomes(diagram))
        ways = _within_budget(Asking.of(diagram).ways)
    except DDMemoryError:
        pass
    return ways, different


def _within_budget(counting: Callable[[], int]) -> int | None:
    try:
        return counting()
    except BudgetExceeded:
        return None


def _signature(service: Service, stretch: Stretch) -> object:
    """Everything about a stretch that a proof can depend on: equal signatures, equal proofs."""
    day, dates = stretch.first, stretch.dates
    truths = tuple(
        leaf.holds(day, leaf.day.on(day, dates))
        for condition in conditions_of(service)
        for leaf in leaves(condition)
        if isinstance(leaf, TodayIs)
    )
    orders = []
    for fact in service.facts:
        if fact.kind != "date":
            continue
        low, high = day_bounds(fact, day, dates)
        points: list[int] = [low.toordinal(), high.toordinal() + 1]
        for condition in conditions_of(service):
            for leaf in leaves(condition):
                if isinstance(leaf, (DateIs, AgeIs)) and leaf.fact == fact.id:
                    points.extend(cuts(leaf, fact, day, dates))
                    points.append(-1)  # so that a leaf without a cut does not lend its place to the next one's
        ranks = {point: rank for rank, point in enumerate(sorted(set(points)))}
        orders.append(tuple(ranks[point] for point in points))
    return truths, tuple(orders), tuple(at for at, item in enumerate(service.items) if item.holds_on(day))


def _amounts(service: Service, stretch: Stretch, said: set[tuple[str, str]], report: Report) -> None:
    """Every amount that is used on a day, as a sum or in a text, has a row for it."""
    missing = {name: amount for name, amount in service.amounts.items() if not amount.covers(stretch.first)}
    if not missing:
        return
    diagram = Diagram(Space([service], stretch.first, stretch.dates), service)
    for what, names, people in _users(diagram):
        for name in sorted(names & missing.keys()):
            if people != diagram.space.false and (name, what) not in said:
                said.add((name, what))
                amount, answers = missing[name], Asking.of(diagram).smallest(people)
                since = f"“{name}” has no sum for {stretch.first}, the first row is of {amount.rows[0][0]}"
                message = f"{since}; {what} needs it{_supposing(service, stretch)}"
                report(Finding("amount_gap", amount.place, message, answers, stretch.first))


def _users(diagram: Diagram) -> Iterator[tuple[str, set[str], BDDFunction]]:
    """What uses amounts: its name, the amounts, and who sees it."""
    for item, shown in zip(diagram.items, diagram.shown, strict=True):
        own = {item.amount} if isinstance(item.amount, str) else set()
        yield item.key, own | amounts_in(item.text), shown
    for fact in diagram.service.facts:
        names = amounts_in(fact.ask) | (amounts_in(fact.hint) if fact.hint else frozenset())
        if names:
            yield f"the question “{fact.id}”", set(names), diagram.asked[fact.id]


def _supposing(service: Service, stretch: Stretch) -> str:
    """The end of a message: which values of open dates were supposed."""
    return "".join(f", if {name} is {day}" for name, day in stretch.dates.items() if day != service.dates.get(name))


class _Stretch:
    """The proof of one service for one stretch of days."""

    def __init__(self, service: Service, stretch: Stretch, seen: _Seen, report: Report) -> None:
        self.service, self.day, self.seen, self.report = service, stretch.first, seen, report
        self.diagram = Diagram(Space([service], stretch.first, stretch.dates), service)
        self.space = self.diagram.space
        self._asking: Asking | None = None
        self.supposing = _supposing(service, stretch)

    def prove(self) -> None:
        self._conditions()
        self._facts()
        self._items()
        self._outcomes()
        for promise in self.service.promises:
            self._promise(promise)

    def smallest(self, wrong: BDDFunction) -> Mapping[str, object]:
        self._asking = self._asking or Asking.of(self.diagram)
        return self._asking.smallest(wrong)

    def say(self, code: str, place: Place, message: str, wrong: BDDFunction) -> None:
        if (code, place, message) in self.seen.said:
            return
        self.seen.said.add((code, place, message))
        self.report(Finding(code, place, f"{message}{self.supposing}", self.smallest(wrong), self.day))

    def _conditions(self) -> None:
        for at, (condition, _, active) in enumerate(placed_conditions(self.service, self.day)):
            if not active:
                continue
            asked = self._askable(facts_of(condition))
            if asked == self.space.false:
                continue
            self.seen.counted.add(at)
            holds = self.diagram.meaning.of(condition)
            if (holds & asked) != self.space.false:
                self.seen.true.add(at)
            if (~holds & asked) != self.space.false:
                self.seen.false.add(at)

    def _askable(self, names: frozenset[str]) -> BDDFunction:
        """The people who are asked at least one of these facts; with no facts, everybody."""
        if not names:
            return self.space.true
        applies = self.diagram.meaning.applies
        return union(
            self.space, (applies[base] for name in names if (base := base_fact(self.service, name)) in applies)
        )

    def _facts(self) -> None:
        for fact in self.service.facts:
            if self.diagram.meaning.applies[fact.id] != self.space.false:
                self.seen.applies.add(fact.id)
        if len(self.seen.asked) < len(self.service.facts):
            self.seen.asked |= self.diagram.mattering()

    def _items(self) -> None:
        for at, item in enumerate(self.diagram.items):
            if self.diagram.shown[at] != self.space.false:
                self.seen.shown.add(id(item))
            message = f"{item.key} also holds for people who are never asked what it excludes"
            if item.when is None or ("absent_surprise", item.when_place, message) in self.seen.said:
                continue
            surprised = self.diagram.shown[at] & ~self.diagram.meaning.asked_only(item.when)
            if surprised != self.space.false:
                self.say("absent_surprise", item.when_place, message, surprised)

    def _outcomes(self) -> None:
        diagram, space = self.diagram, self.space
        listed = union(
            space,
            (function for item, function in zip(diagram.items, diagram.shown, strict=True) if item.kind not in ENDINGS),
        )
        empty = ~diagram.stopped & ~listed
        if empty != space.false:
            self.say(
                "outcome_empty", self.service.place, "somebody answers everything and gets an empty checklist", empty
            )
        if diagram.clash != space.false:
            kinds = [item for item in diagram.items if item.kind in ENDINGS]
            place = next(
                (
                    item.place
                    for at, item in enumerate(diagram.items)
                    if item in kinds and (diagram.shown[at] & diagram.clash) != space.false
                ),
                kinds[0].place,
            )
            self.say(
                "outcome_clash",
                place,
                "stop, done and human exclude each other, and here two of them are certain at once",
                diagram.clash,
            )

    def _promise(self, promise: Promise) -> None:
        diagram, space = self.diagram, self.space
        bound = ~diagram.stopped & (diagram.meaning.of(promise.while_) if promise.while_ else space.true)
        if promise.kind:
            members = [
                at
                for at, item in enumerate(diagram.items)
                if item.kind == promise.kind and not item.instead_of and not item.in_addition
            ]
            named = {diagram.items[at].key: diagram.raw[at] for at in members}
            what = f"exactly one {promise.kind}"
        else:
            named = {name: self._member(name) for name in promise.members}
            what = f"exactly one of {', '.join(promise.members)}"
        broken = bound & ~exactly_one(space, named.values())
        if broken == space.false:
            return
        none = broken & ~union(space, named.values())
        if none != space.false:
            self.say("promise_broken", promise.place, f"{what} is promised, and here is none", none)
        many = broken & union(space, named.values())
        if many != space.false:
            answers = self.smallest(many)
            both = self._holding(named, many, answers)
            items = [item for item in diagram.items if item.key in both]
            place = items[-1].place if items else promise.place
            self.say("promise_broken", place, f"{what} is promised, and here are {len(both)}: {', '.join(both)}", many)

    def _holding(self, named: Mapping[str, BDDFunction], many: BDDFunction, answers: Mapping[str, object]) -> list[str]:
        """Which of the members hold together for the person found."""
        person = many
        for name, answer in answers.items():
            domain = self.space.domains[name]
            if domain.several:
                for cell in domain.cells:
                    chosen = self.space.option(name, str(cell.value))
                    person &= chosen if isinstance(answer, frozenset) and cell.value in answer else ~chosen
            else:
                person &= self.space.where(name, lambda cell, wanted=answer: cell.value == wanted)  # type: ignore[misc]
        return [name for name, function in named.items() if (person & function) != self.space.false]

    def _member(self, name: str) -> BDDFunction:
        """A term, a yes/no fact or an item by its key (any of its dated entries)."""
        diagram = self.diagram
        if ":" in name:
            return union(self.space, (diagram.raw[at] for at, item in enumerate(diagram.items) if item.key == name))
        for term in self.service.terms:
            if term.name == name:
                return diagram.meaning.of(term.condition)
        from vikno.domain.rules.conditions import IsTrue

        return diagram.meaning.of(IsTrue(name))


def placed_conditions(service: Service, day: date) -> Iterator[tuple[Condition, Place, bool]]:
    """Every condition with its place, and whether it can matter on this day (an item's period has not passed)."""
    for fact in service.facts:
        if fact.when:
            yield fact.when, fact.when_place, True
    for term in service.terms:
        yield term.condition, term.place, True
    for item in service.items:
        if item.when:
            yield item.when, item.when_place, item.holds_on(day)
    for promise in service.promises:
        if promise.while_ and promise.while_ != TRUE:
            yield promise.while_, promise.place, True


def _overall(service: Service, seen: _Seen, report: Report) -> None:
    """What only all stretches together can tell: never true, never false, never asked, never shown."""
    never: set[Place] = set()
    for at, (condition, place, _) in enumerate(placed_conditions(service, date.min)):
        if at not in seen.counted:
            continue
        if at not in seen.true:
            never.add(place)
            report(Finding("never_true", place, f"“{condition}” is false for everyone who can be asked, on every day"))
        elif at not in seen.false and condition != TRUE:
            report(Finding("never_false", place, f"“{condition}” is true for everyone who can be asked, on every day"))
    for fact in service.facts:
        if fact.id not in seen.applies:
            report(Finding("fact_never_asked", fact.when_place, f"nobody is ever asked “{fact.id}”"))
        elif fact.id not in seen.asked:
            report(Finding("fact_changes_nothing", fact.place, f"no answer to “{fact.id}” changes any outcome"))
    for item in service.items:
        if id(item) not in seen.shown and item.when_place not in never:
            report(Finding("item_never", item.place, f"{item.key} can never appear{_why_never(service, item.key)}"))


def _why_never(service: Service, key: str) -> str:
    item = next(item for item in service.items if item.key == key)
    if item.kind not in ENDINGS and any(other.kind in ENDINGS for other in service.items):
        return ": whoever meets its condition is stopped before"
    return ""


def unused(service: Service, shown: Mapping[str, Place]) -> Iterator[Finding]:
    """Names that nothing uses. `shown`: the amounts and their places."""
    used: set[str] = set()
    for condition in conditions_of(service):
        used.update(str(leaf.fact) for leaf in leaves(condition) if not isinstance(leaf, TodayIs))
        used.update(_terms_in(condition))
    for promise in service.promises:
        used.update(promise.members)
    amounts = {item.amount for item in service.items if isinstance(item.amount, str)}
    texts = [item.text for item in service.items] + [
        text for fact in service.facts for text in (fact.ask, fact.hint) if text
    ]
    for text in texts:
        amounts.update(name for what, name in placeholders(text.source) if what == "amount")
    for term in service.terms:
        if term.name not in used:
            yield Finding("term_unused", term.place, f"the term “{term.name}” is used nowhere")
    for table in service.derived:
        if table.name not in used and all(table.name != other.by for other in service.derived):
            yield Finding("term_unused", table.place, f"the derived name “{table.name}” is used nowhere")
    for name, place in shown.items():
        if name not in amounts:
            yield Finding("term_unused", place, f"the amount “{name}” is used nowhere")


def _terms_in(condition: Condition) -> Iterator[str]:
    from vikno.domain.rules.conditions import All, Named, Not, Some

    match condition:
        case Named():
            yield condition.name
            yield from _terms_in(condition.inner)
        case Not():
            yield from _terms_in(condition.inner)
        case All() | Some():
            for part in condition.parts:
                yield from _terms_in(part)
