"""What a client of Notify is told of the way of a message: the address that it gave, and where it was tried."""

from __future__ import annotations

from vikno.api.notify.answers import channels, routing
from vikno.domain.notify.route import Plan, Step

PLAN = Plan(tuple(Step(f"{kind}/main", "delivered", 60) for kind in ("viber", "sms", "telegram", "whatsapp")))


def test_messengers_of_the_person_are_not_told_before_they_are_used() -> None:
    assert channels("sms", PLAN) == ["sms", "whatsapp"]
    assert channels("sms", PLAN, "viber") == ["viber", "sms", "whatsapp"]
    assert channels("email", PLAN) == []


def test_the_channel_it_was_tried_on_last_is_told() -> None:
    assert routing("sms", PLAN, 2, "") == {
        "channel": "telegram", "channels": ["sms", "telegram", "whatsapp"], "inbox": True, "reason": None,
    }  # fmt: skip
