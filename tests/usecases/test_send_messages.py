# ruff: noqa: ASYNC110 - what is waited for has no event
"""What is said is sent: replies first, in each person’s order, at the pace allowed, and honestly when nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from tests.usecases.sending import ACCOUNT, VAULT, Office
from vikno.usecases.channel import (
    BadMessage,
    Capabilities,
    DeadAddress,
    Misconfigured,
    NotCarried,
    Outbound,
    Outcome,
    RetryAfter,
    Sent,
    Unknown,
    encode_outbound,
)
from vikno.usecases.ports import Taken
from vikno.usecases.send_messages import MOST_WAITING, Pace


async def test_replies_go_in_each_persons_order(office: Office) -> None:
    office.post.slow_s = 0.005
    for round_ in range(3):
        for who in "abc":
            await office.says(who, f"{who}{round_}x", f"{who}{round_}y")
    await office.until(lambda: len(office.post.brought) == 18)
    for who in "abc":
        assert [text for text in office.texts() if text[0] == who] == [
            f"{who}{n}{part}" for n in range(3) for part in "xy"
        ]
    await office.rests()


async def test_what_waited_when_a_process_ended_is_sent_by_the_next_one(office: Office) -> None:
    name = await office.meets("a")
    await office.store.turn(name, "e", lambda _: Taken(b"{}", (encode_outbound(Outbound("still here")),)))
    assert await office.sender.resume() == 1
    await office.until(lambda: office.texts() == ["still here"])


async def test_a_platform_that_asks_to_wait_gets_the_message_later_and_the_whole_account_waits(office: Office) -> None:
    office.post.script["a"].append(RetryAfter(0.1, "account"))
    await office.says("a", "one")
    await office.until(lambda: len(office.post.brought) == 1)
    began = asyncio.get_running_loop().time()
    await office.says("b", "two")
    await office.until(lambda: len(office.post.brought) == 3)
    assert asyncio.get_running_loop().time() - began >= 0.08
    assert sorted(office.texts()) == ["one", "one", "two"]


async def test_one_chat_that_has_to_wait_holds_up_nobody_else(office: Office) -> None:
    office.post.script["a"].append(RetryAfter(0.2, "chat"))
    await office.says("a", "one", "two")
    await office.says("b", "three")
    await office.until(lambda: len(office.post.brought) == 4)
    assert office.texts() == ["one", "three", "one", "two"], "and the order of its own is kept"


async def test_a_long_message_that_breaks_off_goes_on_where_it_was(office: Office) -> None:
    take, taken = office.sender.pace.take, list[float]()

    def counted(now_s: float, reserve: float = 0.0) -> float:
        taken.append(take(now_s, reserve))
        return taken[-1]

    office.sender.pace.take = counted  # type: ignore[method-assign]
    office.post.script["a"] += [Sent("1"), RetryAfter(0.01)]
    await office.says("a", "first|second|third")
    await office.until(lambda: len(office.post.brought) == 4)
    assert office.texts() == ["first", "second", "second", "third"]
    assert taken.count(0.0) == 4, "each request takes of the pace what one may"


async def test_a_dead_address_gets_nothing_more_and_is_known_to_be_dead(office: Office) -> None:
    office.post.script["a"].append(DeadAddress("blocked"))
    await office.says("a", "one")
    name = VAULT.name(ACCOUNT, "a")
    await office.until(lambda: office.sender.counted["DeadAddress"] == 1)
    await office.rests()
    async with asyncio.timeout(5):
        while (known := await office.store.known(name)) is None or known.status != "dead":
            await asyncio.sleep(0.01)


async def test_a_message_that_is_refused_is_set_aside_for_an_operator_and_the_next_one_goes(office: Office) -> None:
    office.post.script["a"].append(BadMessage("too long"))
    await office.says("a", "bad", "good")
    await office.until(lambda: office.texts() == ["bad", "good"])
    aside = await office.aside()
    assert aside.reason == "BadMessage: too long"
    assert VAULT.unseal(aside.sealed) == "bad"


async def test_a_reply_of_which_nobody_knows_is_said_once_more_and_then_set_aside(office: Office) -> None:
    office.post.script["a"] += [Unknown("no answer"), Unknown("no answer")]
    await office.says("a", "one")
    await office.until(lambda: len(office.post.brought) == 2)
    assert (await office.aside()).reason == "Unknown: no answer"


async def test_a_reply_of_which_nobody_knows_is_said_once_more_though_it_had_to_wait_before(office: Office) -> None:
    """A line that breaks down refuses first, and then does not answer."""
    office.post.script["a"] += [RetryAfter(0.01), Unknown("no answer")]
    await office.says("a", "one")
    await office.until(lambda: len(office.post.brought) == 3)
    await office.rests()


async def test_a_notice_of_which_nobody_knows_is_listed_and_not_repeated(office: Office) -> None:
    office.post.script["a"].append(Unknown("no answer"))
    await office.notices("a", "printed")
    office.sender.nudge()
    await office.until(lambda: office.sender.counted["Unknown"] == 1)
    await asyncio.sleep(0.3)
    assert office.texts() == ["printed"]
    assert [(letter.status, letter.reason) for letter in await office.store.letters(ACCOUNT)] == [
        ("unknown", "no answer")
    ]


async def test_what_a_process_had_on_its_way_when_it_ended_is_unknown(office: Office) -> None:
    await office.sender.close()
    await office.notices("a", "printed")
    [leased] = await office.store.lease(ACCOUNT, "notice", 10, office.now_ms)
    fresh = office.new_sender()
    await fresh.resume()
    assert [letter.id for letter in await office.store.letters(ACCOUNT)] == [leased.id]


async def test_notices_go_and_a_reply_overtakes_them(office: Office) -> None:
    office.post.slow_s = 0.03
    for number in range(30):
        await office.notices(f"n{number}", f"notice {number}")
    office.sender.nudge()
    await office.until(lambda: len(office.post.brought) >= 8)
    await office.says("r", "reply")
    await office.until(lambda: len(office.post.brought) == 31)
    assert office.texts().index("reply") < 25


async def test_a_notice_that_is_refused_for_now_is_tried_again_and_not_after_its_time(office: Office) -> None:
    office.post.script["a"].append(RetryAfter(0.01))
    office.post.script["b"].append(RetryAfter(10))
    await office.notices("a", "again")
    await office.notices("b", "too late", lives_ms=5000)
    office.sender.nudge()
    await office.until(lambda: len(office.post.brought) == 2)
    office.now_ms += 2000
    await office.until(lambda: office.texts().count("again") == 2)
    assert office.texts().count("too late") == 1


async def test_trouble_of_the_account_is_told_once_and_nothing_is_lost(office: Office) -> None:
    office.post.script["a"].append(Misconfigured("wrong token"))
    office.post.script["b"].append(Misconfigured("wrong token"))
    await office.says("a", "one")
    await office.says("b", "two")
    await office.until(lambda: len(office.post.brought) == 2)
    assert office.alarms == [f"{ACCOUNT}: wrong token"]
    assert len(await office.store.waiting()) == 2


async def test_a_fault_of_the_adapter_costs_one_message(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    whole = office.channel.render

    def broken(outbound: Outbound, address: str) -> Sequence[tuple[str, str]]:
        if outbound.text == "bad":
            raise KeyError(address)
        return whole(outbound, address)

    office.channel.render = broken  # type: ignore[method-assign]
    await office.says("380501112233", "bad", "good")
    await office.until(lambda: office.texts() == ["good"])
    assert "380501112233" not in caplog.text
    aside = await office.aside()
    assert aside.reason.startswith("BadMessage: KeyError in ")


async def test_a_person_gets_a_few_at_once_and_then_one_at_a_time(office: Office) -> None:
    office.channel.capabilities = Capabilities(True, 1e9, 0.2, 8, 3)
    office.sender = office.new_sender()
    await office.says("a", *"12345")
    began = asyncio.get_running_loop().time()
    await office.until(lambda: len(office.post.brought) == 3)
    assert asyncio.get_running_loop().time() - began < 0.15
    await office.until(lambda: len(office.post.brought) == 5)
    assert asyncio.get_running_loop().time() - began > 0.35


async def test_who_writes_faster_than_can_be_answered_fills_nothing_and_loses_nothing(office: Office) -> None:
    """Or one person would fill the memory, or miss what was said in between."""
    office.post.script["a"].append(RetryAfter(1.0, scope="chat"))
    texts = [f"a{at}" for at in range(4 * MOST_WAITING)]
    for text in texts:
        await office.says("a", text)
    await office.says("b", "b0")
    await office.until(lambda: ("b", "b0") in office.post.brought)
    assert sum(len(chat.waiting) for chat in office.sender._chats.values()) == MOST_WAITING
    await office.until(lambda: len(office.post.brought) > len(texts) + 1, 20)
    assert [text for who, text in office.post.brought if who == "a"] == ["a0", *texts]
    await office.rests()
    await office.until(lambda: not office.sender._chats)


async def test_what_waits_on_record_alone_survives_the_process(office: Office) -> None:
    await office.sender.close()
    texts = [f"a{at}" for at in range(3 * MOST_WAITING)]
    for text in texts:
        await office.says("a", text)
    office.sender = office.new_sender()
    assert await office.sender.resume() == len(texts)
    await office.says("a", "new")
    await office.until(lambda: len(office.post.brought) > len(texts), 20)
    assert office.texts() == [*texts, "new"]
    await office.sender.close()


async def test_who_leaves_while_replies_wait_on_record_gets_none_of_them(office: Office) -> None:
    office.post.script["a"].append(RetryAfter(0.5, scope="chat"))
    for at in range(2 * MOST_WAITING):
        await office.says("a", f"a{at}")
    await office.store.mark(VAULT.name(ACCOUNT, "a"), "dead")
    await office.rests()
    assert len(office.post.brought) <= MOST_WAITING + 1
    assert office.sender.counted["forgone"] >= MOST_WAITING - 1


async def test_the_next_reply_leaves_when_the_last_one_is_on_record_as_done(office: Office) -> None:
    """So that a kill finds one at most that was sent and not marked so."""
    waited: list[int] = []
    carry = office.post.carry

    async def look(request: tuple[str, str]) -> Outcome | NotCarried:
        waited.append(len(await office.store.waiting()))
        return await carry(request)

    office.post.carry = look  # type: ignore[method-assign]
    await office.says("a", *"12345")
    await office.rests()
    assert waited == [5, 4, 3, 2, 1]


def test_the_pace_of_an_account_leaves_something_for_replies() -> None:
    pace = Pace(10.0)
    notices = sum(pace.take(0.0, 0.3) == 0.0 for _ in range(20))
    replies = sum(pace.take(0.0) == 0.0 for _ in range(20))
    assert (notices, replies) == (7, 3)


def test_the_pace_is_never_more_than_the_platform_allows() -> None:
    pace, taken = Pace(30.0), 0
    for tick in range(3000):
        taken += pace.take(tick / 1000) == 0.0
    assert 110 <= taken <= 30 + 90 + 1
