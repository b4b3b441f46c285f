"""What public services are about, in the words of CPSV-AP 3.2.0: country, organisation, law, document type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

from vikno.domain.values import Place, Text

__all__ = ["Country", "DocumentType", "Entry", "LegalResource", "PublicOrganisation", "SharedList"]


@dataclass(frozen=True, slots=True)
class LegalResource:
    """A legal act, or a page that says what it says. `read`: the day it was last read."""

    id: str
    title: Text
    url: str | None = None
    read: date | None = None


@dataclass(frozen=True, slots=True)
class PublicOrganisation:
    """An authority: who decides, and whom a person can ask."""

    id: str
    name: Text
    url: str | None = None
    phone: str | None = None
    email: str | None = None


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A type of document: one service's Output, another's Evidence."""

    id: str
    titles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SharedList:
    """Options shared by facts and services, with named groups of them."""

    name: str
    options: Mapping[str, Text]
    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entry:
    """Where people come in: an office or a campaign, with a poster and a page of its own. No services: all of them."""

    slug: str
    title: Text
    office: Text | None = None
    """Its name and address, as people know it."""
    authority: str | None = None
    services: tuple[str, ...] = ()  # keys, as ua/id-card
    place: Place = Place()


@dataclass(frozen=True, slots=True)
class Country:
    """One country folder: its languages, money, clock, channels and authorities.

    `holidays`: days that are no working days. `quiet`: from when to when no notice goes out, by its own clock.
    `notice_days`: after so many days a notice that has not been sent is old news.
    """

    code: str
    languages: tuple[str, ...]
    language: str
    currency: str
    time_zone: str
    channels: tuple[str, ...] = ()
    authorities: Mapping[str, PublicOrganisation] = field(default_factory=dict)
    dates: Mapping[str, date | None] = field(default_factory=dict)
    lists: Mapping[str, SharedList] = field(default_factory=dict)
    law: Mapping[str, LegalResource] = field(default_factory=dict)
    sources: Mapping[str, LegalResource] = field(default_factory=dict)
    documents: Mapping[str, DocumentType] = field(default_factory=dict)
    title: Text | None = None
    holidays: frozenset[date] = frozenset()
    quiet: tuple[time, time] = (time(21), time(8))
    notice_days: int = 7
    entries: Mapping[str, Entry] = field(default_factory=dict)
    place: Place = Place()
