"""Faults put into Ukraine's ID card: each fails the check at the right place, with the right person."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, edited

CARD = "services/id-card/consultation.yaml"
ENGLISH = "services/id-card/texts/en.po"
LONG = "Я хочу обміняти книжечку на картку"  # 34 UTF-16 units; Telegram's buttons show 30


@pytest.fixture
def ukraine(root: Path, tmp_path: Path) -> Path:
    """Ukraine with its ID card alone."""
    others = shutil.ignore_patterns(
        *(path.name for path in (root / "countries/ua/services").iterdir() if path.name != "id-card")
    )
    copy = Path(shutil.copytree(root / "countries" / "ua", tmp_path / "ua", ignore=others))
    (copy / "entries.yaml").unlink()  # it names the services that were left out
    return copy


def found(call: Call, folder: Path, code: str) -> list[dict[str, Any]]:
    """The findings of this code; the check must have failed."""
    ran = call("check", folder, "--json")
    assert (ran.code, ran.json["ok"]) == (1, False)
    return [finding for finding in ran.json["services"]["ua/id-card"]["findings"] if finding["code"] == code]


def at(folder: Path, file: str, text: str, after: str = "") -> tuple[str, int, int]:
    """Where a text stands, the first time after another one."""
    words = (folder / file).read_text("utf-8")
    start = words.index(text, words.index(after))
    return str(folder / file), words.count("\n", 0, start) + 1, start - words.rfind("\n", 0, start)


def place(finding: dict[str, Any]) -> tuple[str, int, int]:
    return finding["file"], finding["line"], finding["column"]


def consulted(call: Call, folder: Path, finding: dict[str, Any]) -> Any:
    """What the person of a finding gets."""
    ran = call(
        *("consult", "ua/id-card", "--countries", folder, "--answers", "-", "--date", finding["date"], "--json"),
        stdin=json.dumps(finding["answers"]),
    )
    assert ran.code == 0
    assert ran.json["complete"]
    return ran.json


def test_as_it_is_it_is_fine(call: Call, ukraine: Path) -> None:
    ran = call("check", ukraine, "--json")
    assert (ran.code, ran.json["ok"]) == (0, True)


def test_an_option_renamed_in_one_place(call: Call, ukraine: Path) -> None:
    edited(ukraine, CARD, "      stolen: Паспорт викрадено", "      theft: Паспорт викрадено")
    unknown = found(call, ukraine, "option_unknown")
    whole = (ukraine / CARD).read_text("utf-8")
    assert len(unknown) == whole.count("stolen")
    assert at(ukraine, CARD, "stolen", "reason in [data_change, error, damage, lost") in map(place, unknown)
    assert all("stolen" in finding["message"] for finding in unknown)


def test_an_item_that_can_never_appear(call: Call, ukraine: Path) -> None:
    edited(ukraine, CARD, "when: reason == first and age < 18 and where == ua", "when: reason == first and age < 14")
    (never,) = found(call, ukraine, "never_true")
    assert place(never) == at(ukraine, CARD, "reason == first and age < 14")
    broken = [finding for finding in found(call, ukraine, "promise_broken") if "none" in finding["message"]]
    assert broken
    assert 14 <= broken[0]["answers"]["age"] < 18
    assert [item for item in consulted(call, ukraine, broken[0])["items"] if item["kind"] == "term"] == []


def test_an_item_whose_people_are_all_stopped_before(call: Call, ukraine: Path) -> None:
    edited(ukraine, CARD, "    when: not paste\n    basis: kmu-1709", "    when: age < 14\n    basis: kmu-1709")
    (never,) = found(call, ukraine, "item_never")
    assert place(never) == at(ukraine, CARD, "joint\n")
    assert "note:joint" in never["message"]


def test_two_fees_at_once(call: Call, ukraine: Path) -> None:
    edited(
        ukraine,
        CARD,
        "when: captivity_1y in status and reason != first and not paste\n    amount: 0",
        "when: captivity_1y in status and not paste\n    amount: 0",
    )
    (broken,) = found(call, ukraine, "promise_broken")
    assert place(broken) == at(ukraine, CARD, "free_captivity")
    assert broken["answers"]["reason"] == "first"
    assert "captivity_1y" in broken["answers"]["status"]
    fees = [item["id"] for item in consulted(call, ukraine, broken)["items"] if item["kind"] == "fee"]
    assert fees == ["free_first", "free_captivity"]


def test_a_gap_in_the_dates_of_a_sum(call: Call, ukraine: Path) -> None:
    edited(
        ukraine,
        CARD,
        "urgent: {currency: UAH, 2022-11-01: 820, 2025-01-01: 928, 2026-01-01",
        "urgent: {currency: UAH, 2026-02-01",
    )
    gaps = found(call, ukraine, "amount_gap")
    assert {place(gap) for gap in gaps} == {at(ukraine, CARD, "urgent: {currency")}
    (needed,) = [gap for gap in gaps if "fee:urgent" in gap["message"]]
    assert needed["date"] == "2026-01-01"
    assert needed["answers"]["speed"] == "urgent"
    result = consulted(call, ukraine, needed)
    assert ("fee", "urgent", None) in {(item["kind"], item["id"], item["amount"]) for item in result["items"]}
    assert result["total"] is None


def test_a_gap_between_two_entries_of_an_item(call: Call, ukraine: Path) -> None:
    edited(ukraine, CARD, "  - note: joint\n", "  - note: joint\n    until: 2026-05-31\n")
    edited(
        ukraine,
        CARD,
        "  - note: military_register\n",
        "  - note: joint\n    text: За один візит можна оформити й закордонний паспорт\n    when: not paste\n"
        "    from: 2026-06-02\n    source: joint26\n  - note: military_register\n",
    )
    (gap,) = found(call, ukraine, "period_gap")
    second = (
        (ukraine / CARD).read_text("utf-8").index("joint\n", (ukraine / CARD).read_text("utf-8").index("joint\n") + 1)
    )
    assert gap["line"] == (ukraine / CARD).read_text("utf-8").count("\n", 0, second) + 1
    assert "2026-06-01" in gap["message"]


def test_an_english_text_is_missing(call: Call, ukraine: Path) -> None:
    text = (ukraine / ENGLISH).read_text("utf-8")
    start = text.index('msgctxt "item.note.joint"')
    (ukraine / ENGLISH).write_text(text[:start] + text[text.index("msgctxt", start + 1) :], "utf-8")
    (missing,) = found(call, ukraine, "text_missing")
    assert place(missing) == at(ukraine, CARD, "За один візит можна")
    assert "item.note.joint" in missing["message"]
    assert "en" in missing["message"]


def test_a_button_too_long_for_telegram(call: Call, ukraine: Path) -> None:
    edited(ukraine, CARD, "booklet_wish: Обміняти книжечку на картку", f"booklet_wish: {LONG}")
    (long,) = found(call, ukraine, "button_too_long")
    assert place(long) == at(ukraine, CARD, LONG)
    assert "telegram" in long["message"].lower()
    assert "34" in long["message"]
    assert [place(stale) for stale in found(call, ukraine, "text_stale")] == [
        at(ukraine, ENGLISH, 'msgid "', 'msgctxt "fact.reason.option.booklet_wish"')
    ]


def test_an_english_button_too_long_for_telegram(call: Call, ukraine: Path) -> None:
    path = ukraine / ENGLISH
    text = path.read_text("utf-8")
    start = text.index("msgstr", text.index('msgctxt "fact.reason.option.lost"'))
    path.write_text(text[:start] + f'msgstr "{"x" * 31}"' + text[text.index("\n", start) :], "utf-8")
    (long,) = found(call, ukraine, "button_too_long")
    assert place(long) == at(ukraine, ENGLISH, 'msgid "', 'msgctxt "fact.reason.option.lost"')


def test_the_diff_names_those_of_14_and_15_when_the_age_is_raised(call: Call, root: Path, ukraine: Path) -> None:
    new = ukraine.parent / "new"
    shutil.copytree(ukraine, new)
    text = (new / CARD).read_text("utf-8")
    assert text.count("age < 14") == 1
    (new / CARD).write_text(text.replace("age < 14", "age < 16"), "utf-8")
    ran = call("diff", ukraine, new, "--json", "--date", "2026-03-15")
    assert ran.code == 1
    changed = ran.json["changed"]
    assert changed
    assert {tuple(change["who"]["age"]) for change in changed} == {("14..15",)}
    assert {tuple(change["after"]) for change in changed} == {("stop:under14",)}
    assert all("stop:under14" not in change["before"] for change in changed)
    assert all(change["service"] == "ua/id-card" and change["answers"]["age"] == 14 for change in changed)
    assert (ran.json["added"], ran.json["removed"]) == ([], [])
    first = changed[0]
    before = call(
        *("consult", "ua/id-card", "--countries", ukraine, "--answers", "-", "--date", "2026-03-15", "--json"),
        stdin=json.dumps(first["answers"]),
    ).json
    assert [f"{item['kind']}:{item['id']}" for item in before["items"]] == first["before"]
