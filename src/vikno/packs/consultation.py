"""consultation.yaml and service.yaml joined into a Service: items, amounts, promises, laws, and their names checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from babel.numbers import list_currencies

from vikno.domain.catalog import Country
from vikno.domain.rules.conditions import TRUE, Condition
from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.rules.service import KINDS, Amount, Fact, Item, Promise, Service
from vikno.domain.values import Place, Text
from vikno.packs.derive import read_derived
from vikno.packs.facts import Builder
from vikno.packs.forms import CONSULTATION
from vikno.packs.names import read_names
from vikno.packs.shapes import Read
from vikno.packs.source import Node, Report, Scalar
from vikno.packs.words import FolderTexts


def read_consultation(
    folder: Path, country: Country, head: Read, node: Node, texts: FolderTexts, report: Report
) -> Service | None:
    """The service of a folder, or None when its consultation is no mapping at all."""
    from vikno.packs.load import read_law

    body = CONSULTATION.read(node, report)
    if not isinstance(body, Read):
        return None
    key = f"{country.code}/{folder.name}"
    law = dict(country.law) | read_law(texts, "law", head.get("law", []))
    sources = dict(country.sources) | read_law(texts, "source", head.get("sources", []))
    builder = Builder(folder, str(folder), country, texts, report)
    builder.amounts = {name.text: entry for name, entry in body.get("amounts", [])}
    builder.read_facts(body.get("facts", []))
    read_derived(builder, body.get("derive", []))
    builder.read_terms(body.get("terms", []))
    builder.read_whens(body.get("facts", []))
    reading = _Items(builder, head.get("defaults"), law, sources)
    amounts = {name.text: reading.amount(name, entry) for name, entry in body.get("amounts", [])}
    items = reading.items(body.get("items", []))
    _references(head, country, report)
    title = head.get("title")
    keywords = head.get("keywords", [])
    return Service(
        key=key,
        title=texts.text("service.title", title) if title else Text("service.title", folder.name),
        authority=_word(head, "authority"),
        language=texts.language,
        languages=country.languages,
        currency=country.currency,
        facts=tuple(builder.facts.values()),
        items=items,
        terms=tuple(builder.terms.values()),
        amounts=amounts,
        derived=tuple(builder.derived.values()),
        promises=_promises(builder, body.get("promise"), items),
        law=law,
        sources=sources,
        dates=country.dates,
        keywords=texts.text(
            "service.keywords", keywords[0], required=False, words=", ".join(word.text for word in keywords)
        )
        if keywords
        else None,
        output=_word(head, "output") or None,
        since=head.get("since"),
        place=Place(f"{folder}/consultation.yaml", 1, 1),
    )


def _word(read: Read, key: str) -> str:
    found = read.get(key)
    return found.text if isinstance(found, Scalar) else ""


def _references(head: Read, country: Country, report: Report) -> None:
    authority, output = head.get("authority"), head.get("output")
    if authority is not None and authority.text not in country.authorities:
        report(
            Finding(
                "authority_unknown",
                authority.place,
                f"country.yaml has no authority “{authority.text}”{did_you_mean(authority.text, country.authorities)}",
            )
        )
    if output is not None and output.text not in country.documents:
        report(
            Finding(
                "document_unknown",
                output.place,
                f"there is no document type “{output.text}”{did_you_mean(output.text, country.documents)}",
            )
        )


class _Items:
    """Items and amounts of one service, their names checked."""

    def __init__(
        self, builder: Builder, defaults: Read | None, law: Mapping[str, Any], sources: Mapping[str, Any]
    ) -> None:
        self.builder, self.law, self.sources = builder, law, sources
        self.defaults = defaults or Read({}, {}, {}, Place())

    def amount(self, name: Scalar, read: Read) -> Amount:
        builder = self.builder
        currency = _word(read, "currency") or builder.country.currency
        if currency not in list_currencies():
            builder.say("value_wrong", read.place, f"“{currency}” is not a currency of ISO 4217")
        rows = read.get("rows", [])
        for earlier, later in pairwise(rows):
            if earlier[0] >= later[0]:
                builder.say(
                    "period_wrong",
                    read.place,
                    f"the rows of “{name.text}” are in order of their days; {later[0]} is not after {earlier[0]}",
                )
        basis = read_names(read.get("basis", []), self.law, "law", builder.report)
        read_names(read.get("source", []), self.sources, "source", builder.report)
        return Amount(name.text, currency, tuple(rows), basis, name.place)

    def items(self, reads: Sequence[Read]) -> tuple[Item, ...]:
        items = [item for read in reads if (item := self.item(read))]
        by_key: dict[str, list[Item]] = {}
        for item in items:
            by_key.setdefault(item.key, []).append(item)
        for versions in by_key.values():
            self.periods(versions)
        for item in items:
            key = f"{item.kind}:{item.instead_of}"
            if item.instead_of and (key not in by_key or key == item.key):
                known = [other.id for other in items if other.kind == item.kind and other.id != item.id]
                self.builder.say(
                    "item_unknown",
                    item.place,
                    f"“instead_of: {item.instead_of}” names no other {item.kind}{did_you_mean(item.instead_of, known)}",
                )
        return tuple(items)

    def periods(self, versions: Sequence[Item]) -> None:
        """Entries of one item: each holds on days of its own, without overlap or gap."""
        from datetime import date, timedelta

        ordered = sorted(versions, key=lambda item: item.from_ or date.min)
        for earlier, later in pairwise(ordered):
            if earlier.from_ is None and earlier.until is None and later.from_ is None and later.until is None:
                self.builder.say(
                    "id_twice", later.place, f"“{later.key}” stands twice (first at line {earlier.place.line})"
                )
            elif earlier.until is None or later.from_ is None or later.from_ <= earlier.until:
                self.builder.say(
                    "period_overlap",
                    later.place,
                    f"on {later.from_ or 'all days'} two entries of “{later.key}” hold "
                    f"(the other at line {earlier.place.line})",
                )
            elif later.from_ > earlier.until + timedelta(days=1):
                self.builder.say(
                    "period_gap",
                    later.place,
                    f"from {earlier.until + timedelta(days=1)} to {later.from_ - timedelta(days=1)} "
                    f"no entry of “{later.key}” holds",
                )

    def item(self, read: Read) -> Item | None:
        builder = self.builder
        kinds = [kind for kind in KINDS if kind in read.nodes]
        if len(kinds) != 1:
            builder.say(
                "key_missing" if not kinds else "key_unknown",
                read.place,
                f"an item has one of: {', '.join(KINDS)}"
                if not kinds
                else f"an item has one kind, not {' and '.join(kinds)}",
            )
            return None
        kind = kinds[0]
        name = read.get(kind)
        if name is None:
            return None
        words, when = read.get("text"), read.get("when")
        key = f"item.{kind}.{name.text}"
        text = builder.texts.text(key, words, known=self.known) if words else Text(key, name.text, {}, read.place)
        self.misplaced(kind, read)
        from_, until = read.get("from"), read.get("until")
        if from_ and until and from_ > until:
            builder.say("period_wrong", read.at("until"), f"the period ends on {until}, before it begins on {from_}")
        document = read.get("document")
        if document is not None and document.text not in builder.country.documents:
            known = builder.country.documents
            builder.say(
                "document_unknown",
                document.place,
                f"there is no document type “{document.text}”{did_you_mean(document.text, known)}",
            )
        basis, sources = (
            read.get("basis", self.defaults.get("basis", [])),
            read.get("source", self.defaults.get("source", [])),
        )
        instead = read.get("instead_of")
        return Item(
            kind=kind,
            id=name.text,
            text=text,
            when=(builder.condition(when) or TRUE) if when is not None else None,
            basis=read_names(basis, self.law, "law", builder.report),
            sources=read_names(sources, self.sources, "source", builder.report),
            form=read.get("form", self.defaults.get("form") if kind == "bring" else None),
            confidence=read.get("confidence", self.defaults.get("confidence", "C")),
            amount=self.sum(read),
            from_=from_,
            until=until,
            instead_of=instead.text if instead else None,
            in_addition=read.get("in_addition", False),
            document=document.text if document else None,
            place=name.place,
            when_place=read.at("when"),
            period_place=read.at("until" if "until" in read else "from"),
        )

    def misplaced(self, kind: str, read: Read) -> None:
        homes = {
            "form": ("bring",),
            "document": ("bring",),
            "amount": ("fee", "benefit"),
            "instead_of": ("fee",),
            "in_addition": ("fee",),
        }
        for key, kinds in homes.items():
            if key in read.nodes and kind not in kinds:
                self.builder.say("key_unknown", read.at(key), f"“{key}” belongs to {' or '.join(kinds)}, not to {kind}")

    def sum(self, read: Read) -> str | Decimal | None:
        scalar = read.get("amount")
        if scalar is None:
            return None
        if scalar.text in self.builder.amounts:
            return str(scalar.text)
        try:
            value = Decimal(scalar.text)
        except ArithmeticError:
            known = self.builder.amounts
            self.builder.say(
                "amount_unknown", scalar.place, f"there is no amount “{scalar.text}”{did_you_mean(scalar.text, known)}"
            )
            return None
        if not value.is_finite() or not 0 <= value < 10**15 or value != value.quantize(Decimal("0.0001")):
            self.builder.say("value_wrong", scalar.place, f"“{scalar.text}” is not a sum of money")
            return None
        return value

    def known(self, what: str, name: str) -> str | None:
        if what == "amount":
            return self.builder.known_amount(name)
        facts: Mapping[str, Fact] = self.builder.facts
        return None if name in facts else f"there is no fact “{name}”{did_you_mean(name, facts)}"


def _promises(builder: Builder, read: Read | None, items: Sequence[Item]) -> tuple[Promise, ...]:
    if read is None:
        return ()
    out: list[Promise] = []
    for kind, scalar in read.get("exactly_one", []):
        condition: Condition | None = TRUE if scalar.text == "always" else builder.condition(scalar)
        if condition is not None:
            out.append(Promise(kind.text, condition, (), kind.place))
    keys = {item.key for item in items}
    for group in read.get("one_of", []):
        for member in group:
            known = [*builder.terms, *keys, *(fact.id for fact in builder.facts.values() if fact.kind == "yes_no")]
            if member.text not in known and member.text not in builder.broken:
                builder.say(
                    "item_unknown" if ":" in member.text else "name_unknown",
                    member.place,
                    f"there is no term or item “{member.text}”{did_you_mean(member.text, known)}",
                )
        if group:
            out.append(Promise(None, None, tuple(member.text for member in group), group[0].place))
    return tuple(out)
