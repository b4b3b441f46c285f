"""What the page of an outcome shows, and the paper: the items by kind, each with its reasons. Plain data."""

from __future__ import annotations

from dataclasses import dataclass

from vikno.domain.dialog.messages import Checklist, Line
from vikno.domain.dialog.outcome import checklist
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.dialog.why import because, citations
from vikno.domain.rules.ruleset import Consultation
from vikno.domain.rules.service import ENDINGS
from vikno.domain.rules.wording import day_text
from vikno.portal.address import Address, pairs, write_address

BULLET = "• "
UNSURE = ("C", "D")
"""Confidences that a person should hear of plainly: unconfirmed, and sources that disagree."""


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
