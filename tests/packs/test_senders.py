"""Senders as files: the example's are read whole, and each slip is a finding at its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from vikno.domain.notify.fill import fill
from vikno.domain.notify.template import parse
from vikno.domain.rules.findings import Finding
from vikno.packs.load import read_country
from vikno.packs.senders import read_senders, sms_parts
from vikno.usecases.check_templates import needed
from vikno.usecases.put_senders import Sender

TODAY = date(2026, 11, 2)
DELAY = "senders/skyfen/templates/delay.yaml"
SENDER = "senders/skyfen/sender.yaml"
STATEMENT = "senders/lake-bank/templates/statement.yaml"


def read(folder: Path) -> tuple[dict[str, Sender], list[Finding]]:
    found: list[Finding] = []
    country = read_country(folder, lambda finding: pytest.fail(str(finding)))
    return {one.given.slug: one for one in read_senders(folder, country, found.append, TODAY)}, found


def test_the_examples_are_read_with_nothing_to_mend(lakeland: Path) -> None:
    senders, found = read(lakeland)
    assert found == []
    skyfen, rivermouth = senders["skyfen"], senders["rivermouth"]
    assert (skyfen.given.country, skyfen.given.audience, skyfen.given.per_day) == ("ua", "ua", 50_000)
    assert (rivermouth.given.country, rivermouth.given.audience) == ("example", "ua"), "where its folder stands"
    assert {one.slug: one.content for sender in senders.values() for one in sender.templates} == {
        "delay": "service", "support": "support", "bin-day": "official", "statement": "payment", "login-code": "code",
    }  # fmt: skip
    (delay,) = skyfen.templates
    assert delay.text.languages.keys() == {"uk", "en"}
    assert set(needed(delay.text)) == {"name", "flight", "city", "time", "planned", "voucher"}


def test_every_example_can_be_filled_in_every_language_and_place(lakeland: Path) -> None:
    senders, _ = read(lakeland)
    for sender in senders.values():
        for draft in sender.templates:
            values = dict.fromkeys(needed(draft.text), "https://files.lake-bank.example/s/1")
            trust, links = frozenset(draft.text.trust), frozenset(draft.text.links)
            for variants in draft.text.languages.values():
                for words in variants.values():
                    for said in (words.body, words.subject or ""):
                        filled = fill(parse(said), values, trust=trust, links=links).text
                        assert "((" not in filled
            for variants in draft.text.languages.values():
                assert sms_parts(variants["sms"].body if "sms" in variants else "") < 4


FAULTS: list[tuple[str, str, str, str, str]] = [
    (SENDER, "category: airline", "category: ▸airlin", "option_unknown", "airline"),
    (SENDER, "country: ua", "country: ▸uq", "value_wrong", "uq"),
    (SENDER, "slug: skyfen", "slug: ▸skyfens", "id_bad", "folder"),
    (SENDER, "slug: skyfen", "slug: ▸Sky fen", "id_bad", "Sky fen"),
    (SENDER, "weight: 2", "▸wieght: 2", "key_unknown", "weight"),
    (SENDER, "weight: 2", "weight: ▸0", "value_wrong", "1 to 100"),
    (SENDER, 'guests: ["+380501234567",', "guests: ▸[a, b, c, d, e,", "value_wrong", "at most 5"),
    (SENDER, "name: Skyfen Airlines\n", "", "key_missing", "name"),
    (DELAY, "content: service", "content: ▸servise", "value_wrong", "service"),
    (DELAY, "language: uk", "language: ▸pl", "text_missing", "pl"),
    (DELAY, "slug: delay", "slug: ▸delays", "id_bad", "file"),
    (DELAY, "order: [telegram, viber,", "order: [telegram, ▸vieber,", "channel_unknown", "viber"),
    (DELAY, "  en:\n    \"\":", "  en:\n    smss: {body: x}\n    \"\":", "channel_unknown", "sms"),
    (DELAY, "leaves at ((time)) instead", "leaves ((tim)) instead", "text_placeholders", "((tim)) does not stand"),
    (DELAY, "subject: Flight ((flight)) is delayed", "subject: ▸\"\"", "value_wrong", "a text"),
    (STATEMENT, "trust: [document]", "trust: [▸documents]", "placeholder_unknown", "document"),
    (STATEMENT, "links: [files.lake-bank.example]", "links: [▸https://files.lake-bank.example]", "value_wrong", "host"),
    (STATEMENT, "links: [files.lake-bank.example]\n", "", "key_missing", "links"),
    (STATEMENT, "trust: [document]", "facts: {sender: ▸bank}\ntrust: [document]", "name_unknown", "every message"),
    (STATEMENT, "trust: [document]", "facts: ▸{registred: true}\ntrust: [document]", "example_answer", "registered"),
    (STATEMENT, "trust: [document]", "facts: {registered: ▸1.5}\ntrust: [document]", "value_wrong", "whole number"),
    (STATEMENT, "See it here: ((document))", "See it: https://((document))/x", "value_wrong", "whole link"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "code", "says"), FAULTS)
def test_a_slip_is_found_at_its_place(lakeland: Path, file: str, old: str, new: str, code: str, says: str) -> None:
    path = lakeland / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, old
    changed = text.replace(old, new)
    path.write_text(changed.replace("▸", ""), "utf-8")
    senders, found = read(lakeland)
    assert [finding.code for finding in found] == [code], found
    (finding,) = found
    assert says in finding.message
    assert finding.place.file == str(path)
    if "▸" in changed:
        at = changed.index("▸")
        assert (finding.place.line, finding.place.column) == (
            changed.count("\n", 0, at) + 1, at - changed.rfind("\n", 0, at),
        )  # fmt: skip
    broken = path.parent.parent.name if "templates" in file else path.parent.name
    kept = senders.get(broken)
    assert kept is None or kept.given.slug != path.stem
    assert len(senders) >= 3, "the others are read on"


def test_a_template_with_something_wrong_is_left_out_and_the_others_are_read(lakeland: Path) -> None:
    path = lakeland / STATEMENT
    path.write_text(path.read_text("utf-8").replace("language: uk", "language: pl"), "utf-8")
    senders, _ = read(lakeland)
    assert [one.slug for one in senders["lake-bank"].templates] == ["login-code"]


def test_a_long_text_for_sms_is_told_and_may_stay(lakeland: Path) -> None:
    path = lakeland / DELAY
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("Рейс ((flight)) вилетить", "Шановні пасажири! " * 12 + "Рейс ((flight)) вилетить"), "utf-8"
    )
    senders, found = read(lakeland)
    assert [(one.code, one.warning) for one in found] == [("sms_long", True)]
    assert len(senders["skyfen"].templates) == 1


@pytest.mark.parametrize("file", [SENDER, DELAY])
@pytest.mark.parametrize("text", ["", "- a\n", "a: [", "\t", "7", "{languages: 7}", "languages: {uk: 7}"])
def test_what_is_no_sender_at_all_is_a_finding_and_no_crash(lakeland: Path, file: str, text: str) -> None:
    (lakeland / file).write_text(text, "utf-8")
    _, found = read(lakeland)
    assert found
    assert {finding.place.file for finding in found} == {str(lakeland / file)}
