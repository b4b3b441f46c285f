"""What a person typed, read as an answer to the question that was asked, and to no other.

A reading is sure, or it offers candidates to confirm, or it says what could not be read. It never guesses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from vikno.domain.dialog.sheet import Question, Sheet
from vikno.domain.dialog.tidy import plain, words
from vikno.domain.rules.answers import AnswerRefused, read_answer
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.space import day_bounds
from vikno.domain.rules.wording import day_text, number_text

_NUMBER = re.compile(r"(?<![\d.,])[-+]?\d{1,3}(?: \d{3})+(?![\d])|(?<![\d])[-+]?\d{1,12}(?:[.,]\d{1,6})?(?!\d)")
_PARTED = re.compile(r"[,;\n+&]|(?<!\w)(?:і|й|та|and|oraz|ja)(?!\w)")


@dataclass(frozen=True, slots=True)
class Reading:
    """`sure`: the answer. Else `maybe`: candidates to confirm. Else `problem`: what to tell, as a whole sentence."""

    sure: Answer | None = None
    maybe: tuple[Answer, ...] = ()
    problem: str = ""


def read_typed(question: Question, sheet: Sheet, text: str, others: Iterable[Sheet] = ()) -> Reading:
    """The reading of `text` (tidy) as an answer to the question.

    `others`: the same service in other languages, for those who answer in one while reading another.
    """
    reading = _read(question, sheet, text)
    if not reading.problem or question.fact.kind == "number":
        return reading
    for other in others:
        foreign = _read(other.question(question.fact.id), other, text)
        if not foreign.problem:
            return foreign
    return reading


def _read(question: Question, sheet: Sheet, text: str) -> Reading:
    match question.fact.kind:
        case "number":
            return _number(question, sheet, text)
        case "date":
            return _date(question, sheet, text)
        case "yes_no":
            return _yes_no(question, sheet, text)
        case "choose_any":
            return _several(question, sheet, text)
    found = question.labels.match(text)
    if found.sure:
        return Reading(question.answers[found.sure])
    if found.maybe:
        return Reading(maybe=tuple(question.answers[known] for known in found.maybe))
    how = "choose" if question.shown == question.choices else "list"
    return Reading(problem=sheet.phrases.say(f"not_understood.{how}"))


def _accepted(sheet: Sheet, question: Question, raws: Iterable[object]) -> list[Answer]:
    """Those of the values that the rules accept, without repetition."""
    accepted: list[Answer] = []
    for raw in raws:
        try:
            answer = read_answer(question.fact, raw, sheet.day, sheet.service.dates)
        except AnswerRefused:
            continue
        if answer not in accepted:
            accepted.append(answer)
    return accepted


def _number(question: Question, sheet: Sheet, text: str) -> Reading:
    fact, phrases = question.fact, sheet.phrases
    found = [written.group() for written in _NUMBER.finditer(text)][:6]
    if not found:
        return Reading(problem=_bounded(sheet, question, "not_understood.number"))
    # A comma before three figures parts thousands in some languages and decimals in others: both are tried.
    raws = [raw for one in found for raw in (_decimal(one), _decimal(re.sub(r"[.,](?=\d{3}$)", "", one)))]
    accepted = _accepted(sheet, question, raws)
    if not accepted:
        fine = "whole" if fact.step == 1 else "step"
        inside = all(fact.low <= Decimal(raw) <= fact.high for raw in raws)
        how = f"out_of_range.{fine}" if inside else "out_of_range.number"
        return Reading(problem=_bounded(sheet, question, how))
    rest = set(words(_NUMBER.sub(" ", text))) - phrases.filler_of_numbers
    if len(accepted) == 1 and len(found) == 1 and not rest:
        return Reading(accepted[0])
    return Reading(maybe=tuple(accepted))


def _bounded(sheet: Sheet, question: Question, phrase: str) -> str:
    """What fits here, with the bounds and the step of the number."""
    fact = question.fact
    about = {"low": fact.low, "high": fact.high, "step": fact.step}
    said = {name: number_text(_whole(bound), None, sheet.language) for name, bound in about.items()}
    return sheet.phrases.say(phrase, **said)


def _decimal(written: str) -> str:
    return written.replace(" ", "").replace(",", ".")


def _whole(bound: Decimal) -> int | Decimal:
    return int(bound) if bound == bound.to_integral_value() else bound


def _date(question: Question, sheet: Sheet, text: str) -> Reading:
    from vikno.domain.dialog.calendar import read_day  # its patterns cost the terminal's start some milliseconds

    phrases = sheet.phrases
    near = {word: days for days, name in ((-1, "yesterday"), (0, "today"), (1, "tomorrow"))
            for word in phrases.listed(f"words.{name}")}  # fmt: skip
    days, sure = read_day(text, sheet.language, sheet.day, near)
    low, high = day_bounds(question.fact, sheet.day, sheet.service.dates)
    example = day_text(min(max(sheet.day, low), high), sheet.language)
    if not days:
        return Reading(problem=phrases.say("not_understood.date", example=example))
    accepted = _accepted(sheet, question, days)
    if not accepted:
        said = {"low": day_text(low, sheet.language), "high": day_text(high, sheet.language)}
        return Reading(problem=phrases.say("out_of_range.date", **said))
    return Reading(accepted[0]) if sure else Reading(maybe=tuple(accepted))


def _yes_no(question: Question, sheet: Sheet, text: str) -> Reading:
    phrases = sheet.phrases
    said = plain(text)
    yes, no = said in phrases.yes, said in phrases.no
    if yes != no:
        return Reading(yes)
    typed = [word for word in words(text) if word not in phrases.filler]
    yes, no = any(word in phrases.yes for word in typed), any(word in phrases.no for word in typed)
    if yes != no:
        # "так, є" is plain; "так, але старий" is not
        every = all(word in (phrases.yes if yes else phrases.no) for word in typed)
        return Reading(yes) if every else Reading(maybe=(yes,))
    found = question.labels.match(text)
    if found.sure:
        return Reading(question.answers[found.sure])
    return Reading(problem=phrases.say("not_understood.yes_no"))


def _several(question: Question, sheet: Sheet, text: str) -> Reading:
    phrases = sheet.phrases
    if plain(text) in phrases.listed("words.none") | phrases.no | {plain(phrases.say("button.none"))}:
        return Reading(frozenset())
    found = question.labels.match(text)
    if found.sure:
        return Reading(frozenset({str(question.answers[found.sure])}))
    parts = [part.strip() for part in _PARTED.split(text) if part.strip()]
    if len(parts) == 1 and re.fullmatch(r"\d+(?: \d+)+", parts[0]):
        parts = parts[0].split()
    matches = [question.labels.match(part) for part in parts[:20]]
    if matches and all(match.sure for match in matches):
        return Reading(frozenset(str(question.answers[match.sure]) for match in matches if match.sure))
    likely = dict.fromkeys(
        known for match in (found, *matches) for known in ((match.sure,) if match.sure else match.maybe)
    )
    if likely:
        return Reading(maybe=tuple(frozenset({str(question.answers[known])}) for known in likely))
    return Reading(problem=phrases.say("not_understood.choose_any"))
