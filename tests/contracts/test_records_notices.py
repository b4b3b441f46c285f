"""What every keeper of notices promises (`vikno.usecases.records.NoticeQueue`)."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from tests.contracts.keepers import RecordsKeeper, RecordsPlace
from tests.contracts.records import (
    ACCOUNT,
    ANNA,
    BOHDAN,
    CLARA,
    FOREVER_MS,
    Moment,
    a_case,
    decides,
    leased,
    meet,
    notice,
    report,
    said,
    settle,
    texts,
)
from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    Misconfigured,
    Outcome,
    RetryAfter,
    Sent,
    Unknown,
)
from vikno.usecases.records import MOST_AT_ONCE, NoticeKept, Settled, TooManyAtOnce


async def one_on_its_way(records: RecordsKeeper, text: str = "x", subject: str = "") -> int:
    await records.queue([notice(ANNA, text, subject)], 1_000)
    (taken,) = await records.lease(ACCOUNT, "notice", 1, 1_500)
    return taken.id


async def statuses(records: RecordsKeeper, who: str = ANNA) -> list[str]:
    return [status for _, status in await said(records, who)]


# ---- queueing ----


async def test_a_notice_is_kept_as_it_is_made(records: RecordsKeeper) -> None:
    ids = await records.queue([notice(ANNA, "x", "s", 1_200), notice(BOHDAN, "y")], 1_000)
    assert len(set(ids)) == 2
    (kept,) = await records.inbox(ANNA)
    assert kept == NoticeKept(ids[0], ANNA, ACCOUNT, b"x", "s", "created", 0, 1_000, 1_000, FOREVER_MS)


async def test_an_inbox_is_read_in_pages_the_latest_first(records: RecordsKeeper) -> None:
    await records.queue([notice(who, f"{n}") for n in range(5) for who in (ANNA, BOHDAN)], 1_000)
    page = await records.inbox(ANNA, limit=2)
    assert texts(page) == ["4", "3"]
    assert texts(await records.inbox(ANNA, page[-1].id)) == ["2", "1", "0"]
    assert await records.inbox(CLARA) == ()


async def test_a_newer_notice_replaces_those_with_its_subject_that_wait(records: RecordsKeeper) -> None:
    await records.queue([notice(ANNA, "a", "s"), notice(ANNA, "b", "t"), notice(BOHDAN, "c", "s")], 1_000)
    await records.queue([notice(ANNA, "d", "s", 9_000, lane="bulk"), notice(ANNA, "e")], 1_100)
    assert await said(records, ANNA) == [
        ("a", "replaced"), ("b", "created"), ("d", "created"), ("e", "created"),
    ]  # fmt: skip
    assert await said(records, BOHDAN) == [("c", "created")]


async def test_without_a_subject_nothing_is_replaced(records: RecordsKeeper) -> None:
    await records.queue([notice(ANNA, "a"), notice(ANNA, "b")], 1_000)
    await records.queue([notice(ANNA, "c")], 1_000)
    assert await statuses(records) == ["created"] * 3


async def test_of_one_subject_in_one_call_the_last_one_waits(records: RecordsKeeper) -> None:
    await records.queue([notice(ANNA, f"{n}", "s") for n in range(100)], 1_000)
    assert await leased(records) == ["99"]
    assert [status for _, status in await said(records)].count("replaced") == 49, "the inbox shows fifty"


async def test_what_was_sent_is_not_replaced(records: RecordsKeeper) -> None:
    first = await one_on_its_way(records, "x", "s")
    await settle(records, first, Sent("m"))
    second = await one_on_its_way(records, "y", "s")
    await records.queue([notice(ANNA, "z", "s")], 1_000)
    await settle(records, second, Unknown("time-out"))
    assert await statuses(records) == ["sent", "unknown", "created"]


# ---- leasing ----


async def test_what_is_leased_is_sending_and_leased_once(records: RecordsKeeper) -> None:
    await records.queue([notice(ANNA, "x")], 1_000)
    (taken,) = await records.lease(ACCOUNT, "notice", 10, 2_000)
    assert taken == NoticeKept(taken.id, ANNA, ACCOUNT, b"x", "", "sending", 1, 1_000, 2_000, FOREVER_MS)
    assert await records.inbox(ANNA) == (taken,)
    assert await leased(records) == []


async def test_each_account_and_lane_has_its_own(records: RecordsKeeper) -> None:
    viber = "viber/main:" + "a" * 32
    await records.queue([notice(ANNA, "x"), notice(BOHDAN, "y", lane="bulk"), notice(viber, "z")], 1_000)
    assert await leased(records, lane="bulk") == ["y"]
    assert texts(await records.lease("viber/main", "notice", 10, 2_000)) == ["z"]
    assert await leased(records) == ["x"]


async def test_nothing_is_leased_before_its_time_and_the_first_due_comes_first(records: RecordsKeeper) -> None:
    made = [notice(ANNA, "a", not_before_ms=3_000), notice(BOHDAN, "b", not_before_ms=2_000), notice(CLARA, "c")]
    await records.queue(made, 1_000)
    assert await leased(records, 1_999) == ["c"]
    assert await leased(records, 2_999) == ["b"]
    assert await leased(records, 3_000) == ["a"]
    await records.queue([notice(f"{ACCOUNT}:{n:032}", f"{n}", not_before_ms=9_000 - n) for n in range(5)], 3_000)
    assert await leased(records, 9_000) == ["4", "3", "2", "1", "0"]


async def test_of_one_conversation_one_at_a_time_in_order(records: RecordsKeeper) -> None:
    await records.queue([notice(who, f"{who[-1]}{n}") for n in range(3) for who in (ANNA, BOHDAN)], 1_000)
    order = []
    while taken := await records.lease(ACCOUNT, "notice", 10, 2_000):
        order.append(texts(taken))
        assert await leased(records) == [], "while one is on its way, none of that person is taken"
        for one in taken:
            await settle(records, one.id, Sent())
    assert order == [["a0", "b0"], ["a1", "b1"], ["a2", "b2"]]


async def test_one_on_its_way_holds_the_other_lane_too(records: RecordsKeeper) -> None:
    first = await one_on_its_way(records)
    await records.queue([notice(ANNA, "bulk", lane="bulk")], 1_000)
    assert await leased(records, lane="bulk") == []
    await settle(records, first, Sent())
    assert await leased(records, lane="bulk") == ["bulk"]


async def test_somebody_with_very_many_holds_nobody_back(records: RecordsKeeper) -> None:
    await records.queue([notice(ANNA, f"{n}") for n in range(500)], 1_000)
    await records.queue([notice(BOHDAN, "b"), notice(CLARA, "c")], 1_000)
    assert await leased(records, limit=3) == ["0", "b", "c"]


async def test_one_that_waits_for_its_next_try_is_not_overtaken(records: RecordsKeeper) -> None:
    first = await one_on_its_way(records, "first")
    await records.queue([notice(ANNA, "second")], 1_000)
    await settle(records, first, RetryAfter(5), again_ms=6_000)
    assert await leased(records, 5_999) == []
    assert await leased(records, 6_000) == ["first"]


async def test_one_made_for_later_holds_nobody_back(records: RecordsKeeper) -> None:
    await records.queue([notice(ANNA, "tomorrow", not_before_ms=9_000), notice(ANNA, "now")], 1_000)
    assert await leased(records) == ["now"]


async def test_what_is_past_its_time_expires_on_the_way(records: RecordsKeeper) -> None:
    made = [notice(f"{ACCOUNT}:{n:032}", f"{n}", expires_ms=2_000 if n % 4 else 2_001) for n in range(40)]
    await records.queue(made, 1_000)
    assert await leased(records, 2_000, limit=10) == [f"{n}" for n in range(0, 40, 4)]
    letters = await records.letters(ACCOUNT)
    assert [one.status for one in letters] == ["expired"] * 30
    assert {one.tries for one in letters} == {0}


async def test_very_many_past_their_time_hide_nothing(records: RecordsKeeper) -> None:
    old = [notice(f"{ACCOUNT}:{n:032}", f"{n}", expires_ms=1_500) for n in range(1_000)]
    await records.queue(old, 1_000)
    await records.queue([notice(ANNA, "x")], 1_000)
    assert await leased(records, limit=1) == ["x"]


async def test_what_expires_makes_way_for_the_next_of_its_conversation(records: RecordsKeeper) -> None:
    await records.queue([notice(ANNA, "old", expires_ms=1_500), notice(ANNA, "new")], 1_000)
    assert await leased(records) == ["new"]


@pytest.mark.parametrize("limit", [0, -1])
async def test_who_has_room_for_none_gets_none(records: RecordsKeeper, limit: int) -> None:
    await records.queue([notice(ANNA, "x"), notice(BOHDAN, "y")], 1_000)
    assert await leased(records, limit=limit) == []
    assert await statuses(records) == ["created"]


async def test_leases_at_once_never_share_a_notice(records: RecordsKeeper) -> None:
    people = [f"{ACCOUNT}:{n:032}" for n in range(60)]
    await records.queue([notice(who, who) for who in people], 1_000)
    taken = await asyncio.gather(*(leased(records, limit=9) for _ in range(10)))
    assert sorted(itertools.chain(*taken)) == people


async def test_whoever_goes_away_while_leasing_leaves_nothing_on_its_way(records: RecordsKeeper) -> None:
    await records.queue([notice(ANNA, "x"), notice(BOHDAN, "y")], 1_000)
    for ticks in range(12):
        gone = asyncio.ensure_future(leased(records))
        for _ in range(ticks):
            await asyncio.sleep(0)
        gone.cancel()
        await asyncio.wait([gone])
        if not gone.cancelled():
            break
        assert await statuses(records) == ["created"]
    assert [one.tries for one in await records.inbox(ANNA)] in ([0], [1])


async def test_what_was_taken_and_has_not_left_is_given_back_as_if_it_had_not_been_taken(
    records: RecordsKeeper,
) -> None:
    first = await one_on_its_way(records, "first")
    await records.give_back([first, first + 1_000], 3_000, 2_000)
    assert await statuses(records) == ["created"]
    assert [one.tries for one in await records.inbox(ANNA)] == [0]
    assert await leased(records, 2_999) == []
    assert await leased(records, 3_000) == ["first"]
    await settle(records, first, RetryAfter(1), again_ms=4_000)
    assert await leased(records, 4_000) == ["first"]
    await records.give_back([first], 4_000, 4_000)
    assert await statuses(records) == ["temporary-failure"], "it has been tried before"


async def test_what_is_given_back_waits_for_nobody_who_has_left_and_after_nothing_newer(records: RecordsKeeper) -> None:
    first = await one_on_its_way(records, "first")
    await records.mark(ANNA, "left")
    await records.give_back([first], 2_000, 2_000)
    assert await statuses(records) == ["dropped"]
    await meet(records, ANNA, now_ms=2_000)
    older = await one_on_its_way(records, "checked", "case/1")
    newer = (await records.queue([notice(ANNA, "printed", "case/1")], 2_000))[0]
    await records.give_back([older, newer], 2_000, 2_000)
    assert (await said(records))[1:] == [("checked", "replaced"), ("printed", "created")]


async def test_what_has_an_outcome_is_not_given_back(records: RecordsKeeper) -> None:
    await meet(records, ANNA)
    first = await one_on_its_way(records, "first", "s")
    await settle(records, first, Sent("m1"))
    await records.queue([notice(ANNA, "second", "s")], 1_600)
    await records.mark(ANNA, "left")
    await records.give_back([first], 2_000, 2_000)
    assert await statuses(records) == ["sent", "dropped"]


# ---- settling ----


@pytest.mark.parametrize(
    ("outcome", "status", "reason"),
    [
        (Sent("m1"), "sent", ""),
        (Sent(), "sent", ""),
        (Unknown("no answer"), "unknown", "no answer"),
        (DeadAddress("blocked"), "permanent-failure", "blocked"),
        (BadMessage("too long"), "technical-failure", "too long"),
        (Misconfigured("token"), "technical-failure", "token"),
        (RetryAfter(3, reason="busy"), "technical-failure", "busy"),
    ],
)
async def test_an_outcome_is_recorded_and_never_tried_again(
    records: RecordsKeeper, outcome: Outcome, status: str, reason: str
) -> None:
    sent = await one_on_its_way(records)
    await settle(records, sent, outcome)
    (kept,) = await records.inbox(ANNA)
    message = outcome.message if isinstance(outcome, Sent) else ""
    assert (kept.status, kept.reason, kept.message, kept.changed_ms) == (status, reason, message, 3_000)
    assert await leased(records, FOREVER_MS - 1) == []


@pytest.mark.parametrize("outcome", [Unknown(), BadMessage(), DeadAddress(), Sent()])
async def test_only_what_was_not_taken_is_tried_again(records: RecordsKeeper, outcome: Outcome) -> None:
    sent = await one_on_its_way(records)
    await settle(records, sent, outcome, again_ms=4_000)
    assert await leased(records, 5_000) == []


@pytest.mark.parametrize("outcome", [RetryAfter(5, "account", "busy"), Misconfigured("busy")])
async def test_what_was_not_taken_waits_for_its_next_try(records: RecordsKeeper, outcome: Outcome) -> None:
    sent = await one_on_its_way(records)
    await settle(records, sent, outcome, again_ms=8_000)
    (kept,) = await records.inbox(ANNA)
    assert (kept.status, kept.reason, kept.tries) == ("temporary-failure", "busy", 1)
    assert await records.letters(None) == ()
    assert await leased(records, 7_999) == []
    (again,) = await records.lease(ACCOUNT, "notice", 10, 8_000)
    assert (again.id, again.tries) == (sent, 2)
    assert await records.inbox(ANNA) == (again,), "what is leased is told as it is on record"
    await settle(records, sent, Sent("m"))
    assert [(one.status, one.reason) for one in await records.inbox(ANNA)] == [("sent", "")]


async def test_what_has_a_subject_of_its_own_is_tried_again(records: RecordsKeeper) -> None:
    sent = await one_on_its_way(records, "checked", "case/1")
    await records.queue([notice(ANNA, "of another case", "case/2"), notice(BOHDAN, "printed", "case/1")], 1_600)
    await settle(records, sent, RetryAfter(1), again_ms=3_500)
    assert await leased(records, 4_000) == ["printed", "checked"]


async def test_an_older_stage_is_not_tried_again_once_there_is_a_newer_one(records: RecordsKeeper) -> None:
    sent = await one_on_its_way(records, "checked", "case/1")
    await records.queue([notice(ANNA, "printed", "case/1")], 1_600)
    await settle(records, sent, RetryAfter(1), again_ms=3_500)
    assert await said(records) == [("checked", "replaced"), ("printed", "created")]
    assert await leased(records, 4_000) == ["printed"]


async def test_nothing_is_tried_again_for_somebody_who_left_meanwhile(records: RecordsKeeper) -> None:
    await meet(records, ANNA)
    sent = await one_on_its_way(records)
    await records.mark(ANNA, "left")
    assert await statuses(records) == ["sending"]
    await settle(records, sent, RetryAfter(1), again_ms=3_500)
    assert await statuses(records) == ["dropped"]


async def test_nothing_is_tried_again_for_somebody_who_unfollowed_meanwhile(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1")], decides(), 1_000)
    (sending,) = await records.lease(ACCOUNT, "notice", 1, 2_000)
    await records.unfollow(ANNA, case.id)
    await settle(records, sending.id, RetryAfter(1), again_ms=3_500)
    assert await statuses(records) == ["dropped"]


async def test_settling_twice_or_what_is_not_there_changes_nothing(records: RecordsKeeper) -> None:
    sent = await one_on_its_way(records)
    await settle(records, sent, Sent("m"))
    await settle(records, sent, BadMessage())
    await settle(records, sent, RetryAfter(1), again_ms=4_000)
    await settle(records, sent + 17, Sent("n"))
    assert await statuses(records) == ["sent"]
    await records.queue([notice(BOHDAN, "y")], 1_000)
    await records.settle([Settled(one.id, Sent("w")) for one in await records.inbox(BOHDAN)], 3_000)
    assert await statuses(records, BOHDAN) == ["created"], "it was never on its way"


async def test_many_are_settled_at_once(records: RecordsKeeper) -> None:
    await records.queue([notice(f"{ACCOUNT}:{n:032}", f"{n}") for n in range(300)], 1_000)
    taken = await records.lease(ACCOUNT, "notice", 300, 2_000)
    await records.settle([Settled(one.id, Sent(f"m{one.id}") if one.id % 2 else BadMessage()) for one in taken], 3_000)
    assert len(await records.letters(ACCOUNT, limit=1_000)) == 150


async def test_more_than_a_thousand_at_once_are_refused_whole(records: RecordsKeeper) -> None:
    many = [await one_on_its_way(records)] * (MOST_AT_ONCE + 1)
    for refused in (
        records.queue([notice(ANNA)] * len(many), 3_000),
        records.settle([Settled(number, Sent()) for number in many], 3_000),
        records.give_back(many, 3_000, 3_000),
        records.replay(many, 3_000, FOREVER_MS),
    ):
        with pytest.raises(TooManyAtOnce):
            await refused
    assert await statuses(records) == ["sending"]


# ---- after an end ----


async def test_what_a_process_that_is_gone_had_on_its_way_is_unknown(
    records_place: RecordsPlace, moment: Moment
) -> None:
    records = records_place.open(moment)
    await records.queue([notice(who, who) for who in (ANNA, BOHDAN, CLARA)], 1_000)
    first, second = await records.lease(ACCOUNT, "notice", 2, 2_000)
    await settle(records, second.id, Sent("m"))
    crashed = records_place.after_a_crash()
    await records.close()
    again = crashed.open(moment)
    assert [await statuses(again, who) for who in (ANNA, BOHDAN, CLARA)] == [["sending"], ["sent"], ["created"]]
    assert await again.recover("viber/main", 5_000) == 0
    assert await again.recover(ACCOUNT, 5_000) == 1
    assert await again.recover(ACCOUNT, 5_000) == 0
    (letter,) = await again.letters(ACCOUNT)
    assert (letter.id, letter.status, letter.changed_ms) == (first.id, "unknown", 5_000)
    assert await leased(again) == [CLARA], "what is unknown is never sent again by itself"
    await again.close()


async def test_a_lease_is_on_disk_before_it_is_given(records_place: RecordsPlace, moment: Moment) -> None:
    records = records_place.open(moment)
    await records.queue([notice(ANNA, "x")], 1_000)
    await leased(records)
    again = records_place.after_a_crash().open(moment)
    assert await statuses(again) == ["sending"]
    await again.close()
    await records.close()


async def test_what_was_thought_lost_and_was_sent_is_sent(records: RecordsKeeper) -> None:
    sent = await one_on_its_way(records)
    await records.recover(ACCOUNT, 2_000)
    await settle(records, sent, Sent("m"))
    assert await statuses(records) == ["sent"]
    assert await records.report(ACCOUNT, "m", "read", 3_000)


# ---- receipts ----

ORDER = ["sent", "failed", "delivered", "read"]
STATUS = {"sent": "sent", "failed": "permanent-failure", "delivered": "delivered", "read": "read"}


@pytest.mark.parametrize("states", [*itertools.permutations(ORDER), *itertools.product(ORDER, repeat=2)], ids=" ".join)
async def test_receipts_in_any_order_and_twice_never_go_back(records: RecordsKeeper, states: tuple[str, ...]) -> None:
    await settle(records, await one_on_its_way(records), Sent("m"))
    furthest = 0
    for state in states:
        assert await records.report(ACCOUNT, "m", state, 4_000, f"because {state}")
        furthest = max(furthest, ORDER.index(state))
        assert await statuses(records) == [STATUS[ORDER[furthest]]]
    if ORDER[furthest] != "sent":
        assert [one.reason for one in await records.inbox(ANNA)] == [f"because {ORDER[furthest]}"]


async def test_a_receipt_of_nothing_here_is_told_so(records: RecordsKeeper) -> None:
    await settle(records, await one_on_its_way(records), Sent("m"))
    assert not await records.report(ACCOUNT, "other", "read", 4_000)
    assert not await records.report("viber/main", "m", "read", 4_000)
    assert not await records.report(ACCOUNT, "", "read", 4_000)
    assert await statuses(records) == ["sent"]


@pytest.mark.parametrize("states", [("delivered",), ("read", "delivered"), ("failed",)], ids=" ".join)
async def test_a_receipt_that_comes_before_the_answer_counts(records: RecordsKeeper, states: tuple[str, ...]) -> None:
    sending = await one_on_its_way(records)
    for state in states:
        assert not await records.report(ACCOUNT, "m", state, 1_900)
    await settle(records, sending, Sent("m"))
    assert await statuses(records) == [STATUS[states[0]]]


async def test_an_id_that_a_platform_gives_again_means_the_latest(records: RecordsKeeper) -> None:
    for text in ("old", "new"):
        await settle(records, await one_on_its_way(records, text), Sent("m"))
    await records.report(ACCOUNT, "m", "read", 4_000)
    assert await said(records) == [("old", "sent"), ("new", "read")]


# ---- letters ----


async def some_letters(records: RecordsKeeper) -> list[int]:
    """One of each kind that an operator looks at, and some that need nobody."""
    people = [f"{ACCOUNT}:{n:032}" for n in range(7)]
    await records.queue(
        [notice(who, who[-1], expires_ms=1_500 if who == people[3] else FOREVER_MS) for who in people], 1
    )
    taken = await records.lease(ACCOUNT, "notice", 9, 2_000)
    outcomes: list[Outcome] = [BadMessage(), DeadAddress(), Unknown(), Sent("m"), RetryAfter(9)]
    again = [None, None, None, None, 9_000]
    settled = zip(taken, outcomes, again, strict=False)
    await records.settle([Settled(one.id, outcome, again_ms) for one, outcome, again_ms in settled], 3_000)
    return [one.id for one in await records.letters(None)]


async def test_letters_are_what_failed_for_good_expired_or_is_unknown(records: RecordsKeeper) -> None:
    ids = await some_letters(records)
    letters = await records.letters(ACCOUNT)
    assert [one.status for one in letters] == ["technical-failure", "permanent-failure", "unknown", "expired"]
    assert [one.id for one in letters] == ids == sorted(ids)
    assert await records.letters("viber/main") == ()
    assert [one.id for one in await records.letters(ACCOUNT, ids[0], 2)] == ids[1:3]
    assert [one.id for one in await records.letters(None, ids[1], 1)] == ids[2:3]


async def test_an_operator_lets_letters_be_tried_again_and_nothing_else(records: RecordsKeeper) -> None:
    ids = await some_letters(records)
    everything = list(range(ids[0] - 3, ids[-1] + 9))
    assert await records.replay(everything, 5_000, 8_000) == 4
    assert await records.letters(None) == ()
    again = await records.lease(ACCOUNT, "notice", 9, 6_000)
    assert {one.id for one in again} == set(ids)
    assert {(one.tries, one.expires_ms, one.reason, one.message) for one in again} == {(1, 8_000, "", "")}
    assert await records.replay(everything, 5_000, 8_000) == 0


async def test_what_a_newer_one_has_overtaken_is_not_replayed(records: RecordsKeeper) -> None:
    await settle(records, await one_on_its_way(records, "checked", "case/1"), BadMessage())
    await settle(records, await one_on_its_way(records, "printed", "case/1"), BadMessage())
    ids = [one.id for one in await records.letters(None)]
    assert await records.replay(ids, 5_000, FOREVER_MS) == 1
    assert await leased(records, 6_000) == ["printed"]


async def test_nothing_is_replayed_for_somebody_who_is_not_there(records: RecordsKeeper) -> None:
    await meet(records, ANNA)
    await settle(records, await one_on_its_way(records), DeadAddress())
    await records.mark(ANNA, "dead")
    ids = [one.id for one in await records.letters(None)]
    assert await records.replay(ids, 5_000, FOREVER_MS) == 0
    await meet(records, ANNA, now_ms=6_000)
    assert await records.replay(ids, 6_000, FOREVER_MS) == 1


async def test_nothing_is_replayed_of_a_case_that_is_not_followed_any_more(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1")], decides(), 1_000)
    (sending,) = await records.lease(ACCOUNT, "notice", 1, 2_000)
    await settle(records, sending.id, BadMessage())
    await records.unfollow(ANNA, case.id)
    assert await records.replay([sending.id], 5_000, FOREVER_MS) == 0
    assert await statuses(records) == ["technical-failure"]


async def test_a_late_receipt_of_the_first_try_says_nothing_of_the_second(records: RecordsKeeper) -> None:
    await settle(records, await one_on_its_way(records), Sent("m"))
    await records.report(ACCOUNT, "m", "failed", 4_000)
    await records.replay([one.id for one in await records.letters(None)], 5_000, FOREVER_MS)
    assert not await records.report(ACCOUNT, "m", "failed", 6_000)
    assert await statuses(records) == ["created"]
