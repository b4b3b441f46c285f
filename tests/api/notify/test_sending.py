"""What becomes of a message that is taken, by the kind of its key, its recipient and its organisation."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.api.notify.conftest import ACCOUNTS, VAULT, Service, a_template
from tests.api.notify.schemas import fits
from vikno.api.notify.errors import ABROAD, TEAM, TRIAL
from vikno.domain.notify.route import decode_plan
from vikno.usecases.channel import Capabilities
from vikno.usecases.dispatch import decode_sealed, read_rendering
from vikno.usecases.judge import Whereabouts
from vikno.usecases.send_notifications import Asked, Recipient, send_notifications

SMS, EMAIL = "/v2/notifications/sms", "/v2/notifications/email"
PHONE = "07900 900123"


def sends(service: Service, to: str, key: str = "live", **more: Any) -> Any:
    """The answer to a plain message."""
    body: dict[str, Any] = {"template_id": service.template("plain"), "phone_number": to, **more}
    path = SMS
    if "@" in to:
        personalisation = {"name": "A", "flight": "1"}
        body, path = (
            {"template_id": service.template("mail"), "email_address": to, "personalisation": personalisation},
            EMAIL,
        )
    return service.call("POST", path, body, key=key)


def shown(service: Service, number: str) -> Any:
    return fits(service.call("GET", f"/v2/notifications/{number}").json(), "notification")


def message(answer: Any) -> str:
    said: str = fits(answer.json(), "refused")["errors"][0]["message"]
    return said


@pytest.mark.parametrize(
    ("to", "becomes"),
    [
        ("07700900003", "temporary-failure"), ("07700 900 002", "permanent-failure"), (PHONE, "delivered"),
        ("temp-fail@simulator.notify", "temporary-failure"), ("Perm-Fail@simulator.notify", "permanent-failure"),
        ("ann@example.org", "delivered"),
    ],
)  # fmt: skip
def test_what_a_test_key_sends_leaves_nowhere_and_ends_as_its_recipient_says(
    service: Service, to: str, becomes: str
) -> None:
    number = sends(service, to, "test").json()["id"]
    assert shown(service, number)["status"] == "created"
    service.route()
    found = shown(service, number)
    assert found["status"] == becomes
    assert found["cost"]["amount"] == "0"
    live = service.call("GET", "/v2/notifications").json()["notifications"]
    test = service.call("GET", "/v2/notifications", key="test").json()["notifications"]
    assert number not in {one["id"] for one in live}
    assert number in {one["id"] for one in test}


@pytest.mark.parametrize(
    "to",
    [
        "+447700900000", "07700900111", "07700 900222", "simulate-delivered@notifications.service.gov.uk",
        "simulate-delivered-2@notifications.service.gov.uk", "Simulate-Delivered-3@notifications.service.gov.uk",
    ],
)  # fmt: skip
def test_messages_to_simulated_recipients_are_checked_and_not_kept(service: Service, to: str) -> None:
    answer = sends(service, to)
    assert answer.status_code == 201
    fits(answer.json(), "posted_email" if "@" in to else "posted_sms")
    assert service.call("GET", f"/v2/notifications/{answer.json()['id']}").status_code == 404


@pytest.mark.parametrize("to", ["+447900900123", "0 7900-900-123", "guest@EXAMPLE.gov.uk"])
def test_a_team_key_writes_to_guests_however_they_are_written(service: Service, to: str) -> None:
    assert sends(service, to, "team").status_code == 201


def test_nobody_is_written_to_before_a_review(service: Service) -> None:
    service.ask(service.store.review_organisation(service.organisation.id, "submitted", "", ""))
    service.clock.ahead_ms += 1_000
    try:
        assert message(sends(service, PHONE)) == TRIAL
        assert message(sends(service, PHONE, "team")) == TRIAL
        assert message(sends(service, "+447900900999", "team")) == TEAM
        assert sends(service, PHONE, "test").status_code == 201
    finally:
        service.ask(service.store.review_organisation(service.organisation.id, "approved", "reviewer", ""))
        service.clock.ahead_ms += 1_000


def test_a_test_key_tries_a_template_before_its_review(service: Service) -> None:
    assert sends(service, PHONE, "test", template_id=service.template("new")).status_code == 201


def test_by_its_id_a_notification_is_found_with_any_key(service: Service) -> None:
    number = sends(service, PHONE).json()["id"]
    assert service.call("GET", f"/v2/notifications/{number}", key="test").status_code == 200


def test_numbers_of_other_countries_are_taken_unless_that_is_switched_off(service: Service, tmp_path: Path) -> None:
    assert sends(service, "+380 67 123 45 67").status_code == 201
    other = Service(tmp_path, abroad=False)
    other.start()
    try:
        assert message(sends(other, "+380 67 123 45 67")) == ABROAD
        assert sends(other, PHONE).status_code == 201
    finally:
        other.stop()


@pytest.mark.parametrize(
    ("words", "fragments"),
    [("x" * 151, 1), ("x" * 152, 2), ("x" * 918, 7), ("я" * 61, 1), ("я" * 62, 2), ("“quoted” – as text", 1)],
)
@pytest.mark.parametrize("key", ["live", "test"])
def test_it_is_told_how_many_sms_a_message_took_with_the_name_before_it(
    service: Service, key: str, words: str, fragments: int
) -> None:
    more = {"template_id": service.template("long"), "personalisation": {"words": words}}
    number = sends(service, PHONE, key, **more).json()["id"]
    found = shown(service, number)
    assert (found["is_cost_data_ready"], found["cost_details"]) == (False, {})
    if key == "test":
        service.route()
    else:
        service.ends(number, "delivered")
    found = shown(service, number)
    assert found["cost_details"]["billable_sms_fragments"] == fragments
    page = service.call("GET", "/v2/notifications", key=key).json()["notifications"]
    assert page[0] == found
    details = found["cost_details"].values()
    assert found["cost_in_pounds"] == math.prod(details) == 0.0


def test_what_did_not_leave_took_no_sms(service: Service) -> None:
    number = sends(service, PHONE).json()["id"]
    service.ends(number, "permanent-failure", "gone")
    found = shown(service, number)
    assert (found["is_cost_data_ready"], found["cost_details"]["billable_sms_fragments"]) == (True, 0)


def test_only_what_the_template_has_a_place_for_is_kept(service: Service) -> None:
    more = {"name": "A", "FLIGHT": 7, "time": "now", "voucher": False, "passport": "AB123", "(unsubscribe)": "x"}
    answer = sends(service, PHONE, template_id=service.template("delay"), personalisation=more)
    number = VAULT.read_uuid("n", answer.json()["id"])
    assert number is not None
    kept = service.ask(service.store.notification(number))
    sealed = decode_sealed(VAULT.unseal(kept.sealed))
    assert sealed.personalisation == {"name": "A", "FLIGHT": 7, "time": "now", "voucher": False}
    assert (sealed.to, sealed.country) == (PHONE, "gb")
    assert shown(service, answer.json()["id"])["one_click_unsubscribe_url"] is None


def test_a_message_stays_what_it_was_when_its_template_changes(service: Service) -> None:
    def spoken(words: str) -> Any:
        return service.ask(a_template(service.store, service.organisation, "moving", ("sms", words, None), 1_000))

    template = VAULT.uuid("t", spoken("First").id)
    first = sends(service, PHONE, template_id=template).json()
    spoken("Second")
    service.clock.ahead_ms += 1_000
    second = sends(service, PHONE, template_id=template).json()
    assert [one["content"]["body"] for one in (first, second)] == ["First", "Second"]
    assert [one["template"]["version"] for one in (first, second)] == [1, 2]
    assert shown(service, first["id"])["body"] == "First"


def test_a_preview_may_come_to_nothing_and_a_message_may_not(service: Service) -> None:
    path = f"/v2/template/{service.template('bare')}/preview"
    answer = service.call("POST", path, {"personalisation": {"only": "no"}})
    assert answer.status_code == 200
    assert fits(answer.json(), "preview")["body"] == ""


def test_a_body_may_begin_with_the_mark_of_its_encoding(service: Service) -> None:
    body = {"template_id": service.template("plain"), "phone_number": PHONE}
    assert service.call("POST", SMS, b"\xef\xbb\xbf" + json.dumps(body).encode()).status_code == 201
    path = f"/v2/template/{service.template('plain')}/preview"
    assert service.call("POST", path, b"\xef\xbb\xbf{}").status_code == 200


def test_an_address_to_unsubscribe_may_be_long(service: Service) -> None:
    for length, status in ((1_001, 201), (8_000, 201), (8_001, 400)):
        address = "https://sky.example/off?".ljust(length, "x")
        body = {
            "template_id": service.template("mail"), "email_address": "ann@example.org",
            "personalisation": {"name": "A", "flight": "1"}, "one_click_unsubscribe_url": address,
        }  # fmt: skip
        answer = service.call("POST", EMAIL, body)
        assert answer.status_code == status
        if status == 201:
            assert shown(service, answer.json()["id"])["one_click_unsubscribe_url"] == address
        else:
            assert message(answer) == "one_click_unsubscribe_url is not a valid https url"


def test_a_reference_may_name_many_and_is_bounded(service: Service) -> None:
    name = "x" * 1000
    assert [sends(service, PHONE, reference=name).status_code for _ in range(2)] == [201, 201]
    page = service.call("GET", f"/v2/notifications?reference={name}").json()
    assert len(page["notifications"]) == 2
    answer = sends(service, PHONE, reference=name + "x")
    assert message(answer).endswith("… is too long")


def test_a_message_that_is_to_be_sent_within_a_day_is_sent_at_once(service: Service) -> None:
    def ahead(hours: int) -> str:
        moment = datetime.fromtimestamp(service.clock() / 1000, UTC) + timedelta(hours=hours)
        return moment.strftime("%Y-%m-%d %H:%M:%S")

    for wanted in (None, ahead(2), ahead(23)):
        answer = sends(service, PHONE, scheduled_for=wanted)
        assert (answer.status_code, answer.json()["scheduled_for"]) == (201, None)
    answer = sends(service, PHONE, scheduled_for=ahead(25))
    assert message(answer) == "scheduled_for datetime can only be 24 hours in the future"


def test_messages_of_campaigns_are_listed_when_they_are_asked_for(service: Service) -> None:
    kept = service.ask(service.store.template(service.organisation.id, "plain"))
    to = Recipient((("sms/main", "447900900123"),), PHONE, Whereabouts("gb"))
    flow = service.ask(service.store.flow_for_campaign(service.organisation.id, 7, service.clock()))
    asked = [Asked(read_rendering(kept), to, {}, "campaign-7", only="sms")]
    (sent,) = service.ask(
        send_notifications(service.dispatch, service.organisation, "live", asked, flow=flow, lane="bulk")
    )
    path = "/v2/notifications?reference=campaign-7"
    assert service.call("GET", path).json()["notifications"] == []
    for jobs in ("true", "True"):
        page = fits(service.call("GET", f"{path}&include_jobs={jobs}").json(), "notifications")
        assert [one["id"] for one in page["notifications"]] == [sent.id]


def test_a_preview_of_a_template_without_places_needs_no_body(service: Service) -> None:
    path = f"/v2/template/{service.template('plain')}/preview"
    bodies: list[Any] = [None, b"", b"{}", {"personalisation": {}}]
    for body in bodies:
        answer = service.call("POST", path, body)
        assert answer.status_code == 200
        assert fits(answer.json(), "preview")["body"] == "Your seat is ready."


def test_what_a_person_does_not_want_ends_at_once_and_says_why(service: Service) -> None:
    from vikno.usecases.people import Choices

    name = VAULT.name("sms/main", "447900900777")
    service.ask(service.store.meet(name, "sms/main", VAULT.seal("447900900777"), "en", service.clock()))
    service.ask(service.store.choose(name, Choices(off=frozenset({("sky", "*", "*")})), service.clock()))
    answer = sends(service, "07900900777").json()
    assert answer["routing"]["status"] == "permanent-failure"
    found = shown(service, answer["id"])
    assert (found["status"], found["routing"]["reason"]) == ("permanent-failure", "choice")


def test_a_text_message_goes_by_sms_alone_whatever_its_person_likes_better(tmp_path: Path) -> None:
    """A system that asks Notify for a text message has asked for an SMS."""
    from vikno.usecases.people import Choices

    chatty = Service(tmp_path, accounts={**ACCOUNTS, "telegram/main": Capabilities(False, 30.0, 0.0)})
    chatty.start()
    try:
        phone, chat = VAULT.name("sms/main", "447900900123"), VAULT.name("telegram/main", "77")
        for name, account, address in ((phone, "sms/main", "447900900123"), (chat, "telegram/main", "77")):
            chatty.ask(chatty.store.meet(name, account, VAULT.seal(address), "en", chatty.clock()))
        chatty.ask(chatty.store.link(chat, phone, chatty.clock()))
        chatty.ask(chatty.store.choose(phone, Choices(order=("telegram",)), chatty.clock()))
        answer = sends(chatty, PHONE).json()
        assert answer["routing"]["channels"] == ["sms"]
        number = VAULT.read_uuid("n", answer["id"])
        assert number is not None
        (kept,) = chatty.ask(chatty.store.in_hand([number]))
        assert [step.account for step in decode_plan(kept.notification.plan).steps] == ["sms/main"]
        assert [one.account for one in kept.tries] == ["sms/main"]
    finally:
        chatty.stop()


def test_a_body_that_is_too_large_is_refused(service: Service) -> None:
    answer = service.call("POST", SMS, b" " * (10 * 1024 * 1024 + 1))
    assert answer.status_code == 413
    fits(answer.json(), "refused")


def test_a_long_body_takes_the_usual_way_and_comes_to_the_same(service: Service) -> None:
    """Short ones are answered without an application between."""
    more = {"words": "hello", "more": "x" * 100_000}
    answer = sends(service, PHONE, template_id=service.template("long"), personalisation=more)
    assert answer.json()["content"]["body"] == "hello"


def test_slashes_too_many_do_no_harm(service: Service) -> None:
    body = {"template_id": service.template("plain"), "phone_number": PHONE}
    assert service.call("POST", "//v2//notifications/sms", body).status_code == 201
    assert service.call("GET", "//v2/templates").status_code == 200


def test_times_are_written_to_the_microsecond_and_ids_are_nobodys_guess(service: Service) -> None:
    begun_ms = service.clock() // 1000 * 1000
    service.clock.stands_ms = begun_ms + 125 - service.clock.ahead_ms
    try:
        numbers = [sends(service, PHONE).json()["id"] for _ in range(2)]
    finally:
        service.clock.stands_ms = None
    second = datetime.fromtimestamp(begun_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    assert [shown(service, number)["created_at"] for number in numbers] == [f"{second}.125000Z"] * 2
    assert numbers[0][:8] != numbers[1][:8]
    assert service.call("GET", f"/v2/notifications/{uuid4()}").status_code == 404
