"""The worlds of these tests: the shipped countries, and an invented one in two versions, on any day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from tests.commands import ROOT
from vikno.domain.catalog import Country
from vikno.domain.dialog.world import World
from vikno.domain.rules.answers import read_answers
from vikno.domain.rules.ruleset import ruleset_on
from vikno.domain.rules.service import Service
from vikno.packs.lemmas import lemma
from vikno.packs.load import load_country
from vikno.packs.phrases import load_phrases

HERE = Path(__file__).parent
FOLDERS = {
    "ua": ROOT / "countries" / "ua",
    "example": ROOT / "countries" / "example",
    "before": HERE / "harbour" / "before",
    "after": HERE / "harbour" / "after",
}


@cache
def country(name: str) -> tuple[Country, Mapping[str, Service]]:
    """A country folder, read once."""
    pack = load_country(FOLDERS[name])
    return pack.country, {key: service for key, service in pack.services.items() if service is not None}


@cache
def world(names: tuple[str, ...], day: date, without: str | None = None, follows: bool = False) -> World:
    """Some countries on a day, perhaps without one of their services; `follows`: with cases that can be followed."""
    countries = {country(name)[0].code: country(name)[0] for name in names}
    services = {key: service for name in names for key, service in country(name)[1].items() if key != without}
    return World(countries, services, dict.fromkeys(countries, day), load_phrases(), lemma=lemma, follows=follows)


def said_to_a_checklist(key: str, day: date, lang: str = "uk") -> list[str]:
    """The labels of the answers that lead to a checklist: of the first example of this service that does."""
    code, slug = key.split("/")
    pack = load_country(FOLDERS[code], only=slug)
    service = pack.services[key]
    assert service is not None
    ruleset, sheet = ruleset_on(service, day), world((code,), day).sheet(key, lang)
    for example in pack.examples[key]:
        found = ruleset.consult(read_answers(service, example.given, day))
        if found.complete and found.outcome == "checklist":
            return [sheet.says(service.fact[name], found.answers[name]) for name in found.asked]
    raise LookupError(f"no example of {key} comes to a checklist on {day}")
