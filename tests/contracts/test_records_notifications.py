"""What every keeper of notifications promises (`vikno.usecases.notifications`), but for whose turn it is."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.keepers import RecordsKeeper, RecordsPlace
from tests.contracts.records import FOREVER_MS, Moment, meet, settle
from tests.contracts.senders import (
    PLAN,
    SKY,
    SMS,
    VIBER,
    a_sender,
    agrees,
    chain,
    due,
    moves,
    named,
    now,
    step,
    taken,
    telling,
    told,
)
from vikno.usecases.channel import BadMessage, DeadAddress, Outcome, RetryAfter, Sent, Unknown
from vikno.usecases.notifications import (
    KeptNotifications,
    NotificationKept,
    Request,
    RequestRepeated,
    Tally,
    Wanted,
)
from vikno.usecases.people import Choices
from vikno.usecases.ports import StoreClosed
from vikno.usecases.records import Position, Settled, TooManyAtOnce

CHAT, PHONE, OTHER = named(VIBER, "a"), named(SMS, "a"), named(VIBER, "b")
START = Position(0)
BOTH = (CHAT, PHONE)


async def sent(records: RecordsKeeper, flow: int, message: str = "m1") -> int:
    """One whose first notice has left, as the router knows."""
    number = await told(records, telling(flow, CHAT, ways=BOTH))
    (notice,) = await taken(records)
    await settle(records, notice.id, Sent(message))
    await records.move([moves(await now(records, number), due_ms=9_000)], 3_000)
    return number


# ---- keeping ----


async def test_a_notification_is_kept_as_it_was_made(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    await meet(records, PHONE)
    made = telling(flow, CHAT, ways=BOTH, reference="K-7", micros=50, expires_ms=8_000, due_ms=7_000)
    number = await told(records, made)
    kept = NotificationKept(
        number, 1, flow, 1, CHAT, BOTH, PLAN, b"sealed", "uk", "live", "message", "initiated", "K-7", "created", "", 0,
        1_000, 1_000, None, None, 8_000, 7_000, 50,
    )  # fmt: skip
    assert await records.notification(number) == kept
    assert await records.notification(number + 1) is None
    (one,) = await records.in_hand([number, number + 1])
    assert one.notification == kept
    (notice,) = one.tries
    assert (notice.conversation, notice.account, notice.status, notice.payload) == (CHAT, VIBER, "created", b"")
    assert (notice.notification, notice.step, notice.expires_ms) == (number, 0, FOREVER_MS)
    assert await records.inbox(CHAT) == (), "it is read by `letters_of`"


async def test_one_without_a_step_waits_for_the_router_and_one_that_has_ended_for_nobody(
    records: RecordsKeeper,
) -> None:
    _, flow = await a_sender(records)
    held = await told(records, telling(flow, CHAT, step=None, due_ms=4_000))
    over = await told(records, telling(flow, CHAT, step=None, status="permanent-failure", reason="law"))
    shown = await told(records, telling(flow, CHAT, step=None, status="delivered", reason="inbox"))
    assert [(await now(records, one)).step for one in (held, over)] == [-1, -1]
    assert await due(records, 3_999) == []
    assert await due(records, 4_000) == [held]
    assert ((await now(records, over)).completed_ms, (await now(records, over)).sent_ms) == (1_000, None)
    assert ((await now(records, shown)).completed_ms, (await now(records, shown)).sent_ms) == (1_000, 1_000)


async def test_many_are_kept_in_their_order_and_too_many_are_not(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    made = [telling(flow, f"{VIBER}:{n:032x}") for n in range(500)] * 2
    ids = (await records.keep_notifications(made, 1_000)).ids
    assert list(ids) == sorted(set(ids))
    kept = [one.notification for one in await records.in_hand(ids)]
    assert [one.to for one in kept] == [one.to.conversation for one in made]
    with pytest.raises(TooManyAtOnce):
        await records.keep_notifications([*made, made[0]], 1_000)
    with pytest.raises(TooManyAtOnce):
        await records.move([moves(kept[0])] * 1001, 1_000)
    assert await records.keep_notifications([], 1_000) == KeptNotifications(())


@pytest.mark.parametrize("count", [0, 1, 100])
async def test_a_request_that_comes_again_is_answered_as_before(records: RecordsKeeper, count: int) -> None:
    _, flow = await a_sender(records)
    made = [telling(flow, CHAT)] * count
    first = await records.keep_notifications(made, 1_000, Request(1, "r", "d1"))
    assert (len(first.ids), first.repeated) == (count, False)
    again = await records.keep_notifications(made, 2_000, Request(1, "r", "d1"))
    assert again == replace(first, repeated=True)
    with pytest.raises(RequestRepeated):
        await records.keep_notifications(made, 2_000, Request(1, "r", "d2"))
    assert len(await records.listed_notifications(Wanted(1))) == count
    another = await records.keep_notifications(made, 2_000, Request(2, "r", "d2"))
    assert not another.repeated, "each organisation has its own"
    assert not set(another.ids) & set(first.ids)


@pytest.mark.parametrize("count", [1, 100])
async def test_one_request_that_comes_many_times_at_once_is_kept_once(records: RecordsKeeper, count: int) -> None:
    _, flow = await a_sender(records)
    made = [telling(flow, CHAT)] * count
    asked = [records.keep_notifications(made, 1_000, Request(1, "r", "d")) for _ in range(5)]
    answers = await asyncio.gather(*asked)
    assert sorted(answer.repeated for answer in answers) == [False, True, True, True, True]
    assert len({answer.ids for answer in answers}) == 1
    assert len(await records.listed_notifications(Wanted(1))) == count


async def test_whoever_has_left_since_it_was_planned_is_not_written_to(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    await meet(records, CHAT, PHONE)
    await records.mark(CHAT, "left")
    number = await told(records, telling(flow, CHAT, ways=BOTH), 3_000)
    assert await taken(records) == []
    assert await due(records) == [number], "so another way is sought"
    (one,) = await records.in_hand([number])
    assert [notice.status for notice in one.tries] == ["dropped"]


async def test_a_way_that_was_erased_since_it_was_planned_has_no_name(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    gone = await told(records, telling(flow, CHAT, ways=BOTH, step=step(PHONE, 1)), 3_000)
    assert ((await now(records, gone)).ways, await due(records)) == ((CHAT, ""), [gone])
    await meet(records, PHONE)
    number = await told(records, telling(flow, CHAT, ways=BOTH), 3_000)
    await records.erase(PHONE)
    await meet(records, OTHER)
    assert (await now(records, number)).ways == (CHAT, "")


# ---- what becomes of its notices brings it back ----


@pytest.mark.parametrize(
    ("outcome", "comes_back"),
    [
        (Sent("m"), True),
        (DeadAddress(), True),
        (BadMessage(), True),
        (Unknown(), True),
        (RetryAfter(1), False),
    ],
)
async def test_an_outcome_brings_it_back_to_the_router(
    records: RecordsKeeper, outcome: Outcome, comes_back: bool
) -> None:
    _, flow = await a_sender(records)
    number = await told(records, telling(flow, CHAT))
    (notice,) = await taken(records)
    assert await due(records) == []
    await settle(records, notice.id, outcome, 4_000 if isinstance(outcome, RetryAfter) else None)
    assert await due(records) == [number] * comes_back
    again = await records.lease(VIBER, "notice", 10, 4_000)
    assert len(again) == (not comes_back)


async def test_whatever_statement_changes_a_notice_its_notification_comes_back(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    short, leaves, lost, erased = (named(VIBER, who) for who in "cdef")
    late = await told(records, telling(flow, short, step=step(short, expires_ms=1_500)))
    left = await told(records, telling(flow, leaves, step=step(leaves, not_before_ms=2_500)))
    forlorn = await told(records, telling(flow, lost))
    way = await told(records, telling(flow, CHAT, ways=(CHAT, erased), step=step(erased, 1)))
    await meet(records, erased)
    other = await told(records, telling(flow, CHAT, ways=(CHAT, erased), step=step(erased, 1)))
    assert way in await due(records)
    (notice,) = [one for one in await taken(records) if one.conversation == lost]
    assert late in await due(records), "expired"
    await records.mark(leaves, "left")
    assert left in await due(records), "dropped"
    assert await records.recover(VIBER, 3_000) == 2
    assert forlorn in await due(records), "unknown"
    await records.move([moves(await now(records, forlorn))], 3_100)
    assert forlorn not in await due(records)
    await settle(records, notice.id, Sent("m9"))
    assert forlorn in await due(records), "sent after all"
    await records.move([moves(await now(records, other))], 3_100)
    assert other not in await due(records)
    await records.erase(erased)
    assert other in await due(records), "gone"


async def test_receipts_bring_it_back_each_time_also_when_it_was_thought_done(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await sent(records, flow)
    await records.move([moves(await now(records, number), "sent", ends=True)], 3_500)
    assert await due(records) == []
    assert await records.report(VIBER, "m1", "failed", 4_000)
    assert await due(records) == [number]
    await records.move([moves(await now(records, number), "sending", step=step(CHAT, 1))], 4_100)
    assert (await now(records, number)).completed_ms is None, "it goes on"
    assert await records.report(VIBER, "m1", "delivered", 4_200)
    assert await due(records) == [number], "late, and yet it has arrived"
    await records.move([moves(await now(records, number), "delivered", held=True, ends=True)], 4_300)
    assert await taken(records, now_ms=5_000) == [], "so the later step is taken back"
    assert await records.report(VIBER, "m1", "read", 4_400)
    assert await due(records) == [], "what has ended well stays so"


async def test_an_early_receipt_is_not_lost(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await told(records, telling(flow, CHAT))
    (notice,) = await taken(records)
    await records.report(VIBER, "m1", "delivered", 2_100)
    assert await due(records) == []
    await settle(records, notice.id, Sent("m1"))
    (one,) = await records.due(5_000)
    assert (one.notification.id, [notice.status for notice in one.tries]) == (number, ["delivered"])


# ---- moving ----


async def test_the_next_step_is_tried_and_the_trace_says_why(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    await meet(records, PHONE)
    number = await sent(records, flow)
    before = await now(records, number)
    assert (before.status, before.sent_ms, before.due_ms, before.completed_ms) == ("sending", 3_000, 9_000, None)
    on = moves(before, step=step(PHONE, 1), traced=b'{"what":"step"}', micros=7, reason="silence")
    assert await records.move([on], 9_000) == 1
    kept = await now(records, number)
    assert (kept.step, kept.micros, kept.reason, kept.due_ms, kept.sent_ms) == (1, 7, "silence", None, 3_000)
    (one,) = await records.in_hand([number])
    assert [(notice.step, notice.conversation, notice.status) for notice in one.tries] == [
        (0, CHAT, "sent"), (1, PHONE, "created"),
    ]  # fmt: skip
    assert [(line.at_ms, line.said) for line in await records.trace(number)] == [(9_000, b'{"what":"step"}')]
    assert len(await taken(records, SMS, now_ms=9_000)) == 1


async def test_a_decision_about_what_has_changed_meanwhile_changes_nothing(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    await meet(records, PHONE)
    number = await sent(records, flow)
    stale = moves(await now(records, number), step=step(PHONE, 1), traced=b"{}", held=True, ends=True)
    await records.report(VIBER, "m1", "delivered", 3_000)
    assert await records.move([stale], 3_000) == 0
    assert await due(records, 3_000) == [number]
    (one,) = await records.in_hand([number])
    assert (one.notification.status, len(one.tries)) == ("sending", 1)
    assert await records.trace(number) == ()
    fresh = moves(one.notification, "delivered", ends=True)
    assert await records.move([fresh, fresh], 3_000) == 1, "once"
    assert (await now(records, number)).status == "delivered"
    assert await due(records, FOREVER_MS) == []


async def test_a_decision_that_is_late_leaves_it_due(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await told(records, telling(flow, CHAT, due_ms=9_000))
    kept = await now(records, number)
    assert await records.move([moves(kept, "created", due_ms=8_000)], 1_000) == 1
    assert await records.move([moves(kept, "created", due_ms=7_000)], 1_000) == 0
    assert await due(records, 1_000) == [number]


async def test_a_decision_that_is_late_about_one_that_was_sent_leaves_it_due_too(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await sent(records, flow)
    kept = await now(records, number)
    assert await records.move([moves(kept, "sent", ends=True)], 3_500) == 1
    assert await records.move([moves(kept, "permanent-failure", ends=True)], 3_500) == 0
    assert (await now(records, number)).status == "sent"
    assert await due(records, 3_500) == [number]
    assert await records.seen(number, 4_000)
    assert await records.move([moves(kept, "permanent-failure", ends=True)], 4_500) == 0
    assert await due(records) == [], "what has ended otherwise is past deciding"


async def test_what_is_held_back_waits_no_more_and_that_is_no_news(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await told(records, telling(flow, CHAT))
    assert await records.move([moves(await now(records, number), "created", held=True, due_ms=7_000)], 2_000) == 1
    assert await taken(records) == []
    assert (await now(records, number)).due_ms == 7_000
    (one,) = await records.in_hand([number])
    assert [notice.status for notice in one.tries] == ["dropped"]


async def test_a_step_to_somebody_who_left_meanwhile_comes_back_at_once(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    await meet(records, PHONE)
    number = await sent(records, flow)
    await records.mark(PHONE, "dead")
    await records.move([moves(await now(records, number), step=step(PHONE, 1), due_ms=8_000)], 3_500)
    assert await due(records, 3_500) == [number]
    await records.erase(PHONE)
    await records.move([moves(await now(records, number), step=step(PHONE, 1), due_ms=8_000)], 3_600)
    assert await due(records, 3_600) == [number]


async def test_what_is_on_its_way_when_it_ends_is_not_tried_again(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await told(records, telling(flow, CHAT))
    (notice,) = await taken(records)
    await records.move([moves(await now(records, number), "permanent-failure", held=True, ends=True)], 2_100)
    await settle(records, notice.id, RetryAfter(1), 2_500)
    assert await taken(records, now_ms=3_000) == []


async def test_the_longest_due_come_first(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    ids = [await told(records, telling(flow, CHAT, step=None, due_ms=at_ms)) for at_ms in (3_000, 1_000, 2_000)]
    assert await due(records) == [ids[1], ids[2], ids[0]]
    assert [one.notification.id for one in await records.due(5_000, 1)] == [ids[1]]


async def test_operators_leave_to_the_router_what_is_its(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    await told(records, telling(flow, CHAT))
    (notice,) = await taken(records)
    await settle(records, notice.id, BadMessage())
    assert await records.letters(None) == await records.letters(VIBER) == ()
    assert await records.replay([notice.id], 3_000, FOREVER_MS) == 0


# ---- the inbox ----


async def test_whoever_opens_it_has_got_it(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await told(records, telling(flow, CHAT, due_ms=9_000))
    assert await records.seen(number, 2_000)
    kept = await now(records, number)
    assert (kept.status, kept.completed_ms, kept.due_ms) == ("delivered", 2_000, None)
    assert await taken(records) == []
    assert len(await records.trace(number)) == 1
    assert not await records.seen(number, 2_500)
    assert not await records.seen(99, 2_500)
    failed = await told(records, telling(flow, CHAT, step=None, status="permanent-failure"))
    assert not await records.seen(failed, 2_500)
    left = await sent(records, flow)
    await records.move([moves(await now(records, left), "sent", ends=True)], 3_500)
    assert await records.seen(left, 4_000)
    assert (await now(records, left)).completed_ms == 4_000


async def test_letters_are_those_of_all_addresses_the_latest_first(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    await meet(records, PHONE, CHAT, OTHER)
    await records.link(CHAT, PHONE, 1_000)
    ids = [await told(records, telling(flow, who, step=None)) for who in (CHAT, PHONE, OTHER, CHAT, PHONE)]
    await told(records, telling(flow, CHAT, step=None, key="test"))
    mine = [ids[4], ids[3], ids[1], ids[0]]
    for who in (CHAT, PHONE):
        assert [one.id for one in await records.letters_of(who)] == mine
    assert [one.id for one in await records.letters_of(CHAT, limit=2)] == mine[:2]
    assert [one.id for one in await records.letters_of(CHAT, mine[1], 2)] == mine[2:]
    assert await records.letters_of(named(VIBER, "z")) == ()


# ---- lists, events, figures ----


async def test_lists_hold_what_is_wanted_the_newest_first(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    bank, theirs = await a_sender(records, "bank")
    campaign = await records.flow_for_campaign(1, 5, 1_000)
    kinds: list[dict[str, Any]] = [
        {}, {"reference": "K-7"}, {"key": "test"}, {"status": "sending", "kind": "sms"},
        {"flow": campaign, "reference": "K-7"}, {"status": "delivered", "step": None},
    ]  # fmt: skip
    ids = [await told(records, replace(telling(flow, CHAT), **kind)) for kind in kinds]
    foreign = await told(records, telling(theirs, CHAT, organisation=bank.id, reference="K-7"))

    async def listed(organisation: int = 1, limit: int = 250, **wanted: Any) -> list[int]:
        found = await records.listed_notifications(Wanted(organisation, **wanted), limit)
        return [ids.index(one.id) if one.id in ids else -1 for one in found]

    assert await listed() == [5, 4, 3, 2, 1, 0]
    assert await listed(bank.id) == [-1]
    assert await listed(reference="K-7") == [4, 1]
    assert await listed(reference="K-7", flow=campaign) == await listed(flow=campaign) == [4]
    assert await listed(reference="") == []
    assert await listed(singles=True) == [5, 3, 2, 1, 0]
    assert await listed(bank.id, flow=campaign) == []
    assert await listed(keys=("test",)) == [2]
    assert await listed(keys=("live",), statuses=("sending", "delivered")) == [5, 3]
    assert await listed(kinds=("sms", "email")) == [3]
    assert await listed(limit=2) == [5, 4]
    assert await listed(older_than=ids[4], limit=2) == [3, 2]
    assert await listed(older_than=ids[0]) == []
    assert await listed(reference="K-7", older_than=ids[4]) == [1]
    assert (await records.notification(foreign)) is not None


async def test_a_list_looks_as_far_as_it_must(records: RecordsKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vikno.stores.sqlite.notifications.STRETCH", 3)
    _, flow = await a_sender(records)
    ids = [await told(records, telling(flow, CHAT, kind="sms" if n % 5 == 0 else "email")) for n in range(21)]
    found = await records.listed_notifications(Wanted(1, kinds=("sms",)), 4)
    assert [one.id for one in found] == [ids[20], ids[15], ids[10], ids[5]]
    page, before = list[int](), None
    while some := await records.listed_notifications(Wanted(1, older_than=before), 4):
        page, before = page + [one.id for one in some], some[-1].id
    assert page == ids[::-1]


async def test_what_has_ended_is_told_in_the_order_in_which_it_did(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    bank, theirs = await a_sender(records, "bank")
    ids = [await told(records, telling(flow, CHAT)) for _ in range(4)]
    await told(records, telling(theirs, CHAT, organisation=bank.id, status="delivered", step=None))
    for number, at_ms in ((ids[2], 3_000), (ids[0], 3_000), (ids[1], 3_100)):
        await records.move([moves(await now(records, number), "sent", held=True, ends=True)], at_ms)
    first = await records.ended(1, START, 9_000, limit=2)
    assert [one.notification.id for one in first.events] == [ids[0], ids[2]]
    assert (first.upto, first.more) == (first.events[-1].at, True)
    rest = await records.ended(1, first.upto, 9_000, limit=2)
    assert ([one.notification.id for one in rest.events], rest.more) == ([ids[1]], False)
    assert (await records.ended(1, rest.upto, 9_000)).events == ()
    assert (await records.ended(1, rest.upto, 9_000)).upto == rest.upto
    assert len((await records.ended(1, START, 3_100)).events) == 2, "what is younger may still be on its way to disk"
    await records.seen(ids[0], 4_000)
    (again,) = (await records.ended(1, rest.upto, 9_000)).events
    assert (again.notification.id, again.notification.status, again.at.at_ms) == (ids[0], "delivered", 4_000)


async def test_news_that_changes_nothing_is_no_event(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await sent(records, flow)
    await records.move([moves(await now(records, number), "sent", ends=True)], 3_500)
    before = await records.ended(1, START, 9_000)
    await records.report(VIBER, "m1", "failed", 4_000)
    assert await records.ended(1, before.upto, 9_000) == replace(before, events=())
    await records.move([moves(await now(records, number), "sent", ends=True)], 4_100)
    assert await records.ended(1, before.upto, 9_000) == replace(before, events=())


async def test_figures_say_how_many_became_what_and_by_which_channel(
    records: RecordsKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vikno.stores.sqlite.notifications.STRETCH", 2)
    _, flow = await a_sender(records)
    bank, theirs = await a_sender(records, "bank")
    await told(records, telling(flow, CHAT), 500)
    for who in (CHAT, CHAT, PHONE):
        await told(records, telling(flow, who), 1_000)
    await told(records, telling(flow, CHAT, status="permanent-failure", reason="law", step=None), 1_000)
    await told(records, telling(theirs, CHAT, organisation=bank.id), 1_100)
    mine = {
        Tally(1, "viber", "created", "", 2), Tally(1, "sms", "created", "", 1),
        Tally(1, "", "permanent-failure", "law", 1),
    }  # fmt: skip
    assert set(await records.tallies(1_000, 1)) == mine
    assert set(await records.tallies(1_000)) == mine | {Tally(bank.id, "viber", "created", "", 1)}
    assert await records.tallies(2_000) == ()


# ---- forgetting ----


async def test_what_has_ended_or_is_past_its_time_is_forgotten_when_it_is_old(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    over = await told(records, telling(flow, CHAT))
    await records.seen(over, 1_500)
    past = await told(records, telling(flow, OTHER, expires_ms=1_800))
    waits = await told(records, telling(flow, named(VIBER, "c")))
    young = await told(records, telling(flow, CHAT, step=None, status="delivered"), 2_000)
    assert await records.prune_records("notices", 2_000) == 0, "its notices go with it"
    assert [await records.prune_records("notifications", 2_000, 1) for _ in range(3)] == [1, 1, 0]
    assert [await records.notification(one) for one in (over, past)] == [None, None]
    assert await records.trace(over) == ()
    assert [one.conversation for one in await taken(records)] == [named(VIBER, "c")]
    assert {(await now(records, waits)).plan, (await now(records, young)).plan} == {PLAN}
    assert (await told(records, telling(flow, CHAT))) > young, "no number is given again"


async def test_requests_are_forgotten_and_may_come_again(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    for nth in range(5):
        await records.keep_notifications([telling(flow, CHAT)], 1_000 + nth, Request(1, f"r{nth}", "d"))
    assert [await records.prune_records("requests", 1_003, 2) for _ in range(3)] == [2, 1, 0]
    answers = [await records.keep_notifications([], 2_000, Request(1, f"r{nth}", "d")) for nth in range(5)]
    assert [answer.repeated for answer in answers] == [False, False, False, True, True]


async def test_with_an_address_go_the_notifications_that_were_made_for_it(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    await meet(records, CHAT, PHONE)
    await records.link(CHAT, PHONE, 1_000)
    mine = await told(records, telling(flow, CHAT, ways=BOTH, step=step(PHONE, 1)))
    beside = await told(records, telling(flow, PHONE))
    await records.seen(mine, 1_500)
    another = await told(records, telling(flow, CHAT, ways=BOTH, step=step(PHONE, 1)))
    await records.erase(CHAT)
    assert [await records.notification(one) for one in (mine, another)] == [None, None]
    assert await records.trace(mine) == ()
    assert [one.notification for one in await taken(records, SMS)] == [beside]
    assert [one.id for one in await records.letters_of(PHONE)] == [beside]


async def test_an_address_stays_while_a_notification_was_made_for_it(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await told(records, telling(flow, CHAT, step=None, status="delivered"))
    assert await records.prune_records("addresses", 10**6) == 0
    assert (await now(records, number)).to == CHAT
    assert await records.prune_records("notifications", 10**6) == 1
    assert await records.prune_records("addresses", 10**6) == 1
    assert await records.ways(CHAT) == ()


# ---- a crash ----


async def test_what_was_answered_is_there_after_a_crash_and_goes_on(
    records: RecordsKeeper, records_place: RecordsPlace, moment: Moment
) -> None:
    _, flow = await a_sender(records)
    request = Request(1, "r", "d")
    kept = await records.keep_notifications([telling(flow, CHAT)], 1_000, request)
    many = await records.keep_notifications([telling(flow, OTHER)] * 100, 1_000)
    leased = await taken(records)
    assert len(leased) == 2
    half = asyncio.ensure_future(records.keep_notifications([telling(flow, PHONE)] * 1000, 1_000))
    await asyncio.sleep(0.002)
    again = records_place.after_a_crash().open(moment)
    assert await again.keep_notifications([telling(flow, CHAT)], 2_000, request) == replace(kept, repeated=True)
    listed = await again.listed_notifications(Wanted(1), 2_000)
    assert len(listed) in (101, 1_101), "all of a batch or nothing"
    assert {*kept.ids, *many.ids} <= {one.id for one in listed}
    assert await again.recover(VIBER, 3_000) == 2
    assert await due(again) == [kept.ids[0], many.ids[0]]
    assert [one.notification for one in await taken(again, limit=1)] == [many.ids[1]]
    await again.settle([Settled(leased[0].id, Sent("m"))], 4_000)
    assert kept.ids[0] in await due(again)
    await again.close()
    await half


async def test_a_keeper_that_is_closed_says_so(records: RecordsKeeper) -> None:
    _, flow = await a_sender(records)
    number = await told(records, telling(flow, CHAT))
    kept = await now(records, number)
    await records.close()
    asked = [
        records.flow_of(1, 1), records.flow_for_campaign(1, 1, 1), records.set_flow(flow, "paused"),
        records.keep_notifications([telling(flow, CHAT)], 1), records.keep_notifications([telling(flow, CHAT)] * 99, 1),
        records.notification(number), records.in_hand([number]), records.due(1), records.move([moves(kept)], 1),
        records.move([moves(kept)] * 99, 1), records.trace(number), records.listed_notifications(Wanted(1)),
        records.letters_of(CHAT), records.seen(number, 1), records.ended(1, START, 1), records.tallies(0),
        records.people([CHAT], 1, "service", 0), records.link(CHAT, PHONE, 1), records.unlink(CHAT), records.ways(CHAT),
        records.choices(CHAT), records.choose(CHAT, Choices(), 1), records.agree(agrees(CHAT), chain, 1),
        records.agreed(CHAT), records.ledger(), records.organisation(1), records.organisations(), records.templates(1),
        records.put_organisation(SKY, 1), records.organisation_keys(1), records.archive_template(1, 1),
    ]  # fmt: skip
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreClosed] * len(asked)
