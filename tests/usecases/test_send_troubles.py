"""Sending goes on, loses nothing and leaves nobody stuck when the store, the platform or the process is in trouble."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.usecases.sending import ACCOUNT, NOW_MS, VAULT, YEAR_MS, Office
from vikno.bootstrap.worlds import load_worlds
from vikno.channels.sms.inbound import meant
from vikno.usecases.channel import (
    DeadAddress,
    Inbound,
    Misconfigured,
    Opened,
    Outbound,
    RetryAfter,
    Sent,
    encode_outbound,
)
from vikno.usecases.ports import StoreUnavailable, Taken, TooManyTurns
from vikno.usecases.receive_message import Desk
from vikno.usecases.send_messages import MOST_WAITING, RESUMED, Pace
from vikno.wire.hooks import Hook


def loose(one: Any) -> Any:
    """The same, whose methods may be replaced."""
    return one


def failing(real: Callable[..., Awaitable[Any]], times: int = 1) -> Callable[..., Awaitable[Any]]:
    """The same, when it has failed so often."""
    left = [times]

    async def call(*given: Any, **named: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise StoreUnavailable
        return await real(*given, **named)

    return call


async def after_a_restart(office: Office) -> int:
    """The process ends in order, and the next one begins: so many replies waited."""
    await office.sender.close()
    office.sender = office.new_sender()
    return await office.sender.resume()


async def statuses(office: Office, who: str) -> list[tuple[str, int]]:
    return [(one.status, one.tries) for one in await office.store.inbox(VAULT.name(ACCOUNT, who))]


# ---- the store cannot keep, or read, for a moment ----


async def test_an_outcome_that_cannot_be_kept_is_kept_later(office: Office) -> None:
    """Or the notice would be `sending` for ever, and its person hear nothing more."""
    loose(office.store).settle = failing(office.store.settle)
    office.post.script["a"].append(RetryAfter(0.1))
    await office.notices("a", "first")
    office.sender.nudge()
    await office.until(lambda: office.texts() == ["first"])
    office.now_ms += 10_000
    await office.until(lambda: office.texts() == ["first", "first"])
    await office.notices("a", "second")
    office.sender.nudge()
    await office.until(lambda: office.texts()[2:] == ["second"])


async def test_the_next_reply_waits_while_the_last_one_cannot_be_marked(office: Office) -> None:
    loose(office.store).done = failing(office.store.done, 2)
    await office.says("a", *"123")
    await asyncio.sleep(0.2)
    assert office.texts() == ["1"]
    await office.rests()
    assert office.texts() == ["1", "2", "3"]


async def test_what_one_lane_gave_is_sent_though_the_next_one_fails(office: Office) -> None:
    lease, failed = office.store.lease, list[str]()

    async def one_fails(account: str, lane: str, *rest: int) -> Any:
        if lane == "bulk" and not failed:
            failed.append(lane)
            raise StoreUnavailable
        return await lease(account, lane, *rest)

    loose(office.store).lease = one_fails
    await office.notices("a", "first")
    office.sender.nudge()
    await office.until(lambda: office.texts() == ["first"])
    assert failed


async def test_a_notice_whose_person_cannot_be_looked_up_is_given_back(office: Office) -> None:
    await office.notices("a", "first")
    give_back, given_back = office.store.give_back, list[int]()

    async def noted(ids: Sequence[int], *rest: Any) -> None:
        await give_back(ids, *rest)
        given_back.extend(ids)

    loose(office.store).known, loose(office.store).give_back = failing(office.store.known), noted
    office.sender.nudge()
    await office.until(lambda: len(given_back) == 1)
    assert await statuses(office, "a") == [("created", 0)]
    office.now_ms += 10_000
    await office.until(lambda: office.texts() == ["first"])


async def test_replies_on_record_are_fetched_when_the_store_can_again(office: Office) -> None:
    loose(office.store).since = failing(office.store.since)
    texts = [f"a{at}" for at in range(2 * MOST_WAITING)]
    for text in texts:
        await office.says("a", text)
    await office.until(lambda: len(office.post.brought) == len(texts), 15)
    assert office.texts() == texts


# ---- the process ends ----


async def test_an_orderly_stop_gives_back_what_has_not_left(office: Office) -> None:
    office.post.slow_s = 0.3
    everybody = [f"n{at}" for at in range(16)]
    for who in everybody:
        await office.notices(who, who)
    office.sender.nudge()
    await office.until(lambda: len(office.post.flying) == 8)
    await asyncio.sleep(0.1)
    await after_a_restart(office)
    assert len(office.post.brought) == 8
    assert await office.store.letters(ACCOUNT) == (), "none is unknown"
    assert {status for who in everybody for status, _ in await statuses(office, who)} == {"sent", "created"}


async def test_a_stop_while_notices_are_taken_gives_them_back(office: Office) -> None:
    lease, on_its_way = office.store.lease, asyncio.Event()

    async def slowly(account: str, lane: str, *rest: int) -> Any:
        taken = await lease(account, lane, *rest)
        if taken:
            on_its_way.set()
        await asyncio.sleep(0.2)
        return taken

    loose(office.store).lease = slowly
    await office.notices("a", "first")
    office.sender.nudge()
    await asyncio.wait_for(on_its_way.wait(), 5)
    await after_a_restart(office)
    assert (office.texts(), await statuses(office, "a")) == ([], [("created", 0)])


async def test_what_arrives_during_a_stop_is_put_on_record(office: Office) -> None:
    office.post.slow_s = 0.1
    commit = office.store._writer._commit

    def slowly() -> None:
        time.sleep(0.03)
        commit()

    await office.notices("a", "first")
    office.sender.nudge()
    await office.until(lambda: "a" in office.post.flying)
    loose(office.store._writer)._commit = slowly
    await office.sender.close()
    assert await statuses(office, "a") == [("sent", 1)]


async def test_more_replies_than_are_read_at_once_are_sent_after_a_restart(office: Office) -> None:
    """Also those behind an account that is configured no more, whose replies wait for ever."""
    await office.sender.close()
    effect = (encode_outbound(Outbound("?")),)
    for at in range(3):
        await office.store.turn("gone/main:x", f"e{at}", lambda _: Taken(b"{}", effect * (RESUMED // 2)))
    for at in range(3):
        await office.says("abc"[at], *(["hello"] * (RESUMED // 2)))
    office.post.brought.clear()
    office.sender = office.new_sender()
    assert await office.sender.resume() == 3 * (RESUMED // 2)


async def test_the_confirmation_of_a_stop_survives_a_restart(office: Office) -> None:
    desk, channel = a_desk(office), office.channel
    for number, text in enumerate(("Привіт", "СТОП")):
        said = await desk.receive(channel, Inbound(f"{number}", "a", meant(text), lang="uk"))
        assert said
    await after_a_restart(office)
    await office.until(lambda: len(office.post.brought) == 2)
    assert office.texts()[1].startswith("Більше не писатимемо")


# ---- the platform ----


async def test_people_who_have_to_wait_keep_notices_from_nobody_else(office: Office) -> None:
    waiting = [f"w{at}" for at in range(office.channel.capabilities.at_once)]
    for who in waiting:
        office.post.script[who].append(RetryAfter(120, "chat"))
        await office.says(who, "reply")
    await office.until(lambda: len(office.post.brought) == len(waiting))
    for who in [*waiting, "x"]:
        await office.notices(who, f"for {who}")
    office.sender.nudge()
    await office.until(lambda: "for x" in office.texts())


async def test_notices_are_not_on_their_way_while_everybody_has_to_wait(office: Office) -> None:
    office.post.script["a"].append(RetryAfter(60, "account"))
    await office.says("a", "reply")
    await office.until(lambda: len(office.post.brought) == 1)
    await office.notices("b", "notice")
    office.sender.nudge()
    await asyncio.sleep(0.3)
    assert await statuses(office, "b") == [("created", 0)], "a kill now would make it unknown"


async def test_whoever_shall_wait_after_a_notice_waits(office: Office) -> None:
    office.post.script["a"].append(RetryAfter(1.0, "chat"))
    await office.notices("a", "notice")
    office.sender.nudge()
    await office.until(lambda: len(office.post.brought) == 1)
    await office.says("a", "reply")
    await asyncio.sleep(0.3)
    assert office.texts() == ["notice"]


async def test_a_long_notice_that_breaks_off_repeats_no_part(office: Office) -> None:
    office.post.script["a"] += [Sent("1"), RetryAfter(0.01)]
    await office.notices("a", "first|second")
    office.sender.nudge()
    await office.until(lambda: len(office.post.brought) == 3)
    assert office.texts() == ["first", "second", "second"]
    await office.until(lambda: office.sender._held == 0)


async def test_while_a_notice_is_held_the_store_is_not_asked_all_the_time(office: Office) -> None:
    lease, asked = office.store.lease, list[str]()

    async def counted(account: str, lane: str, *rest: int) -> Any:
        asked.append(lane)
        return await lease(account, lane, *rest)

    office.post.script["a"] += [Sent("1"), RetryAfter(60, "chat")]
    await office.notices("a", "first|second")
    office.sender.nudge()
    await office.until(lambda: office.sender._held == 1 and len(office.post.brought) == 2)
    loose(office.store).lease = counted
    await office.until(lambda: len(asked) >= 2)
    await asyncio.sleep(0.6)
    assert len(asked) == 2


async def test_nothing_more_goes_to_a_dead_address(office: Office) -> None:
    office.post.script["a"].append(DeadAddress("blocked"))
    await office.says("a", *"12345")
    await office.rests()
    assert office.texts() == ["1"]


async def test_who_writes_while_their_address_is_found_dead_is_there(office: Office) -> None:
    """They had blocked us, and unblocked us while a message was on its way."""
    office.post.slow_s = 0.1
    office.post.script["a"].append(DeadAddress("blocked"))
    await office.says("a", "old")
    await office.until(lambda: "a" in office.post.flying)
    await office.says("a", "new")
    await office.rests()
    known = await office.store.known(VAULT.name(ACCOUNT, "a"))
    assert (office.texts(), known and known.status) == (["old", "new"], "alive")


async def test_who_writes_while_their_address_is_marked_dead_is_answered(office: Office) -> None:
    mark = office.store.mark

    async def slowly(*given: Any) -> None:
        await asyncio.sleep(0.1)
        await mark(*given)

    loose(office.store).mark = slowly
    office.post.script["a"].append(DeadAddress("blocked"))
    await office.says("a", "old")
    await office.until(lambda: office.sender.counted["DeadAddress"] == 1)
    await office.says("a", "new")
    await office.rests()
    assert office.texts() == ["old", "new"]


async def test_a_mended_account_goes_on_though_stages_come_all_the_time(office: Office) -> None:
    office.post.script["a"].append(Misconfigured("no money"))
    await office.notices("a", "first")
    office.sender.nudge()
    await office.until(lambda: len(office.alarms) == 1)
    await office.notices("b", "second")
    for _ in range(10):
        office.sender.nudge()
        await asyncio.sleep(0.3)
    assert "second" in office.texts()


async def test_trouble_is_told_once_and_an_alarm_that_fails_stops_nobody(office: Office) -> None:
    told = list[str]()

    def alarm(trouble: str) -> None:
        told.append(trouble)
        raise OSError("no syslog")

    office.sender._alarm = alarm
    office.post.script["a"] += [Misconfigured("wrong token")] * 2
    await office.says("a", "one")
    await office.until(lambda: len(office.post.brought) == 3, 15)
    assert len(told) == 1


async def test_a_notice_tried_for_days_waits_no_longer_than_the_longest(office: Office) -> None:
    office.post.script["a"].append(RetryAfter(0.0))
    await office.notices("a", "first")
    office.store._writer._connection.execute("UPDATE notice SET tries = 1030")
    office.sender.nudge()
    await office.until(lambda: len(office.post.brought) == 1)
    await office.until(lambda: not office.sender._chats)
    office.now_ms += 301_000
    await office.until(lambda: office.texts() == ["first", "first"])


async def test_a_carry_that_is_cancelled_within_costs_nobody_their_turn(office: Office) -> None:
    carry = office.post.carry

    async def cancelled(_: tuple[str, str]) -> Any:
        loose(office.post).carry = carry
        future = asyncio.get_running_loop().create_future()
        future.cancel()
        return await future

    loose(office.post).carry = cancelled
    await office.says("a", "one", "two")
    await office.until(lambda: office.texts() == ["one", "two"])


def test_a_rate_below_one_a_second_sends_at_all() -> None:
    pace = Pace(0.5)
    assert sum(pace.take(float(second)) == 0.0 for second in range(100)) in (50, 51)


# ---- people ----


async def held(office: Office, lives_ms: int = YEAR_MS) -> None:
    """A notice to somebody who has to wait."""
    office.post.script["a"].append(RetryAfter(0.8, "chat"))
    await office.says("a", "reply")
    await office.until(lambda: len(office.post.brought) == 1)
    await office.notices("a", "notice", lives_ms=lives_ms)
    office.sender.nudge()
    await asyncio.sleep(0.3)


async def test_a_held_notice_does_not_go_after_its_time(office: Office) -> None:
    await held(office, lives_ms=1000)
    office.now_ms += 5000
    await office.until(lambda: len(office.post.brought) == 2)
    await asyncio.sleep(0.2)
    assert office.texts() == ["reply", "reply"]


async def test_a_held_notice_does_not_go_to_whoever_has_left(office: Office) -> None:
    await held(office)
    await office.store.mark(VAULT.name(ACCOUNT, "a"), "left")
    office.sender.left(VAULT.name(ACCOUNT, "a"))
    await office.until(lambda: len(office.post.brought) == 2)
    await asyncio.sleep(0.2)
    assert office.texts() == ["reply", "reply"]
    assert await statuses(office, "a") == [("dropped", 0)]


@pytest.mark.parametrize("many", [1, MOST_WAITING])
async def test_what_is_said_after_an_erasure_is_not_taken_for_what_was_said_before(office: Office, many: int) -> None:
    """Its positions begin anew."""
    office.post.slow_s = 0.05
    await office.says("a", *(f"old{at}" for at in range(many)))
    await office.until(lambda: "a" in office.post.flying)
    name = VAULT.name(ACCOUNT, "a")
    await office.store.forget(name)
    office.sender.forget(name)
    office.post.script["a"] += [Sent("x"), RetryAfter(60, "chat")]
    await office.says("a", "new")
    await office.until(lambda: len(office.post.brought) == 2)
    assert office.texts() == ["old0", "new"]
    assert len(await office.store.waiting()) == 1, "it was refused, so it still waits"


async def test_replies_offered_in_another_order_go_in_that_of_the_record(office: Office) -> None:
    name = await office.meets("a")
    office.post.script["a"].append(RetryAfter(0.2, "chat"))
    for position in (1, 3, 2):
        office.sender.offer(name, "a", position, Outbound(f"{position}"))
    await office.until(lambda: len(office.post.brought) == 4)
    assert office.texts() == ["1", "1", "2", "3"]


async def test_lanes_hold_nobody_twice(office: Office) -> None:
    office.channel.capabilities = replace(office.channel.capabilities, rate_per_s=1.0)
    office.sender = office.new_sender()
    for at in range(20):
        await office.notices("a", f"n{at}")
        await office.says("a", f"r{at}")
    await office.sender._lease()
    for lane in (office.sender._replies, office.sender._notices):
        assert len(lane.queue) == len(lane.standing) <= 1


# ---- what is brought again ----


def a_desk(office: Office) -> Desk:
    return Desk(office.store, office.store, VAULT, load_worlds().now, lambda: NOW_MS)


def hook_for(office: Office, *inbound: Inbound) -> Hook:
    loose(office.channel).parse = lambda _: inbound
    return Hook(office.channel, a_desk(office), office.sender, office.store)


async def test_of_two_things_brought_together_both_are_answered_though_one_had_to_come_again(office: Office) -> None:
    hook = hook_for(office, Inbound("k1", "a", Opened()), Inbound("k2", "b", Opened()))
    turn, failed = office.store.turn, list[str]()

    async def one_fails(conversation: str, event: str, step: Any) -> Any:
        if event == "k2" and not failed:
            failed.append(event)
            raise TooManyTurns(1)
        return await turn(conversation, event, step)

    loose(office.store).turn = one_fails
    assert (await hook.answer([], b"{}"))[0] == 503
    await office.until(lambda: [who for who, _ in office.post.brought] == ["a"])  # who need not wait for the others
    assert (await hook.answer([], b"{}"))[0] == 200
    await office.rests()
    assert sorted(who for who, _ in office.post.brought) == ["a", "b"]


async def test_whoever_brought_it_and_has_gone_brings_it_again_and_it_is_answered_once(office: Office) -> None:
    """As when a line to an SMS centre breaks while a message is put on record."""
    hook, commit = hook_for(office, Inbound("k1", "a", Opened())), office.store._writer._commit

    def slowly() -> None:
        time.sleep(0.1)
        commit()

    await office.meets("a")
    loose(office.store._writer)._commit = slowly
    first = asyncio.create_task(hook.answer([], b"{}"))
    await asyncio.sleep(0.25)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    loose(office.store._writer)._commit = commit
    for _ in range(2):
        assert (await hook.answer([], b"{}"))[0] == 200
    await office.rests()
    assert len(office.post.brought) == 1
