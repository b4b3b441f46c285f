"""An authority's system brings cases and stages over HTTP, and every wrong call is told what to do."""

from __future__ import annotations

import itertools
import logging
import re
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import segno

from tests.api.conftest import PUBLIC, VAULT, Office
from vikno.api.keys import add_key
from vikno.bootstrap.worlds import now_ms
from vikno.usecases.follow_case import code_digest

GIVEN: dict[str, Any] = {
    "service": "ua/id-card", "code": "7K2P-9M", "office": "Київ", "opened": "2026-03-01T10:00:00+02:00"
}  # fmt: skip
COUNT = itertools.count(1)


def stage(name: str, day: int = 2, event: str | None = None) -> dict[str, str]:
    return {"event": event or f"e-{next(COUNT)}", "stage": name, "at": f"2026-03-{day:02}T10:00:00Z"}


@pytest.fixture
def number(office: Office) -> str:
    """A case of its own for each test."""
    made = f"DMS-{next(COUNT)}"
    assert office.call("PUT", f"/api/cases/{made}", GIVEN).status_code == 201
    return made


def test_a_case_comes_in_moves_and_whoever_follows_it_is_told(office: Office) -> None:
    put = office.call("PUT", "/api/cases/DMS-0", GIVEN)
    assert put.status_code == 201
    assert put.headers["location"] == "/api/cases/DMS-0"
    case = put.json()
    assert (case["number"], case["stage"], case["opened"]) == ("DMS-0", None, "2026-03-01T08:00:00Z")
    assert case["follow"]["url"] == f"{PUBLIC}/q/{case['follow']['token']}"
    kept = office.case("DMS-0")
    assert kept is not None
    assert VAULT.read_token(case["follow"]["token"]) == ("c", kept.id)
    assert kept.code == code_digest(VAULT, "ua/dms", "dms 0", "7k2p9m"), "and the code itself is kept nowhere"
    office.follow("DMS-0", "telegram/main:" + "a" * 32)
    for name, verdict in (
        ("accepted", "reached"),
        ("accepted", "again"),
        ("at_printer", "reached"),
        ("approved", "late"),
    ):
        answer = office.call("POST", "/api/cases/DMS-0/stages", stage(name))
        assert (answer.status_code, answer.json()["verdict"]) == (200, verdict)
    shown = office.call("GET", "/api/cases/DMS-0").json()
    assert (shown["case"]["stage"], shown["followers"]) == ("at_printer", 1)
    assert [(one["stage"], one["verdict"]) for one in shown["history"]] == [
        ("accepted", "reached"), ("accepted", "again"), ("at_printer", "reached"), ("approved", "late")
    ]  # fmt: skip
    told = office.inbox("telegram/main:" + "a" * 32)
    assert [one.status for one in told] == ["created", "replaced"], "the newer stage took the place of the unsent older"


def test_the_same_event_again_changes_nothing(office: Office, number: str) -> None:
    said = stage("accepted")
    answers = [office.call("POST", f"/api/cases/{number}/stages", said).json()["verdict"] for _ in range(3)]
    assert answers == ["reached", "repeated", "repeated"]
    assert len(office.call("GET", f"/api/cases/{number}").json()["history"]) == 1


def test_a_case_without_a_code_gets_one_that_opens_it(office: Office, number: str) -> None:
    bare = {"service": "ua/id-card"}
    made = office.call("PUT", f"/api/cases/{number}-c", bare).json()["code"]
    kept = office.case(f"{number}-c")
    assert kept is not None
    assert kept.code == code_digest(VAULT, "ua/dms", f"{number}-c", made)
    assert len(made.replace("-", "")) == 8
    assert office.call("PUT", f"/api/cases/{number}-c", bare).json()["code"] == made, "the same each time"
    before = office.case(number)
    assert office.call("PUT", f"/api/cases/{number}", bare).json()["code"] is None
    after = office.case(number)
    assert before is not None
    assert after is not None
    assert after.code == before.code, "the authority's own code stays"


def test_event_ids_may_be_counted_anew_in_each_case(office: Office, number: str) -> None:
    other = f"{number}-b"
    office.call("PUT", f"/api/cases/{other}", GIVEN)
    said = {**stage("accepted"), "event": "1"}
    rows = [{"number": one, **said} for one in (number, other, number)]
    answer = office.call("POST", "/api/stages", {"stages": rows}).json()
    assert [(row["event"], row["verdict"]) for row in answer["rows"]] == [
        ("1", "reached"), ("1", "reached"), ("1", "repeated")
    ]  # fmt: skip
    assert office.call("POST", f"/api/cases/{other}/stages", said).json()["verdict"] == "repeated"


def test_a_case_that_is_put_again_is_changed(office: Office, number: str) -> None:
    again = office.call("PUT", f"/api/cases/{number}", {**GIVEN, "office": "Львів"})
    assert again.status_code == 200
    assert "location" not in again.headers
    assert again.json()["office"] == "Львів"
    silent = office.call("PUT", f"/api/cases/{number}", {**GIVEN, "opened": None}).json()
    assert silent["opened"] == "2026-03-01T08:00:00Z", "what is not said stays"


@pytest.mark.parametrize("number", ["a/b", "Ф 12/3", "100%", "a?b#c", "stages", "Київ-1", "x" * 64])
def test_a_number_is_whatever_an_authority_writes(office: Office, number: str) -> None:
    path = f"/api/cases/{quote(number, safe='')}"
    put = office.call("PUT", path, GIVEN)
    assert put.status_code == 201
    assert put.headers["location"] == path
    assert office.call("POST", f"{path}/stages", stage("accepted")).json()["verdict"] == "reached"
    assert office.call("GET", path).json()["case"]["number"] == number
    assert office.call("GET", f"{path}/qr.svg").status_code == 200


def test_the_qr_of_the_receipt_holds_the_address_alone(office: Office, number: str) -> None:
    drawn = office.call("GET", f"/api/cases/{number}/qr.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.text.startswith("<svg")
    url = office.call("GET", f"/api/cases/{number}").json()["case"]["follow"]["url"]
    path = re.search(r'd="([^"]+)"', segno.make(url, error="m", micro=False).svg_inline(scale=4))
    assert path is not None
    assert path[1] in drawn.text


def test_a_batch_is_answered_row_by_row(office: Office, number: str) -> None:
    good = {"number": number, **stage("accepted")}
    rows: list[Any] = [
        good,
        good,
        {"number": "none", **stage("accepted")},
        {"number": number, **stage("aproved")},
        {"number": number, **stage("accepted"), "at": "yesterday"},
        {"number": number, **stage("accepted"), "at": "2199-01-01T00:00:00Z"},
        {"number": number, **stage("accepted"), "phone": "1"},
        "no object",
        {"number": number, **stage("approved", 3)},
    ]
    answer = office.call("POST", "/api/stages", {"stages": rows})
    assert answer.status_code == 200
    found = answer.json()
    assert (found["recorded"], found["refused"]) == (3, 6)
    assert [row.get("verdict") or row["problem"]["code"] for row in found["rows"]] == [
        "reached", "repeated", "case_unknown", "stage_unknown", "value_wrong", "time_wrong", "field_unknown",
        "value_wrong", "reached",
    ]  # fmt: skip
    assert found["rows"][2]["problem"]["pointer"] == "/stages/2/number"
    assert "not among the cases of ua/dms" in found["rows"][2]["problem"]["detail"]
    assert found["rows"][3]["problem"]["pointer"] == "/stages/3/stage"
    assert found["rows"][3]["problem"]["nearest"] == "approved"
    assert found["rows"][4]["problem"]["pointer"] == "/stages/4/at"
    assert found["rows"][6]["problem"]["pointer"] == "/stages/6/phone"


def test_a_bare_list_of_reports_is_told_how_a_batch_looks(office: Office, number: str) -> None:
    found = office.call("POST", "/api/stages", [{"number": number, **stage("accepted")}]).json()
    assert (found["code"], found["pointer"]) == ("value_wrong", "")
    assert found["detail"] == 'expected {"stages": […]}, got `array`'
    one = office.call("POST", f"/api/cases/{number}/stages", [stage("accepted")]).json()
    assert one["detail"] == 'expected {"event": …, "stage": …, "at": …}, got `array`'
    row = office.call("POST", "/api/stages", {"stages": [7]}).json()["rows"][0]["problem"]
    assert (row["pointer"], row["detail"][-9:]) == ("/stages/0", "got `int`")


def test_a_time_without_an_offset_is_told_to_have_one(office: Office, number: str) -> None:
    found = office.call("POST", f"/api/cases/{number}/stages", {**stage("accepted"), "at": "2026-03-15T10:00:00"})
    assert found.json()["pointer"] == "/at"
    assert "add the offset, such as +02:00 or Z" in found.json()["detail"]


def test_a_batch_of_a_thousand(office: Office, number: str) -> None:
    rows = [{"number": number, **stage("accepted")} for _ in range(1000)]
    assert office.call("POST", "/api/stages", {"stages": rows}).json()["recorded"] == 1000
    more = office.call("POST", "/api/stages", {"stages": [*rows, rows[0]]})
    assert (more.status_code, more.json()["code"]) == (422, "value_wrong")


WRONG: list[tuple[str, str, Any, int, str]] = [
    ("PUT", "/api/cases/X", b"{", 400, "json_broken"),
    ("PUT", "/api/cases/X", b"", 400, "json_broken"),
    ("PUT", "/api/cases/X", b"\xff\xfe", 400, "json_broken"),
    ("PUT", "/api/cases/X", b'{"office": "\xff"}', 400, "json_broken"),
    ("PUT", "/api/cases/X", b"[" * 60_000, 422, "value_wrong"),
    ("PUT", "/api/cases/X", b'{"service": ' + b"[" * 60_000, 422, "value_wrong"),
    ("PUT", "/api/cases/X", b'{"x": ' + b"[" * 60_000, 422, "field_unknown"),
    ("PUT", "/api/cases/X", [], 422, "value_wrong"),
    ("PUT", "/api/cases/X", {}, 422, "value_wrong"),
    ("PUT", "/api/cases/X", {**GIVEN, "code": "1"}, 422, "value_wrong"),
    ("PUT", "/api/cases/X", {**GIVEN, "code": "- - - -x"}, 422, "value_wrong"),
    ("PUT", "/api/cases/X", {**GIVEN, "code": "=1234"}, 422, "value_wrong"),
    ("PUT", "/api/cases/X", {**GIVEN, "code": "1234\n"}, 422, "value_wrong"),
    ("PUT", "/api/cases/X", {**GIVEN, "office": "=HYPERLINK()"}, 422, "value_wrong"),
    ("PUT", "/api/cases/X", {**GIVEN, "office": "\u202eKyiv"}, 422, "value_wrong"),
    ("PUT", "/api/cases/X", {**GIVEN, "offise": "x"}, 422, "field_unknown"),
    ("PUT", "/api/cases/X", {**GIVEN, "service": "ua/id-crd"}, 422, "service_unknown"),
    ("PUT", "/api/cases/X", {**GIVEN, "service": "example/library-card"}, 422, "service_unknown"),
    ("PUT", "/api/cases/X", {**GIVEN, "opened": "2026-03-01"}, 422, "value_wrong"),
    ("PUT", "/api/cases/X", {**GIVEN, "opened": "2026-03-01T10:00:00"}, 422, "value_wrong"),
    ("PUT", "/api/cases/X", {**GIVEN, "opened": "1970-01-01T00:00:00Z"}, 422, "time_wrong"),
    ("PUT", "/api/cases/X", {**GIVEN, "office": "x" * 70_000}, 413, "body_too_large"),
    ("PUT", "/api/cases/" + "x" * 65, GIVEN, 422, "value_wrong"),
    ("PUT", "/api/cases/%3D1", GIVEN, 422, "value_wrong"),
    ("PUT", "/api/cases/%E2%80%AE1", GIVEN, 422, "value_wrong"),
    ("PUT", "/api/cases/", GIVEN, 422, "value_wrong"),
    ("PUT", "/api/cases/%FF", GIVEN, 404, "address_unknown"),
    ("POST", "/api/stages", b"x" * 1_100_000, 413, "body_too_large"),
    ("POST", "/api/stages", {"stages": []}, 422, "value_wrong"),
    ("POST", "/api/stages", {"rows": []}, 422, "field_unknown"),
    ("POST", "/api/cases/none/stages", stage("accepted"), 404, "case_unknown"),
    ("GET", "/api/cases/none", None, 404, "case_unknown"),
    ("GET", "/api/cases/none/qr.svg", None, 404, "case_unknown"),
    ("GET", "/api/", None, 404, "address_unknown"),
    ("GET", "/api/cases", None, 404, "address_unknown"),
    ("DELETE", "/api/cases/X", None, 405, "method_wrong"),
    ("GET", "/api/stages", None, 405, "method_wrong"),
    ("PUT", "/api/cases/X/stages", {}, 405, "method_wrong"),
    ("POST", "/api/openapi.json", {}, 405, "method_wrong"),
]


@pytest.mark.parametrize(("method", "path", "body", "status", "code"), WRONG)
def test_a_wrong_call_is_a_problem_with_a_code(
    office: Office, method: str, path: str, body: Any, status: int, code: str
) -> None:
    answer = office.call(method, path, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert answer.json()["type"] == f"urn:vikno:problem:{code}"
    assert answer.json()["detail"]
    assert len(answer.content) < 2000
    assert office.case("X") is None


def test_problems_name_their_place_and_what_may_have_been_meant(office: Office, number: str) -> None:
    def problem(**changed: Any) -> Any:
        return office.call("PUT", f"/api/cases/{number}", {**GIVEN, **changed}).json()

    assert (problem(offise="x")["pointer"], problem(offise="x")["nearest"]) == ("/offise", "office")
    assert problem(service="ua/id-crd")["nearest"] == "ua/id-card"
    assert problem(opened="x")["pointer"] == "/opened"
    wrong = office.call("POST", f"/api/cases/{number}/stages", stage("arived"))
    assert (wrong.status_code, wrong.json()["code"], wrong.json()["nearest"]) == (422, "stage_unknown", "arrived")


def test_a_body_must_be_json(office: Office) -> None:
    answer = office.call("PUT", "/api/cases/X", b"service=x", headers={"content-type": "text/plain"})
    assert (answer.status_code, answer.json()["code"]) == (415, "media_type_wrong")


def test_a_chunked_body_without_end_is_refused(office: Office) -> None:
    body = (b'{"office": "' if at == 0 else b"x" * 65536 for at in range(400))
    with httpx.Client(timeout=30) as client:
        answer = client.put(
            f"{office.url}/api/cases/X", content=body, headers={"authorization": f"Bearer {office.keys['ua/dms']}"}
        )
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "key_missing"),
        ({"authorization": "Basic dmlrbm86dmlrbm8="}, "key_missing"),
        ({"authorization": "Bearer"}, "key_missing"),
        ({"authorization": "Bearer nonsense"}, "key_wrong"),
        ({"authorization": "Bearer vk_1_" + "A" * 43}, "key_wrong"),
        ({"authorization": "Bearer vk_1_" + "A" * 10_000}, "key_wrong"),
        ({"authorization": "Bearer vk_١_" + "A" * 43}, "key_wrong"),
    ],
)
def test_without_a_key_in_force_nothing_is_done(office: Office, headers: dict[str, str], code: str) -> None:
    encoded = {name: value.encode() for name, value in headers.items()}
    for method, path in (("PUT", "/api/cases/X"), ("GET", "/api/cases/X"), ("POST", "/api/stages"), ("GET", "/api/x")):
        answer = office.call(method, path, GIVEN if method != "GET" else None, key=None, headers=encoded)
        assert (answer.status_code, answer.json()["code"]) == (401, code)
        assert answer.json()["detail"]
        assert answer.headers["www-authenticate"].startswith("Bearer")


def test_the_secret_of_one_key_opens_no_other(office: Office) -> None:
    mine, other = office.keys["ua/dms"].split("_", 2), office.keys["ua/mfa"].split("_", 2)
    crossed = "_".join([mine[0], mine[1], other[2]])
    assert office.call("GET", "/api/cases/X", key=crossed).status_code == 401


def test_a_revoked_key_opens_nothing(office: Office) -> None:
    key = office.ask(add_key(office.store, VAULT, "ua/dms", "old", "Z" * 43, now_ms()))
    assert office.call("GET", "/api/cases/none", key=key).status_code == 404
    assert office.ask(office.store.revoke_key(int(key.split("_")[1]), now_ms()))
    assert office.call("GET", "/api/cases/none", key=key).json()["code"] == "key_wrong"


def test_a_case_of_another_authority_is_not_there(office: Office, number: str) -> None:
    for method, path, body in (
        ("GET", f"/api/cases/{number}", None),
        ("GET", f"/api/cases/{number}/qr.svg", None),
        ("POST", f"/api/cases/{number}/stages", stage("accepted")),
    ):
        mine = office.call(method, path.replace(number, "none"), body, key="ua/mfa")
        theirs = office.call(method, path, body, key="ua/mfa")
        assert (theirs.status_code, theirs.content) == (mine.status_code, mine.content) == (404, mine.content)
    batch = office.call("POST", "/api/stages", {"stages": [{"number": number, **stage("accepted")}]}, key="ua/mfa")
    assert batch.json()["rows"][0]["problem"]["code"] == "case_unknown"
    assert office.call("GET", f"/api/cases/{number}").json()["history"] == []
    own = office.call("PUT", f"/api/cases/{number}", GIVEN, key="ua/mfa")
    assert own.status_code == 201, "two authorities may give the same number"


def test_every_access_is_noted(office: Office, number: str) -> None:
    office.call("POST", f"/api/cases/{number}/stages", stage("accepted"))
    office.call("GET", f"/api/cases/{number}")
    case = office.case(number)
    assert case is not None
    noted = office.accesses(f"case/{case.id}")
    assert [one.what for one in noted] == ["read", "stage: reached", "put"]
    assert {one.who for one in noted} == {f"api/{office.keys['ua/dms'].split('_')[1]}"}
    before = len(office.accesses("authority/ua/mfa"))
    office.call("GET", f"/api/cases/{number}", key="ua/mfa")
    assert len(office.accesses("authority/ua/mfa")) == before + 1


def test_nothing_of_a_person_is_logged(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        office.call("PUT", "/api/cases/SECRET-17", {**GIVEN, "code": "WHISPER9", "office": "=WHISPER"})
        office.call("PUT", "/api/cases/SECRET-17", {**GIVEN, "code": "WHISPER9"})
        office.call("GET", "/api/cases/SECRET-17", key="vk_1_whisper")
    ours = [str(vars(record)) for record in caplog.records if record.name.startswith(("vikno", "uvicorn"))]
    assert not [line for line in ours if "SECRET" in line or "WHISPER" in line or office.keys["ua/dms"] in line]
