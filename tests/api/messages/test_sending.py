"""An organisation's system says what it has to tell whom: what is tried, what is left out and why; and every slip."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest

from tests.api.messages.conftest import DELAY, PHONE, VAULT, Desk, delay
from vikno.domain.notify.route import decode_plan
from vikno.usecases.organisations import OrganisationGiven
from vikno.usecases.people import Choices


async def test_a_message_is_on_record_with_what_will_be_tried(desk: Desk) -> None:
    answer = await desk.call("POST", "/api/messages", delay(reference="PNR-7Q2"))
    assert answer.status_code == 201
    said = answer.json()
    assert answer.headers["location"] == f"/api/messages/{said['id']}"
    assert (said["status"], said["reason"], said["reference"], said["warnings"]) == ("created", "", "PNR-7Q2", [])
    (step,) = said["plan"]["steps"]
    assert (step["channel"], step["ready"], step["wait_for"], step["reduced"]) == ("sms", "go", "delivered", False)
    assert float(step["price"]) > 0
    number = VAULT.read_uuid("n", said["id"])
    assert number is not None
    (kept,) = await desk.store.in_hand([number])
    assert [notice.account for notice in kept.tries] == ["sms/main"]


async def test_all_addresses_of_a_person_are_in_the_plan_and_what_they_refused_is_left_out(desk: Desk) -> None:
    phone = await desk.known("sms/main", "380671234567")
    await desk.known("telegram/main", "77", phone)
    await desk.known("viber/main", "v77", phone)
    await desk.store.choose(phone, Choices(off=frozenset({("skyfen", "*", "viber")})), desk.clock())
    said = (await desk.call("POST", "/api/messages", delay())).json()
    assert [step["channel"] for step in said["plan"]["steps"]] == ["telegram", "sms"]
    assert said["plan"]["left"] == [], "an address that only the person has told of"
    number = VAULT.read_uuid("n", said["id"])
    assert number is not None
    (kept,) = await desk.store.in_hand([number])
    left = decode_plan(kept.notification.plan).left
    assert [(one.account, one.why) for one in left] == [("viber/main", "choice")]
    nowhere = Choices(off=frozenset({("skyfen", "*", "*")}))
    await desk.store.choose(phone, nowhere, desk.clock())
    said = (await desk.call("POST", "/api/messages", delay())).json()
    assert (said["status"], said["reason"], said["plan"]["steps"]) == ("permanent-failure", "choice", [])
    assert not said["plan"]["inbox"]


async def test_the_law_says_what_is_against_it_and_what_may_be_tried_instead(desk: Desk) -> None:
    await desk.known("telegram/main", "77")
    message = {
        "template": "support", "to": {"chat": {"channel": "telegram", "id": "77"}, "country": "ru"},
        "personalisation": {"order": "K-1", "answer": "Tomorrow.", "agent": "Ira"}, "direction": "reply",
    }  # fmt: skip
    said = (await desk.call("POST", "/api/messages", message, key="kolo-market live")).json()
    (left,) = said["plan"]["left"]
    assert (left["channel"], left["why"], said["plan"]["steps"]) == ("telegram", "law", [])
    assert [rule["id"] for rule in left["rules"]] == ["RU-41FZ"]
    assert said["plan"]["instead"] == ["inbox", "max"], "and not by SMS: nobody knows of this person's consent"
    assert (said["status"], said["reason"]) == ("sent", "inbox"), "its person can read it there"


async def test_the_same_request_again_is_answered_as_it_was_and_nothing_goes_twice(desk: Desk) -> None:
    first = await desk.call("POST", "/api/messages", delay(), idempotency_key="k-1")
    desk.clock.on(seconds=2)
    again = await desk.call("POST", "/api/messages", delay(), idempotency_key="k-1")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["plan"] == first.json()["plan"]
    other = await desk.call("POST", "/api/messages", delay(reference="x"), idempotency_key="k-1")
    assert (other.status_code, other.json()["code"]) == (409, "request_repeated")
    kept = (await desk.call("GET", "/api/messages")).json()["messages"]
    assert len(kept) == 1
    bad = await desk.call("POST", "/api/messages", delay(), idempotency_key="a b")
    assert bad.status_code == 422


async def test_what_a_test_key_has_tried_does_not_stand_for_what_a_live_key_sends(desk: Desk) -> None:
    tried = await desk.call("POST", "/api/messages", delay(), key="skyfen test", idempotency_key="k-1")
    desk.clock.on(seconds=2)
    sent = await desk.call("POST", "/api/messages", delay(), idempotency_key="k-1")
    assert tried.status_code == 201
    assert (sent.status_code, sent.json()["code"]) == (409, "request_repeated"), "not taken for sent"


async def test_a_request_that_comes_again_is_answered_as_it_was_though_its_sender_may_send_no_more(desk: Desk) -> None:
    first = await desk.call("POST", "/api/messages", delay(), idempotency_key="k-1")
    skyfen = desk.organisations["skyfen"]
    await desk.store.review_organisation(skyfen.id, "suspended", "reviewer", "complaints")
    desk.clock.on(seconds=2)
    again = await desk.call("POST", "/api/messages", delay(), idempotency_key="k-1")
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert (await desk.call("POST", "/api/messages", delay(), idempotency_key="k-2")).status_code == 403


async def test_more_than_was_agreed_for_a_day_waits_for_the_next(desk: Desk) -> None:
    skyfen = replace(desk.organisations["skyfen"], per_day=2)
    given = OrganisationGiven(**{one.name: getattr(skyfen, one.name) for one in fields(OrganisationGiven)})
    await desk.store.put_organisation(given, desk.clock())
    desk.clock.on(seconds=2)
    statuses = [(await desk.call("POST", "/api/messages", delay())).status_code for _ in range(3)]
    assert statuses == [201, 201, 429]
    last = await desk.call("POST", "/api/messages", delay())
    assert last.json()["code"] == "daily_limit_reached"
    assert (await desk.call("POST", "/api/messages", delay(), key="skyfen test")).status_code == 201
    desk.clock.on(days=1)
    assert (await desk.call("POST", "/api/messages", delay())).status_code == 201


WRONG: list[tuple[dict[str, Any], int, str, str | None, str]] = [
    (delay(template="dely"), 404, "template_unknown", "/template", "delay"),
    (
        delay(personalisation={"name": "x"}),
        422,
        "personalisation_missing",
        "/personalisation",
        "flight, city, time",
    ),
    (delay(personalisation={**DELAY, "city": {"a": 1}}), 422, "personalisation_wrong", "/personalisation", "city"),
    (delay(to={}), 422, "address_wrong", "/to", "a phone, an email or a chat"),
    (delay(to={"phone": "12"}), 422, "address_wrong", "/to/phone", "Not enough digits"),
    (delay(to={"phone": "+380 44 234 56 78"}), 422, "address_wrong", "/to/phone", "Not a mobile number of Ukraine"),
    (delay(to={"email": "olena@nowhere"}), 422, "address_wrong", "/to/email", "Not a valid email address"),
    (delay(to={"chat": {"channel": "telegran", "id": "7"}}), 422, "channel_unknown", "/to/chat/channel", "telegram"),
    (delay(to={"phone": PHONE, "country": "xx"}), 422, "value_wrong", "/to/country", "xx"),
    (delay(to={"phone": PHONE, "zone": "Kyiv"}), 422, "value_wrong", "/to/zone", "Kyiv"),
    (delay(order=["smss"]), 422, "channel_unknown", "/order/0", "sms"),
    (delay(ceiling="-1"), 422, "value_wrong", "/ceiling", "0 to"),
    (delay(ceiling="NaN"), 422, "value_wrong", "/ceiling", "0 to"),
    (delay(ceiling="0.00000001"), 422, "value_wrong", "/ceiling", "millionth"),
    (delay(lives_s=1), 422, "value_wrong", "/lives_s", "30"),
    (delay(persnalisation={}), 422, "field_unknown", "/persnalisation", "personalisation"),
]


@pytest.mark.parametrize(("body", "status", "code", "pointer", "says"), WRONG)
async def test_a_slip_is_told_with_its_place(
    desk: Desk, body: dict[str, Any], status: int, code: str, pointer: str, says: str
) -> None:
    for path in ("/api/messages", "/api/messages/preview"):
        answer = await desk.call("POST", path, body)
        said = answer.json()
        assert (answer.status_code, said["code"], said.get("pointer")) == (status, code, pointer), said
        assert says in said["detail"]
    assert (await desk.call("GET", "/api/messages")).json()["messages"] == []


async def test_a_number_of_another_country_goes_by_the_law_of_that_country_and_its_sender_is_told(desk: Desk) -> None:
    said = (await desk.call("POST", "/api/messages", delay(to={"phone": "+44 7911 123457"}))).json()
    assert said["warnings"] == ["other_country"]
    said = (await desk.call("POST", "/api/messages", delay(to={"phone": "+44 7911 123457", "country": "ua"}))).json()
    assert said["warnings"] == ["country_differs"]


async def test_what_costs_more_than_the_ceiling_is_left_out(desk: Desk) -> None:
    said = (await desk.call("POST", "/api/messages", delay(ceiling="0"))).json()
    assert [(left["channel"], left["why"]) for left in said["plan"]["left"]] == [("sms", "price")]


async def test_a_code_that_depends_on_one_channel_is_told_so(desk: Desk) -> None:
    body = {"template": "login-code", "to": {"phone": PHONE}, "personalisation": {"code": "1234"}, "lang": "fr"}
    said = (await desk.call("POST", "/api/messages", body, key="lake-bank live")).json()
    assert said["warnings"] == ["one_channel", "language_missing"]


@pytest.mark.parametrize(
    ("key", "status", "code"),
    [
        ("", 401, "key_missing"),
        ("vk_1_x", 401, "key_wrong"),
        ("skyfen", 401, "key_wrong"),
        ("skyfen-7f6c4d4e-dd9f-8669-af98-6338bca7d90c-7f6c4d4e-dd9f-8669-af98-6338bca7d90c", 401, "key_wrong"),
    ],
)
async def test_a_wrong_key_opens_nothing(desk: Desk, key: str, status: int, code: str) -> None:
    answer = await desk.call("POST", "/api/messages", delay(), key=key)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_a_revoked_key_opens_nothing_within_a_second(desk: Desk) -> None:
    assert (await desk.call("GET", "/api/sender")).status_code == 200
    (live, *_) = await desk.store.organisation_keys(desk.organisations["skyfen"].id)
    await desk.store.revoke_organisation_key(live.id, desk.clock())
    desk.clock.on(seconds=1)
    assert (await desk.call("GET", "/api/sender")).json()["code"] == "key_wrong"


async def test_only_whom_a_reviewer_has_approved_sends_and_a_test_key_always_may(desk: Desk) -> None:
    skyfen = desk.organisations["skyfen"]
    await desk.store.review_organisation(skyfen.id, "suspended", "reviewer", "complaints")
    desk.clock.on(seconds=2)
    answer = await desk.call("POST", "/api/messages", delay())
    assert (answer.status_code, answer.json()["code"]) == (403, "sender_not_approved")
    assert "complaints" in answer.json()["detail"]
    batch = {"messages": [delay()]}
    assert (await desk.call("POST", "/api/messages/batch", batch)).status_code == 403
    said = (await desk.call("POST", "/api/messages", delay(), key="skyfen test")).json()
    assert (said["status"], said["reason"]) == ("created", "test")


async def test_a_team_key_writes_to_guests_only(desk: Desk) -> None:
    answer = await desk.call("POST", "/api/messages", delay(), key="skyfen team")
    assert (answer.status_code, answer.json()["code"]) == (403, "recipient_no_guest")
    for to in ({"phone": "050 123-45-67"}, {"email": "Desk@SkyFen.example"}):
        assert (await desk.call("POST", "/api/messages", delay(to=to), key="skyfen team")).status_code == 201


async def test_a_batch_refuses_what_is_wrong_by_itself(desk: Desk) -> None:
    rows: list[Any] = [delay(reference="a"), delay(template="dely"), 7, delay(reference="b")]
    answer = await desk.call("POST", "/api/messages/batch", {"messages": rows}, idempotency_key="b-1")
    said = answer.json()
    assert (answer.status_code, said["accepted"], said["refused"]) == (201, 2, 2)
    assert [row["row"] for row in said["rows"] if "problem" in row] == [1, 2]
    assert said["rows"][1]["problem"]["pointer"] == "/messages/1/template"
    assert said["rows"][2]["problem"]["pointer"] == "/messages/2"
    batch = (await desk.call("GET", f"/api/batches/{said['id']}")).json()
    assert (batch["count"], batch["statuses"]) == (2, {"created": 2})
    assert [one["reference"] for one in batch["messages"]] == ["a", "b"]
    desk.clock.on(seconds=5)
    again = await desk.call("POST", "/api/messages/batch", {"messages": rows}, idempotency_key="b-1")
    assert (again.status_code, again.json()["id"], again.json()["rows"]) == (200, said["id"], said["rows"])


async def test_a_batch_that_comes_again_says_of_each_row_what_became_of_it_then(desk: Desk) -> None:
    """A row that was refused then is fine by now: it did not go, and does not go now."""
    skyfen = desk.organisations["skyfen"]
    rows = [delay(template="boarding"), delay(reference="b"), delay(reference="b")]
    said = (await desk.call("POST", "/api/messages/batch", {"messages": rows}, idempotency_key="b-2")).json()
    assert said["accepted"] == 2
    template = {**NEW, "content": "service"}
    assert (await desk.call("PUT", "/api/templates/boarding", template)).status_code == 201
    kept = await desk.store.template(skyfen.id, "boarding")
    assert kept is not None
    await desk.store.review_template(kept.row, "approved", "reviewer", "", desk.clock())
    desk.clock.on(seconds=5)
    again = (await desk.call("POST", "/api/messages/batch", {"messages": rows}, idempotency_key="b-2")).json()
    assert again["rows"][0]["problem"]["code"] == "request_repeated"
    assert [row["message"]["id"] for row in again["rows"][1:]] == [row["message"]["id"] for row in said["rows"][1:]]
    assert len((await desk.call("GET", "/api/messages")).json()["messages"]) == 2


NEW = {
    "name": "Boarding", "language": "en", "languages": {"en": {"": {"body": "Boarding of ((flight)) begins."}}},
}  # fmt: skip


@pytest.mark.parametrize("body", [{"messages": []}, {"messages": [{}] * 1001}, {"messages": 7}, [], b"{", b"\xff"])
async def test_what_is_no_batch_is_refused_as_a_whole(desk: Desk, body: Any) -> None:
    answer = await desk.call("POST", "/api/messages/batch", body)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_a_preview_keeps_nothing_and_says_how_it_would_read(desk: Desk) -> None:
    answer = await desk.call("POST", "/api/messages/preview", delay(lang="en"))
    said = answer.json()
    assert (answer.status_code, said["status"], said["lang"]) == (200, "created", "en")
    assert (
        said["body"] == "Flight SF 17 leaves at 14:20 instead of 12:05. Change: https://skyfen.example/flights/SF%2017"
    )
    assert said["price"] == said["plan"]["steps"][0]["price"] != "0"
    assert (await desk.call("GET", "/api/messages")).json()["messages"] == []


async def test_too_many_requests_of_one_key_wait(desk: Desk) -> None:
    assert desk.api.messages is not None
    desk.api.messages.buckets.burst = 2
    got = [await desk.call("GET", "/api/sender") for _ in range(3)]
    assert [one.status_code for one in got] == [200, 200, 429]
    assert got[2].headers["retry-after"] == "1"
    other = await desk.call("GET", "/api/sender", key="lake-bank live")
    same = await desk.call("GET", "/api/sender", key="skyfen test")
    assert (other.status_code, same.status_code) == (200, 200), "each key has a limit of its own"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/messages", "GET, POST"),
        ("GET", "/api/messages/batch", "POST"),
        ("GET", "/api/messages/preview", "POST"),
        ("DELETE", "/api/messages/x", "GET"),
        ("POST", "/api/messages/x/why", "GET"),
        ("POST", "/api/batches/x", "GET"),
        ("POST", "/api/templates", "GET"),
        ("POST", "/api/templates/x", "GET, PUT, DELETE"),
        ("POST", "/api/figures", "GET"),
        ("POST", "/api/sender", "GET"),
        ("POST", "/api/callbacks", "GET, PUT"),
        ("GET", "/api/callbacks/x", "DELETE"),
        ("GET", "/api/callbacks/x/replay", "POST"),
    ],
)
async def test_another_method_is_told_which_there_are(desk: Desk, method: str, path: str, allowed: str) -> None:
    answer = await desk.call(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "path", ["/api/messages/x/y", "/api/messages/x/why/z", "/api/templates/x/y", "/api/batches", "/api/sender/x",
             "/api/callbacks/x/y", "/api/figures/x"]
)  # fmt: skip
async def test_other_addresses_are_nowhere(desk: Desk, path: str) -> None:
    answer = await desk.call("GET", path)
    assert (answer.status_code, answer.json()["code"]) == (404, "address_unknown")
