"""A system that knows a number learns of its person what it has to know, and only by writing to them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.messages.conftest import Desk, delay
from vikno.usecases.people import Choices

NUMBER = "380671234567"
OWN = ("telegram", "viber")
"""Messengers of the person, of which the sender knows nothing."""


async def somebody(desk: Desk, **chosen: Any) -> str:
    """Olena: her phone, two messengers on her page, and what she has chosen."""
    phone = await desk.known("sms/main", NUMBER)
    for nth, kind in enumerate(OWN):
        await desk.known(f"{kind}/main", f"777{nth}", to=phone)
    if chosen:
        await desk.store.choose(phone, Choices(**chosen), desk.clock())
    return phone


REFUSES = {"off": frozenset({("skyfen", "*", "*")})}


@pytest.mark.parametrize(
    ("path", "key"), [("/preview", "live"), ("/preview", "test"), ("", "test"), ("/batch", "test")]
)
@pytest.mark.parametrize("chosen", [{}, REFUSES, {"order": ("viber",)}])
async def test_where_nobody_is_written_to_nobody_is_looked_up(
    desk: Desk, path: str, key: str, chosen: dict[str, Any]
) -> None:
    body = {"messages": [delay()]} if path == "/batch" else delay()
    before = await desk.call("POST", f"/api/messages{path}", body, key=f"skyfen {key}")
    await somebody(desk, **chosen)
    after = await desk.call("POST", f"/api/messages{path}", body, key=f"skyfen {key}")
    assert _without_ids(before.json()) == _without_ids(after.json())


async def test_a_test_message_is_explained_without_its_person(desk: Desk) -> None:
    sent = (await desk.call("POST", "/api/messages", delay(), key="skyfen test")).json()["id"]
    stranger = (await desk.call("GET", f"/api/messages/{sent}/why", key="skyfen test")).json()
    await somebody(desk, **REFUSES)
    known = (await desk.call("POST", "/api/messages", delay(), key="skyfen test")).json()["id"]
    why = (await desk.call("GET", f"/api/messages/{known}/why", key="skyfen test")).json()
    for part in ("steps", "left", "consent", "refused", "attempts"):
        assert why[part] == stranger[part], part


async def test_of_what_is_sent_the_plan_names_no_messenger_that_was_not_used(desk: Desk) -> None:
    await somebody(desk, order=("sms", "viber"))
    accepted = (await desk.call("POST", "/api/messages", delay())).json()
    assert [step["channel"] for step in accepted["plan"]["steps"]] == ["sms"]
    assert not any(name in json.dumps(accepted) for name in OWN)
    why = await desk.call("GET", f"/api/messages/{accepted['id']}/why")
    assert [step["channel"] for step in why.json()["steps"]] == ["sms"]
    assert not any(name in json.dumps(why.json()["left"]) for name in OWN)
    await desk.settle(accepted["id"], "blocked")
    after = (await desk.call("GET", f"/api/messages/{accepted['id']}/why")).json()
    assert [(one["step"], one["channel"]) for one in after["steps"]] == [(0, "sms"), (1, "viber")], "it was tried there"


async def test_the_channel_that_it_leaves_by_is_told_at_once(desk: Desk) -> None:
    await somebody(desk, order=("viber",))
    accepted = (await desk.call("POST", "/api/messages", delay())).json()
    assert [step["channel"] for step in accepted["plan"]["steps"]] == ["viber", "sms"]


async def test_the_same_request_again_tells_no_more(desk: Desk) -> None:
    await somebody(desk, order=("sms",))
    first = await desk.call("POST", "/api/messages", delay(), idempotency_key="p-1")
    again = await desk.call("POST", "/api/messages", delay(), idempotency_key="p-1")
    assert again.json()["plan"] == first.json()["plan"]


async def test_advertising_is_no_answer_to_anything(desk: Desk) -> None:
    sale = {"name": "Sale", "content": "advertising", "language": "en", "languages": {"en": {"": {"body": "Sale!"}}}}
    assert (await desk.call("PUT", "/api/templates/sale", sale)).status_code == 201
    message = {"template": "sale", "to": {"phone": "+380671234567"}}
    answer = await desk.call("POST", "/api/messages", {**message, "direction": "reply"}, key="skyfen test")
    assert (answer.status_code, answer.json()["pointer"]) == (422, "/direction")
    assert (await desk.call("POST", "/api/messages", message, key="skyfen test")).status_code == 201


def _without_ids(said: Any) -> Any:
    """An answer, without what is new each time."""
    if isinstance(said, dict):
        return {name: _without_ids(value) for name, value in said.items() if name != "id"}
    return [_without_ids(one) for one in said] if isinstance(said, list) else said
