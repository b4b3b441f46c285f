"""Consulting agrees with brute force: what is asked, what is next, what comes of it, at every step, for anybody."""

from __future__ import annotations

import random
import tempfile
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.domain.rules.model import Model, Value, written
from tests.domain.rules.reference import ENDINGS, World
from tests.domain.rules.strategies import DAYS, examples, models
from vikno.domain.rules.diagram import Diagram
from vikno.domain.rules.people import Asking, outcomes
from vikno.domain.rules.ruleset import Consultation, Ruleset
from vikno.domain.rules.service import Service
from vikno.domain.rules.space import Space
from vikno.packs.load import load_country

KINDS_OF_WARNING = ("term_unused",)


def loaded(model: Model) -> Service:
    """The model through YAML and the loader, which must find nothing wrong."""
    with tempfile.TemporaryDirectory() as folder:
        pack = load_country(written(model, Path(folder)))
    assert not [finding for found in pack.findings.values() for finding in found]
    service = pack.services["gen/svc"]
    assert service
    return service


def keys(consultation: Consultation) -> list[str]:
    return [item.key for item in consultation.items]


def someone(model: Model, world: World, chosen: random.Random) -> dict[str, Value]:
    """An answer to every question, also to those that would not be asked."""
    values = {}
    for fact in model.facts:
        first, last = chosen.choice(world.runs[fact.id])
        every = fact.values(world.today, world.dates)
        there = every[every.index(first) : every.index(last) + 1]
        value = chosen.choice([first, last, chosen.choice(there)])
        values[fact.id] = int(value) if isinstance(value, Decimal) and value == int(value) else value
    return values


def compare_one(model: Model, world: World, ruleset: Ruleset, answers: dict[str, Value], chosen: random.Random) -> None:
    """One person, question by question, then all at once, then with some answers missing."""
    person = tuple(world.run_of(fact.id, answers[fact.id]) for fact in model.facts)
    index = dict(zip((fact.id for fact in model.facts), person, strict=True))
    path = world.path(person)
    given: dict[str, Any] = {}
    for name in path:
        found = ruleset.consult(given)
        assert not found.complete
        assert found.next
        assert found.next.id == name, (given, answers)
        assert found.asked == tuple(given)
        assert found.ignored == ()
        assert found.outcome is None
        assert found.total is None
        certain = world.certain_items({known: index[known] for known in given})
        assert keys(found) == [world.items[at].key for at in certain], given
        given[name] = answers[name]
    final(model, world, ruleset.consult(given), person, path)
    together = ruleset.consult(answers)
    final(model, world, together, person, path)
    assert set(together.ignored) == set(answers) - set(path)
    partly = {name: answer for name, answer in answers.items() if chosen.random() < 0.7}
    missing = next((name for name in path if name not in partly), None)
    if missing:
        found = ruleset.consult(partly)
        before = path[: path.index(missing)]
        assert found.next
        assert found.next.id == missing
        assert found.asked == before
        above = [fact.id for fact in model.facts]
        above = above[: above.index(missing)]
        assert set(found.ignored) == {name for name in partly if name in above and name not in before}
        certain = world.certain_items({known: index[known] for known in before})
        assert keys(found) == [world.items[at].key for at in certain]


def final(model: Model, world: World, found: Consultation, person: tuple[int, ...], path: tuple[str, ...]) -> None:
    items, _ = world.outs[person]
    assert found.complete
    assert found.asked == path
    assert keys(found) == [world.items[at].key for at in items]
    kinds = {world.items[at].kind for at in items if world.items[at].kind in ENDINGS}
    assert found.outcome in (kinds or {"checklist"})
    total = None if found.total is None else {currency: str(value) for currency, value in found.total.items()}
    assert total == (world.total(items) if not kinds else {"EUR": "0.00"})


def check_day(model: Model, service: Service, day: date, chosen: random.Random, people: int) -> None:
    world = World(model, day)
    ruleset = Ruleset(service, day)
    for _ in range(people):
        compare_one(model, world, ruleset, someone(model, world, chosen), chosen)
    diagram = Diagram(Space([service], day, service.dates, 1 << 14), service)
    assert Asking.of(diagram).ways() == len(world.paths)
    assert outcomes(diagram) == len(world.outcomes)


@examples(150)
@given(models(), st.randoms(use_true_random=False))
def test_consulting_agrees_with_brute_force(model: Model, chosen: random.Random) -> None:
    check_day(model, loaded(model), DAYS[2], chosen, people=12)


@examples(60)
@given(models(dated=True), st.randoms(use_true_random=False))
def test_consulting_agrees_with_brute_force_on_every_kind_of_day(model: Model, chosen: random.Random) -> None:
    service = loaded(model)
    for day in (DAYS[0], DAYS[2], DAYS[3], DAYS[5]):
        check_day(model, service, day, chosen, people=4)
