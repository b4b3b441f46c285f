"""An organisation's system writes its templates; each version waits for its reviewer, and slips are told at once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.messages.conftest import VAULT, Desk, delay
from vikno.usecases.organisations import MOST_WAITING

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
    assert (again.status_code, again.json()["version"], again.json()["status"]) == (200, 1, "submitted")
    listed = (await desk.call("GET", "/api/templates")).json()["templates"]
    assert [one["slug"] for one in listed] == ["delay", "boarding"]
    assert listed[0]["languages"]["uk"]["sms"]["body"].startswith("Рейс ((flight))")


async def test_what_was_put_away_is_not_sent(desk: Desk) -> None:
    before = (await desk.call("GET", "/api/templates/delay")).json()
    for _ in range(2):
        answer = await desk.call("DELETE", "/api/templates/delay")
        assert (answer.status_code, answer.json()) == (200, {**before, "archived": True})
    answer = await desk.call("POST", "/api/messages", delay())
    assert (answer.json()["code"], "put away" in answer.json()["detail"]) == ("template_not_approved", True)
    assert [one["archived"] for one in (await desk.call("GET", "/api/templates")).json()["templates"]] == [True]


async def test_what_was_put_away_comes_back_when_it_is_put_again(desk: Desk) -> None:
    """The words that were approved are sent again; new ones wait, and the approved ones are sent meanwhile."""
    shown = (await desk.call("GET", "/api/templates/delay")).json()
    said = ("name", "content", "languages", "language", "order", "trust", "links", "facts")
    same = {name: shown[name] for name in said}
    await desk.call("DELETE", f"/api/templates/{shown['id']}")
    back = await desk.call("PUT", "/api/templates/delay", same)
    assert (back.status_code, back.json()) == (200, shown)
    assert (await desk.call("POST", "/api/messages", delay())).status_code == 201
    await desk.call("DELETE", "/api/templates/delay")
    new = (await desk.call("PUT", "/api/templates/delay", {**same, "name": "A new one"})).json()
    assert (new["version"], new["status"], new["archived"]) == (2, "submitted", False)
    again = (await desk.call("GET", "/api/templates/delay")).json()
    assert (again["version"], again["waiting"], again["archived"]) == (1, 2, False)
    assert (await desk.call("POST", "/api/messages", delay())).status_code == 201


@pytest.mark.parametrize("kind", ["team", "test"])
async def test_a_lesser_key_puts_no_template_away_and_brings_none_back(desk: Desk, kind: str) -> None:
    answer = await desk.call("DELETE", "/api/templates/delay", key=f"skyfen {kind}")
    assert (answer.status_code, answer.json()["code"]) == (403, "key_not_live")
    await desk.call("PUT", "/api/templates/boarding", BOARDING, key=f"skyfen {kind}")
    await desk.call("DELETE", "/api/templates/boarding")
    answer = await desk.call("PUT", "/api/templates/boarding", BOARDING, key=f"skyfen {kind}")
    assert (answer.status_code, answer.json()["code"]) == (403, "key_not_live")
    assert (await desk.call("GET", "/api/templates/boarding")).json()["archived"]


async def test_only_what_is_there_can_be_put_away(desk: Desk) -> None:
    answer = await desk.call("DELETE", "/api/templates/dely")
    assert (answer.status_code, answer.json()["code"], answer.json()["nearest"]) == (404, "template_unknown", "delay")
    answer = await desk.call("DELETE", "/api/templates/delay", key="kolo-market live")
    assert answer.status_code == 404
    assert not (await desk.call("GET", "/api/templates/delay")).json()["archived"]
    refused = await desk.call("POST", "/api/templates/delay")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, PUT, DELETE")


async def test_only_so_many_versions_wait(desk: Desk) -> None:
    for nth in range(MOST_WAITING):
        answer = await desk.call("PUT", "/api/templates/boarding", {**BOARDING, "name": f"Boarding {nth}"})
        assert (answer.status_code, answer.json()["waiting"]) == (201 if nth == 0 else 200, nth + 1)
    answer = await desk.call("PUT", "/api/templates/boarding", BOARDING)
    assert (answer.status_code, answer.json()["code"]) == (409, "versions_full")
    assert str(MOST_WAITING) in answer.json()["detail"]
    again = await desk.call("PUT", "/api/templates/boarding", {**BOARDING, "name": f"Boarding {MOST_WAITING - 1}"})
    assert (again.status_code, again.json()["version"]) == (200, MOST_WAITING)
    assert (await desk.call("GET", "/api/templates/boarding")).json()["waiting"] == MOST_WAITING


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
