"""`vikno diff` keeps its contract: who is affected by a change, in exact boxes, and what only one version knows."""

import shutil
from math import prod
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, edited

CHANGE: dict[str, Any] = {
    "service": str,
    "before": list,
    "after": list,
    "before_total": (dict, type(None)),
    "after_total": (dict, type(None)),
    "who": dict,
    "ways": int,
    "share": float,
    "answers": dict,
}
CARD, PERMIT = "services/library-card/consultation.yaml", "services/fishing-permit/consultation.yaml"
ON = ("--date", "2026-03-15")


@pytest.fixture
def newer(lakeland: Path, tmp_path: Path) -> Path:
    """A second copy of countries/example: the version after."""
    return Path(shutil.copytree(lakeland, tmp_path / "newer"))


def differences(call: Call, old: Path, new: Path, *more: str) -> Any:
    ran = call("diff", old, new, "--json", *(more or ON))
    assert ran.code == (1 if ran.json["changed"] else 0), ran
    return ran.json


def test_nothing_changed_is_fine(call: Call, lakeland: Path, newer: Path) -> None:
    edited(newer, CARD, "ask: How old are you?", "ask: How old?")
    assert differences(call, lakeland, newer) == {
        "changed": [], "added": [], "removed": [], "examples_changed": [], "second_approver": False
    }  # fmt: skip


def test_the_keys_and_their_types_are_those_of_the_contract(call: Call, lakeland: Path, newer: Path) -> None:
    edited(newer, PERMIT, "age >= 65", "age >= 67")
    result = differences(call, lakeland, newer)
    assert result["changed"]
    for change in result["changed"]:
        for key, kind in CHANGE.items():
            assert isinstance(change[key], kind), key
        assert change["ways"] == prod(len(values) for values in change["who"].values())
        assert change["who"]["age"] == ["65..66"]
        assert change["answers"]["age"] == 65
        assert change["answers"].keys() == change["who"].keys()
        assert 0 < change["share"] < 1


def test_a_change_of_age_names_exactly_those_between(call: Call, lakeland: Path, newer: Path) -> None:
    text = (newer / CARD).read_text("utf-8").replace("age >= 14", "age >= 16").replace("age < 14", "age < 16")
    (newer / CARD).write_text(text, "utf-8")
    (change,) = differences(call, lakeland, newer)["changed"]
    assert change["who"] == {"age": ["14..15"]}
    assert (change["before"], change["after"]) == (["bring:document", "fee:free"], ["bring:parent", "fee:free"])
    assert change["answers"] == {"age": 14}
    assert change["ways"] == 1
    assert change["share"] == pytest.approx(1 / 3)


def test_another_sum_is_a_change_of_the_total(call: Call, lakeland: Path, newer: Path) -> None:
    edited(newer, CARD, "amount: 0", "amount: 2.5")
    (change,) = differences(call, lakeland, newer)["changed"][:1]
    assert (change["before_total"], change["after_total"]) == ({"EUR": "0.00"}, {"EUR": "2.50"})
    assert change["before"] == change["after"]


def test_what_only_one_version_knows_is_listed_and_is_no_harm(call: Call, lakeland: Path, newer: Path) -> None:
    edited(newer, PERMIT, "      sea: In the sea\n", "      sea: In the sea\n      pond: In a pond\n")
    edited(
        newer, PERMIT, "  - note: carry\n", "  - note: pond\n    text: P\n    when: water == pond\n  - note: carry\n"
    )
    shutil.rmtree(lakeland / "services" / "library-card")
    result = differences(call, lakeland, newer)
    assert result["changed"] == []
    assert set(result["added"]) == {
        "example/library-card", "example/fishing-permit option water:pond", "example/fishing-permit item note:pond"
    }  # fmt: skip
    assert set(differences(call, newer, lakeland)["removed"]) == set(result["added"])


def test_a_question_of_another_kind_is_both_added_and_removed(call: Call, lakeland: Path, newer: Path) -> None:
    edited(newer, PERMIT, "    choose:\n      day: One day\n", "    choose_any:\n      day: One day\n")
    text = (newer / PERMIT).read_text("utf-8")
    (newer / PERMIT).write_text(
        text.replace("period == day", "day in period").replace("period == year", "year in period")
    )
    result = differences(call, lakeland, newer)
    assert result["added"] == result["removed"] == ["example/fishing-permit fact period"]
    assert all("period" not in change["who"] for change in result["changed"])


def test_on_all_dates_each_change_says_when(call: Call, lakeland: Path, newer: Path) -> None:
    edited(newer, PERMIT, "2027-01-01: 48", "2027-01-01: 50")
    assert differences(call, lakeland, newer)["changed"] == []
    changed = differences(call, lakeland, newer, "--all-dates")["changed"]
    assert changed
    assert {(change["from"], change["until"]) for change in changed} == {("2027-01-01", None)}


def test_examples_that_changed_with_the_outcomes_need_a_second_approver(
    call: Call, lakeland: Path, newer: Path
) -> None:
    edited(newer, CARD, "amount: 0", "amount: 1")
    assert not differences(call, lakeland, newer)["second_approver"]
    path = newer / "services/library-card/examples.yaml"
    path.write_text(path.read_text("utf-8").replace("total: {EUR: 0}", "total: {EUR: 1}"), "utf-8")
    result = differences(call, lakeland, newer)
    assert result["second_approver"]
    assert result["examples_changed"] == [
        "a child of 9 comes with a parent", "on the 14th birthday a document is enough"
    ]  # fmt: skip


def test_a_wrong_call_ends_with_code_2(call: Call, lakeland: Path, newer: Path) -> None:
    assert call("diff", lakeland, "nowhere", "--json").json["error"]["code"] == "no_country"
    assert call("diff", lakeland, newer, "--date", "soon", "--json").json["error"]["code"] == "date_wrong"
    edited(newer, CARD, "age < 14", "agee < 14")
    ran = call("diff", lakeland, newer, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "service_broken")
    assert call("diff", lakeland).code == 2
