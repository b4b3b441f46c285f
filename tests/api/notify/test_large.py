"""What a request may bring: no one of them holds up the others, however large it is, and whatever stands in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.api.notify.conftest import Service
from tests.api.notify.schemas import fits
from vikno.api.notify.checks import MOST_PERSONALISATION, MOST_SHOWN, unexpected
from vikno.api.notify.requests import MOST_VALUES

SMS, EMAIL = "/v2/notifications/sms", "/v2/notifications/email"
TAKES_S = 0.5
"""CPU, of client and server together: five times what the largest that is taken needs."""


@contextmanager
def quickly() -> Iterator[None]:
    start = time.process_time()
    yield
    assert time.process_time() - start < TAKES_S


def text(service: Service, slug: str, personalisation: Any) -> dict[str, Any]:
    return {
        "phone_number": "07900 900123",
        "template_id": service.template(slug),
        "personalisation": personalisation,
    }


def said(answer: Any, error: str = "BadRequestError", status: int = 400) -> str:
    (one,) = fits(answer.json(), "refused")["errors"]
    assert (answer.status_code, one["error"]) == (status, error)
    words: str = one["message"]
    return words


def test_what_a_template_does_not_ask_for_is_taken_up_to_500_values(service: Service) -> None:
    more = {f"k{at}": at for at in range(MOST_PERSONALISATION)}
    assert service.call("POST", SMS, text(service, "plain", more)).status_code == 201
    more["one"] = 1
    wrong = "personalisation has too many properties, 501; there may be 500"
    assert said(service.call("POST", SMS, text(service, "plain", more)), "ValidationError") == wrong
    preview = f"/v2/template/{service.template('plain')}/preview"
    assert said(service.call("POST", preview, {"personalisation": more}), "ValidationError") == wrong


def test_no_more_is_looked_at_of_what_does_not_belong_there_than_is_shown() -> None:
    (one,) = unexpected({"b": 1, "known": 2, "a": 3}, {"known": lambda _: None})
    assert one == "Additional properties are not allowed (a, b were unexpected)"
    many = {f"{at:06}": at for at in range(600_000)}
    with quickly():
        (one,) = unexpected(many, {})
    assert one.count(",") == MOST_SHOWN - 1


@pytest.mark.parametrize("value", [b"0", b"[]", b"{}", b"[[[]]]"])
def test_millions_of_values_are_not_read(service: Service, value: bytes) -> None:
    body = b'{"personalisation":{"a":[' + (value + b",") * (9_000_000 // (len(value) + 1)) + b"0]}}"
    with quickly():
        answer = service.call("POST", SMS, body)
    assert said(answer, status=413) == f"A request may have {MOST_VALUES} values"


@pytest.mark.parametrize("piece", ["x", "/ ", "// ", "a.b ", "_a ", "~a", "@a", "1.", "\n"])
@pytest.mark.parametrize("slug", ["long", "mail"])
def test_a_list_of_500_long_values_is_refused_before_it_is_filled(service: Service, slug: str, piece: str) -> None:
    values = [(piece * 2_000)[:2_000]] * 500
    given = {"words": values, "name": values, "flight": "1"}
    body = text(service, slug, given)
    path = SMS
    if slug == "mail":
        path, body = EMAIL, {"email_address": "ann@example.org", **body}
        del body["phone_number"]
    with quickly():
        answers = [
            service.call("POST", path, body),
            service.call("POST", f"/v2/template/{service.template(slug)}/preview", {"personalisation": given}),
        ]
    name = "words" if slug == "long" else "name"
    assert {said(one) for one in answers} == {f"Your message is too long. The value of {name} has to be shorter."}


def test_up_to_20_000_characters_it_is_told_how_long_a_text_message_would_be(service: Service) -> None:
    words = ["x" * 1_000] * 19
    assert said(service.call("POST", SMS, text(service, "long", {"words": words}))).endswith(
        "Your message is 19056 characters long."
    )


def test_the_largest_mail_is_made_ready_in_a_moment(service: Service) -> None:
    values = ["_a " * 166] * 470
    body = {
        "email_address": "ann@example.org",
        "template_id": service.template("mail"),
        "personalisation": {"name": values, "flight": "1"},
    }
    with quickly():
        assert service.call("POST", EMAIL, body).status_code == 201
