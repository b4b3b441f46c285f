"""What became of messages: one by one, in lists, in figures; and why each went as it did."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.api.messages.conftest import PHONE, VAULT, Desk, delay
from vikno.usecases.people import Choices


async def test_a_message_shows_its_tries_and_the_address_as_it_was_written(desk: Desk) -> None:
    made = (await desk.call("POST", "/api/messages", delay(reference="r"))).json()["id"]
    await desk.settle(made, "sent")
    said = (await desk.call("GET", f"/api/messages/{made}")).json()
    assert (said["to"], said["message"]["reference"], said["message"]["status"]) == (PHONE, "r", "sending")
    assert said["message"]["template"] | {"id": ""} == {"id": "", "slug": "delay", "version": 1}
    assert (said["message"]["channel"], said["message"]["created"]) == ("sms", "2026-11-02T10:00:00Z")
    (attempt,) = said["attempts"]
    assert (attempt["channel"], attempt["status"], attempt["tries"]) == ("sms", "sent", 1)
    number = VAULT.read_uuid("n", made)
    noted = await desk.store.accesses(f"notification/{number}")
    assert [one.what for one in noted] == ["read"]


async def test_why_names_the_rules_the_tries_and_what_was_decided(desk: Desk) -> None:
    phone = await desk.known("sms/main", "380671234567")
    await desk.known("telegram/main", "77", phone)
    made = (await desk.call("POST", "/api/messages", delay())).json()["id"]
    await desk.settle(made, "blocked")
    await desk.store.choose(phone, Choices(off=frozenset({("skyfen", "*", "sms")})), desk.clock())
    said = (await desk.call("GET", f"/api/messages/{made}/why?lang=uk")).json()
    assert [step["channel"] for step in said["steps"]] == ["telegram", "sms"]
    assert [(one["channel"], one["status"]) for one in said["attempts"]] == [
        ("telegram", "technical-failure"), ("sms", "created"),
    ]  # fmt: skip
    (line,) = said["lines"]
    assert (line["what"], line["step"], line["channel"]) == ("step", 1, "sms")
    assert (said["currency"], said["consent"], said["refused"]) == ("UAH", "none", False)
    assert PHONE not in str(said)


async def test_why_a_message_did_not_go_names_the_law(desk: Desk) -> None:
    message = {
        "template": "support", "to": {"chat": {"channel": "viber", "id": "v7"}, "country": "ru"},
        "personalisation": {"order": "K-1", "answer": "Tomorrow.", "agent": "Ira"}, "direction": "reply",
    }  # fmt: skip
    made = (await desk.call("POST", "/api/messages", message, key="kolo-market live")).json()["id"]
    said = (await desk.call("GET", f"/api/messages/{made}/why", key="kolo-market live")).json()
    assert (said["message"]["status"], said["message"]["reason"]) == ("permanent-failure", "law")
    (left,) = said["left"]
    (rule,) = left["rules"]
    assert (left["why"], rule["id"], rule["effect"], rule["since"]) == ("law", "RU-41FZ", "deny", "2025-06-01")
    assert rule["title"].startswith("Nothing goes to citizens")
    assert [source["id"] for source in rule["sources"]] == ["tenchat-41fz"]
    assert "inbox" in said["instead"]


async def test_others_messages_are_not_there(desk: Desk) -> None:
    made = (await desk.call("POST", "/api/messages", delay())).json()["id"]
    batch = (await desk.call("POST", "/api/messages/batch", {"messages": [delay()]})).json()["id"]
    for path, code in (
        (f"/api/messages/{made}", "message_unknown"),
        (f"/api/messages/{made}/why", "message_unknown"),
        (f"/api/batches/{batch}", "batch_unknown"),
    ):
        assert (await desk.call("GET", path)).status_code == 200
        answer = await desk.call("GET", path, key="kolo-market live")
        assert (answer.status_code, answer.json()["code"]) == (404, code)
    for written in ("1", "x" * 300, made[:-1] + ("0" if made[-1] != "0" else "1")):
        assert (await desk.call("GET", f"/api/messages/{written}")).status_code == 404
        assert (await desk.call("GET", f"/api/batches/{written}")).status_code == 404


async def test_a_list_is_of_one_kind_of_key_and_goes_on_where_it_ended(desk: Desk) -> None:
    rows = {"messages": [delay(reference=f"r{n % 2}") for n in range(300)]}
    await desk.call("POST", "/api/messages/batch", rows)
    await desk.call("POST", "/api/messages", delay(), key="skyfen test")
    first = (await desk.call("GET", "/api/messages")).json()
    assert len(first["messages"]) == 250
    second = (await desk.call("GET", first["next"])).json()
    assert (len(second["messages"]), second["next"]) == (50, None)
    ids = [one["id"] for one in first["messages"] + second["messages"]]
    assert len(set(ids)) == 300
    some = (await desk.call("GET", "/api/messages?reference=r1&status=created&status=sent")).json()["messages"]
    assert {one["reference"] for one in some} == {"r1"}
    assert len((await desk.call("GET", "/api/messages", key="skyfen test")).json()["messages"]) == 1


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("status=deliverd", "delivered"),
        ("refrence=x", "reference"),
        ("older_than=7", "the id of a message"),
        ("status=%ff", "cannot be read"),
        ("&".join(["reference=x"] * 60), "cannot be read"),
    ],
)
async def test_a_list_that_cannot_be_is_told_why(desk: Desk, query: str, says: str) -> None:
    answer = await desk.call("GET", f"/api/messages?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter_wrong")
    assert says in answer.json()["detail"]


async def test_figures_count_what_messages_came_to(desk: Desk) -> None:
    for _ in range(3):
        await desk.call("POST", "/api/messages", delay())
    said = (await desk.call("GET", "/api/figures")).json()
    assert said["since"] == "2026-11-01T10:00:00Z"
    assert said["figures"] == [{"channel": "sms", "status": "created", "reason": "", "count": 3}]
    desk.clock.on(hours=1)
    later = (await desk.call("GET", f"/api/figures?since={quote('2026-11-02T12:30:00+02:00')}")).json()
    assert later["figures"] == []
    assert (await desk.call("GET", "/api/figures?since=2026-11-02")).json()["since"] == "2026-11-02T00:00:00Z"
    for wrong in ("yesterday", "2026-11-02T10:00:00", "2026-13-01", "9" * 10):
        assert (await desk.call("GET", f"/api/figures?since={wrong}")).json()["code"] == "parameter_wrong"


async def test_a_sender_sees_how_it_stands(desk: Desk) -> None:
    said = (await desk.call("GET", "/api/sender", key="skyfen team")).json()
    assert (said["slug"], said["category"], said["country"]) == ("skyfen", "airline", "ua")
    assert (said["standing"], said["key"], said["label"], said["per_person_day"]) == (
        "approved", "team", "skyfen team", 10,
    )  # fmt: skip
    assert said["currency"] == "UAH"
    assert said["guests"] == ["+380501234567", "desk@skyfen.example"]
