"""A rule for somebody who wants to look it up: what it says, since when, and where that can be read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date

from vikno.domain.catalog import Country, LegalResource
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.policy import ChannelRule
from vikno.domain.values import Text


def shown_rule(
    rule: ChannelRule, countries: Mapping[str, Country], words: Phrases, version: str = ""
) -> dict[str, Any]:
    """As the page has it. `version`: the one that decided."""
    country = countries[rule.jurisdiction]
    known = dict(country.law) | dict(country.sources)
    return {
        "id": rule.id,
        **_in(rule.title, words.language, country),
        "status": words.say(f"status.{rule.status}"),
        "since": words.say("since", day=said_day(rule.from_, words.language)) if rule.from_ else "",
        "version": version,
        "sources": [_source(name, known.get(name), words.language, country) for name in (*rule.basis, *rule.sources)],
    }


def _source(name: str, known: LegalResource | None, lang: str, country: Country) -> dict[str, Any]:
    return {"title": name, "url": None} if known is None else {**_in(known.title, lang, country), "url": known.url}


def _in(text: Text, lang: str, country: Country) -> dict[str, str]:
    """In this language, or in the country's own where nobody has translated it; and which one it is."""
    return {"title": text.text(lang), "lang": lang if lang in text.by_language else country.language}


def said_day(day: date, lang: str) -> str:
    """A day in words.

    >>> said_day(date(2026, 9, 1), "en"), said_day(date(2026, 9, 1), "uk")
    ('1 September 2026', '1 вересня 2026\\u202fр.')
    """
    return str(format_date(day, "d MMMM y" if lang == "en" else "long", locale=lang))
