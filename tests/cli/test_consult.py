"""`vikno consult` keeps its contract: keys, types, exit codes, places of countries, receipts that anyone can replay."""

import hashlib
import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import rfc8785

from tests.cli.conftest import Call, edited

RIVER = {"water": "river", "age": 40, "about": [], "boat": False, "period": "year"}
ON = ("--date", "2026-03-15")
KEYS: dict[str, Any] = {
    "service": str,
    "version": str,
    "date": str,
    "lang": str,
    "complete": bool,
    "next": (str, type(None)),
    "asked": list,
    "ignored": list,
    "outcome": (str, type(None)),
    "items": list,
    "total": (dict, type(None)),
    "receipt": (str, type(None)),
}
ITEM_KEYS: dict[str, Any] = {
    "kind": str,
    "id": str,
    "text": str,
    "why": str,
    "basis": list,
    "confidence": str,
    "amount": (dict, type(None)),
}


def consulted(call: Call, answers: Any, *more: str, service: str = "example/fishing-permit") -> Any:
    """The result of a consultation that must succeed."""
    ran = call("consult", service, "--answers", "-", "--json", *ON, *more, stdin=json.dumps(answers))
    assert ran.code == 0, ran
    return ran.json


def refused(call: Call, *arguments: str | Path, stdin: str | bytes = b"") -> Any:
    """The error of a call that must be refused: exit code 2, one JSON object with one error."""
    ran = call(*arguments, "--json", stdin=stdin)
    assert ran.code == 2, ran
    assert ran.json.keys() == {"error"}
    assert ran.json["error"].keys() == {"code", "message", "nearest"}
    return ran.json["error"]


@pytest.mark.parametrize(
    ("answers", "complete", "following", "outcome"),
    [
        ({}, False, "water", None),
        ({"water": "lake"}, False, "lake", None),
        (RIVER, True, None, "checklist"),
        ({"water": "sea"}, True, None, "done"),
        ({"water": "lake", "lake": "moor"}, True, None, "stop"),
        ({"water": "river", "age": 40, "about": [], "boat": True, "length": 12}, True, None, "human"),
    ],
)
def test_the_keys_and_their_types_are_those_of_the_contract(
    call: Call, answers: dict[str, Any], complete: bool, following: str | None, outcome: str | None
) -> None:
    result = consulted(call, answers)
    for key, kind in KEYS.items():
        assert isinstance(result[key], kind), key
    for item in result["items"]:
        for key, kind in ITEM_KEYS.items():
            assert isinstance(item[key], kind), key
        assert item["confidence"] in "ABCD"
    assert (result["complete"], result["next"], result["outcome"]) == (complete, following, outcome)
    assert (result["service"], result["date"], result["lang"]) == ("example/fishing-permit", "2026-03-15", "en")
    assert result["asked"] == list(answers)
    assert len(result["version"]) == 64


def test_with_too_few_answers_the_items_are_those_that_are_certain(call: Call) -> None:
    result = consulted(call, {"water": "river", "age": 40})
    assert {(item["kind"], item["id"]) for item in result["items"]} >= {("bring", "identity"), ("place", "river_post")}
    assert ("bring", "parent") not in {(item["kind"], item["id"]) for item in result["items"]}
    assert result["total"] is None


def test_an_amount_is_money_with_two_places_by_currency(call: Call) -> None:
    result = consulted(call, RIVER)
    assert result["total"] == {"EUR": "45.00"}
    assert {item["id"]: item["amount"] for item in result["items"] if item["kind"] == "fee"} == {
        "year": {"EUR": "45.00"},
        "decade": {"EUR": "380.00"},
    }
    assert consulted(call, {"water": "river", "age": 13})["total"] == {"EUR": "0.00"}


def test_a_counted_fee_without_a_known_amount_leaves_the_total_null(call: Call) -> None:
    answers = {
        "passport": "in",
        "purpose": "transit",
        "been_before": False,
        "stay_in": "north_shore",
        "birth_date": "1980-02-29",
        "arrival": "2026-05-20",
    }
    result = consulted(call, answers, service="example/visitor-visa")
    assert result["outcome"] == "checklist"
    assert result["total"] is None


def test_answers_that_do_not_apply_are_ignored_and_listed(call: Call) -> None:
    result = consulted(call, RIVER | {"lake": "moor", "length": 12})
    assert result["outcome"] == "checklist"
    assert sorted(result["ignored"]) == ["lake", "length"]
    stopped = consulted(call, RIVER | {"water": "sea"})
    assert stopped["outcome"] == "done"
    assert sorted(stopped["ignored"]) == ["about", "age", "boat", "period"]


def test_answers_come_as_json_or_yaml_from_a_file_or_standard_input(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps(RIVER))
    (tmp_path / "a.yaml").write_text("water: river\nage: 40\nabout: []\nboat: false\nperiod: year   # YAML\n")
    inline = "{water: river, age: 40, about: [], boat: false, period: year}"
    results = [
        consulted(call, RIVER),
        *(
            call("consult", "example/fishing-permit", "--answers", tmp_path / name, *ON, "--json").json
            for name in ("a.json", "a.yaml")
        ),
        call("consult", "example/fishing-permit", "--answers", "-", *ON, "--json", stdin=inline).json,
    ]
    assert all(result == results[0] for result in results)


def test_without_answers_the_first_question_is_next(call: Call) -> None:
    ran = call("consult", "example/fishing-permit", *ON, "--json")
    assert (ran.code, ran.json["complete"], ran.json["next"]) == (0, False, "water")


def test_the_day_is_today_in_the_country_unless_said(call: Call, lakeland: Path) -> None:
    """It is never the same day in Kiribati and in Pago Pago: they are 25 hours apart."""
    days = []
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        path = lakeland / "country.yaml"
        path.write_text(re.sub(r"time_zone: \S+", f"time_zone: {zone}", path.read_text("utf-8")), "utf-8")
        days.append(call("consult", "example/library-card", "--json", "--countries", lakeland).json["date"])
    assert date.fromisoformat(days[0]) > date.fromisoformat(days[1])


@pytest.mark.parametrize(
    ("answers", "code", "nearest"),
    [
        ({"watter": "river"}, "fact_unknown", "water"),
        ({"water": "rivr"}, "option_unknown", "river"),
        ({"water": "river", "age": 40, "about": ["studnet"]}, "option_unknown", "student"),
        ({"water": "zzzzzzzz"}, "option_unknown", None),
        ({"qqqqqqqqqqq": 1}, "fact_unknown", None),
        ({"age": 121}, "out_of_range", None),
        ({"age": "old"}, "type_wrong", None),
        ({"age": 1e400}, "type_wrong", None),
        ({"age": 13.5}, "out_of_range", None),
        ({"age": True}, "type_wrong", None),
        ({"boat": "yes"}, "type_wrong", None),
        ({"boat": 1}, "type_wrong", None),
        ({"about": "student"}, "type_wrong", None),
        ({"about": {"student": True}}, "type_wrong", None),
        ({"water": ["river"]}, "type_wrong", None),
        ({"water": True}, "type_wrong", None),
        ([1, 2], "answers_broken", None),
        ("river", "answers_broken", None),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_the_nearest(
    call: Call, answers: Any, code: str, nearest: str | None
) -> None:
    error = refused(call, "consult", "example/fishing-permit", "--answers", "-", *ON, stdin=json.dumps(answers))
    assert (error["code"], error["nearest"]) == (code, nearest)


@pytest.mark.parametrize("day", ["1899-12-31", "2027-03-16", "2026-02-30", "tomorrow", 20260401, True, ["2026-04-01"]])
def test_a_day_that_the_question_does_not_take_is_refused(call: Call, day: Any) -> None:
    answers = json.dumps({"passport": "in", "arrival": day})
    error = refused(call, "consult", "example/visitor-visa", "--answers", "-", *ON, stdin=answers)
    assert error["code"] in ("out_of_range", "type_wrong")


@pytest.mark.parametrize(
    ("arguments", "code", "nearest"),
    [
        (("example/fishing-permt",), "service_unknown", "example/fishing-permit"),
        (("exampel/fishing-permit",), "country_unknown", "example"),
        (("fishing-permit",), "country_unknown", None),
        (("",), "country_unknown", None),
        (("example/library-card", "--lang", "en-gb"), "language_unknown", None),
        (("example/library-card", "--lang", "ru"), "language_unknown", None),
        (("example/library-card", "--date", "15.03.2026"), "date_wrong", None),
        (("example/library-card", "--date", "2025-12-31"), "date_too_early", None),
        (("example/library-card", "--answers", "no-such-file.yaml"), "file_unreadable", None),
        (("example/library-card", "--answers", "countries"), "file_unreadable", None),
        (("example/library-card", "--answers", "no-such-file.jsonl", "--jsonl"), "file_unreadable", None),
    ],
)
def test_a_wrong_call_ends_with_code_2(call: Call, arguments: tuple[str, ...], code: str, nearest: str | None) -> None:
    error = refused(call, "consult", *arguments)
    assert error["code"] == code
    if nearest:
        assert error["nearest"] == nearest


def test_a_wrong_call_without_json_is_one_line_on_standard_error(call: Call) -> None:
    ran = call("consult", "example/library-card", "--answers", "-", stdin='{"aeg": 9}')
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == "vikno: there is no fact “aeg”; the nearest is “age”\n"
    assert call("consult").code == 2
    assert call("consult", "example/library-card", "--no-such-option").code == 2
    assert call("no-such-command").code == 2


@pytest.mark.parametrize(
    "answers", [b"{", b"\xff\xfe", b"a: *x", b"- 1\n- 2", b"\t", b"'", b"{" * 5000, b"[" * 100_000, b"\x00"]
)
def test_broken_answers_are_refused_and_never_a_traceback(call: Call, answers: bytes) -> None:
    error = refused(call, "consult", "example/library-card", "--answers", "-", stdin=answers)
    assert error["code"] in ("answers_broken", "file_unreadable")


def test_each_line_in_is_one_result_out_and_a_bad_line_an_error_in_its_place(call: Call, tmp_path: Path) -> None:
    lines = [
        json.dumps({"answers": {"age": 9}, "date": "2026-03-15"}),
        "not json",
        json.dumps({"answers": {"aeg": 9}}),
        json.dumps({"answers": {"age": 200}}),
        json.dumps([1]),
        json.dumps({"answers": [1]}),
        json.dumps({"answers": {"age": 14}, "date": "2020-01-01"}),
        json.dumps({"answers": {"age": 14}, "date": "soon"}),
        "",
        json.dumps({"answers": {}}),
        "[" * 100_000,
        json.dumps({"answers": {"age": 14}, "date": "2026-03-15"}),
    ]
    ran = call("consult", "example/library-card", "--jsonl", *ON, stdin="\n".join(lines))
    assert ran.code == 2
    assert [result.get("error", {}).get("code") for result in ran.jsonl] == [
        None,
        "line_broken",
        "fact_unknown",
        "out_of_range",
        "line_broken",
        "line_broken",
        "date_too_early",
        "date_wrong",
        None,
        "line_broken",
        None,
    ]
    assert all(result["error"].keys() == {"code", "message", "nearest"} for result in ran.jsonl if "error" in result)
    assert ran.jsonl[2]["error"]["nearest"] == "age"
    assert ran.jsonl[8]["next"] == "age"
    single = consulted(call, {"age": 14}, service="example/library-card")
    assert ran.jsonl[-1] == single
    (tmp_path / "lines").write_text("\n".join(lines))
    assert call("consult", "example/library-card", "--jsonl", "--answers", tmp_path / "lines", *ON) == ran


def test_good_lines_alone_end_with_code_0(call: Call) -> None:
    ran = call("consult", "example/library-card", "--jsonl", stdin='{"answers": {"age": 3}}\n{"answers": {}}\n')
    assert ran.code == 0
    assert [result["complete"] for result in ran.jsonl] == [True, False]


def test_a_line_that_is_not_utf_8_is_an_error_in_its_place(call: Call, tmp_path: Path) -> None:
    raw = b'{"answers": {"age": 3}}\n\xff\xfe\n{"answers": {"age": 4}}\n'
    (tmp_path / "lines").write_bytes(raw)
    for ran in (
        call("consult", "example/library-card", "--jsonl", stdin=raw),
        call("consult", "example/library-card", "--jsonl", "--answers", tmp_path / "lines"),
    ):
        assert ran.code == 2
        assert [result.get("error", {}).get("code") for result in ran.jsonl] == [None, "line_broken", None]


def test_countries_come_from_folders_named_on_the_line_or_in_the_environment(
    call: Call, root: Path, lakeland: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited(lakeland, "country.yaml", "code: example", "code: lake")
    other = tmp_path / "others" / "first"
    other.parent.mkdir()
    other.symlink_to(root / "countries" / "ua")
    both = ("--countries", str(lakeland), "--countries", str(tmp_path / "others"))
    assert call("consult", "lake/library-card", *both, "--json").json["service"] == "lake/library-card"
    assert call("consult", "ua/id-card", *both, "--json").code == 0
    assert call("consult", "lake/library-card", "--json").code == 2
    monkeypatch.setenv("VIKNO_COUNTRIES", f"{tmp_path / 'others'}:{lakeland}")
    assert call("consult", "lake/library-card", "--json").code == 0
    monkeypatch.setenv("VIKNO_COUNTRIES", f"{tmp_path / 'nowhere'}:{lakeland / 'country.yaml'}")
    assert call("consult", "lake/library-card", "--json").code == 2


def test_a_named_folder_comes_before_the_country_that_is_shipped(call: Call, lakeland: Path) -> None:
    edited(lakeland, "services/library-card/consultation.yaml", "amount: 0", "amount: 3")
    result = consulted(call, {"age": 9}, "--countries", str(lakeland), service="example/library-card")
    assert result["total"] == {"EUR": "3.00"}


def test_anyone_can_compute_the_receipt_again_from_what_is_documented(call: Call) -> None:
    result = consulted(call, RIVER)
    document = {
        "service": result["service"],
        "version": result["version"],
        "date": result["date"],
        "answers": {name: RIVER[name] for name in result["asked"]},
        "items": [
            {
                "kind": item["kind"],
                "id": item["id"],
                "amount": item["amount"],
                "basis": item["basis"],
                "because": DECIDED.get(f"{item['kind']}:{item['id']}", []),
            }
            for item in result["items"]
        ],
    }
    assert hashlib.sha256(rfc8785.dumps(document)).hexdigest() == result["receipt"]


DECIDED = {
    "bring:identity": ["age >= 14"],
    "fee:year": ["period == year", "student not in about", "not (age >= 65)"],
    "fee:decade": ["period == year", "student not in about", "not (age >= 65)"],
    "place:river_post": ["water == river"],
    "validity:year": ["period == year"],
    "deadline:season": ["today <= season_ends", "water == river"],
}
"""The leaves that decided each item for somebody of 40 at the river, as the rules write them."""


def test_the_receipt_is_the_same_in_every_language_and_changes_with_what_it_proves(call: Call) -> None:
    english, ukrainian = consulted(call, RIVER), consulted(call, RIVER, "--lang", "uk")
    assert english["items"][0]["text"] != ukrainian["items"][0]["text"]
    assert english["receipt"] == ukrainian["receipt"]
    assert english["receipt"] == consulted(call, RIVER | {"lake": "long"})["receipt"]  # ignored answers do not count
    others = [
        consulted(call, RIVER | {"age": 41})["receipt"],
        consulted(call, RIVER | {"period": "day"})["receipt"],
        call(
            "consult",
            "example/fishing-permit",
            "--answers",
            "-",
            "--date",
            "2026-03-16",
            "--json",
            stdin=json.dumps(RIVER),
        ).json["receipt"],
    ]
    assert len({english["receipt"], *others}) == 4
    assert consulted(call, {"water": "river"})["receipt"] is None


def test_the_total_is_the_sum_of_the_fees_that_count(call: Call) -> None:
    answers = {
        "water": "lake",
        "lake": "long",
        "age": 22,
        "about": ["student", "member"],
        "boat": True,
        "length": 6.5,
        "period": "year",
    }
    result = consulted(call, answers)
    fees = [item["amount"]["EUR"] for item in result["items"] if item["kind"] == "fee"]
    assert result["total"] == {"EUR": str(sum(map(Decimal, fees)))}
    assert any(item["kind"] == "benefit" and item["amount"] == {"EUR": "5.00"} for item in result["items"])
