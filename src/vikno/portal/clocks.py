"""The clocks of the world, for people to choose theirs: each by its country, and its city where there are several."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Literal
from zoneinfo import available_timezones

from babel import Locale
from babel.core import get_global
from babel.dates import format_datetime

NOWHERE = frozenset({"AQ", "BV", "HM", "UM", "ZZ"})
"""Territories where nobody lives for good, and CLDR's unknown one."""
_FORMS = {"long": "d MMMM y, HH:mm", "short": "dd.MM.y HH:mm"}
_AFTER = str.maketrans({"ґ": "г\U0010ffff", "є": "е\U0010ffff", "і": "и\U0010ffff", "ї": "и\U0010ffff\U0010ffff"})
"""Ukrainian letters that code points would put behind all others: each follows on the letter before it."""


@lru_cache(64)
def clocks(lang: str) -> tuple[tuple[str, str], ...]:
    """Time zone and its name in this language, in the order of the alphabet. Names and places are CLDR's.

    >>> dict(clocks("uk"))["Europe/Warsaw"], dict(clocks("en"))["America/Toronto"]
    ('Польща', 'Canada, Toronto')
    """
    return tuple(sorted(_named(Locale.parse(lang)), key=lambda clock: clock[1].casefold().translate(_AFTER)))


def moment(at_ms: int, zone: tzinfo, lang: str, form: Literal["long", "short"] = "short") -> str:
    """A moment by a clock: `long` is the day in words, with the hour.

    >>> moment(1_790_000_000_000, UTC, "uk", "long")
    '21 вересня 2026, 14:13'
    """
    here = datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone)
    return format_datetime(here, _FORMS[form], locale=lang)


def _named(locale: Locale) -> Iterator[tuple[str, str]]:
    known = available_timezones()
    for territory, zones in get_global("territory_zones").items():
        country = locale.territories.get(territory)
        if country is None or territory in NOWHERE:
            continue
        for zone in known.intersection(zones):
            yield zone, country if len(zones) == 1 else f"{country}, {_city(zone, locale)}"


def _city(zone: str, locale: Locale) -> str:
    """CLDR has some of them under the name of old."""
    for name in (zone, *(old for old, new in get_global("zone_aliases").items() if new == zone)):
        if city := locale.time_zones.get(name, {}).get("city"):
            return str(city)
    return zone.rpartition("/")[2].replace("_", " ")
