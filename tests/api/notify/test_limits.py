"""How much may be asked: the 3,001st request of a minute, and the message after the last of a day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.api.notify.conftest import PUBLIC, SKY, Service
from tests.api.notify.schemas import fits
from vikno.api.notify.app import Notify
from vikno.api.notify.auth import Caller
from vikno.api.notify.errors import Refused
from vikno.api.notify.limits import Rates
from vikno.channels.sms.outbound import parts
from vikno.usecases.organisations import KeyKind, Organisation

SMS = "/v2/notifications/sms"
RATE = "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds"
START = 1_800_000_000_000


def caller(kind: KeyKind = "live", number: int = 1) -> Caller:
    return Caller(Organisation("sky", "Sky", "airline", "gb", "gb", id=number), kind, 1)


def taken(rates: Rates, who: Caller, moments: list[int]) -> int:
    """How many requests at these moments are let through."""
    count = 0
    for moment in moments:
        try:
            rates.check(who, START + moment)
        except Refused:
            continue
        count += 1
    return count


def test_the_request_after_the_3000th_of_a_minute_is_refused() -> None:
    rates = Rates()
    spread = [at * 59_000 // 3000 for at in range(3000)]
    assert taken(rates, caller(), spread) == 3000
    with pytest.raises(Refused) as caught:
        rates.check(caller(), START + 59_500)
    assert caught.value.status == 429
    assert caught.value.messages == (RATE,)
    ((name, wait_s),) = caught.value.headers
    assert name == b"retry-after"
    assert taken(rates, caller(), [59_500 + int(wait_s) * 1000]) == 1


def test_the_api_refuses_it_where_nobody_has_said_how_much_may_be_asked(small: Service) -> None:
    asked = Notify(small.dispatch, PUBLIC, parts).quick[SMS.encode()]
    begun_ms = small.clock() // 1000 * 1000

    async def answers() -> list[tuple[int, bytes]]:
        found = []
        for at in range(3001):
            small.clock.stands_ms = begun_ms + at * 59_000 // 3000
            status, _, body = await asked([(b"authorization", f"Bearer {small.token()}".encode())], b"{")
            found.append((status, body))
        return found

    *before, (status, body) = small.ask(answers())
    assert [one for one, _ in before] == [400] * 3000, "none of them is JSON, but each was looked at"
    assert status == 429
    assert RATE in body.decode()


def test_at_once_there_may_be_a_third_of_a_minute() -> None:
    rates = Rates()
    assert taken(rates, caller(), [0] * 2000) == 1000
    assert taken(rates, caller(), [1_000] * 100) == 50, "fifty more each second"


def test_kinds_of_keys_and_organisations_have_limits_of_their_own() -> None:
    rates = Rates()
    taken(rates, caller(), [0] * 1000)
    for other in (caller("team"), caller("test"), caller(number=2)):
        assert taken(rates, other, [0]) == 1


def test_no_minute_has_more_than_its_limit_however_requests_come() -> None:
    rates, moments = Rates(per_minute=60), [at * 37 % 200_000 for at in range(5_000)]
    let = [moment for moment in sorted(moments) if taken(rates, caller(), [moment])]
    assert let
    for begin in let:
        assert sum(begin <= one < begin + 60_000 for one in let) <= 60


@pytest.fixture
def small(tmp_path: Path) -> object:
    made = Service(tmp_path, given=replace(SKY, per_day=3), rates=Rates(per_minute=12))
    made.start()
    yield made
    made.stop()


def test_the_limits_are_told_before_the_body_is_looked_at(small: Service) -> None:
    good = {"phone_number": "07900900123", "template_id": small.template("plain")}
    broken = b"{"
    small.clock.stands_ms = small.clock() // 1000 * 1000 + 500
    for _ in range(3):
        assert small.call("POST", SMS, good).status_code == 201
    answer = small.call("POST", SMS, broken)
    assert fits(answer.json(), "refused")["errors"] == [
        {"error": "TooManyRequestsError", "message": "Exceeded send limits (sms: 3) for today"}
    ]
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) == 86_400 - small.clock() // 1000 % 86_400, "until midnight"
    assert small.call("POST", SMS, good, key="test").status_code == 201, "what leaves nowhere counts for no day"
    assert small.call("POST", SMS, broken).status_code == 429
    answer = small.call("POST", SMS, broken)
    assert fits(answer.json(), "refused")["errors"] == [
        {"error": "RateLimitError", "message": "Exceeded rate limit for key type LIVE of 12 requests per 60 seconds"}
    ], "the minute comes before the day"
    assert int(answer.headers["retry-after"]) >= 1
    assert small.call("GET", "/v2/templates").status_code == 200, "who only looks is not counted"
    small.clock.stands_ms += 86_400_000
    assert small.call("POST", SMS, good).status_code == 201, "tomorrow is another day"


def test_a_day_goes_on_after_a_restart(tmp_path: Path) -> None:
    small = Service(tmp_path, given=replace(SKY, per_day=3))
    small.start()
    good = {"phone_number": "07900900123", "template_id": small.template("plain")}
    try:
        for key in ("test", "live", "live", "live"):
            assert small.call("POST", SMS, good, key=key).status_code == 201
        small.face.sending.dispatch.days._days.clear()
        assert small.call("POST", SMS, good).status_code == 429
    finally:
        small.stop()
