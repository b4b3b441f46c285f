"""Why this paper, and why do you ask: sentences made from the conditions that decide, in the person's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from vikno.domain.catalog import LegalResource
from vikno.domain.dialog.messages import Citation
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.explain import Reason
from vikno.domain.rules.ruleset import Consultation
from vikno.domain.rules.service import Fact, Item
from vikno.domain.rules.wording import day_text, number_text

NAMED = 2
"""Papers a question still decides that are named; the others are counted."""
LONGEST_NAME = 60
_OPERATOR = re.compile(r"(<=|>=|<|>)")
_TURNED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
_WORDED = {"<": "less", "<=": "at_most", ">": "more", ">=": "at_least"}


def why_asked(sheet: Sheet, answers: Mapping[str, Answer], fact: Fact) -> str:
    """What the answer to this question still decides, in a sentence:
    “Your answer decides: what to bring (“Birth certificate” and 2 more); what you pay.”
    """
    by_kind: dict[str, list[Item]] = {}
    for item in sheet.ruleset.decides(answers, fact):
        by_kind.setdefault(item.kind, []).append(item)
    phrases = sheet.phrases
    parts = []
    for kind in sorted(by_kind, key=_ORDER.index):
        part = phrases.say(f"decides.{kind}")
        if kind == "bring":
            part += f" ({_named(sheet, by_kind[kind], answers)})"
        parts.append(part)
    return phrases.say("why_asked", list="; ".join(parts)) if parts else phrases.say("why_asked.nothing")


_ORDER = ["stop", "done", "human", "bring", "fee", "benefit", "term", "place", "validity", "deadline", "note"]


def _named(sheet: Sheet, items: list[Item], answers: Mapping[str, Answer]) -> str:
    phrases = sheet.phrases
    names = [
        phrases.say("quoted", text=name_of(sheet.ruleset.text(item, answers, sheet.language))) for item in items[:NAMED]
    ]
    listed = ", ".join(names)
    more = len(items) - len(names)
    return phrases.say("and_more", list=listed, count=more) if more else listed


def name_of(text: str) -> str:
    """What a paper is called: the first sentence of its text, without what stands in brackets.

    >>> name_of("Application form. A clerk prints it."), name_of("Statement of loss (on the desk)")
    ('Application form', 'Statement of loss')
    """
    return short(re.split(r"[.;:] | \(", text, maxsplit=1)[0].rstrip("."))


def short(text: str) -> str:
    """A name for a list: the text, cut between words if it is long.

    >>> short("Birth certificate"), len(short("word " * 40)) <= 61
    ('Birth certificate', True)
    """
    if len(text) <= LONGEST_NAME:
        return text
    return text[: text.rfind(" ", 0, LONGEST_NAME)].rstrip(" ,;:") + "…"


def why_item(sheet: Sheet, consultation: Consultation, item: Item) -> str:
    """Why an item is in the outcome: what decided, then the law, then how sure it is."""
    phrases = sheet.phrases
    text = phrases.say("quoted", text=sheet.ruleset.text(item, consultation.used, sheet.language))
    return "\n".join([text, because(sheet, consultation, item), *grounds(sheet, item)])


def because(sheet: Sheet, consultation: Consultation, item: Item) -> str:
    """The deciding answers as a sentence."""
    reasons = sheet.ruleset.reasons(consultation, item)
    parts = list(dict.fromkeys(reason_text(sheet, reason, consultation.used) for reason in reasons))
    if not parts:
        return sheet.phrases.say("because.everyone")
    if len(parts) == 1:
        return sheet.phrases.say("because.one", reason=parts[0])
    return sheet.phrases.say("because.several", reasons="\n".join(f"• {part}" for part in parts))


def reason_text(sheet: Sheet, reason: Reason, answers: Mapping[str, Answer]) -> str:
    """One deciding condition in words: the question, the answer given, and what was looked at."""
    phrases = sheet.phrases
    fact = sheet.service.fact.get(reason.fact or "")
    if fact is None:
        return phrases.say("reason.today", day=day_text(sheet.day, sheet.language))
    asked = sheet.ask(sheet.question(fact.id), answers).partition("\n")[0]
    answer = answers.get(fact.id)
    if reason.relation == "not_asked" or answer is None:
        return phrases.say("reason.not_asked", ask=asked)
    said = {"ask": asked, "answer": sheet.says(fact, answer)}
    if reason.relation in ("is_not", "has", "has_not") and set(reason.values) <= set(fact.option_ids):
        values = [phrases.say("quoted", text=fact.label(value, sheet.language)) for value in reason.values[:3]]
        more = len(reason.values) - len(values)
        listed = ", ".join(values)
        if more:
            listed = phrases.say("and_more", list=listed, count=more)
        return phrases.say(f"reason.{reason.relation}", values=listed, **said)
    if reason.relation in ("within", "outside") and fact.kind == "number":
        bounds = _bounds(sheet, fact, reason)
        if bounds:
            return phrases.say("reason.number", bounds=bounds, **said)
    return phrases.say("reason.is", **said)


def _bounds(sheet: Sheet, fact: Fact, reason: Reason) -> str:
    """What a number was compared with, such as “less than 14 years”."""
    inside = reason.relation == "within"
    low, high = ("" if value == "None" else value for value in reason.values)

    def written(value: str) -> str:
        number = Decimal(value)
        return number_text(int(number) if number == number.to_integral_value() else number, fact.unit, sheet.language)

    if low and high:
        if low == high:
            return "" if inside else sheet.phrases.say("bounds.is_not", value=written(low))
        return sheet.phrases.say(
            "bounds.between" if inside else "bounds.outside", low=number_of(low), high=written(high)
        )
    found = _OPERATOR.search(reason.condition)
    if found is None:
        return ""
    operator = found[1] if inside else _TURNED[found[1]]
    return sheet.phrases.say(f"bounds.{_WORDED[operator]}", value=written(low or high))


def number_of(written: str) -> str:
    return written.rstrip("0").rstrip(".") if "." in written else written


def grounds(sheet: Sheet, item: Item) -> list[str]:
    """The law and the pages an item rests on, then how sure it is; each a line."""
    phrases, service = sheet.phrases, sheet.service
    lines = [phrases.say("law", title=cited) for cited in _worded(citations(sheet, item.basis, service.law))]
    lines += [phrases.say("source", title=cited) for cited in _worded(citations(sheet, item.sources, service.sources))]
    said = caution(sheet, item)
    return [*lines, said] if said else lines


def caution(sheet: Sheet, item: Item) -> str | None:
    """What to say where the ground is not firm; None where it is."""
    parts = [] if item.basis else [sheet.phrases.say("caution.no_basis")]
    if item.confidence in ("C", "D"):
        parts.append(sheet.phrases.say(f"caution.{item.confidence}"))
    return " ".join(parts) or None


def citations(sheet: Sheet, ids: Iterable[str], known: Mapping[str, LegalResource]) -> tuple[Citation, ...]:
    """Laws or pages by their ids."""
    found = (known[one] for one in ids if one in known)
    return tuple(Citation(one.title.text(sheet.language), one.url, one.read) for one in found)


def _worded(cited: Iterable[Citation]) -> Iterable[str]:
    return (f"{one.title} ({one.url})" if one.url else one.title for one in cited)
