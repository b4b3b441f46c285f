"""What becomes of one step brings the next, once each, whatever is in trouble; and everything comes to an end."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import apsw
import pytest

from tests.usecases.dispatching import ACCOUNTS, BANK, HOUR_S, MAIL, SMS, TELEGRAM, VIBER, Exchange
from vikno.usecases.channel import BadMessage, DeadAddress, Misconfigured, Unknown
from vikno.usecases.judge import Whereabouts
from vikno.usecases.organisations import OrganisationGiven
from vikno.usecases.records import Settled
from vikno.usecases.route_notifications import route_notifications
from vikno.usecases.send_notifications import Accepted

CODE = "Your code is ((what))."
OLENA, CHAT, PAIR, LETTERS = (SMS, "436641"), (TELEGRAM, "1001"), (VIBER, "v1"), (MAIL, "olena@mail.example")
CALLS = OrganisationGiven("calls", "Calls", "solicitor", "us", "us")
AMERICAN = (SMS, "12025550123")


async def statuses(exchange: Exchange, accepted: Accepted) -> list[tuple[str, str]]:
    """Of its tries."""
    return [(one.account, one.status) for one in (await exchange.hand(accepted)).tries]


# ---- silence, receipts, unknown ----


async def test_silence_brings_the_next_by_the_clock_and_a_late_receipt_cancels_it(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    await exchange.person(OLENA, PAIR)
    accepted = await exchange.tell("code", OLENA)
    await exchange.goes_on()
    exchange.passes(19)
    await exchange.goes_on()
    assert exchange.left() == [VIBER]
    exchange.passes(1)
    await exchange.routes()
    assert await statuses(exchange, accepted) == [(VIBER, "sent"), (SMS, "created")]
    await exchange.reports(accepted.number, "delivered")
    await exchange.routes()
    assert await statuses(exchange, accepted) == [(VIBER, "delivered"), (SMS, "dropped")]
    assert await exchange.became(accepted) == ("delivered", "viber")
    await exchange.goes_on()
    assert exchange.left() == [VIBER]


async def test_a_receipt_stops_even_what_a_sender_has_in_its_hands(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    await exchange.person(OLENA, PAIR)
    accepted = await exchange.tell("code", OLENA)
    await exchange.goes_on()
    exchange.passes(20)
    await exchange.routes()
    (leased,) = await exchange.leases(SMS)
    await exchange.reports(accepted.number, "delivered")  # the router has not looked yet
    assert await exchange.releases(leased) is None
    assert exchange.withheld == ["ended"]
    await exchange.goes_on()
    assert exchange.left() == [VIBER]
    assert await exchange.became(accepted) == ("delivered", "viber")


async def test_where_no_receipt_ever_comes_a_code_goes_on_and_has_been_sent(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    await exchange.person(OLENA, CHAT)
    accepted = await exchange.tell("code", OLENA)
    await exchange.goes_on()
    exchange.passes(20)
    await exchange.goes_on()
    assert exchange.left() == [TELEGRAM, SMS]
    exchange.passes(600)
    await exchange.goes_on()
    assert await exchange.became(accepted) == ("sent", "telegram")


async def test_nobody_knows_of_a_code_so_it_goes_on(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    await exchange.person(OLENA, PAIR)
    exchange.script[VIBER].append(Unknown("no answer"))
    await exchange.tell("code", OLENA)
    await exchange.goes_on()
    assert exchange.left() == [VIBER, SMS]


async def test_nobody_knows_of_a_payment_so_it_stops(exchange: Exchange) -> None:
    await exchange.sender(payment="You have paid ((what)).")
    await exchange.person(OLENA, PAIR)
    exchange.script[VIBER].append(Unknown("no answer"))
    accepted = await exchange.tell("payment", OLENA)
    for _ in range(10):
        await exchange.goes_on()
        exchange.passes(6 * HOUR_S)
    assert exchange.left() == [VIBER]
    assert await exchange.became(accepted) == ("technical-failure", "unknown")


async def test_a_mail_that_comes_back_reopens_what_was_sent(exchange: Exchange) -> None:
    await exchange.sender(official="News")
    await exchange.person(OLENA, LETTERS)
    accepted = await exchange.tell("official", OLENA)
    await exchange.goes_on()
    assert await exchange.became(accepted) == ("sent", "email")
    exchange.passes(60)
    await exchange.reports(accepted.number, "failed")
    await exchange.goes_on()
    assert exchange.left() == [MAIL, SMS]
    assert (await exchange.kept(accepted)).completed_ms is None


async def test_what_was_sent_is_delivered_when_a_receipt_says_so(exchange: Exchange) -> None:
    await exchange.sender(official="News")
    await exchange.person(LETTERS)
    accepted = await exchange.tell("official", LETTERS)
    await exchange.goes_on()
    assert (await exchange.kept(accepted)).completed_ms == exchange.now_ms
    exchange.passes(60)
    await exchange.reports(accepted.number, "delivered")
    await exchange.goes_on()
    assert await exchange.became(accepted) == ("delivered", "email")
    assert (await exchange.kept(accepted)).completed_ms is not None
    await exchange.reports(accepted.number, "read")
    assert not await exchange.routes(), "after the end there is nothing more"


async def test_when_every_way_has_failed_it_has_failed(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    await exchange.person(OLENA, PAIR)
    exchange.script[VIBER].append(BadMessage("refused"))
    exchange.script[SMS].append(DeadAddress("absent"))
    accepted = await exchange.tell("code", OLENA)
    await exchange.goes_on()
    assert exchange.left() == [VIBER, SMS]
    assert await exchange.became(accepted) == ("permanent-failure", "absent")


# ---- queues ----


async def test_a_code_does_not_wait_for_an_account_in_trouble(exchange: Exchange) -> None:
    """Its token is wrong, say: what waits there would wait until it is of no use."""
    await exchange.sender(code=CODE)
    await exchange.person(OLENA, CHAT)
    accepted = await exchange.tell("code", OLENA)
    (leased,) = await exchange.leases(TELEGRAM)
    settled = Settled(leased.id, Misconfigured("401"), exchange.now_ms + 600_000)
    await exchange.store.settle([settled], exchange.now_ms)
    for _ in range(20):
        exchange.passes(10)
        await exchange.goes_on()
    assert exchange.left() == [SMS]
    assert await statuses(exchange, accepted) == [(TELEGRAM, "dropped"), (SMS, "sent")]


async def test_what_can_go_nowhere_else_stays_in_its_queue(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    who = await exchange.person(OLENA, CHAT)
    await exchange.tell("code", OLENA)
    await exchange.refuses(who, "*", "*", "sms")
    exchange.passes(120)
    await exchange.routes()
    await exchange.goes_on()
    assert exchange.left() == [TELEGRAM]


async def test_at_night_no_queue_is_too_long(exchange: Exchange) -> None:
    await exchange.sender(official="News")
    await exchange.person(OLENA, PAIR)
    exchange.is_now("2026-05-04 20:59")
    accepted = await exchange.tell("official", OLENA, lives_s=24 * HOUR_S)
    for _ in range(10):
        exchange.passes(HOUR_S)
        await exchange.goes_on()
    assert await statuses(exchange, accepted) == [(VIBER, "created")]
    exchange.passes(HOUR_S + 60)
    await exchange.goes_on()
    assert exchange.left() == [VIBER]


async def test_what_is_taken_back_as_it_leaves_does_not_leave_twice(exchange: Exchange) -> None:
    await exchange.sender(payment="You have paid ((what)).")
    await exchange.person(OLENA, CHAT)
    accepted = await exchange.tell("payment", OLENA)
    exchange.passes(24 * HOUR_S)
    due = await exchange.store.due(exchange.now_ms)
    assert [one.notification.id for one in due] == [accepted.number]
    (leased,) = await exchange.leases(TELEGRAM)  # between the router's look and its decision
    exchange.dispatch.book = _Looked(exchange, due)  # type: ignore[assignment]
    await route_notifications(exchange.dispatch)
    exchange.dispatch = exchange.begun()
    await exchange.releases(leased)
    for _ in range(8):
        await exchange.goes_on()
        exchange.passes(HOUR_S)
    assert exchange.left() == [TELEGRAM]
    assert await exchange.became(accepted) == ("sent", "telegram")


class _Looked:
    """The record, as a router saw it that has looked before something happened."""

    def __init__(self, exchange: Exchange, due: object) -> None:
        self._store, self._due = exchange.store, due

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def due(self, now_ms: int, limit: int = 500) -> object:
        del now_ms, limit
        return self._due


async def test_what_an_account_has_in_its_queue_that_is_no_more_goes_another_way(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    await exchange.person(OLENA, CHAT)
    await exchange.tell("service", OLENA)
    exchange.accounts = {name: known for name, known in ACCOUNTS.items() if name != TELEGRAM}
    exchange.dispatch = exchange.begun()
    for _ in range(24):
        await exchange.goes_on()
        exchange.passes(HOUR_S)
    assert exchange.left() == [SMS]


async def test_the_long_queue_of_a_campaign_is_no_silence(exchange: Exchange) -> None:
    """Nor does what goes on in it overtake the messages of others."""
    await exchange.sender(service="It is late.")
    await exchange.person(OLENA, CHAT)
    (accepted,) = await exchange.send([await exchange.asked("service", OLENA)], campaign=7)
    for _ in range(23):
        await exchange.routes()
        exchange.passes(HOUR_S)
    assert await statuses(exchange, accepted) == [(TELEGRAM, "created")]
    exchange.script[TELEGRAM].append(DeadAddress("blocked"))
    await exchange.carries(TELEGRAM)
    await exchange.routes()
    assert not await exchange.store.lease(SMS, "notice", 10, exchange.now_ms)
    assert len(await exchange.store.lease(SMS, "bulk", 10, exchange.now_ms)) == 1


async def test_nor_is_it_when_something_else_is_heard_meanwhile(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    await exchange.person(OLENA, CHAT, PAIR)
    asked = await exchange.asked("code", OLENA, order=("viber", "telegram"))
    (accepted,) = await exchange.send([asked], campaign=7)
    await exchange.carries(VIBER)
    await exchange.routes()
    exchange.passes(20)
    await exchange.routes()
    exchange.passes(300)
    await exchange.reports(accepted.number, "failed")
    await exchange.routes()
    assert await statuses(exchange, accepted) == [(VIBER, "permanent-failure"), (TELEGRAM, "created")]


async def test_a_campaign_that_nobody_takes_ends_too(exchange: Exchange) -> None:
    await exchange.sender(service="It is late.")
    (accepted,) = await exchange.send([await exchange.asked("service", OLENA)], campaign=7)
    exchange.passes(25 * HOUR_S)
    await exchange.routes()
    assert await exchange.became(accepted) == ("temporary-failure", "expired")


async def test_what_expires_in_its_queue_has_failed_for_now(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    accepted = await exchange.tell("code", OLENA, lives_s=60)
    exchange.passes(60)
    await exchange.goes_on()
    assert not exchange.wire
    assert await exchange.became(accepted) == ("temporary-failure", "expired")


async def test_a_step_that_could_begin_only_after_the_end_is_not_begun(exchange: Exchange) -> None:
    """It was to live for an hour, and their night has come."""
    await exchange.sender(official="News")
    await exchange.person(OLENA, PAIR)
    exchange.is_now("2026-05-04 20:30")
    exchange.script[VIBER].append(DeadAddress("blocked"))
    accepted = await exchange.tell("official", OLENA, lives_s=3600)
    await exchange.carries(VIBER)
    exchange.passes(1800)
    await exchange.goes_on()
    assert await exchange.became(accepted) == ("temporary-failure", "expired")
    assert await statuses(exchange, accepted) == [(VIBER, "permanent-failure")]


# ---- held ----


async def test_what_depends_on_an_unknown_hour_waits_until_it_is_known(exchange: Exchange) -> None:
    await exchange.sender(CALLS, service="Buy")
    who = await exchange.person(AMERICAN)
    exchange.is_now("2026-05-04 18:00")
    accepted = await exchange.tell("service", AMERICAN, slug="calls", where=Whereabouts("us"))
    for _ in range(3):
        exchange.passes(HOUR_S)
        await exchange.goes_on()
    assert await exchange.became(accepted) == ("created", "held")
    assert not exchange.wire
    trace = [line.said for line in await exchange.store.trace(accepted.number)]
    assert len(trace) <= 1, "it is said once, not every hour"
    await exchange.store.set_zone(who, "America/New_York")
    exchange.passes(HOUR_S)
    await exchange.goes_on()
    assert exchange.left() == [SMS]


async def test_where_only_the_hour_is_against_it_it_goes_with_the_first_that_is_not(exchange: Exchange) -> None:
    await exchange.sender(CALLS, service="Buy")
    exchange.is_now("2026-05-04 06:30", zone=ZoneInfo("America/New_York"))
    where = Whereabouts("us", "America/New_York")
    accepted = await exchange.tell("service", AMERICAN, slug="calls", where=where)
    assert (accepted.status, accepted.reason) == ("created", "held")
    exchange.passes(89 * 60)
    await exchange.goes_on()
    assert not exchange.wire
    exchange.passes(60)
    await exchange.goes_on()
    assert exchange.left() == [SMS]


async def test_what_was_held_and_is_forbidden_at_last_stays_in_the_inbox(exchange: Exchange) -> None:
    await exchange.sender(CALLS, service="Buy")
    who = await exchange.person(AMERICAN)
    accepted = await exchange.tell("service", AMERICAN, slug="calls", where=Whereabouts("us"))
    await exchange.refuses(who, "calls", "service", "sms")
    exchange.passes(HOUR_S)
    await exchange.goes_on()
    assert await exchange.became(accepted) == ("sent", "inbox")


async def test_nothing_more_is_tried_for_a_sender_who_was_suspended(exchange: Exchange) -> None:
    bank = await exchange.sender(code=CODE)
    await exchange.person(OLENA, PAIR)
    exchange.script[VIBER].append(BadMessage("refused"))
    accepted = await exchange.tell("code", OLENA)
    await exchange.carries(VIBER)
    await exchange.store.review_organisation(bank.id, "suspended", "reviewer", "complaints")
    exchange.passes(2)
    await exchange.goes_on()
    assert await exchange.became(accepted) == ("permanent-failure", "suspended")
    assert exchange.left() == [VIBER]


async def test_a_sender_who_is_looked_at_anew_waits_for_it(exchange: Exchange) -> None:
    """A new name must not go out before somebody has seen it."""
    bank = await exchange.sender(service="It is late.")
    accepted = await exchange.tell("service", OLENA)
    await exchange.store.put_organisation(replace(BANK, name="National Bank"), exchange.now_ms)
    exchange.passes(2)
    await exchange.goes_on()
    assert not exchange.wire
    assert (await exchange.kept(accepted)).completed_ms is None
    await exchange.store.review_organisation(bank.id, "approved", "reviewer", "")
    exchange.passes(HOUR_S)
    await exchange.goes_on()
    assert exchange.left() == [SMS]
    assert "National Bank" in exchange.wire[0][1].text


# ---- clocks ----


async def test_a_clock_that_goes_back_does_no_harm(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    await exchange.person(OLENA, PAIR)
    accepted = await exchange.tell("code", OLENA)
    await exchange.goes_on()
    exchange.passes(-HOUR_S)
    await exchange.goes_on()
    assert exchange.left() == [VIBER]
    exchange.passes(HOUR_S + 21)
    await exchange.goes_on()
    assert exchange.left() == [VIBER, SMS]
    await exchange.reports(accepted.number, "delivered", step=1)
    exchange.passes(-HOUR_S)
    await exchange.goes_on()
    exchange.passes(HOUR_S)
    await exchange.goes_on()
    assert await exchange.became(accepted) == ("delivered", "sms")


# ---- who goes away ----


async def test_who_leaves_between_two_steps_is_not_written_to(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    who = await exchange.person(OLENA, PAIR)
    accepted = await exchange.tell("code", OLENA)
    await exchange.goes_on()
    await exchange.store.mark(who, "left")
    exchange.passes(21)
    await exchange.goes_on()
    assert exchange.left() == [VIBER]
    exchange.passes(600)
    await exchange.goes_on()
    assert await exchange.became(accepted) == ("temporary-failure", "silence")


async def test_an_erased_person_leaves_nothing_behind_that_would_go(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    who = await exchange.person(OLENA, PAIR)
    await exchange.tell("code", OLENA)
    await exchange.goes_on()
    await exchange.store.erase(who)
    for _ in range(5):
        exchange.passes(60)
        await exchange.goes_on()
    assert exchange.left() == [VIBER]


# ---- twice, killed, poisoned ----


async def test_two_routers_at_once_send_nothing_twice(exchange: Exchange) -> None:
    await exchange.sender(code=CODE)
    people = [(SMS, f"43664{index}") for index in range(60)]
    for index, phone in enumerate(people):
        await exchange.person(phone, (VIBER, f"v{index}"))
    asked = [await exchange.asked("code", phone) for phone in people]
    found = await exchange.send(asked)
    await exchange.carries()
    others = [exchange.begun() for _ in range(4)]
    for _ in range(3):
        exchange.passes(20)
        for _ in range(10):
            await asyncio.gather(*(route_notifications(one, limit=25) for one in others))
        await exchange.carries()
    assert Counter(exchange.left()) == {VIBER: 60, SMS: 60}
    for one in found:
        assert await statuses(exchange, one) == [(VIBER, "sent"), (SMS, "sent")]


async def test_whenever_the_process_ends_whoever_goes_on_does_the_same(exchange: Exchange, tmp_path: Path) -> None:
    await exchange.sender(code=CODE)
    await exchange.person(OLENA, PAIR)
    accepted = await exchange.tell("code", OLENA)
    await exchange.goes_on()
    exchange.passes(20)
    for nth in range(3):  # before the router has looked, when it has, when the sender has taken it
        after = Exchange(_copy(tmp_path, nth), exchange.now_ms)
        await after.store.recover(SMS, after.now_ms)
        await after.goes_on()
        tries = await statuses(after, accepted)
        assert tries == [(VIBER, "sent"), (SMS, "unknown" if nth == 2 else "sent")]
        assert after.left() == ([] if nth == 2 else [SMS])
        await after.store.close()
        if nth == 0:
            await exchange.routes()
        else:
            await exchange.leases(SMS)


def _copy(folder: Path, nth: int) -> Path:
    """What the operating system has of it."""
    there = folder.with_name(f"{folder.name}-{nth}")
    there.mkdir()
    for name in ("v.db", "v.db-wal"):
        if (folder / name).exists():
            shutil.copy(folder / name, there / name)
    return there


POISONS: dict[str, str] = {
    "the plan is no plan": "UPDATE plan SET body = x'7b'",
    "the plan has no steps any more": """UPDATE plan SET body = '{"steps":[]}'""",
    "the seal is broken": "UPDATE notification SET sealed = x'00' WHERE id = 1",
    "the template is none": "UPDATE template_version SET text = '{' WHERE id = 1",
}


@pytest.mark.parametrize("poison", POISONS)
async def test_one_that_nobody_can_read_stops_nobody_else_and_comes_to_an_end(exchange: Exchange, poison: str) -> None:
    await exchange.sender(code=CODE)
    await exchange.sender(replace(BANK, slug="lake-two"), service="It is late.")
    await exchange.person(OLENA, PAIR)
    poisoned = await exchange.tell("code", OLENA)
    exchange.script[VIBER].append(DeadAddress("blocked"))
    await exchange.carries(VIBER)
    _changes(exchange.folder, POISONS[poison])
    exchange.dispatch = exchange.begun()
    healthy = await exchange.tell("service", (SMS, "436649"), slug="lake-two")
    looked = 0
    for _ in range(140):
        await exchange.carries(SMS)
        looked += await exchange.routes()
        exchange.passes(5)
    assert looked < 30, "it is looked at less and less often"
    assert (await exchange.kept(healthy)).status == "sending"
    status, reason = await exchange.became(poisoned)
    assert status in ("technical-failure", "permanent-failure"), reason
    assert (await exchange.kept(poisoned)).completed_ms is not None


def _changes(folder: Path, statement: str) -> None:
    """By somebody who has the file open beside us."""
    with closing(apsw.Connection(f"{folder}/v.db")) as connection:
        connection.set_busy_timeout(2000)
        connection.execute(statement)
