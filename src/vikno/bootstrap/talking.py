"""`vikno talk`: the world of one service, one country or all, read no further than needed, and a conversation in it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo

from vikno.console.talk import hold
from vikno.domain.catalog import Country
from vikno.domain.dialog.world import World
from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import did_you_mean, nearest
from vikno.domain.rules.service import Service
from vikno.packs.lemmas import lemma
from vikno.packs.load import load_country, service_folders
from vikno.packs.phrases import load_phrases
from vikno.packs.places import country_folders


class NothingToTalkAbout(ViknoError):
    """There is no such service, country, language or day here."""

    code = "nothing_to_talk_about"
    retryable = False

    def __init__(self, message: str, near: str | None = None) -> None:
        super().__init__(message)
        self.nearest = near


def talk(
    folders: Iterable[str | Path], about: str | None, language: str | None, day: str | None, source: TextIO, out: TextIO
) -> int:
    """A conversation about `about`: a service (ua/id-card), a country (ua), or whatever there is.

    Raises:
        NothingToTalkAbout: there is no such service, country, language or day.
    """
    countries, services = read(folders, about)
    if not services:
        raise NothingToTalkAbout("no country folder with a service was found: name one with --countries countries/ua")
    if language is not None:
        known = dict.fromkeys(spoken for country in countries.values() for spoken in country.languages)
        if language not in known:
            raise NothingToTalkAbout(
                f"nothing here is in “{language}”{did_you_mean(language, known)}", nearest(language, known)
            )
    days = {code: _day(day, country) for code, country in countries.items()}
    world = World(countries, services, days, load_phrases(), lemma=lemma, language=language)
    return hold(world, about if about in services else None, language, source, out)


def read(folders: Iterable[str | Path], about: str | None) -> tuple[dict[str, Country], dict[str, Service]]:
    """The countries and services a conversation needs."""
    found = country_folders(folders)
    code, _, slug = (about or "").partition("/")
    if code and code not in found:
        raise NothingToTalkAbout(f"there is no country “{code}”{did_you_mean(code, found)}", nearest(code, found))
    if slug:
        keys = [f"{code}/{path.name}" for path in service_folders(found[code])]
        if about not in keys:
            near = nearest(f"{code}/{slug}", keys)
            raise NothingToTalkAbout(f"there is no service “{about}”{did_you_mean(f'{code}/{slug}', keys)}", near)
    countries: dict[str, Country] = {}
    services: dict[str, Service] = {}
    for one, folder in found.items():
        if code in ("", one):
            pack = load_country(folder, only=slug or None)
            countries[one] = pack.country
            services.update({key: service for key, service in pack.services.items() if service is not None})
    return countries, services


def _day(written: str | None, country: Country) -> date:
    if written is None:
        return datetime.now(UTC).astimezone(ZoneInfo(country.time_zone)).date()
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise NothingToTalkAbout(f"“{written}” is not a day: write it as 2026-03-15") from None
