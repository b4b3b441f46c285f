"""A service's version changes with every change of its rules, and with nothing else: neither words nor spelling."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from vikno.domain.rules.receipt import rules_document
from vikno.domain.rules.service import Service
from vikno.packs.load import load_country

PERMIT, VISA = "services/fishing-permit/consultation.yaml", "services/visitor-visa/consultation.yaml"

SAME = [
    (PERMIT, "ask: Where will you fish?", "ask: Where do you fish?"),
    (PERMIT, "river: In a river", "river: River"),
    (PERMIT, "text: The papers of the boat", "text: Papers of the boat"),
    (PERMIT, "hint: Choose all that fit, or go on without.", "hint: Choose."),
    (PERMIT, "  - done: sea\n", "  # a comment\n  - done: sea\n"),
    (PERMIT, "form: copy\n", "form: 'copy'\n"),
    (PERMIT, "    when: age >= 14\n    form: copy", "    form: copy\n    when: age >= 14"),
    (PERMIT, "when: boat and length > 8", "when: (boat) and ((length > 8))"),
    (PERMIT, "when: boat and length > 8", "when: boat and 8 < length"),
    (PERMIT, "when: boat and length > 8", "when: >-\n      boat\n      and length > 8"),
    (PERMIT, "period == year or free", "period   ==   year or free"),
    ("services/fishing-permit/service.yaml", "title: Fishing permit", "title: Permit"),
    ("services/fishing-permit/texts/uk.po", "Дозвіл на риболовлю", "Дозвіл"),
    ("services/fishing-permit/examples.yaml", "given: {water: sea}", "given: {water: lake, lake: moor}"),
    ("country.yaml", "harbour: Harbour", "harbour: The Harbour"),
    ("country.yaml", "bridge_reopens: null", "bridge_reopens: 2026-09-01"),  # a date that this service does not use
    ("services/visitor-visa/offices.csv", "hills,post,4", "hills,desk,4"),  # a table of another service
]
OTHER = [
    (PERMIT, "      sea: In the sea\n", "      sea: In the sea\n      pond: In a pond\n"),
    (PERMIT, "      moor: Moor Lake\n      upper: Upper Lake\n", "      upper: Upper Lake\n      moor: Moor Lake\n"),
    (PERMIT, "when: water == lake ", "when: water in [lake, sea] "),
    (PERMIT, "number: {from: 0, to: 120", "number: {from: 0, to: 110"),
    (PERMIT, "step: 0.5", "step: 0.25"),
    (PERMIT, "disabled in about\n  reduced", "disabled in about or boat\n  reduced"),
    (PERMIT, "age >= 65", "age > 65"),
    (PERMIT, "2026-01-01: 9.50", "2026-01-01: 9.60"),
    (PERMIT, "2026-01-01: 9.50", "2026-01-02: 9.50"),
    (PERMIT, "club: {currency: EUR", "club: {currency: CHF"),
    (PERMIT, "club: {currency: EUR, 2026-01-01: 5, basis: fishing-act}", "club: {currency: EUR, 2026-01-01: 5}"),
    (PERMIT, "when: age < 6", "when: age < 7"),
    (PERMIT, "when: age in 6..13 ", "when: age in 6..12 "),
    (PERMIT, "  - note: carry\n    text: Carry the permit while you fish\n", ""),
    (PERMIT, "  - note: carry\n", "  - note: carry\n    from: 2026-05-01\n"),
    (PERMIT, "    form: copy\n", "    form: original\n"),
    (PERMIT, "    amount: half\n", "    amount: year\n"),
    (PERMIT, "    amount: 0\n", "    amount: 1\n"),
    (PERMIT, "instead_of: year ", "instead_of: day "),
    (PERMIT, "    in_addition: true ", "    in_addition: false "),
    (PERMIT, "    confidence: C ", "    confidence: B "),
    (PERMIT, "    source: waters-page\n    confidence", "    confidence"),
    (PERMIT, "until: 2026-06-30", "until: 2026-06-29"),
    (PERMIT, "today <= season_ends", "today < season_ends"),
    (PERMIT, "exactly_one: {fee: always, term: always, ", "exactly_one: {fee: always, "),
    (PERMIT, "term: always, validity: always", "term: boat, validity: always"),
    (PERMIT, "[[place:river_post, place:lake_house]]", "[[place:river_post, place:lake_house, note:carry]]"),
    ("services/fishing-permit/service.yaml", "since: 2026-01-01", "since: 2026-02-01"),
    ("country.yaml", "season_ends: 2026-10-31", "season_ends: 2026-11-01"),
    ("country.yaml", "currency: EUR", "currency: CHF"),
]  # fmt: skip
OTHER_VISA = [
    (VISA, "partners: [at, cz, ua]", "partners: [at, cz]"),
    (VISA, "except: [aq]", "except: [aq, bv]"),
    (VISA, "birth_date, today) < 18", "birth_date, arrival_day) < 18"),
    (VISA, "birth_date, today) < 18", "birth_date, today + 1 days) < 18"),
    (VISA, "date: {from: today, to: today + 365 days}", "date: {from: today, to: today + 366 days}"),
    (VISA, "arrival < today + 30 days", "arrival <= today + 30 days"),
    (VISA, "table: {tourism: 30", "table: {tourism: 31"),
    (VISA, "document: passport ", "document: visitor-visa "),
    (VISA, "choose: {same_as: purpose, except: [transit]}", "choose: {same_as: purpose}"),
    ("services/visitor-visa/offices.csv", "hills,post,4", "hills,desk,4"),
    ("services/visitor-visa/offices.csv", "travelling,bus,4", "travelling,bus,5"),
    ("country.yaml", "border_zone: [north_shore, hills]", "border_zone: [north_shore]"),
    ("country.yaml", "bridge_reopens: null", "bridge_reopens: 2026-09-01"),
    ("country.yaml", "      hills: The Hills\n", "      hills: The Hills\n      moor: The Moor\n"),
]


def service_of(folder: Path, key: str) -> Service:
    service = load_country(folder).services[key]
    assert service
    return service


def changed(folder: Path, key: str, file: str, old: str, new: str) -> tuple[str, str]:
    """The version before and after a change."""
    before = service_of(folder, key).version
    path = folder / file
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")
    return before, service_of(folder, key).version


@pytest.mark.parametrize("change", SAME, ids=str)
def test_words_and_spelling_do_not_change_the_version(lakeland: Path, change: tuple[str, str, str]) -> None:
    before, after = changed(lakeland, "example/fishing-permit", *change)
    assert before == after


@pytest.mark.parametrize("change", OTHER, ids=str)
def test_every_rule_changes_the_version(lakeland: Path, change: tuple[str, str, str]) -> None:
    before, after = changed(lakeland, "example/fishing-permit", *change)
    assert before != after


@pytest.mark.parametrize("change", OTHER_VISA, ids=str)
def test_lists_dates_and_tables_that_are_used_change_the_version(lakeland: Path, change: tuple[str, str, str]) -> None:
    before, after = changed(lakeland, "example/visitor-visa", *change)
    assert before != after


def test_a_group_of_a_shared_list_counts_where_the_options_are_written_in_the_service(lakeland: Path) -> None:
    """`lake in windy`: a group of the country used on a list that is not the country's."""
    country = lakeland / "country.yaml"
    windy = "  waters:\n    options: {long: L, upper: U, moor: M}\n    groups: {windy: [long, upper]}\n"
    country.write_text(country.read_text("utf-8").replace("lists: ", f"lists:\n{windy}  # "), "utf-8")
    path = lakeland / PERMIT
    path.write_text(path.read_text("utf-8").replace("when: lake == moor", "when: lake in windy"), "utf-8")
    before, after = changed(
        lakeland, "example/fishing-permit", "country.yaml", "windy: [long, upper]", "windy: [long, moor]"
    )
    assert before != after


def test_the_version_is_the_hash_of_the_canonical_rules(root: Path) -> None:
    service = service_of(root / "countries" / "example", "example/fishing-permit")
    document = rules_document(service)
    assert hashlib.sha256(rfc8785.dumps(document)).hexdigest() == service.version
    assert not set(words_in(document)) & {"Where will you fish?", "Fishing permit", "In a river", "Carry the permit"}


def words_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for key, child in value.items() for word in (key, *words_in(child))]
    if isinstance(value, list):
        return [word for child in value for word in words_in(child)]
    return [value] if isinstance(value, str) else []
