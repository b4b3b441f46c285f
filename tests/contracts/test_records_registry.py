"""What every keeper of sidings and of the registry promises (`vikno.usecases.records`)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from tests.contracts.keepers import RecordsKeeper, RecordsPlace
from tests.contracts.records import (
    ACCOUNT,
    ANNA,
    BOHDAN,
    Moment,
    a_case,
    decides,
    given,
    leased,
    meet,
    notice,
    report,
    said,
    settle,
)
from vikno.usecases.channel import BadMessage, Sent
from vikno.usecases.ports import StoreClosed, Taken
from vikno.usecases.records import (
    HEARD_EXACT_MS,
    Access,
    ApiKey,
    Aside,
    Decided,
    Due,
    Follower,
    RecordKind,
    Settled,
    TimerMade,
)


async def prune_all(records: RecordsKeeper, kind: RecordKind, before_ms: int) -> int:
    total = 0
    while gone := await records.prune_records(kind, before_ms, limit=2):
        assert gone <= 2
        total += gone
    return total


# ---- what is kept aside ----


async def test_what_is_put_aside_is_read_the_oldest_first_in_pages(records: RecordsKeeper) -> None:
    for n, account in enumerate([ACCOUNT, "viber/main", ACCOUNT, ACCOUNT]):
        await records.put_aside(account, "unreadable", b"%d" % n, 1_000 + n)
    everything = await records.asides(None)
    assert [one.sealed for one in everything] == [b"0", b"1", b"2", b"3"]
    assert everything[0] == Aside(everything[0].id, ACCOUNT, "unreadable", b"0", 1_000)
    own = await records.asides(ACCOUNT, limit=2)
    assert [one.sealed for one in own] == [b"0", b"2"]
    assert [one.sealed for one in await records.asides(ACCOUNT, own[-1].id)] == [b"3"]
    assert [one.sealed for one in await records.asides(None, everything[1].id, 1)] == [b"2"]


async def test_of_one_account_the_oldest_give_way(records: RecordsKeeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vikno.stores.sqlite.sidings.MOST_ASIDES", 5)
    await records.put_aside("viber/main", "unreadable", b"other", 1_000)
    await asyncio.gather(*(records.put_aside(ACCOUNT, "unreadable", b"%d" % n, 1_000) for n in range(12)))
    assert [one.sealed for one in await records.asides(ACCOUNT)] == [b"7", b"8", b"9", b"10", b"11"]
    assert [one.sealed for one in await records.asides("viber/main")] == [b"other"]


# ---- attempts ----


async def test_attempts_end_when_there_were_most_in_a_window(records: RecordsKeeper) -> None:
    tries = [await records.attempt("a", 3, 1_000, now_ms) for now_ms in (5_000, 5_100, 5_900, 5_950, 5_999)]
    assert tries == [True, True, True, False, False]
    assert await records.attempt("b", 3, 1_000, 5_999), "everybody has a window of their own"
    assert await records.attempt("a", 3, 1_000, 6_000), "refused ones have not made it longer"


async def test_attempts_at_once_are_counted_one_by_one(records: RecordsKeeper) -> None:
    tries = await asyncio.gather(*(records.attempt("a", 5, 1_000, 5_000) for _ in range(20)))
    assert sum(tries) == 5


async def test_a_clock_set_back_begins_a_new_window(records: RecordsKeeper) -> None:
    await records.attempt("a", 1, 1_000, 5_000)
    assert await records.attempt("a", 1, 1_000, 4_000)
    assert not await records.attempt("a", 0, 1_000, 9_000)


# ---- keys ----


async def test_a_key_is_found_by_its_digest_until_it_is_revoked(records: RecordsKeeper) -> None:
    one, two = (
        await records.add_key("dms", "register", "d1", 1_000),
        await records.add_key("tax", "office", "d2", 1_100),
    )
    assert await records.key("d1") == ApiKey(one, "dms", "register", "d1", 1_000)
    assert await records.key("d") is None
    assert await records.revoke_key(one, 2_000)
    assert not await records.revoke_key(one, 3_000)
    assert not await records.revoke_key(two + 1, 3_000)
    assert await records.key("d1") is None
    assert [(key.id, key.revoked_ms) for key in await records.keys()] == [(one, 2_000), (two, None)]
    assert [key.label for key in await records.keys("tax")] == ["office"]


# ---- the access log ----


async def test_the_access_log_tells_the_latest_first(records: RecordsKeeper) -> None:
    log = [Access(1_000 + n, "api/1", "stage", f"case/{n % 2}") for n in range(6)]
    await asyncio.gather(records.note(log[:3]), records.note(log[3:]), records.note([]))
    assert await records.accesses("case/0") == (log[4], log[2], log[0])
    assert await records.accesses("case/1", limit=1) == (log[5],)
    assert await records.accesses("case/9") == ()


# ---- forgetting ----


async def test_whoever_asks_is_forgotten_and_nobody_else(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA, BOHDAN)
    await records.record([report("A-1", "e1")], decides(), 1_000)
    await records.queue([notice(ANNA, "later", not_before_ms=9_000)], 1_000)
    await leased(records)
    for _ in range(2):
        await records.erase(ANNA)
        assert await records.known(ANNA) is None
        assert await records.followed(ANNA) == ()
        assert await said(records, ANNA) == []
        assert [one.conversation for one in await records.followers(case.id)] == [BOHDAN]
        assert await said(records, BOHDAN) == [("uk:A-1:checked", "sending")]
    assert await records.history(case.id) != (), "the case is the authority's"
    assert await leased(records, 10_000) == []


async def test_what_was_on_its_way_to_somebody_forgotten_settles_nothing_else(records: RecordsKeeper) -> None:
    await records.queue([notice(ANNA, "x")], 1_000)
    (sending,) = await records.lease(ACCOUNT, "notice", 1, 1_500)
    await records.erase(ANNA)
    await records.queue([notice(BOHDAN, "y")], 1_600)
    assert await leased(records, 1_700) == ["y"]
    await settle(records, sending.id, Sent("m"))
    assert await said(records, BOHDAN) == [("y", "sending")]
    assert not await records.report(ACCOUNT, "m", "read", 4_000)


async def test_whoever_was_forgotten_begins_anew(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1")], decides(), 1_000)
    await records.erase(ANNA)
    await meet(records, BOHDAN, ANNA, now_ms=2_000)
    assert await said(records, BOHDAN) == await said(records, ANNA) == []
    assert await records.followers(case.id) == ()
    assert await records.follow(case.id, Follower(ANNA, ACCOUNT, "uk"), 2_000)


async def test_old_notices_that_are_settled_are_forgotten_in_bounded_batches(records: RecordsKeeper) -> None:
    people = [f"{ACCOUNT}:{n:032}" for n in range(6)]
    await records.queue([notice(who, who[-1]) for who in people], 1_000)
    taken = await records.lease(ACCOUNT, "notice", 4, 1_500)
    await records.settle([Settled(one.id, Sent()) for one in taken[:2]], 1_600)
    await settle(records, taken[2].id, BadMessage())
    await records.queue([notice(ANNA, "young")], 2_000)
    assert await records.prune_records("notices", 1_000) == 0
    assert await prune_all(records, "notices", 2_000) == 3
    left = [status for who in (*people, ANNA) for _, status in await said(records, who)]
    assert left == ["sending", "created", "created", "created"]


async def test_what_waits_past_its_time_is_forgotten_too(records: RecordsKeeper) -> None:
    await records.queue([notice(ANNA, "x", expires_ms=1_500), notice(BOHDAN, "y")], 1_000)
    assert await prune_all(records, "notices", 1_500) == 0
    assert await prune_all(records, "notices", 1_501) == 1
    assert await said(records, ANNA) == []


async def test_old_accesses_are_forgotten_and_young_ones_stay(records: RecordsKeeper) -> None:
    await records.note([Access(at_ms, "api/1", "case.read", "case/7") for at_ms in (1_000, 1_100, 1_200, 3_000)])
    assert await prune_all(records, "accesses", 1_200) == 2
    assert [one.at_ms for one in await records.accesses("case/7")] == [3_000, 1_200]


async def test_a_case_that_has_not_moved_for_long_goes_with_all_that_hangs_on_it(records: RecordsKeeper) -> None:
    old, moved = await a_case(records, "A-1", ANNA), await a_case(records, "A-2", ANNA)
    young = [await a_case(records, f"B-{n}", BOHDAN) for n in range(5)]
    timer = (TimerMade("slow", 9_000),)
    await records.record([report("A-1", "e1")], decides("reached", *timer), 1_000)
    await records.record([report("A-2", "e2", at_ms=5_000)], decides("reached", *timer), 5_000)
    await records.put([replace(given(case.number), opened_ms=4_000) for case in young], 4_000)
    assert await prune_all(records, "cases", 4_000) == 1
    assert await records.case_by_id(old.id) is None
    assert await records.history(old.id) == ()
    assert [case.number for case in await records.followed(ANNA)] == ["A-2"]
    assert [due.case.number for due in await records.overdue(9_000)] == ["A-2"]
    assert len(await records.listed("dms")) == 6
    assert await records.case_by_id(moved.id) is not None


async def test_an_address_goes_when_nothing_is_kept_of_its_person(records: RecordsKeeper) -> None:
    people = [f"{ACCOUNT}:{n:032}" for n in range(9)]
    follows, told, young, talks, *idle = people
    await meet(records, *people)
    await records.turn(talks, "e1", lambda _: Taken(b"state", ()))
    await a_case(records, "A-1", follows)
    await records.queue([notice(told, "x", expires_ms=1_500)], 1_000)
    await meet(records, young, now_ms=10 * HEARD_EXACT_MS)
    assert await prune_all(records, "addresses", 5 * HEARD_EXACT_MS) == len(idle)
    assert [who for who in people if await records.known(who)] == [follows, told, young, talks]
    assert await prune_all(records, "notices", 2_000) == 1
    await records.unfollow(follows, None)
    assert await prune_all(records, "addresses", 5 * HEARD_EXACT_MS) == 2
    await meet(records, follows, now_ms=20 * HEARD_EXACT_MS)
    assert await records.known(follows) is not None


async def test_what_was_put_aside_and_attempts_are_forgotten_when_old(records: RecordsKeeper) -> None:
    for now_ms in (1_000, 1_100, 3_000):
        await records.put_aside(ACCOUNT, "unreadable", b"%d" % now_ms, now_ms)
        await records.attempt(f"{now_ms}", 1, 10_000, now_ms)
    assert await prune_all(records, "asides", 3_000) == 2
    assert await prune_all(records, "attempts", 3_000) == 2
    assert [one.at_ms for one in await records.asides(None)] == [3_000]
    assert await records.attempt("1000", 1, 10_000, 3_000)
    assert not await records.attempt("3000", 1, 10_000, 3_000)
    await records.put_aside(ACCOUNT, "unreadable", b"new", 4_000)
    assert [one.at_ms for one in await records.asides(ACCOUNT)] == [3_000, 4_000]


async def test_everything_is_there_after_closing_and_after_a_crash(records_place: RecordsPlace, moment: Moment) -> None:
    records = records_place.open(moment)
    await records.put_aside(ACCOUNT, "unreadable", b"x", 1_000)
    await records.attempt("a", 1, 1_000, 1_000)
    await records.add_key("dms", "register", "d1", 1_000)
    await records.note([Access(1_000, "self", "read", ANNA)])
    await meet(records, ANNA)
    await records.erase(ANNA)
    crashed = records_place.after_a_crash()
    await records.close()
    for place in (records_place, crashed):
        again = place.open(moment)
        assert len(await again.asides(None)) == len(await again.keys()) == len(await again.accesses(ANNA)) == 1
        assert not await again.attempt("a", 1, 1_000, 1_000)
        assert await again.known(ANNA) is None
        await again.close()


async def test_a_closed_keeper_says_so(records_place: RecordsPlace, moment: Moment) -> None:
    records = records_place.open(moment)
    case = await a_case(records)
    await records.close()
    follower = Follower(ANNA, ACCOUNT, "uk")
    calls = [
        records.meet(ANNA, ACCOUNT, b"", "uk", 1), records.known(ANNA), records.mark(ANNA, "left"),
        records.put([], 1), records.record([], decides(), 1), records.case("dms", "A-1"), records.case_by_id(1),
        records.case_by_code("dms", "c0de"),
        records.history(1), records.follow(1, follower, 1), records.unfollow(ANNA, None), records.followed(ANNA),
        records.followers(1), records.overdue(1), records.came_due(Due(case, "slow", 1), Decided("again"), 1),
        records.listed("dms"), records.queue([], 1), records.lease(ACCOUNT, "notice", 1, 1), records.settle([], 1),
        records.recover(ACCOUNT, 1), records.report(ACCOUNT, "m", "read", 1), records.inbox(ANNA),
        records.letters(None), records.replay([], 1, 1), records.put_aside(ACCOUNT, "", b"", 1), records.asides(None),
        records.attempt("a", 1, 1, 1), records.add_key("dms", "", "", 1), records.key(""), records.keys(),
        records.revoke_key(1, 1), records.note([]), records.accesses(""), records.erase(ANNA),
        records.prune_records("notices", 1),
    ]  # fmt: skip
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreClosed] * len(calls)
