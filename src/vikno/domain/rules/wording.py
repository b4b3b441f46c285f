"""Items and questions in a language: placeholders filled, sums, numbers and dates in the reader's way of writing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from babel.units import format_unit

from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.service import Fact, Item, Service
from vikno.domain.rules.texts import filled
from vikno.domain.values import Text

UNKNOWN_SUM = "—"
CODE_TOUCHES = re.compile(r"(?<=[A-Za-z])(?=\d)|(?<=\d)(?=[A-Za-z])")
"""Between a currency's letters and the digits CLDR wants a no-break space; Babel 2.18 leaves it out."""
UNITS = {
    "years": "duration-year",
    "months": "duration-month",
    "weeks": "duration-week",
    "days": "duration-day",
    "hours": "duration-hour",
    "km": "length-kilometer",
    "m": "length-meter",
    "cm": "length-centimeter",
    "kg": "mass-kilogram",
    "percent": "concentr-percent",
    "m2": "area-square-meter",
    "ha": "area-hectare",
}


@lru_cache(maxsize=4096)
def sum_text(value: Decimal, currency: str, language: str) -> str:
    """A sum of money, without the fraction where it is whole.

    >>> sum_text(Decimal("618"), "EUR", "en")
    '€618'
    >>> sum_text(Decimal("1147"), "UAH", "en")
    'UAH\\xa01,147'
    """
    whole = value == value.to_integral_value()
    pattern = None if not whole else _whole_pattern(language)
    written = format_currency(value, currency, format=pattern, locale=_locale(language), currency_digits=not whole)
    return CODE_TOUCHES.sub("\N{NO-BREAK SPACE}", written)


def _locale(language: str) -> str:
    """A language as CLDR names it: a country writes pt-BR, CLDR pt_BR."""
    return language.replace("-", "_")


@lru_cache(maxsize=64)
def _whole_pattern(language: str) -> str:
    from babel import Locale

    pattern: str = Locale.parse(language, sep="-").currency_formats["standard"].pattern
    return pattern.replace("0.00", "0").replace("0.##", "0")


@lru_cache(maxsize=4096)
def day_text(day: date, language: str) -> str:
    """A day in words, with the year."""
    return format_date(day, "long", locale=_locale(language))


def number_text(value: int | Decimal, unit: str | None, language: str) -> str:
    """A number with its unit."""
    if unit in UNITS:
        return str(format_unit(value, UNITS[unit], "long", locale=_locale(language)))
    written = format_decimal(value, locale=_locale(language))
    return f"{written} {unit}" if unit else str(written)


def answer_text(fact: Fact, answer: Answer, language: str, yes_no: Mapping[bool, str] | None = None) -> str:
    """An answer in words. `yes_no`: the language's words for yes and no."""
    if isinstance(answer, bool):
        return yes_no[answer] if yes_no else ("✓" if answer else "✗")
    if isinstance(answer, frozenset):
        return ", ".join(fact.label(option, language) for option in fact.option_ids if option in answer) or "—"
    if isinstance(answer, date):
        return day_text(answer, language)
    if isinstance(answer, (int, Decimal)):
        return number_text(answer, fact.unit, language)
    return fact.label(answer, language)


def item_text(service: Service, item: Item, answers: Mapping[str, Answer], day: date, language: str) -> str:
    """An item's words with its placeholders filled."""
    return text_on(service, item.text, answers, day, language)


def text_on(service: Service, text: Text, answers: Mapping[str, Answer], day: date, language: str) -> str:
    """Words with `{amount:…}` and `{answer:…}` filled for a day and some answers."""

    def fill(what: str, name: str) -> str:
        if what == "amount":
            amount = service.amounts.get(name)
            value = amount.on(day) if amount else None
            return sum_text(value, amount.currency, language) if amount and value is not None else UNKNOWN_SUM
        fact, answer = service.fact.get(name), answers.get(name)
        return answer_text(fact, answer, language) if fact and answer is not None else UNKNOWN_SUM

    return filled(text.text(language), fill)
