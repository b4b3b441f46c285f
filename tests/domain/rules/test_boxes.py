"""Boxes hold everybody once, with just the items that they get."""

import random
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from vikno.domain.rules import Service, ruleset_on
from vikno.domain.rules.boxes import Box, boxes
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.diagram import Diagram, diagram_on
from vikno.domain.rules.people import Asking, BudgetExceeded
from vikno.domain.rules.service import Fact
from vikno.packs.load import load_country

DAY = date(2026, 3, 15)
SERVICES = [
    ("example", "fishing-permit"),
    ("example", "library-card"),
    ("example", "visitor-visa"),
    ("ua", "idp-allowance"),
    ("ua", "permanent-residence-permit"),
]


def service_of(root: Path, country: str, slug: str) -> Service:
    found = load_country(root / "countries" / country, only=slug).services[f"{country}/{slug}"]
    assert found is not None
    return found


def found_in(service: Service, diagram: Diagram) -> Mapping[int, tuple[Box | None, ...]]:
    order = [fact.id for fact in service.facts]
    return boxes(diagram.space, order, diagram.asked, diagram.space.true, diagram.shown)


def anybody(chance: random.Random, service: Service, diagram: Diagram) -> dict[str, Answer]:
    """Somebody who answers every question that is asked."""
    answers: dict[str, Answer] = {}
    while (fact := ruleset_on(service, DAY).consult(answers).next) is not None:
        answers[fact.id] = _answer(chance, fact, diagram)
    return answers


def _answer(chance: random.Random, fact: Fact, diagram: Diagram) -> Answer:
    if fact.kind == "choose_any":
        return frozenset(option for option in fact.option_ids if chance.random() < 0.5)
    return chance.choice(diagram.space.domains[fact.id].cells).value


def holds(box: Box | None, answers: Mapping[str, Answer], diagram: Diagram) -> bool:
    parts = tuple(box or ())
    if {part.fact for part in parts} != answers.keys():
        return False
    return all(_value(answers[part.fact], part.fact, diagram) in part.values for part in parts)


def _value(answer: Answer, name: str, diagram: Diagram) -> Any:
    return answer if isinstance(answer, frozenset) else diagram.space.domains[name].index(answer)


@pytest.mark.parametrize(("country", "slug"), SERVICES)
def test_the_ways_of_all_boxes_are_all_ways(root: Path, country: str, slug: str) -> None:
    service = service_of(root, country, slug)
    diagram = diagram_on(service, DAY)
    found = found_in(service, diagram)
    ways = sum(box.ways if box else 1 for people in found.values() for box in people)
    assert ways == Asking.of(diagram).ways()


@pytest.mark.parametrize(("country", "slug"), SERVICES)
def test_everybody_is_in_one_box_with_what_they_get(root: Path, country: str, slug: str) -> None:
    service = service_of(root, country, slug)
    diagram = diagram_on(service, DAY)
    found = found_in(service, diagram)
    chance = random.Random(slug)  # noqa: S311 - the same people in every run
    for _ in range(60):
        answers = anybody(chance, service, diagram)
        consultation = ruleset_on(service, DAY).consult(answers)
        masks = [mask for mask, people in found.items() for box in people if holds(box, answers, diagram)]
        assert len(masks) == 1, answers
        items = [item for at, item in enumerate(diagram.items) if masks[0] >> at & 1]
        assert items == list(consultation.items)


def test_only_the_people_asked_about_are_walked(root: Path) -> None:
    service = service_of(root, "example", "fishing-permit")
    diagram = diagram_on(service, DAY)
    order = [fact.id for fact in service.facts]
    sea = diagram.space.where("water", lambda cell: cell.value == "sea")
    found = boxes(diagram.space, order, diagram.asked, sea, diagram.shown)
    assert len(found) == 1
    (people,) = found.values()
    assert [[(part.fact, part.values) for part in box or ()] for box in people] == [[("water", (2,))]]


def test_a_walk_that_grows_too_large_is_given_up_and_said_to_be(root: Path) -> None:
    service = service_of(root, "example", "fishing-permit")
    diagram = diagram_on(service, DAY)
    order = [fact.id for fact in service.facts]
    with pytest.raises(BudgetExceeded):
        boxes(diagram.space, order, diagram.asked, diagram.space.true, diagram.shown, most=10)


@pytest.mark.parametrize(("country", "slug"), SERVICES)
def test_the_ways_that_lead_to_an_item_are_those_of_its_boxes(root: Path, country: str, slug: str) -> None:
    service = service_of(root, country, slug)
    diagram = diagram_on(service, DAY)
    found, asking = found_in(service, diagram), Asking.of(diagram)
    for at, shown in enumerate(diagram.shown):
        ways = sum(box.ways if box else 1 for mask, people in found.items() if mask >> at & 1 for box in people)
        assert asking.ways(shown) == ways, diagram.items[at].key
    assert asking.ways(diagram.space.false) == 0
    assert asking.ways(diagram.space.true) == asking.ways()
