"""The proof agrees with brute force: no fault is missed, none invented, and each is shown by the fewest answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from hypothesis import given

from tests.domain.rules.model import Cond, MFact, MItem, Model, When, leaf_true
from tests.domain.rules.reference import World, broken, expected, gaps
from tests.domain.rules.strategies import FIRST, examples, models
from tests.domain.rules.test_reference_consult import loaded
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.prove import prove
from vikno.domain.rules.service import Service

Dates = Mapping[str, date | None]


def promised(model: Model, at: int) -> str:
    promise = model.promises[at]
    return f"exactly one {promise.kind}" if promise.kind else f"exactly one of {', '.join(promise.members)}"


def told(model: Model, service: Service, finding: Finding) -> tuple[str, Any]:
    """What a finding says, as (fault, what is at fault)."""
    place, code = finding.place, finding.code
    items = {item.place: at for at, item in enumerate(service.items)}
    whens = {item.when_place: at for at, item in enumerate(service.items)}
    facts = {fact.place: fact.id for fact in service.facts} | {fact.when_place: fact.id for fact in service.facts}
    conditions: dict[Any, Any] = {fact.when_place: ("fact", fact.id) for fact in service.facts if fact.when}
    conditions |= {term.place: ("term", term.name) for term in service.terms}
    conditions |= {item.when_place: ("item", at) for at, item in enumerate(service.items) if item.when}
    conditions |= {promise.place: ("promise", at) for at, promise in enumerate(service.promises)}
    match code:
        case "never_true" | "never_false":
            return code, conditions[place]
        case "fact_never_asked" | "fact_changes_nothing":
            return code, facts[place]
        case "item_never":
            return code, items[place]
        case "absent_surprise":
            return code, whens[place]
        case "amount_gap":
            name = next(amount.name for amount in service.amounts.values() if amount.place == place)
            return code, (name, re.findall(r"; (\S+) needs it", finding.message)[0])
        case "outcome_empty" | "outcome_clash":
            return code, None
        case "promise_broken":
            what, _, rest = finding.message.partition(" is promised, and here ")
            return ("promise_none" if rest.startswith("is none") else "promise_many"), what
    raise AssertionError(f"{code}: {finding.message}")


def check_shown(model: Model, service: Service, finding: Finding) -> None:
    """The answers of a finding reach somebody who has the fault, and nobody has it with fewer."""
    assert finding.day
    assert finding.answers is not None
    supposed = {
        name: date.fromisoformat(day) for name, day in re.findall(r", if (\w+) is (\S+?)(?=,|$)", finding.message)
    }
    world = World(model, finding.day, {**model.dates, **supposed})
    fault, what = told(model, service, finding)
    faulty = 0
    if fault in ("absent_surprise", "amount_gap"):
        for item, shown in zip(world.items, world.shown, strict=True):
            if fault == "amount_gap" and item.key == what[1] and what[0] in gaps(model, item, finding.day):
                faulty |= shown
            if fault == "absent_surprise" and item is model.items[what]:
                faulty |= shown & ~world.known_true(item.when)
    elif fault == "outcome_clash":
        faulty = world.clash
    elif fault == "outcome_empty":
        faulty = world.everybody
        for shown in world.shown:
            faulty &= ~shown
    else:
        for at, promise in enumerate(model.promises):
            if promised(model, at) == what:
                faulty |= broken(world, promise)[fault == "promise_many"]
    answered = {name: world.run_of(name, answer) for name, answer in finding.answers.items()}
    alike = world.having(answered)
    assert alike & faulty
    if fault in ("amount_gap", "outcome_clash", "outcome_empty"):
        assert not alike & ~faulty
    assert all(world.path(world.persons[at]) == tuple(answered) for at in world.members(alike))
    assert len(answered) == min(len(world.path(world.persons[at])) for at in world.members(faulty))


def kinds_of_days(model: Model, days: list[date], supposed: list[Dates]) -> list[tuple[date, Dates]]:
    """Of all days (and values of the open dates) one for each way in which the comparisons can come out."""
    found: dict[object, tuple[date, Dates]] = {}
    leaves = model.leaves()
    for dates in supposed:
        for day in days:
            key: list[object] = [tuple((item.holds_on(day), *sorted(gaps(model, item, day))) for item in model.items)]
            key.append(tuple(leaf_true(leaf, None, {}, day, dates) for leaf in leaves if leaf.op == "today"))
            for fact in model.facts:
                if fact.kind == "date":
                    mine = [leaf for leaf in leaves if leaf.op != "today" and leaf.args[0] == fact.id]
                    seen = [
                        tuple(leaf_true(leaf, value, {}, day, dates) for leaf in mine)
                        for value in fact.values(day, dates)
                    ]
                    key.append(tuple(one for at, one in enumerate(seen) if not at or seen[at - 1] != one))
            found.setdefault(tuple(key), (day, dates))
    return list(found.values())


def compare(model: Model, days: list[date], supposed: list[Dates]) -> None:
    service = loaded(model)
    findings = prove(service)
    wanted = expected(model, kinds_of_days(model, days, supposed)).faults
    named = {(fault, promised(model, what) if fault.startswith("promise_") else what) for fault, what in wanted}
    assert {told(model, service, finding) for finding in findings} == named
    assert len({(finding.code, finding.place, finding.message) for finding in findings}) == len(findings)
    for finding in findings:
        if finding.code in ("never_true", "never_false", "fact_never_asked", "fact_changes_nothing", "item_never"):
            assert finding.answers is None
        else:
            check_shown(model, service, finding)


@examples(120)
@given(models())
def test_the_proof_agrees_with_brute_force(model: Model) -> None:
    compare(model, [FIRST], [model.dates])


@examples(25)
@given(models(dated=True, most=200, facts=4, open_=False))
def test_the_proof_agrees_with_brute_force_on_every_day(model: Model) -> None:
    until = 1500 if any(fact.kind == "date" for fact in model.facts) else 40
    compare(model, [FIRST + timedelta(days=at) for at in range(until)], [model.dates])


@examples(12)
@given(models(dated=True, most=120, facts=3, open_=True))
def test_the_proof_agrees_with_brute_force_for_every_value_of_an_open_date(model: Model) -> None:
    years = 5 if any(leaf.op in ("age", "age range") and leaf.args[3].base == "d1" for leaf in model.leaves()) else 1
    near = [round(365.25 * year) + at for year in range(years) for at in range(-20, 60)]
    supposed: list[Dates] = [{"d1": FIRST + timedelta(days=at)} for at in near]
    compare(model, [FIRST + timedelta(days=at) for at in range(50)], [model.dates, *supposed])


def test_a_clash_that_only_a_far_value_of_an_open_date_brings_is_found() -> None:
    arrival = MFact("arrival", "date", first=When(FIRST), last=When(FIRST, 364))
    closed = [Cond("date", ("arrival", ">=", When("d1"))), Cond("date", ("arrival", "<", When("d1", 10)))]
    items = (
        MItem("stop", "closed", Cond("and", tuple(closed))),
        MItem("done", "late", Cond("date", ("arrival", ">", When(date(2026, 10, 1))))),
        MItem("note", "other"),
    )
    model = Model((arrival,), items, dates={"d1": None}, since=FIRST)
    service = loaded(model)
    findings = prove(service)
    assert [finding.code for finding in findings] == ["outcome_clash"]
    check_shown(model, service, findings[0])


def test_an_age_that_is_reached_only_on_a_far_open_date_can_be_reached() -> None:
    born = MFact("born", "date", first=When(date(2020, 1, 1)), last=When("today"))
    items = (MItem("note", "grown", Cond("age", ("born", ">=", 18, When("d1")))), MItem("note", "other"))
    assert prove(loaded(Model((born,), items, dates={"d1": None}, since=FIRST))) == []
