"""The worlds of these tests: the shipped countries, and an invented one in two versions, on any day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path

from tests.commands import ROOT
from vikno.domain.catalog import Country
from vikno.domain.dialog.world import World
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
