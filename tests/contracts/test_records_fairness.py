"""Whose turn it is where several senders' notifications wait for one account, as every keeper promises."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

from tests.contracts.keepers import RecordsKeeper, RecordsPlace
from tests.contracts.records import FOREVER_MS, Moment, notice, settle
from tests.contracts.senders import VIBER, a_sender, due, moves, named, now, step, taken, telling, told
from vikno.usecases.channel import RetryAfter, Sent
from vikno.usecases.records import NoticeKept

ANNA, BOHDAN = named(VIBER, "a"), named(VIBER, "b")


async def many(records: RecordsKeeper, flow: int, count: int, first: int = 0, now_ms: int = 1_000) -> None:
    """One for each of so many people."""
    made = [telling(flow, f"{VIBER}:{first + n:032x}") for n in range(count)]
    for start in range(0, count, 1000):
        await records.keep_notifications(made[start : start + 1000], now_ms)


async def whose(records: RecordsKeeper, notices: list[NoticeKept]) -> list[int]:
    """The queue of each, in the order in which they were taken."""
    found = await records.in_hand([one.notification or 0 for one in notices])
    return [one.notification.flow for one in found]


async def one_by_one(records: RecordsKeeper, count: int) -> list[int]:
    """As an account with little room takes them."""
    return [flow for _ in range(count) for flow in await whose(records, await taken(records, limit=1))]


async def test_a_few_of_one_sender_do_not_wait_for_thousands_of_another(records: RecordsKeeper) -> None:
    _, crowd = await a_sender(records)
    bank, few = await a_sender(records, "bank")
    assert bank.id != 1
    await many(records, crowd, 10_000)
    await many(records, few, 10, 50_000, now_ms=1_900)
    at_once = await whose(records, await taken(records, limit=20))
    assert Counter(at_once) == {crowd: 10, few: 10}
    rest = await taken(records, limit=100)
    assert Counter(await whose(records, rest)) == {crowd: 100}, "the room that is left is used"


async def test_one_by_one_they_take_turns(records: RecordsKeeper) -> None:
    _, crowd = await a_sender(records)
    _, few = await a_sender(records, "bank")
    await many(records, crowd, 200)
    await many(records, few, 10, 50_000, now_ms=1_900)
    order = await one_by_one(records, 30)
    assert Counter(order[:21])[few] == 10
    assert Counter(order) == {crowd: 20, few: 10}


async def test_who_weighs_three_times_as_much_has_three_times_as_many_turns(records: RecordsKeeper) -> None:
    _, light = await a_sender(records, "sky", weight=1)
    _, heavy = await a_sender(records, "bank", weight=3)
    await many(records, light, 100)
    await many(records, heavy, 100, 50_000)
    assert Counter(await whose(records, await taken(records, limit=80))) == {light: 20, heavy: 60}
    assert Counter(await one_by_one(records, 40)) == {light: 10, heavy: 30}


async def test_queues_of_one_sender_share_its_weight(records: RecordsKeeper) -> None:
    _, singles = await a_sender(records)
    campaigns = [await records.flow_for_campaign(1, number, 1_000) for number in (1, 2)]
    assert await records.flow_for_campaign(1, 2, 2_000) == campaigns[1]
    _, other = await a_sender(records, "bank")
    assert len({singles, other, *campaigns}) == 4
    for nth, flow in enumerate([singles, *campaigns, other]):
        await many(records, flow, 60, nth * 1_000)
    shares = Counter(await whose(records, await taken(records, limit=60)))
    assert shares == {singles: 10, campaigns[0]: 10, campaigns[1]: 10, other: 30}


async def test_many_who_begin_a_queue_at_once_begin_one(records: RecordsKeeper) -> None:
    organisation, flow = await a_sender(records)
    assert set(await asyncio.gather(*(records.flow_of(organisation.id, 1_000) for _ in range(9)))) == {flow}
    campaign = await asyncio.gather(*(records.flow_for_campaign(organisation.id, 7, 1_000) for _ in range(9)))
    assert len(set(campaign)) == 1


async def test_notices_about_cases_have_their_share_too(records: RecordsKeeper) -> None:
    _, crowd = await a_sender(records)
    await many(records, crowd, 1_000)
    await records.queue([notice(named(VIBER, letter)) for letter in "abcdef"], 1_900)
    found = await taken(records, limit=12)
    assert Counter(one.notification is None for one in found) == {True: 6, False: 6}


async def test_a_queue_that_stands_still_takes_nothing_and_holds_up_nobody(records: RecordsKeeper) -> None:
    _, paused = await a_sender(records)
    _, other = await a_sender(records, "bank")
    for who in (ANNA, BOHDAN):
        await told(records, telling(paused, who))
    await told(records, telling(other, ANNA, organisation=2))
    assert not await records.set_flow(99, "paused")
    assert await records.set_flow(paused, "paused")
    (found,) = await taken(records)
    assert found.conversation == ANNA
    assert await whose(records, [found]) == [other]
    await settle(records, found.id, Sent("m"))
    await records.set_flow(paused, "stopped")
    assert await taken(records) == []
    await records.set_flow(paused, "running")
    assert {one.conversation for one in await taken(records)} == {ANNA, BOHDAN}


async def test_in_a_queue_that_stands_still_what_is_past_its_time_expires(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    short = await told(records, telling(flow, ANNA, step=step(ANNA, expires_ms=3_000)))
    long = await told(records, telling(flow, BOHDAN))
    await records.set_flow(flow, "stopped")
    assert await taken(records, now_ms=2_999) == []
    assert await due(records) == []
    assert await taken(records, now_ms=3_000) == []
    assert await due(records) == [short]
    assert (await now(records, long)).due_ms is None


async def test_somebody_written_to_by_two_gets_one_at_a_time(records: RecordsKeeper) -> None:
    _, one = await a_sender(records)
    _, other = await a_sender(records, "bank")
    for flow in (one, one, other):
        await told(records, telling(flow, ANNA))
    order = []
    while found := await taken(records):
        assert len(found) == 1
        assert await taken(records) == []
        order += await whose(records, found)
        await settle(records, found[0].id, Sent(f"m{len(order)}"))
    assert sorted(order) == sorted([one, one, other])
    assert order[1] == other or order[0] == other, "they take turns with one person too"


async def test_one_senders_next_try_holds_back_its_own_and_nobody_elses(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    _, other = await a_sender(records, "bank")
    await told(records, telling(flow, ANNA))
    (first,) = await taken(records)
    await settle(records, first.id, RetryAfter(1), 9_000)
    await told(records, telling(flow, ANNA))
    await told(records, telling(other, ANNA))
    assert await whose(records, await taken(records)) == [other]
    assert await taken(records) == []


async def test_whoever_rests_saves_up_no_turns(records: RecordsKeeper) -> None:
    _, busy = await a_sender(records)
    _, rests = await a_sender(records, "bank")
    await many(records, rests, 1)
    await many(records, busy, 300, 1_000)
    assert len(await taken(records, limit=200)) == 200
    await many(records, rests, 100, 50_000)
    assert Counter(await whose(records, await taken(records, limit=20))) == {busy: 10, rests: 10}


async def test_what_is_leased_fits_the_room_however_many_wait_for_little(records: RecordsKeeper) -> None:
    flows = [(await a_sender(records, f"s{n}"))[1] for n in range(30)]
    for nth, flow in enumerate(flows):
        await many(records, flow, 3, nth * 10)
    first = await taken(records, limit=7)
    assert len(first) == 7
    assert len(set(await whose(records, first))) == 7
    assert len(await taken(records, limit=1_000)) == 83
    assert await taken(records) == []


async def test_turns_go_on_after_a_crash(records: RecordsKeeper, records_place: RecordsPlace, moment: Moment) -> None:
    _, flow = await a_sender(records)
    _, other = await a_sender(records, "bank", weight=3)
    await many(records, flow, 100)
    await many(records, other, 100, 1_000)
    await records.set_flow(await records.flow_for_campaign(1, 1, 1_000), "paused")
    before = await taken(records, limit=40)
    again = records_place.after_a_crash().open(moment)
    after = await taken(again, limit=40)
    assert Counter(await whose(again, after)) == {flow: 10, other: 30}
    assert not {one.id for one in before} & {one.id for one in after}
    paused = await again.flow_for_campaign(1, 1, 2_000)
    await again.keep_notifications([telling(paused, ANNA)], 2_000)
    rest = await taken(again, limit=1_000)
    assert (len(rest), paused in await whose(again, rest)) == (120, False)
    await again.close()


async def test_a_step_stands_in_the_queue_of_its_notification(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await told(records, replace(telling(flow, ANNA), step=None, due_ms=1_000))
    await records.set_flow(flow, "paused")
    await records.move([moves(await now(records, number), step=step(ANNA, 0))], 1_500)
    assert await taken(records, now_ms=FOREVER_MS - 1) == []
    await records.set_flow(flow, "running")
    assert len(await taken(records)) == 1
