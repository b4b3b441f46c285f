"""What a channel can show, as numbers, and the texts of a service measured against them in the worst case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from vikno.domain.rules.findings import Finding
from vikno.domain.rules.service import Fact, Item, Service
from vikno.domain.rules.texts import filled
from vikno.domain.rules.wording import UNKNOWN_SUM, answer_text, sum_text
from vikno.domain.values import Place, Text


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one channel. None: no limit. Lengths are in `unit`: utf16 (code units) or characters."""

    channel: str
    unit: str = "utf16"
    text: int | None = None
    label: int | None = None  # of a button
    buttons: int | None = None  # of one message; None with `label` None: no buttons at all
    has_buttons: bool = True


def length(text: str, unit: str) -> int:
    """The length of a text in a channel's unit.

    >>> length("Ї🙂", "utf16"), length("Ї🙂", "characters")
    (3, 2)
    """
    return len(text.encode("utf-16-le")) // 2 if unit == "utf16" else len(text)


def measure(service: Service, limits: Mapping[str, Limits], channels: tuple[str, ...]) -> Iterator[Finding]:
    """Every text, label and set of buttons that a channel of the country cannot show."""
    for channel in channels:
        limit = limits.get(channel)
        if limit is None:
            continue
        said: set[tuple[str, Place]] = set()  # a text without a translation stands for itself in every language
        for language in service.languages:
            for finding in _in_language(service, limit, language):
                if (finding.code, finding.place) not in said:
                    said.add((finding.code, finding.place))
                    yield finding


def _in_language(service: Service, limit: Limits, language: str) -> Iterator[Finding]:
    yield from _title(service.title, limit, language)
    for fact in service.facts:
        yield from _question(service, fact, limit, language)
    for item in service.items:
        yield from _item(service, item, limit, language)


def _title(title: Text, limit: Limits, language: str) -> Iterator[Finding]:
    yield from _text(title, title.text(language), limit, language, "the title")


def _text(text: Text, words: str, limit: Limits, language: str, what: str) -> Iterator[Finding]:
    size = length(words, limit.unit)
    if limit.text is not None and size > limit.text:
        yield Finding(
            "text_too_long",
            text.place_in(language),
            f"{what} is {size} {_units(limit)} long in {language}; {limit.channel} takes {limit.text}",
        )


def _units(limit: Limits) -> str:
    return "UTF-16 units" if limit.unit == "utf16" else "characters"


def _question(service: Service, fact: Fact, limit: Limits, language: str) -> Iterator[Finding]:
    words = worst(service, fact.ask, language)
    if fact.hint:
        words += "\n" + worst(service, fact.hint, language)
    pressed = fact.kind in ("choose", "choose_any")
    if pressed and not limit.has_buttons:
        words += "".join(f"\n{at}. {option.label.text(language)}" for at, option in enumerate(fact.options, 1))
    yield from _text(fact.ask, words, limit, language, f"the question “{fact.id}”")
    if not pressed or not limit.has_buttons:
        return
    if limit.buttons is not None and len(fact.options) > limit.buttons:
        yield Finding(
            "buttons_too_many",
            fact.place,
            f"“{fact.id}” has {len(fact.options)} options; {limit.channel} shows {limit.buttons} buttons",
        )
    for option in fact.options:
        label = option.label.text(language)
        size = length(label, limit.unit)
        if limit.label is not None and size > limit.label:
            yield Finding(
                "button_too_long",
                option.label.place_in(language),
                f"the button “{label}” is {size} {_units(limit)} long in {language}; "
                f"{limit.channel} shows {limit.label}",
            )


def _item(service: Service, item: Item, limit: Limits, language: str) -> Iterator[Finding]:
    yield from _text(item.text, worst(service, item.text, language), limit, language, item.key)


def worst(service: Service, text: Text, language: str) -> str:
    """The longest form of a text over all amounts and answers."""

    def fill(what: str, name: str) -> str:
        if what == "amount":
            amount = service.amounts.get(name)
            sums = (
                [sum_text(value, amount.currency, language) for _, value in amount.rows if value is not None]
                if amount
                else []
            )
            return max([*sums, UNKNOWN_SUM], key=len)
        fact = service.fact.get(name)
        return _longest_answer(fact, language) if fact else UNKNOWN_SUM

    return filled(text.text(language), fill)


TRIED = 120
"""Numbers at either end of a range whose words are measured: beyond, only the digits change."""


def _longest_answer(fact: Fact, language: str) -> str:
    match fact.kind:
        case "number":
            count = int((fact.high - fact.low) / fact.step)
            steps = {*range(min(count, TRIED) + 1), *range(max(0, count - TRIED), count + 1)}
            numbers = (fact.low + fact.step * at for at in steps)
            return max((answer_text(fact, number, language) for number in numbers), key=len)
        case "date":
            return max((answer_text(fact, date(2028, month, 28), language) for month in range(1, 13)), key=len)
        case "choose_any":
            return answer_text(fact, frozenset(fact.option_ids), language)
        case "yes_no":
            return "—" * 5
    return max((option.label.text(language) for option in fact.options), key=len, default="")
