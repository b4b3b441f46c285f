"""The decision table as JSON, for other programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from vikno.console.paths.decision import Decision, Law, Line, Result
from vikno.domain.rules.receipt import money


def as_json(decision: Decision) -> dict[str, Any]:
    """The table with everything a page shows, and exact numbers."""
    service, table, sentence = decision.service, decision.table, decision.words.sentence
    return {
        "service": service.key,
        "title": decision.title,
        "authority": decision.authority,
        "version": service.version,
        "date": table.day.isoformat(),
        "lang": decision.words.language,
        "ways": table.ways,
        "facts": [
            {
                "id": one.fact.id,
                "kind": one.fact.kind,
                "ask": one.ask,
                "hint": one.hint,
                "answers": one.kind,
                "options": [{"id": id_, "label": label} for id_, label in one.options],
                "groups": {name: sorted(members) for name, members in one.fact.groups.items()},
                "when": str(one.fact.when) if one.fact.when else None,
                "when_words": sentence(one.when),
                "needs": list(one.row.needs),
                "after": list(one.row.after),
                "ways": one.share.ways,
                "share": one.share.part,
            }
            for one in decision.questions
        ],
        "terms": [{"name": one.name, "when": one.written, "when_words": sentence(one.when)} for one in decision.terms],
        "tables": [
            {"name": one.name, "by": one.by, "rows": [{"answer": answer, "value": cell} for answer, cell in one.rows]}
            for one in decision.lookups
        ],
        "amounts": [
            {
                "name": one.name,
                "currency": one.currency,
                "rows": [{"from": start.isoformat(), "sum": money(value)} for start, value in one.rows],
                "basis": list(one.basis),
            }
            for one in service.amounts.values()
        ],
        "items": [_line_json(line, sentence(line.when)) for line in decision.lines],
        "promises": list(decision.promises),
        "outcome_count": table.outcome_count,
        "outcomes": None if decision.results is None else [_result_json(one) for one in decision.results],
        "law": _laws_json(decision.laws),
        "sources": _laws_json(decision.sources),
    }


def _line_json(line: Line, words: str) -> dict[str, Any]:
    item, amount = line.row.item, line.row.amount
    return {
        "kind": item.kind,
        "id": item.id,
        "text": line.text,
        "form": item.form,
        "when": str(item.when) if item.when else None,
        "when_words": words,
        "basis": list(item.basis),
        "sources": list(item.sources),
        "confidence": item.confidence,
        "from": item.from_.isoformat() if item.from_ else None,
        "until": item.until.isoformat() if item.until else None,
        "holds": line.row.holds,
        "amount": {amount[0]: money(amount[1])} if amount and amount[1] is not None else None,
        "instead_of": item.instead_of,
        "in_addition": item.in_addition,
        "ways": line.share.ways,
        "share": line.share.part,
        "examples": list(line.row.examples),
    }


def _result_json(one: Result) -> dict[str, Any]:
    total = one.outcome.total
    return {
        "kind": one.outcome.kind,
        "items": list(one.items),
        "basis": [law.id for law in one.laws],
        "sources": [law.id for law in one.sources],
        "total": None if total is None else {currency: money(value) for currency, value in total.items()},
        "ways": one.outcome.ways,
        "share": one.share.part,
        "who": [{name: list(values) for name, values in who.items()} for who in one.outcome.who],
        "who_words": [list(lines) for lines in one.who],
    }


def _laws_json(laws: Sequence[Law]) -> list[dict[str, Any]]:
    return [
        {"id": one.id, "title": one.title, "url": one.url, "read": one.read_on.isoformat() if one.read_on else None}
        for one in laws
    ]
