"""A country with one service of 40 facts (20 of them independent) and 200 items, for a look at how the proof grows."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

INDEPENDENT = 20
DEPENDENT = 20
ITEMS = 200
OPTIONS = {"a": "The first", "b": "The second", "c": "The third"}
BASIS = {"basis": "act", "confidence": "A"}

COUNTRY = {
    "code": "generated",
    "title": "Generated",
    "languages": ["en"],
    "currency": "EUR",
    "time_zone": "Europe/Vienna",
    "channels": ["telegram", "web"],
    "authorities": {"office": {"name": "Office"}},
    "law": {"act": {"title": "Act", "url": "https://law.example/act", "read": "2026-01-05"}},
}
SERVICE = {"title": "A large service", "authority": "office", "since": "2026-01-01", "keywords": ["large"]}
AMOUNTS = {"basic": {"currency": "EUR", "2026-01-01": 10, "2027-01-01": 12, "basis": "act"}}


@dataclass(frozen=True)
class Question:
    """A fact: its values, and the one value of another fact under which it is asked."""

    name: str
    values: tuple[Any, ...]
    under: tuple[str, Any] | None = None

    def written(self) -> dict[str, Any]:
        """As in consultation.yaml."""
        fact: dict[str, Any] = {"ask": f"What about {self.name}?"}
        fact |= {"yes_no": True} if len(self.values) == 2 else {"choose": OPTIONS}
        return fact | ({"when": condition([self.under])} if self.under else {})


Wanted = list[tuple[str, Any]]


def condition(wanted: Wanted) -> str:
    """All of these facts have these values."""
    words = {True: "{}", False: "{} == false"}
    return " and ".join(
        words[value].format(name) if isinstance(value, bool) else f"{name} == {value}" for name, value in wanted
    )


def questions(chance: random.Random) -> list[Question]:
    """Independent ones, each followed by one that is asked under one of its values."""
    made: list[Question] = []
    for number in range(1, INDEPENDENT + 1):
        kinds: list[tuple[Any, ...]] = [(True, False), tuple(OPTIONS)]
        free = Question(f"q{number:02}", chance.choice(kinds))
        under = (free.name, chance.choice(free.values))
        made += [free, Question(f"q{number:02}_more", chance.choice(kinds), under)]
    return made


def conditions(asked: list[Question], chance: random.Random) -> list[Wanted]:
    """One item for each value of each fact, then pairs and triples, of neighbours more often than not."""
    made: list[Wanted] = [[(question.name, value)] for question in asked for value in question.values]
    while len(made) < ITEMS - 2:
        first = chance.randrange(len(asked) - 1)
        near = range(first + 1, min(first + 6, len(asked)))
        others = [chance.choice(near), chance.randrange(len(asked))] if chance.random() < 0.3 else [chance.choice(near)]
        parts = {asked[at].name: chance.choice(asked[at].values) for at in [first, *others]}
        under = {asked[at].under for at in [first, *others]} - {None}
        if len(parts) > 1 and all(parts.get(name, value) == value for name, value in filter(None, under)):
            made.append(list(parts.items()))
    return made


def person(wanted: Wanted, asked: list[Question], chance: random.Random) -> dict[str, Any]:
    """Answers of somebody for whom all that is true, and whatever chance will about the rest."""
    given = dict(wanted)
    for question in reversed(asked):  # what a wanted fact is asked under, before chance has its say
        if question.name in given and question.under:
            given[question.under[0]] = question.under[1]
    for question in asked:
        if question.under is None or given[question.under[0]] == question.under[1]:
            given.setdefault(question.name, chance.choice(question.values))
    return given


class _Plain(yaml.SafeDumper):
    """YAML without anchors: the service language has none."""

    def ignore_aliases(self, _: Any) -> bool:
        """Write everything out."""
        return True


def write_country(folder: Path, seed: int = 1) -> None:
    """Write the country into `folder`."""
    chance = random.Random(seed)  # noqa: S311 - the same service every time
    asked = questions(chance)
    wanted = conditions(asked, chance)
    items: list[dict[str, Any]] = [
        {"bring": f"paper_{number}", "text": f"Paper {number}", "when": condition(parts), **BASIS}
        for number, parts in enumerate(wanted, 1)
    ]
    items += [
        {"fee": "basic", "text": "The fee", "amount": "basic", **BASIS},
        {"place": "office", "text": "The office", **BASIS},
    ]
    examples, shown = [], set[int]()
    for number, parts in enumerate(wanted):
        if number not in shown:
            given = person(parts, asked, chance)
            shown |= {at for at, other in enumerate(wanted) if all(given.get(n) == value for n, value in other)}
            examples.append({"name": f"person {number}", "given": given, "then": {"outcome": "checklist"}})
    service = folder / "services" / "large"
    service.mkdir(parents=True)
    consultation = {
        "facts": {question.name: question.written() for question in asked},
        "amounts": AMOUNTS,
        "items": items,
        "promise": {"exactly_one": {"fee": "always", "place": "always"}},
    }
    for path, content in (
        (folder / "country.yaml", COUNTRY),
        (service / "service.yaml", SERVICE),
        (service / "consultation.yaml", consultation),
        (service / "examples.yaml", examples),
    ):
        text = yaml.dump(content, Dumper=_Plain, sort_keys=False)
        path.write_text(text.replace("'2026-01-01'", "2026-01-01").replace("'2027-01-01'", "2027-01-01"), "utf-8")
