"""An organisation's system writes its templates; each version waits for its reviewer, and slips are told at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.messages.conftest import VAULT, Desk, delay

BOARDING: dict[str, Any] = {
    "name": "Boarding",
    "content": "service",
    "language": "en",
    "languages": {
        "en": {"": {"body": "Boarding of ((flight)) begins.", "subject": "((flight))"}, "sms": {"body": "((flight))!"}},
        "uk": {"": {"body": "Посадка на ((Flight)) почалася.", "subject": "((flight))"}},
    },
}


async def test_a_new_version_waits_and_the_approved_one_is_sent_meanwhile(desk: Desk) -> None:
    made = await desk.call("PUT", "/api/templates/boarding", BOARDING)
    said = made.json()
    assert (made.status_code, said["version"], said["status"], said["waiting"]) == (201, 1, "submitted", 1)
    assert said["personalisation"] == ["flight"]
    message = delay(template="boarding", personalisation={"flight": "SF 1"})
    answer = await desk.call("POST", "/api/messages", message)
    assert (answer.status_code, answer.json()["code"]) == (422, "template_not_approved")
    assert (await desk.call("POST", "/api/messages", message, key="skyfen test")).status_code == 201
    number = VAULT.read_uuid("t", said["id"])
    assert number is not None
    (row,) = [one.row for one in await desk.store.templates(desk.organisations["skyfen"].id) if one.id == number]
    await desk.store.review_template(row, "approved", "reviewer", "", desk.clock())
    assert (await desk.call("POST", "/api/messages", message)).status_code == 201
    changed = {**BOARDING, "name": "Boarding begins"}
    second = (await desk.call("PUT", "/api/templates/boarding", changed)).json()
    assert (second["version"], second["waiting"]) == (2, 2)
    shown = (await desk.call("GET", "/api/templates/boarding")).json()
    assert (shown["version"], shown["status"], shown["waiting"]) == (1, "approved", 2)
    assert (await desk.call("POST", "/api/messages", {**message, "template": said["id"]})).status_code == 201


async def test_the_same_words_again_are_no_new_version(desk: Desk) -> None:
    await desk.call("PUT", "/api/templates/boarding", BOARDING)
    again = await desk.call("PUT", "/api/templates/boarding", BOARDING)
    assert (again.json()["version"], again.json()["status"]) == (1, "submitted")
    listed = (await desk.call("GET", "/api/templates")).json()["templates"]
    assert [one["slug"] for one in listed] == ["delay", "boarding"]
    assert listed[0]["languages"]["uk"]["sms"]["body"].startswith("Рейс ((flight))")


async def test_what_was_put_away_is_not_sent(desk: Desk) -> None:
    kept = await desk.store.template(desk.organisations["skyfen"].id, "delay")
    assert kept is not None
    await desk.store.archive_template(kept.id, desk.clock())
    answer = await desk.call("POST", "/api/messages", delay())
    assert (answer.json()["code"], "put away" in answer.json()["detail"]) == ("template_not_approved", True)


async def test_others_templates_are_not_there(desk: Desk) -> None:
    answer = await desk.call("GET", "/api/templates/delay", key="kolo-market live")
    assert (answer.status_code, answer.json()["code"]) == (404, "template_unknown")
    number = (await desk.call("GET", "/api/templates/delay")).json()["id"]
    assert (await desk.call("GET", f"/api/templates/{number}", key="kolo-market live")).status_code == 404


def with_words(**languages: Any) -> dict[str, Any]:
    return {**BOARDING, "languages": languages}


WRONG: list[tuple[dict[str, Any], str, str]] = [
    ({**BOARDING, "content": "servise"}, "/content", "service"),
    ({**BOARDING, "language": "pl"}, "/language", "pl"),
    (with_words(en={"smss": {"body": "x"}, "": {"body": "x"}}), "/languages/en/smss", "sms"),
    (with_words(en={"sms": {"body": "x"}}), "/languages/en", "all channels"),
    (with_words(en={"": {"body": " "}}), "/languages/en//body", "no words"),
    (with_words(en={"": {"body": "((a))"}}, uk={"": {"body": "((b))"}}), "/languages/uk/", "((a)) is missing here"),
    (with_words(en={"": {"body": "https://((host))/x"}}), "/languages/en//body", "whole link"),
    (with_words(english={"": {"body": "x"}}), "/languages/english", "language"),
    ({**BOARDING, "order": ["fax"]}, "/order/0", "fax"),
    ({**BOARDING, "order": ["sms", "sms"]}, "/order/1", "twice"),
    ({**BOARDING, "trust": ["ticket"], "links": ["a.example"]}, "/trust/0", "ticket"),
    ({**BOARDING, "trust": ["flight"]}, "/trust", "links"),
    ({**BOARDING, "trust": ["flight"], "links": ["https://a.example"]}, "/links/0", "host"),
    ({**BOARDING, "facts": {"sender": "bank"}}, "/facts/sender", "every message"),
    ({**BOARDING, "facts": {"autmated": True}}, "/facts", "automated"),
    ({**BOARDING, "facts": {"automated": "perhaps"}}, "/facts", "automated"),
    ({**BOARDING, "kind": "email", "languages": {"en": {"": {"body": "x"}}}}, "/languages/en/", "subject"),
]


@pytest.mark.parametrize(("brought", "pointer", "says"), WRONG)
async def test_a_slip_is_told_with_its_place(desk: Desk, brought: dict[str, Any], pointer: str, says: str) -> None:
    answer = await desk.call("PUT", "/api/templates/boarding", brought)
    said = answer.json()
    assert (answer.status_code, said["code"], said["pointer"]) == (422, "template_wrong", pointer), said
    assert says in said["detail"]
    assert (await desk.call("GET", "/api/templates/boarding")).status_code == 404


async def test_a_template_stays_what_it_was_first(desk: Desk) -> None:
    words = {"en": {"": {"body": "x", "subject": "y"}}}
    answer = await desk.call("PUT", "/api/templates/delay", {**BOARDING, "kind": "email", "languages": words})
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/kind")


@pytest.mark.parametrize("slug", ["Boarding", "a b", "-a", "a" * 61, "a%0A"])
async def test_a_slug_is_a_plain_word(desk: Desk, slug: str) -> None:
    assert (await desk.call("PUT", f"/api/templates/{slug}", BOARDING)).json()["code"] == "value_wrong"
