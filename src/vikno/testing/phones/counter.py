"""The office of the demo: in whichever country is there, the entry where most can be ordered and followed."""

from __future__ import annotations

from dataclasses import dataclass

from vikno.domain.errors import ViknoError
from vikno.usecases.word_stages import StageWords


@dataclass(frozen=True, slots=True)
class Counter:
    """The page of its poster, whose it is, and what can be ordered there (keys of services)."""

    entry: str
    authority: str
    services: tuple[str, ...]


class NoCounter(ViknoError):
    """The demo needs a country with an entry of an authority that has a service with a process."""

    code = "no_counter"


def counter(words: StageWords) -> Counter:
    """The entry with the most services that can be followed, of the countries that are here. Raises NoCounter."""
    found = [
        Counter(slug, f"{code}/{entry.authority}", tuple(key for key in words.processes if key in entry.services))
        for code, country in words.countries.items()
        for slug, entry in country.entries.items()
        if entry.authority
    ]
    best = max(found, key=lambda one: len(one.services), default=None)
    if best is None or not best.services:
        raise NoCounter
    return best
