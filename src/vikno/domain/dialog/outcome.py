"""The outcome of a consultation as people read it: sections in a fixed order, the total, the law, the receipt."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, cast

from msgspec.structs import replace

from vikno.domain.catalog import PublicOrganisation
from vikno.domain.dialog.messages import Checklist, Contact, Line, Section
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.dialog.why import caution, citations
from vikno.domain.rules.ruleset import Consultation
from vikno.domain.rules.service import KINDS, Item
from vikno.domain.rules.wording import day_text, sum_text

RECEIPT_SHOWN = 16
"""Letters of the receipt's hash in plain text; the whole of it is in the checklist."""

MARK = "*"


def checklist(sheet: Sheet, consultation: Consultation, step: int | None = None) -> Checklist:
    """The outcome in one language. With a `step`, each line carries the id of its "why" button."""
    by_kind: dict[str, list[Line]] = {}
    for item in consultation.items:
        line = sheet.lines.get(item.key)
        if line is None:
            line = _line(sheet, consultation, item)
            if not sheet.changing_text(item):
                sheet.lines[item.key] = line
        if step is not None:
            line = replace(line, why=f"{step}.{sheet.tag_of[item.key]}")
        by_kind.setdefault(item.kind, []).append(line)
    titles = sheet.phrases.say
    return Checklist(
        service=sheet.service.key,
        title=sheet.title,
        outcome=cast(Literal["checklist", "stop", "done", "human"], consultation.outcome),
        sections=tuple(
            Section(kind, titles(f"section.{kind}"), tuple(by_kind[kind])) for kind in KINDS if kind in by_kind
        ),
        date=sheet.day,
        dated=day_text(sheet.day, sheet.language),
        receipt=sheet.ruleset.receipt(consultation).hash,
        total=_total(sheet, consultation),
        sums=None if consultation.total is None else {code: str(sum_) for code, sum_ in consultation.total.items()},
        contact=contact(sheet.authority, sheet.language) if sheet.authority else None,
    )


def contact(authority: PublicOrganisation, language: str) -> Contact:
    """An authority as somebody to ask."""
    return Contact(authority.name.text(language), authority.url, authority.phone, authority.email)


def contact_words(found: Contact) -> str:
    """A contact in one line."""
    ways = ", ".join(way for way in (found.phone, found.email, found.url) if way)
    return f"{found.name}: {ways}" if ways else found.name


def _line(sheet: Sheet, consultation: Consultation, item: Item) -> Line:
    text = sheet.ruleset.text(item, consultation.used, sheet.language)
    if item.form:
        text = sheet.phrases.say("with_form", text=text, form=sheet.phrases.say(f"form.{item.form}"))
    found = sheet.service.amount_on(item, sheet.day)
    amount = sum_text(found[1], found[0], sheet.language) if found and found[1] else None
    if amount and amount in text:
        amount = None  # the text says it already
    return Line(
        item=item.key,
        text=text,
        amount=amount,
        caution=caution(sheet, item),
        basis=(
            *citations(sheet, item.basis, sheet.service.law),
            *citations(sheet, item.sources, sheet.service.sources),
        ),
        alternative=bool(item.instead_of),
    )


def _total(sheet: Sheet, consultation: Consultation) -> str | None:
    """What is to be paid, in words; None after a stop, and where a fee has no known amount."""
    if consultation.outcome != "checklist" or consultation.total is None:
        return None
    fees = [item for item in consultation.items if item.kind == "fee" and not item.instead_of]
    if not fees:
        return None
    sums = [sum_text(sum_, code, sheet.language) for code, sum_ in consultation.total.items() if sum_ != Decimal(0)]
    return " + ".join(sums) if sums else sheet.phrases.say("nothing_to_pay")


def in_words(sheet: Sheet, made: Checklist) -> str:
    """The whole checklist as plain text; what is not certain has a mark, explained below."""
    say = sheet.phrases.say
    cautions = list(dict.fromkeys(line.caution for part in made.sections for line in part.lines if line.caution))
    parts = [say(f"outcome.{made.outcome}", title=made.title)]
    for section in made.sections:
        lines = [f"{section.title}:", *(_in_words(sheet, line, cautions) for line in section.lines)]
        if section.kind == "fee" and made.total:
            lines.append(say("total", total=made.total))
        parts.append("\n".join(lines))
    parts += ["\n".join(f"{MARK * at} {said}" for at, said in enumerate(cautions, 1))] if cautions else []
    if made.contact and made.outcome in ("stop", "human"):
        parts.append(say("contact", contact=contact_words(made.contact)))
    parts.append(say("dated", day=made.dated, receipt=made.receipt[:RECEIPT_SHOWN]))
    return "\n\n".join(parts)


def _in_words(sheet: Sheet, line: Line, cautions: list[str]) -> str:
    text = f"• {line.text}"
    if line.amount:
        text += f" — {line.amount}"
    if line.alternative:
        text += f" {sheet.phrases.say('alternative')}"
    return text + MARK * (cautions.index(line.caution) + 1) if line.caution else text
