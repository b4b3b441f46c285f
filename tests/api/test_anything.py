"""Whatever is sent to the API, the answer is one of its own, never a failure of ours."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.api.conftest import Office
from vikno.api.problems import PROBLEMS

WORD = st.sampled_from(["number", "service", "code", "office", "opened", "event", "stage", "at", "stages", "x"])
LEAF = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=80)
    | st.sampled_from(["ua/id-card", "7K2P9M4R", "accepted", "2026-03-02T10:00:00Z", "9999-12-31T23:59:59Z",
                       "0001-01-01T00:00:00Z", "=1", "\u202e", "\ud7ff"])
)  # fmt: skip
JSON = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORD, inner, max_size=8))
BODY = st.binary(max_size=300) | JSON.map(lambda said: json.dumps(said).encode())
PATH = st.sampled_from([b"cases/A", b"cases/A/stages", b"stages", b"cases/%00", b"cases/A%2FB/stages", b"cases//", b"",
                        b"cases/A/qr.svg", b"openapi.json"]) | st.binary(max_size=40)  # fmt: skip


def call(office: Office, method: str, path: bytes, body: bytes, authorization: bytes) -> tuple[int, Any]:
    """The application itself, as a server would call it."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": "/api/" + path.decode("latin-1"),
        "raw_path": b"/api/" + path,
        "headers": [(b"authorization", authorization)],
    }
    office.ask(office.api(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


@given(st.sampled_from(["PUT", "POST", "GET", "DELETE", "BREW"]), PATH, BODY)
def test_any_request_is_answered_in_order(office: Office, method: str, path: bytes, body: bytes) -> None:
    status, answer = call(office, method, path, body, f"Bearer {office.keys['ua/dms']}".encode())
    assert status < 500
    if status >= 400:
        problem = json.loads(answer)
        assert PROBLEMS[problem["code"]][0] == problem["status"] == status


@given(st.binary(max_size=100))
def test_no_header_opens_the_door_by_chance(office: Office, header: bytes) -> None:
    for authorization in (header, b"Bearer " + header):
        assert call(office, "GET", b"cases/A", b"", authorization)[0] == 401


ROW = st.fixed_dictionaries(
    {},
    optional={
        "number": st.sampled_from(["H-1", "none", ""]) | LEAF,
        "event": st.text(min_size=1, max_size=5) | LEAF,
        "stage": st.sampled_from(["accepted", "approved", "aproved"]) | LEAF,
        "at": st.datetimes().map(lambda at: at.isoformat() + "Z") | LEAF,
        "x": LEAF,
    },
)


@settings(max_examples=60)
@given(st.lists(ROW | JSON, min_size=1, max_size=12))
def test_a_batch_has_an_answer_for_each_row(office: Office, rows: list[Any]) -> None:
    body = json.dumps({"stages": rows}).encode()
    status, answer = call(office, "POST", b"stages", body, f"Bearer {office.keys['ua/dms']}".encode())
    assert status == 200
    found = json.loads(answer)
    assert [row["row"] for row in found["rows"]] == list(range(len(rows)))
    assert found["recorded"] + found["refused"] == len(rows)
    assert all(("verdict" in row) != ("problem" in row) for row in found["rows"])
