"""What the pages of a consultation show: a question, the answers so far, the outcome. Plain data, made from a Sheet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from vikno.domain.dialog.messages import Checklist, Line
from vikno.domain.dialog.outcome import checklist
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.dialog.why import because, citations, why_asked
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.ruleset import Consultation
from vikno.domain.rules.service import ENDINGS, Fact
from vikno.domain.rules.space import day_bounds
from vikno.domain.rules.wording import day_text, number_text, text_on
from vikno.portal.address import DAY, Address, Odd, pairs, values_of, write_address

MOST_NOTES = 6
BULLET = "• "
UNSURE = ("C", "D")
"""Confidences that a person should hear of plainly: unconfirmed, and sources that disagree."""


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
    """One question and its field; `kept` are the hidden answers to the others."""

    fact: str
    kind: str
    ask: str
    hint: str
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


@dataclass(frozen=True, slots=True)
class Ground:
    """A law, or a page, that an item rests on. `name`: which of them it is, in words."""

    name: str
    title: str
    url: str | None
    read: str


@dataclass(frozen=True, slots=True)
class Row:
    """One item of the outcome, with its reasons: a sentence and, if there are several, a list."""

    text: str
    amount: str
    alternative: bool
    caution: str
    unsure: bool
    why: str
    reasons: tuple[str, ...]
    grounds: tuple[Ground, ...]


@dataclass(frozen=True, slots=True)
class Kind:
    """The items of one kind under one heading."""

    kind: str
    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a consultation. `key` is the gist at the top: (name, words, whether it is money)."""

    outcome: str
    endings: tuple[Kind, ...]
    kinds: tuple[Kind, ...]
    key: tuple[tuple[str, str, bool], ...]
    total: str
    day: str
    other_day: bool
    today: str
    version: str
    receipt: str
    receipt_href: str
    pdf_href: str
    back: str


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
    many = fact.kind == "choose_any"
    described = [name for name, there in (("hint", hint), ("many", many), ("wrong", error)) if there]
    used = {name: at.answers[name] for name in before}
    return Question(
        fact=fact.id,
        kind=fact.kind,
        ask=ask_text(sheet, fact, consultation.used),
        hint=hint,
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


def outcome(sheet: Sheet, base: str, at: Address, consultation: Consultation, words: Phrases) -> Outcome:
    """The outcome with every item's reasons."""
    made = checklist(sheet, consultation)
    written = pairs(sheet.service, at.answers, consultation.asked)
    kinds = [
        Kind(
            section.kind,
            section.title,
            tuple(_row(sheet, consultation, line, words) for line in section.lines),
        )
        for section in made.sections
    ]
    return Outcome(
        outcome=made.outcome,
        endings=tuple(kind for kind in kinds if kind.kind in ENDINGS),
        kinds=tuple(kind for kind in kinds if kind.kind not in ENDINGS),
        key=_key(made, words),
        total=made.total or "",
        day=made.dated,
        other_day=at.day is not None,
        today=write_address(base, written),
        version=sheet.version,
        receipt=made.receipt,
        receipt_href=write_address(f"{base}receipt.json", written, at.day),
        pdf_href=write_address(f"{base}checklist.pdf", written, at.day),
        back=write_address(base, written, at.day, ask=consultation.asked[-1]) if consultation.asked else "",
    )


def _row(sheet: Sheet, consultation: Consultation, line: Line, words: Phrases) -> Row:
    item = next(item for item in consultation.items if item.key == line.item)
    why, *reasons = because(sheet, consultation, item).split("\n")
    service = sheet.service
    return Row(
        text=line.text,
        amount=line.amount or "",
        alternative=line.alternative,
        caution=line.caution or "",
        unsure=item.confidence in UNSURE,
        why=why,
        reasons=tuple(reason.removeprefix(BULLET) for reason in reasons),
        grounds=tuple(
            Ground(name, cited.title, safe_link(cited.url), day_text(cited.read, sheet.language) if cited.read else "")
            for name, ids, known in (
                (words.say("outcome.law"), item.basis, service.law),
                (words.say("outcome.source"), item.sources, service.sources),
            )
            for cited in citations(sheet, ids, known)
        ),
    )


def safe_link(url: str | None) -> str | None:
    """A link of the content, if it leads to the web and nowhere else.

    >>> safe_link("https://zakon.rada.gov.ua/"), safe_link("javascript:alert(1)")
    ('https://zakon.rada.gov.ua/', None)
    """
    return url if url and url.startswith(("https://", "http://")) else None


def _key(made: Checklist, words: Phrases) -> tuple[tuple[str, str, bool], ...]:
    """The gist: what to pay, how long, where; each only where there is one thing to say."""
    if made.outcome != "checklist":
        return ()
    found = {section.kind: section.lines for section in made.sections}
    key = []
    if "fee" in found:
        key.append((words.say("outcome.pay"), made.total or words.say("outcome.pay.unknown"), True))
    once = [kind for kind in ("term", "place") if len(found.get(kind, ())) == 1]
    return (*key, *((words.say(f"outcome.{kind}"), found[kind][0].text, False) for kind in once))
