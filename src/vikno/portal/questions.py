"""What the pages of a question show: its field, the answers so far, what was left out. Plain data, from a Sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.dialog.why import why_asked
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.ruleset import Consultation
from vikno.domain.rules.service import Fact
from vikno.domain.rules.space import day_bounds
from vikno.domain.rules.wording import day_text, number_text, text_on
from vikno.portal.address import DAY, Address, Odd, pairs, values_of, write_address

MOST_NOTES = 6


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer as the list beside the questions shows it."""

    ask: str
    said: str
    change: str


@dataclass(frozen=True, slots=True)
class Talk:
    """What every page of one consultation shows: its title, its address, the answers so far."""

    title: str
    base: str
    start: str
    answers: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """An option as a radio button, a tick or a line of a list. `apart`: "none of these", after the word "or"."""

    id: str
    value: str
    label: str
    chosen: bool
    apart: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """One question and its field; `kept` are the hidden answers to the others. `many`: several may be chosen."""

    fact: str
    kind: str
    ask: str
    hint: str
    many: bool
    choices: tuple[Choice, ...]
    value: str
    unit: str
    fraction: bool
    low: str
    high: str
    error: str
    described: str
    kept: tuple[tuple[str, str], ...]
    back: str
    number: int
    step: int
    steps: int
    why: str


def talk(sheet: Sheet, base: str, at: Address, consultation: Consultation, words: Phrases) -> Talk:
    """The answers that count, each with the address that asks it again."""
    written = pairs(sheet.service, at.answers)
    return Talk(
        title=sheet.title,
        base=base,
        start=write_address(base, (), at.day),
        answers=tuple(
            Answered(
                ask=ask_text(sheet, sheet.service.fact[name], consultation.used),
                said=said(sheet, sheet.service.fact[name], answer, words),
                change=write_address(base, written, at.day, ask=name),
            )
            for name, answer in consultation.used.items()
        ),
    )


def ask_text(sheet: Sheet, fact: Fact, answers: Mapping[str, Answer]) -> str:
    """The question alone, without its hint."""
    return text_on(sheet.service, fact.ask, answers, sheet.day, sheet.language)


def said(sheet: Sheet, fact: Fact, answer: Answer, words: Phrases) -> str:
    """An answer in words."""
    return words.say("question.none") if answer == frozenset() else sheet.says(fact, answer)


def question(
    sheet: Sheet, base: str, at: Address, consultation: Consultation, fact: Fact, words: Phrases, error: str = ""
) -> Question:
    """A question with its field: what was given stays in it, right or wrong."""
    asked = consultation.asked
    before = asked[: asked.index(fact.id)] if fact.id in asked else asked
    others = [name for name in sheet.service.fact if name != fact.id]
    kept = pairs(sheet.service, at.answers, others)
    if at.day is not None:
        kept.append((DAY, at.day.isoformat()))
    typed = at.typed.get(fact.id, ())
    if fact.id in at.answers:
        typed = tuple(values_of(fact, at.answers[fact.id]))
    low, high = _bounds(sheet, fact)
    hint = text_on(sheet.service, fact.hint, consultation.used, sheet.day, sheet.language) if fact.hint else ""
    many = fact.kind == "choose_any" and len(fact.options) > 1
    described = [name for name, there in (("hint", hint), ("many", many), ("wrong", error)) if there]
    used = {name: at.answers[name] for name in before}
    return Question(
        fact=fact.id,
        kind=fact.kind,
        ask=ask_text(sheet, fact, consultation.used),
        hint=hint,
        many=many,
        choices=_choices(sheet, fact, typed, words),
        value=typed[0][:100] if typed else "",
        unit=unit_text(fact.unit, sheet.language),
        fraction=bool(fact.step % 1),
        low=low,
        high=high,
        error=error,
        described=" ".join(described),
        kept=tuple(kept),
        back=write_address(base, pairs(sheet.service, at.answers), at.day, ask=before[-1]) if before else "",
        number=len(before) + 1,
        step=sheet.service.facts.index(fact),
        steps=len(sheet.service.facts),
        why=why_asked(sheet, used, fact),
    )


def _choices(sheet: Sheet, fact: Fact, typed: tuple[str, ...], words: Phrases) -> tuple[Choice, ...]:
    if fact.kind == "yes_no":
        options = [("true", sheet.yes_no[True]), ("false", sheet.yes_no[False])]
    else:
        options = [(option.id, option.label.text(sheet.language)) for option in fact.options]
    choices = [Choice(f"answer-{at}", value, label, value in typed) for at, (value, label) in enumerate(options)]
    if fact.kind == "choose_any":
        choices.append(Choice("answer-none", "", words.say("question.none"), "" in typed, apart=True))
    return tuple(choices)


def _bounds(sheet: Sheet, fact: Fact) -> tuple[str, str]:
    """First and last day of a date, as a field takes them."""
    if fact.kind != "date":
        return "", ""
    low, high = day_bounds(fact, sheet.day, sheet.service.dates)
    return low.isoformat(), high.isoformat()


def unit_text(unit: str | None, language: str) -> str:
    """The unit beside a number's field, as it reads after many.

    >>> unit_text("years", "uk"), unit_text("years", "en"), unit_text(None, "en")
    ('років', 'years', '')
    """
    if not unit:
        return ""
    return number_text(5, unit, language).replace("5", "").strip()


def error_text(sheet: Sheet, fact: Fact, odd: Odd | None, words: Phrases) -> str:
    """What is wrong with what was sent for this question, and what to do."""
    if fact.kind == "choose_any":
        return words.say("error.choose_any.both" if odd and odd.why == "twice" else "error.choose_any")
    if fact.kind == "number":
        low, high = (number_text(_whole(bound), None, sheet.language) for bound in (fact.low, fact.high))
        return words.say("error.number", low=low, high=high)
    if fact.kind == "date":
        days = day_bounds(fact, sheet.day, sheet.service.dates)
        low, high = (day_text(day, sheet.language) for day in days)
        return words.say("error.date", low=low, high=high)
    return words.say("error.choose" if fact.kind in ("choose", "yes_no") else "error.list")


def _whole(bound: Decimal) -> int | Decimal:
    return int(bound) if bound == bound.to_integral_value() else bound


def notes(sheet: Sheet, at: Address, consultation: Consultation, words: Phrases, but: str = "") -> list[str]:
    """What of an address was left out, in sentences; not what the question `but` says itself."""
    told = []
    for odd in at.odd:
        fact = sheet.service.fact.get(odd.name)
        if fact is None:
            told.append(words.say(f"notes.{odd.why}", name=odd.name, value=odd.value))
        elif fact.id != but:
            ask = ask_text(sheet, fact, consultation.used)
            told.append(words.say(f"notes.{odd.why}", ask=ask, value=odd.value))
    told += [
        words.say("notes.ignored", ask=ask_text(sheet, sheet.service.fact[name], consultation.used))
        for name in consultation.ignored
    ]
    if len(told) > MOST_NOTES:
        told[MOST_NOTES:] = [words.say("notes.more", count=len(told) - MOST_NOTES)]
    return told
