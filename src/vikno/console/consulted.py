"""`vikno consult` for a person: the outcome with why, law and confidence of every line; or the next question."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby
from typing import Any

from vikno.console.page import Page
from vikno.domain.dialog.messages import Citation, Line
from vikno.domain.dialog.outcome import checklist, contact_words
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.rules import Consultation, Fact
from vikno.domain.rules.wording import day_text

MOST_OPTIONS = 20
"""Options of a question that are listed; of a longer list only how many there are."""


def show(consultation: Consultation, result: Mapping[str, Any], sheet: Sheet) -> None:
    """The outcome, or what is certain so far and the next question. `result` is the contract's JSON of it."""
    page = Page()
    if consultation.complete:
        _outcome(page, consultation, result, sheet)
    else:
        _unfinished(page, consultation, result, sheet)
    _foot(page, result, sheet)


def _outcome(page: Page, consultation: Consultation, result: Mapping[str, Any], sheet: Sheet) -> None:
    say = sheet.phrases.say
    made = checklist(sheet, consultation)
    page.title(say(f"outcome.{made.outcome}", title=made.title))
    details = {f"{item['kind']}:{item['id']}": item for item in result["items"]}
    cited: dict[Citation, int] = {}
    for section in made.sections:
        page.heading(section.title)
        for line in section.lines:
            _line(page, line, details[line.item], sheet, cited)
    if made.contact and made.outcome in ("stop", "human"):
        page.gap()
        page.line(contact_words(made.contact))
    if made.outcome == "checklist":
        page.gap()
        page.line(say("total", total=made.total or say("consult.total_unknown")), style="bold")
    if cited:
        page.heading(say("consult.cited"))
        for citation, number in cited.items():
            page.bullet(_in_full(citation, sheet), mark=f"[{number}]")


def _line(page: Page, line: Line, detail: Mapping[str, Any], sheet: Sheet, cited: dict[Citation, int]) -> None:
    say = sheet.phrases.say
    text = line.text
    if line.amount:
        text += f" — {line.amount}"
    if line.alternative:
        text += f" {say('alternative')}"
    page.bullet(text)
    page.line(detail["why"], indent=4, style="dim")
    numbers = [f"[{cited.setdefault(citation, len(cited) + 1)}]" for citation in line.basis]
    laws = len([law for law in detail["basis"] if law in sheet.service.law])
    grounds = [say("consult.law", list=", ".join(numbers[:laws]))] if laws else []
    grounds += [say("consult.source", list=", ".join(numbers[laws:]))] if numbers[laws:] else []
    page.line(" ".join([*grounds, say(f"confidence.{detail['confidence']}")]), indent=4, style="dim")
    if line.caution:
        page.line(line.caution, indent=4, style="yellow")


def _in_full(cited: Citation, sheet: Sheet) -> str:
    parts = [cited.title, cited.url or ""]
    if cited.read:
        parts.append(sheet.phrases.say("consult.read", day=day_text(cited.read, sheet.language)))
    return ", ".join(part for part in parts if part)


def _unfinished(page: Page, consultation: Consultation, result: Mapping[str, Any], sheet: Sheet) -> None:
    fact, say = consultation.next, sheet.phrases.say
    if fact is None:
        return
    page.title(say("consult.unfinished", title=sheet.title))
    page.heading(say("consult.next"))
    question = sheet.question(fact.id)
    page.line(sheet.ask(question, consultation.used), indent=2)
    page.line(f"{fact.id}: {_accepted(fact, sheet)}", indent=2, style="dim")
    if fact.options and len(fact.options) <= MOST_OPTIONS:
        for option in fact.options:
            page.bullet(f"{option.label.text(sheet.language)} ({option.id})", indent=2)
    if result["items"]:
        page.heading(say("consult.certain"))
        for kind, items in groupby(result["items"], key=lambda item: item["kind"]):
            page.line(say(f"section.{kind}"), indent=2)
            for item in items:
                page.bullet(item["text"], indent=2)


def _accepted(fact: Fact, sheet: Sheet) -> str:
    """What the answers file takes for this fact."""
    say = sheet.phrases.say
    if fact.kind == "yes_no":
        return "true, false"
    if fact.kind == "number":
        return f"{fact.low.normalize():f}..{fact.high.normalize():f}"
    if fact.kind == "date":
        return say("consult.takes_date")
    if fact.kind == "choose_any":
        return say("consult.takes_several")
    return say("consult.takes_one", count=len(fact.options))


def _foot(page: Page, result: Mapping[str, Any], sheet: Sheet) -> None:
    say = sheet.phrases.say
    page.gap()
    page.line(say("consult.dated", day=day_text(sheet.day, sheet.language), service=result["service"]))
    if result["ignored"]:
        page.line(say("consult.ignored", list=", ".join(result["ignored"])))
    page.line(say("consult.version", version=result["version"]), style="dim")
    if result["receipt"]:
        page.line(say("consult.receipt", receipt=result["receipt"]), style="dim")
