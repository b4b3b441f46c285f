"""Receipts and versions: SHA-256 over canonical JSON (RFC 8785), the same in every language and for ever.

A receipt is over {service, version, date, answers, items [kind, id, amount, basis, because]}; a version is
over the parsed rules with the dates, lists, amounts and tables they use, without texts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from vikno.domain.rules.conditions import Answer, OneOf, leaves
from vikno.domain.rules.explain import Reason
from vikno.domain.rules.service import Fact, Item, Promise, Service
from vikno.domain.rules.space import conditions_of

_canonical = msgspec.json.Encoder(order="sorted").encode


@dataclass(frozen=True, slots=True)
class Receipt:
    """`document` is what `hash` (hexadecimal SHA-256) was taken over, as JSON values."""

    document: Mapping[str, Any]
    hash: str

    @property
    def canonical(self) -> bytes:
        return canonical_json(self.document)


def hash_of(document: Mapping[str, Any]) -> str:
    """Hexadecimal SHA-256 of the canonical JSON.

    >>> hash_of({"b": 1, "a": "x"})[:16]
    'cdab067e9f3beb32'
    """
    return hashlib.sha256(canonical_json(document)).hexdigest()


def canonical_json(document: Mapping[str, Any]) -> bytes:
    """Canonical JSON (RFC 8785) of strings, whole numbers, booleans, null, lists and mappings with ASCII keys.

    For these msgspec's sorted JSON is the canonical form: no float is written, ASCII keys sort alike by code point
    and by UTF-16 unit, and strings are escaped alike. The tests hold it to the reference library, which takes a
    hundred times as long.
    """
    return _canonical(document)


def plain(answer: Answer) -> Any:
    """An answer as JSON: decimals and dates as strings, a choice of several sorted."""
    if isinstance(answer, frozenset):
        return sorted(answer)
    if isinstance(answer, Decimal):
        return int(answer) if answer == answer.to_integral_value() else str(answer.normalize())
    if isinstance(answer, date):
        return answer.isoformat()
    return answer


def money(value: Decimal | None) -> str | None:
    """A sum with two places, or None."""
    return None if value is None else str(value.quantize(Decimal("0.01")))


def amount_json(service: Service, item: Item, day: date) -> dict[str, str] | None:
    """`{"UAH": "618.00"}`, or None where there is no amount or none is known."""
    found = service.amount_on(item, day)
    if found is None or found[1] is None:
        return None
    return {found[0]: str(found[1].quantize(Decimal("0.01")))}


def receipt_of(
    service: Service, day: date, used: Mapping[str, Answer], items: Sequence[tuple[Item, Sequence[Reason]]]
) -> Receipt:
    """The receipt of an outcome: its items, each with what decided it."""
    document = {
        "service": service.key,
        "version": service.version,
        "date": day.isoformat(),
        "answers": {name: plain(answer) for name, answer in used.items()},
        "items": [
            {
                "kind": item.kind,
                "id": item.id,
                "amount": amount_json(service, item, day),
                "basis": list(item.basis),
                "because": [reason.condition for reason in reasons],
            }
            for item, reasons in items
        ],
    }
    return Receipt(document, hash_of(document))


def rules_hash(service: Service) -> str:
    """The version of a service: its rules, without any text that people read."""
    return hash_of(rules_document(service))


def rules_document(service: Service) -> dict[str, Any]:
    """The rules as JSON values, each thing as its meaning and not as its spelling."""
    return {
        "service": service.key,
        "currency": service.currency,
        "since": _day(service.since),
        "facts": [_fact(fact) for fact in service.facts],
        "terms": {term.name: str(term.condition) for term in service.terms},
        "dates": {name: _day(day) for name, day in service.dates.items() if name in _named(service)},
        "amounts": {
            amount.name: {
                "currency": amount.currency,
                "rows": [[_day(start), _sum(value)] for start, value in amount.rows],
                "basis": list(amount.basis),
            }
            for amount in service.amounts.values()
        },
        "derived": [
            {
                "name": table.name,
                "by": table.by,
                "values": dict(table.values),
                "ranges": [[str(low), str(high), cell] for low, high, cell in table.ranges],
            }
            for table in service.derived
        ],
        "groups": _groups(service),
        "items": [_item(item) for item in service.items],
        "promises": [_promise(promise) for promise in service.promises],
    }


def _groups(service: Service) -> dict[str, list[str]]:
    """What the groups stand for that conditions name, whoever defined them."""
    named = (leaf for condition in conditions_of(service) for leaf in leaves(condition) if isinstance(leaf, OneOf))
    return {f"{leaf.fact} in {leaf.group}": sorted(leaf.options) for leaf in named if leaf.group}


def _promise(promise: Promise) -> dict[str, Any]:
    return {
        "exactly_one": promise.kind,
        "while": str(promise.while_) if promise.while_ else None,
        "one_of": list(promise.members),
    }


def _named(service: Service) -> frozenset[str]:
    from vikno.domain.rules.days import day_names

    return day_names(service)


def _fact(fact: Fact) -> dict[str, Any]:
    out: dict[str, Any] = {"id": fact.id, "kind": fact.kind, "when": str(fact.when) if fact.when else None}
    if fact.options:
        out["options"] = list(fact.option_ids)
    if fact.groups:
        out["groups"] = {name: sorted(members) for name, members in fact.groups.items()}
    if fact.kind == "number":
        out["range"] = [str(fact.low), str(fact.high), str(fact.step)]
    if fact.dates:
        out["range"] = [
            str(fact.dates.low) if fact.dates.low else None,
            str(fact.dates.high) if fact.dates.high else None,
        ]
    return out


def _item(item: Item) -> dict[str, Any]:
    return {
        "kind": item.kind,
        "id": item.id,
        "when": str(item.when) if item.when else None,
        "basis": list(item.basis),
        "sources": list(item.sources),
        "form": item.form,
        "confidence": item.confidence,
        "amount": str(item.amount) if item.amount is not None else None,
        "from": _day(item.from_),
        "until": _day(item.until),
        "instead_of": item.instead_of,
        "in_addition": item.in_addition,
        "document": item.document,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _sum(value: Decimal | None) -> str | None:
    return None if value is None else str(value)
