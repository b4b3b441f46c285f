"""What an attacker tries at the door: hosts of their own, odd forms, failures that tell what somebody wrote."""

from __future__ import annotations

import logging
from typing import Any

import httpx
import pytest

from tests.portal.conftest import Served
from vikno.portal.app import telling_nothing
from vikno.portal.failures import FAILED

BORN = "born 1990-02-03"
EVIL = {"host": "evil.example"}
NOTHING: Any = None


@pytest.mark.parametrize("path", ["/uk", "/uk/ua", "/uk/ua/id-card", "/uk/ua/id-card?where=ua"])
def test_an_address_without_its_last_slash_leads_to_no_other_host(served: Served, path: str) -> None:
    answer = httpx.get(served.url + path, headers=EVIL)
    path, mark, query = path.partition("?")
    assert answer.status_code == 307
    assert answer.headers["location"] == f"{path}/{mark}{query}"


@pytest.mark.parametrize("path", ["//evil.example", "/%5Cevil.example", "/%5Cevil.example/", "//evil.example/", "/xx"])
def test_no_address_leads_elsewhere(served: Served, path: str) -> None:
    answer = httpx.get(served.url + path, headers=EVIL)
    assert answer.status_code == 404
    assert "location" not in answer.headers


def test_a_form_of_many_fields_means_nothing(served: Served) -> None:
    answer = httpx.post(f"{served.url}/preferences", data={f"x{at}": "1" for at in range(20)} | {"scheme": "dark"})
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert "set-cookie" not in answer.headers


async def _failing(*_: Any) -> None:
    raise ValueError(BORN)


async def _failing_midway(_scope: Any, _receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    raise KeyError(BORN)


@pytest.mark.parametrize(("app", "statuses"), [(_failing, [500]), (_failing_midway, [200])])
async def test_a_failure_is_logged_by_its_place_and_never_by_its_words(
    app: Any, statuses: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    with caplog.at_level(logging.ERROR):
        await telling_nothing(app)({"type": "http"}, NOTHING, send)
    assert [message["status"] for message in sent if "status" in message] == statuses
    if statuses == [500]:
        assert sent[-1]["body"] == FAILED
    assert BORN not in caplog.text
    assert f"in {app.__name__}" in caplog.text, "the place is told"
    assert "Error" in caplog.text, "and the kind"


async def test_what_fails_at_the_start_of_the_server_is_not_hidden() -> None:
    with pytest.raises(ValueError, match="born"):
        await telling_nothing(_failing)({"type": "lifespan"}, NOTHING, NOTHING)
