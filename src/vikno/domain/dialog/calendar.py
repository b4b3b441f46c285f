"""A day as people type it: 05.03.2026, 5 березня 2026, March 5 2026, 2026-03-05, сьогодні.

Where a spelling can mean two days (3/4 in English, a year of two digits), both are candidates and none is taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from functools import lru_cache

from vikno.domain.dialog.tidy import words

_ISO = re.compile(r"(?<!\d)(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?!\d)")
_NUMERIC = re.compile(r"(?<!\d)(\d{1,2}) ?[-./ ] ?(\d{1,2}) ?[-./ ] ?(\d{4}|\d{2})(?!\d)")
_NAMED = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th|-?го|-?е)? (?:of )?([^\W\d]+)\.?,? (\d{4}|\d{2})(?!\d)")
_NAMED_FIRST = re.compile(r"([^\W\d]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4}|\d{2})(?!\d)")
_COMPACT = re.compile(r"^(\d{2})(\d{2})(\d{4})$")


def read_day(text: str, language: str, today: date, near: dict[str, int]) -> tuple[tuple[date, ...], bool]:
    """Days that `text` (tidy) may mean, likelier first; and whether the first is beyond doubt.

    `near`: words for days around today in days, such as {"вчора": -1}.

    >>> def read(text, language="uk"):
    ...     days, sure = read_day(text, language, date(2026, 3, 15), {"вчора": -1})
    ...     return [str(day) for day in days], sure
    >>> read("05.03.2026"), read("5 березня 2026 року"), read("вчора")
    ((['2026-03-05'], True), (['2026-03-05'], True), (['2026-03-14'], True))
    >>> read("03/04/2026", "en"), read("5.3.85"), read("31.02.2026")
    ((['2026-04-03', '2026-03-04'], False), (['1985-03-05'], False), ([], False))
    """
    text = text.casefold()
    spoken = [near[word] for word in words(text) if word in near]
    if len(spoken) == 1 and len(words(text)) == 1:
        return (today + timedelta(days=spoken[0]),), True
    found: dict[date, bool] = {}
    for year, month, day in _spelt(text, language):
        full = len(year) == 4
        for whole_year in (int(year),) if full else _centuries(int(year), today):
            try:
                found.setdefault(date(whole_year, month, day), full)
            except ValueError:
                continue
    return tuple(found), len(found) == 1 and all(found.values())


def _spelt(text: str, language: str) -> Iterable[tuple[str, int, int]]:
    """Every (year, month, day) the text may spell."""
    known = months(language)
    for pattern, order in ((_NAMED, (3, 2, 1)), (_NAMED_FIRST, (3, 1, 2))):
        for match in pattern.finditer(text):
            month = known.get(match[order[1]])
            if month:
                yield match[order[0]], month, int(match[order[2]])
    for match in _ISO.finditer(text):
        yield match[1], int(match[2]), int(match[3])
    first = day_first(language)
    for match in (*_NUMERIC.finditer(_ISO.sub(" ", text)), *_COMPACT.finditer(text)):
        one, two = int(match[1]), int(match[2])
        if first is not False:
            yield match[3], two, one
        if first is not True and one != two:
            yield match[3], one, two


def _centuries(year: int, today: date) -> tuple[int, ...]:
    """Full years a year of two digits may mean: the last that is over first."""
    this = today.year - today.year % 100 + year
    return (this,) if this <= today.year else (this - 100,)


@lru_cache(maxsize=64)
def months(language: str) -> dict[str, int]:
    """Names and short names of months in small letters -> 1 to 12.

    >>> months("uk")["березня"], months("en")["mar"]
    (3, 3)
    """
    from babel import Locale, UnknownLocaleError

    try:
        named = Locale.parse(language, sep="-").months
    except (UnknownLocaleError, ValueError):
        return {}
    known: dict[str, int] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for month, name in named[context][width].items():
                known.setdefault(name.casefold().rstrip("."), month)
    return known


@lru_cache(maxsize=64)
def day_first(language: str) -> bool | None:
    """Whether 3/4 is the third of April here; None: people who write this language differ.

    >>> day_first("uk"), day_first("en")
    (True, None)
    """
    from babel import UnknownLocaleError
    from babel.dates import get_date_format

    if language == "en":
        return None
    try:
        pattern = get_date_format("short", locale=language.replace("-", "_")).pattern.lower()
    except (UnknownLocaleError, ValueError):
        return None
    return bool(pattern.index("d") < pattern.index("m"))
