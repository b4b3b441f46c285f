"""The services of the country folders that are found, as the use cases take them: the world as it is now."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from vikno.domain.cases import Process
from vikno.domain.catalog import Country
from vikno.domain.dialog.world import World
from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.service import Service
from vikno.packs.lemmas import lemma, warm
from vikno.packs.load import read_country, read_matter, service_folders
from vikno.packs.phrases import load_phrases
from vikno.packs.places import country_folders
from vikno.usecases.ports import Clock

log = logging.getLogger("vikno.bootstrap")


class NothingToServe(ViknoError):
    """No country folder with a service in it was found. Name one: --countries countries/ua."""

    code = "nothing_to_serve"
    retryable = False


def now_ms() -> int:
    """The clock of this machine."""
    return time.time_ns() // 1_000_000


class Worlds:
    """Gives the world as it is now: a new one when a day begins in one of its countries."""

    def __init__(
        self,
        countries: Mapping[str, Country],
        services: Mapping[str, Service],
        clock: Clock,
        processes: Mapping[str, Process] | None = None,
    ) -> None:
        self.processes: Mapping[str, Process] = processes or {}
        """How the cases of services go on, for those that say it."""
        self._countries, self._services, self._clock = countries, services, clock
        self._world, self._until_ms = self._made(clock())

    def now(self) -> World:
        moment_ms = self._clock()
        if moment_ms >= self._until_ms:
            self._world, self._until_ms = self._made(moment_ms)
        return self._world

    def _made(self, moment_ms: int) -> tuple[World, int]:
        """A world, and the moment when the next day begins somewhere in it."""
        days, midnights = {}, []
        for code, country in self._countries.items():
            zone = ZoneInfo(country.time_zone)
            days[code] = datetime.fromtimestamp(moment_ms / 1000, UTC).astimezone(zone).date()
            tomorrow = days[code] + timedelta(days=1)
            midnights.append(datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).timestamp())
        world = World(self._countries, self._services, days, load_phrases(), lemma=lemma, follows=bool(self.processes))
        return world, int(min(midnights) * 1000)


def load_worlds(folders: Iterable[str | Path] = (), clock: Clock = now_ms) -> Worlds:
    """The countries in `folders` and in the usual places. A service whose files cannot be read is left out.

    Raises:
        NothingToServe: there is no service at all.
    """
    countries: dict[str, Country] = {}
    services: dict[str, Service] = {}
    processes: dict[str, Process] = {}
    found = country_folders(folders)
    for code in sorted(found, key=lambda code: (len(code) != 2, code)):  # invented countries come last
        country = read_country(found[code], unheard)
        for folder in service_folders(found[code]):  # without their examples, which only the check reads
            key = f"{country.code}/{folder.name}"
            service, process = read_matter(folder, country, unheard)
            if service is None:
                log.warning("service_unreadable", extra={"service": key})
            else:
                countries[country.code] = country
                services[key] = service
                if process is not None:
                    processes[key] = process
    if not services:
        raise NothingToServe
    return Worlds(countries, services, clock, processes)


def unheard(_: Finding) -> None:
    """Findings are for `vikno check`; a server serves what can be read."""


def prepare(worlds: Worlds) -> None:
    """Make now what the first visitors would otherwise wait for: rules, questions, dictionaries, the index of words."""
    world = worlds.now()
    for key, service in world.services.items():
        for language in world.languages:
            sheet = world.sheet(key, language)
            for fact in service.facts:
                sheet.question(fact.id)
    warm(world.languages)
    _ = world.index
