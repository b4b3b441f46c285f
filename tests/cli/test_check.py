"""`vikno check` keeps its contract: keys, types, exit codes, the closed list of codes, findings that name people."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, edited
from tests.commands import Command

FINDING: dict[str, Any] = {
    "code": str,
    "file": str,
    "line": int,
    "column": int,
    "message": str,
    "answers": (dict, type(None)),
}
SERVICE: dict[str, Any] = {"ways": int, "outcomes": int, "items": int, "seconds": float, "findings": list}
PERMIT = "services/fishing-permit/consultation.yaml"


def findings(result: Any, service: str | None = None) -> list[Any]:
    found: list[Any] = result["services"][service]["findings"] if service else result["findings"]
    return found


def test_the_keys_and_their_types_are_those_of_the_contract(call: Call, lakeland: Path) -> None:
    ran = call("check", lakeland, "--json")
    assert (ran.code, ran.json["ok"], ran.json["findings"]) == (0, True, [])
    assert ran.json["services"].keys() == {
        f"example/{name}" for name in ("fishing-permit", "library-card", "visitor-visa")
    }
    for service in ran.json["services"].values():
        for key, kind in SERVICE.items():
            assert isinstance(service[key], kind), key
        assert service["findings"] == []
        assert service["ways"] >= service["outcomes"] > 0
    assert ran.json["services"]["example/library-card"]["ways"] == 2
    assert ran.json["services"]["example/library-card"]["outcomes"] == 2
    assert ran.json["services"]["example/library-card"]["items"] == 3


def test_a_finding_has_a_code_a_place_a_message_and_the_answers_that_show_it(call: Call, lakeland: Path) -> None:
    edited(lakeland, PERMIT, "when: period == year and reduced\n", "when: period == year and age >= 20\n")
    edited(
        lakeland, "country.yaml", "  library: {name: Public Library}", "  library: {name: Public Library, adress: x}"
    )
    ran = call("check", lakeland, "--json")
    assert (ran.code, ran.json["ok"]) == (1, False)
    for finding in (*findings(ran.json), *findings(ran.json, "example/fishing-permit")):
        for key, kind in FINDING.items():
            assert isinstance(finding[key], kind), key
    assert [finding["code"] for finding in findings(ran.json)] == ["key_unknown"]
    broken = next(f for f in findings(ran.json, "example/fishing-permit") if f["code"] == "promise_broken")
    answers = json.dumps(broken["answers"])
    asked = ("consult", "example/fishing-permit", "--countries", lakeland, "--date", broken["date"])
    shown = call(*asked, "--answers", "-", "--json", stdin=answers)
    fees = [item["id"] for item in shown.json["items"] if item["kind"] == "fee"]
    assert shown.json["complete"]
    assert len(set(fees) - {"decade", "boat"}) != 1


def test_rules_about_messages_that_contradict_each_other_fail_the_check(call: Call, lakeland: Path) -> None:
    """Nothing else is wrong with them: each has its text, and an example that holds."""
    policy = lakeland / "policy"
    line = (policy / "messages.yaml").read_text("utf-8").count("\n") + 1
    for file, more in CONTRADICTION.items():
        with (policy / file).open("a", encoding="utf-8") as opened:
            opened.write(more)
    ran = call("check", lakeland, "--json")
    assert (ran.code, ran.json["ok"]) == (1, False)
    (found,) = findings(ran.json)
    assert (found["code"], found["line"]) == ("rules_contradict", line)
    assert found["file"].endswith("policy/messages.yaml")
    assert "LL-BY-SMS" in found["message"]
    assert "rules_contradict" in call("check", lakeland).out


CONTRADICTION = {
    "messages.yaml": """
  LL-BY-SMS:
    title: Banks answer by SMS
    effect: require
    when: sender == bank and content == support
    must: channel == sms
    basis: services-act
    confidence: A
  LL-NO-SMS:
    title: Nobody answers by SMS
    effect: deny
    when: content == support and channel == sms
    basis: services-act
    confidence: A
""".removeprefix("\n"),
    "examples.yaml": """
- name: "a bank answers by SMS"
  given: {sender_country: example, recipient_country: example, sender: bank, recipient: person, channel: email, direction: reply, content: support, consent: none, opted_out: false}
  on: 2026-05-01
  then: {effect: require, rules: [LL-BY-SMS]}
- name: "and by SMS nobody answers"
  given: {sender_country: example, recipient_country: example, sender: airline, recipient: person, channel: sms, direction: reply, content: support, consent: none, opted_out: false}
  on: 2026-05-01
  then: {effect: deny, rules: [LL-NO-SMS]}
""".removeprefix("\n"),  # noqa: E501 - as in the country's own file
    "texts/uk.po": """
msgctxt "LL-BY-SMS.title"
msgid "Banks answer by SMS"
msgstr "Банки відповідають через SMS"

msgctxt "LL-NO-SMS.title"
msgid "Nobody answers by SMS"
msgstr "Ніхто не відповідає через SMS"
""",
}


def test_a_warning_is_told_and_fails_nothing(call: Call, lakeland: Path) -> None:
    edited(lakeland, PERMIT, "terms:  ", "terms:\n  old: age > 90\n  #")
    ran = call("check", lakeland, "--json")
    assert (ran.code, ran.json["ok"]) == (0, True)
    assert findings(ran.json, "example/fishing-permit") == []
    assert [warning["code"] for warning in ran.json["services"]["example/fishing-permit"]["warnings"]] == [
        "term_unused"
    ]
    assert "term_unused" in call("check", lakeland).out


def test_findings_are_the_same_in_one_process_and_in_several(call: Call, lakeland: Path) -> None:
    edited(lakeland, PERMIT, "when: lake == moor", "when: lake == mor")
    edited(lakeland, "services/library-card/consultation.yaml", "age >= 14", "age >= 15")
    one, two = (call("check", lakeland, "--json", "--jobs", jobs).json for jobs in (1, 2))
    for result in (one, two):
        for service in result["services"].values():
            service.pop("seconds")
    assert one == two


@pytest.mark.parametrize("folder", ["no/such/folder", "countries", "README.md", "countries/ua/services/id-card"])
def test_what_is_no_country_folder_is_a_wrong_call(call: Call, folder: str) -> None:
    ran = call("check", folder, "--json")
    assert ran.code == 2
    assert ran.json["error"]["code"] == "no_country"
    plain = call("check", folder)
    assert (plain.code, plain.out) == (2, "")
    assert plain.err.count("\n") == 1


def test_without_a_folder_the_call_is_wrong(call: Call) -> None:
    assert call("check", "--json").json["error"]["code"] == "folder_missing"
    assert call("check").code == 2


def test_the_codes_are_a_closed_list_that_only_grows(call: Call) -> None:
    ran = call("check", "--codes", "--json")
    codes = [entry["code"] if isinstance(entry, dict) else entry for entry in ran.json]
    assert ran.code == 0
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)
    assert set(PUBLISHED.split()) <= set(codes)
    assert call("check", "--codes").out.count("\n") == len(codes)


PUBLISHED = """
file_unreadable yaml_broken yaml_anchor key_unknown key_missing key_twice value_wrong id_bad id_twice
name_unknown option_unknown law_unknown source_unknown amount_unknown item_unknown list_unknown authority_unknown
document_unknown stage_unknown channel_unknown placeholder_unknown
condition_broken condition_mixed condition_chained type_wrong when_below cycle never_true never_false absent_surprise
outcome_empty outcome_clash promise_broken table_gap table_overlap table_broken amount_gap period_overlap period_gap
period_wrong fact_never_asked fact_changes_nothing item_never term_unused budget_exceeded
text_missing text_stale text_orphan text_placeholders po_broken text_control
text_too_long button_too_long buttons_too_many
example_fails example_incomplete example_answer example_missing people_stranded
"""
"""Codes that other programs know by now: none is ever renamed or taken away."""


def test_what_is_found_is_readable_too(vikno: Command, lakeland: Path) -> None:
    edited(lakeland, PERMIT, "when: lake == moor", "when: lake == mor")
    ran = vikno("check", lakeland)
    line = next(
        at for at, words in enumerate((lakeland / PERMIT).read_text("utf-8").splitlines(), 1) if "lake == mor" in words
    )
    assert ran.code == 1
    assert f"{PERMIT}:{line}:19" in "".join(ran.out.split())
    assert "option_unknown" in ran.out
    assert "moor" in ran.out
