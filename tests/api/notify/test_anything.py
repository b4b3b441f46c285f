"""Whatever is sent, the answer is one of Notify's, never a failure of ours."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.api.notify.conftest import TEMPLATES, Service
from tests.api.notify.schemas import fits

WORD = st.sampled_from([
    "phone_number", "email_address", "template_id", "personalisation", "reference", "sms_sender_id", "file", "filename",
    "email_reply_to_id", "one_click_unsubscribe_url", "sanitise_content_for", "scheduled_for", "content", "postage",
    "name", "flight", "time", "voucher", "words", "only", "retention_period", "is_csv", "(unsubscribe)", "\u202e",
])  # fmt: skip
SAID = st.sampled_from([
    "07900900123", "+380671234567", "00447900900123", "ann@example.org", "a@[127.0.0.1]", "https://a.example/",
    "https://[", "2026-01-01", "9999-12-31T23:59:59+23:59", "0001-01-01T00:00:00+14:00", "4 weeks", "\ud7ff",
    "((name))",
])  # fmt: skip
LEAF = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=80)
) | SAID  # fmt: skip
JSON = st.recursive(LEAF, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORD, inner, max_size=6))
VALUES = st.dictionaries(WORD, LEAF | JSON, max_size=6)
PART = st.sampled_from(["v2", "notifications", "sms", "email", "letter", "template", "templates", "preview", "version"])
PATHS = st.lists(PART | st.text(max_size=12), max_size=6).map("/".join)


def call(service: Service, method: str, path: str, body: bytes, query: bytes = b"") -> tuple[int, Any]:
    """The application itself, as a server would call it."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    head = [(b"authorization", f"Bearer {service.token('test')}".encode())]
    scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": head}
    service.ask(service.face(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def ours(status: int, answer: Any, schema: str | None = None) -> None:
    assert status < 500
    if status >= 400:
        assert fits(answer, "refused")["status_code"] == status
    elif schema is not None:
        fits(answer, schema)


@given(
    kind=st.sampled_from(["sms", "email", "letter"]),
    body=st.binary(max_size=200) | JSON.map(lambda one: json.dumps(one).encode()),
)
def test_any_body_is_answered(service: Service, kind: str, body: bytes) -> None:
    ours(*call(service, "POST", f"/v2/notifications/{kind}", body))


@given(slug=st.sampled_from(sorted(TEMPLATES)), values=VALUES, more=VALUES, to=SAID | st.text(max_size=40))
def test_any_personalisation_is_answered_and_can_be_looked_up(
    service: Service, slug: str, values: dict[str, Any], more: dict[str, Any], to: str
) -> None:
    kind = "email" if TEMPLATES[slug][0] == "email" else "sms"
    address = "email_address" if kind == "email" else "phone_number"
    known = {"name": "A", "flight": 1, "time": None, "voucher": True, "words": "x", "only": "yes", **values}
    for body in ({**more, address: to}, {address: to}):
        body |= {"template_id": service.template(slug), "personalisation": known}
        status, answer = call(service, "POST", f"/v2/notifications/{kind}", json.dumps(body).encode())
        ours(status, answer, f"posted_{kind}")
        if status == 201:
            ours(*call(service, "GET", f"/v2/notifications/{answer['id']}", b""), "notification")


@given(method=st.sampled_from(["GET", "POST", "PUT", "BREW"]), path=PATHS, query=st.binary(max_size=60))
def test_any_address_is_answered(service: Service, method: str, path: str, query: bytes) -> None:
    ours(*call(service, method, f"/{path}", b"{}", query))


@given(token=st.binary(max_size=300) | st.lists(st.binary(max_size=40), min_size=3, max_size=3).map(b".".join))
def test_any_token_is_answered(service: Service, token: bytes) -> None:
    status, _, answer = service.ask(
        service.face.quick[b"/v2/notifications/sms"]([(b"authorization", b"Bearer " + token)], b"{}")
    )
    assert status == 403
    fits(json.loads(answer), "refused")
