"""The API when it is asked too much, and when the record cannot be written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.conftest import Office
from vikno.api.keys import Buckets
from vikno.usecases.record_stage import Desk


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, desk: Desk, stages: dict[str, frozenset[str]]) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("slow"), desk, stages, buckets=Buckets(rate_per_s=0.001, burst=3))
    made.start()
    yield made
    made.stop()


def test_each_key_has_a_rate_of_its_own(office: Office) -> None:
    answers = [office.call("GET", "/api/cases/none") for _ in range(5)]
    assert [answer.status_code for answer in answers] == [404, 404, 404, 429, 429]
    assert answers[-1].json()["code"] == "too_many_requests"
    assert int(answers[-1].headers["retry-after"]) > 0
    assert office.call("GET", "/api/cases/none", key="ua/mfa").status_code == 404


def test_a_record_that_is_closed_is_told_to_be_tried_again(office: Office) -> None:
    office.ask(office.store.close())
    answer = office.call("GET", "/api/cases/none")
    assert (answer.status_code, answer.json()["code"], answer.json()["detail"]) == (503, "store_busy", "store_closed")
    assert answer.headers["retry-after"] == "1"


def test_what_fails_on_our_side_says_nothing_of_it(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise KeyError("born 1990-02-03")

    monkeypatch.setattr(office.store, "case", fails)
    answer = office.call("GET", "/api/cases/none")
    assert (answer.status_code, answer.json()["code"]) == (500, "server_failed")
    assert "1990" not in answer.text + caplog.text
    assert [record.message for record in caplog.records if record.name == "vikno.api"] == ["request_failed"]
