"""What every keeper of subscribers promises (`vikno.usecases.records.Subscribers`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.contracts.keepers import RecordsKeeper, RecordsPlace
from tests.contracts.records import ACCOUNT, ANNA, BOHDAN, CLARA, Moment, a_case, decides, given, meet, notice, report
from vikno.usecases.channel import BadMessage, Sent, Unknown
from vikno.usecases.ports import StoreClosed
from vikno.usecases.records import (
    CaseKept,
    Changes,
    Decided,
    Follower,
    Position,
    Settled,
    StageGiven,
    Subscriber,
    TimerMade,
)

BEGIN = Position(0)
URL = "https://dms.example/hear"


async def hear(records: RecordsKeeper, after: Position = BEGIN, before_ms: int = 10**9, limit: int = 100) -> Changes:
    return await records.changes("dms", after, before_ms, limit)


def heard(changes: Changes) -> list[tuple[str, str, str]]:
    return [(event.number, event.status, event.stage) for event in changes.events]


async def one(records: RecordsKeeper) -> Subscriber:
    (found,) = await records.subscribers()
    return found


async def settled(records: RecordsKeeper, now_ms: int, *outcomes: Sent | Unknown | BadMessage) -> None:
    taken = await records.lease(ACCOUNT, "notice", len(outcomes), now_ms)
    assert len(taken) == len(outcomes)
    await records.settle([Settled(each.id, how) for each, how in zip(taken, outcomes, strict=True)], now_ms)


async def test_what_became_of_notices_is_heard_in_order_and_with_its_stage(records: RecordsKeeper) -> None:
    await a_case(records, "A-1", ANNA, BOHDAN, CLARA)
    await records.record([report("A-1", "e1", "approved")], decides(), 2_000)
    assert heard(await hear(records)) == [("A-1", "followed", "")] * 3, "what waits has become nothing yet"
    await settled(records, 3_000, Sent("m1"), Unknown("timeout"), BadMessage("too long"))
    await records.report(ACCOUNT, "m1", "delivered", 4_000)
    events = heard(await hear(records, Position(1_000, 1, 2**62)))
    assert events == [
        ("A-1", "unknown", "approved"), ("A-1", "technical-failure", "approved"), ("A-1", "delivered", "approved"),
    ]  # fmt: skip


async def test_the_stage_of_a_notice_is_the_one_it_was_planned_with(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA)

    def decide(case: CaseKept, given: StageGiven, followers: Sequence[Follower]) -> Decided:
        return decides("late" if given.stage == "checked" else "reached", TimerMade("slow", 5_000))(
            case, given, followers
        )

    batch = [report("A-1", "e0", "approved"), report("A-1", "e1", "printed"), report("A-1", "e2", "checked")]
    await records.record(batch, decide, 2_000)
    await settled(records, 3_000, Sent("m1"))
    await records.record([report("A-1", "e3", "shipped")], decide, 4_000)
    (due,) = await records.overdue(5_000)
    await records.came_due(due, Decided("again", (notice(ANNA, "it takes longer", f"case/{case.id}"),)), 5_000)
    await settled(records, 6_000, Sent("m2"))
    events = heard(await hear(records, Position(1_000, 1, 2**62)))
    assert events == [("A-1", "sent", "printed"), ("A-1", "sent", "")], "a reminder has none"


async def test_of_others_nothing_is_heard_and_they_are_passed(records: RecordsKeeper) -> None:
    await records.put([given("T-1", authority="tax")], 1_000)
    theirs = await records.case("tax", "T-1")
    assert theirs is not None
    await meet(records, ANNA)
    await records.follow(theirs.id, Follower(ANNA, ACCOUNT, "uk"), 1_500)
    await records.queue([notice(BOHDAN, "of no case")], 1_500)
    await settled(records, 1_600, Sent("m"))
    changes = await hear(records)
    assert changes == Changes((), changes.upto, more=False)
    assert changes.upto.at_ms == 1_500
    assert heard(await records.changes("tax", BEGIN, 10**9)) == [("T-1", "followed", "")]


async def test_those_of_one_millisecond_are_each_heard_once_in_parts_of_any_size(
    records: RecordsKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [f"{ACCOUNT}:{n:032}" for n in range(7)]
    case = await a_case(records, "A-1", *people)
    await records.record([report("A-1", "e1")], decides(), 1_000)
    await settled(records, 1_000, *[Sent(f"m{n}") for n in range(7)])
    late = await a_case(records, "A-2", ANNA)
    await records.follow(late.id, Follower(BOHDAN, ACCOUNT, "uk"), 1_001)
    whole = await hear(records)
    assert len(whole.events) == 7 + 7 + 2
    assert not whole.more
    assert [event.at for event in whole.events] == sorted({event.at for event in whole.events})
    for looked_at in (1, 2, 3, 500):
        monkeypatch.setattr("vikno.stores.sqlite.subscribers.MOST_LOOKED_AT", looked_at)
        for limit in (1, 3, 100):
            events, after, more = list(whole.events[:0]), BEGIN, True
            while more:
                part = await hear(records, after, limit=limit)
                assert len(part.events) <= limit
                assert part.upto > after or not part.more
                events, after, more = [*events, *part.events], part.upto, part.more
            assert tuple(events) == whole.events, (looked_at, limit)
    assert case.id != late.id


async def test_what_is_younger_than_asked_for_waits(records: RecordsKeeper) -> None:
    await a_case(records, "A-1", ANNA)
    assert heard(await hear(records, before_ms=1_000)) == []
    assert heard(await hear(records, before_ms=1_001)) == [("A-1", "followed", "")]
    await records.record([report("A-1", "e1")], decides(), 2_000)
    await settled(records, 3_000, Sent("m"))
    assert heard(await hear(records, before_ms=3_000)) == [("A-1", "followed", "")]
    assert heard(await hear(records, before_ms=3_001)) == [("A-1", "followed", ""), ("A-1", "sent", "checked")]


async def test_a_subscriber_is_kept_advances_fails_and_goes(records: RecordsKeeper) -> None:
    number = await records.subscribe("dms", URL, b"sealed", 1_000)
    new = await one(records)
    assert new == Subscriber(number, "dms", URL, b"sealed", 1_000, 0, 1_000, "", Position(1_000))
    assert await records.failed(new, 5_000, "http 500")
    assert await records.failed(new, None, "http 502")
    paused = await one(records)
    assert (paused.tries, paused.next_ms, paused.reason) == (2, None, "http 502")
    assert await records.advance(paused, Position(2_000, 1, 7, 8), 6_000)
    further = await one(records)
    assert further.taken == Position(2_000, 1, 7, 8)
    assert (further.tries, further.next_ms, further.reason) == (0, 6_000, "")
    assert await records.unsubscribe(number)
    assert not await records.unsubscribe(number)
    assert await records.subscribers() == ()
    assert await records.subscribe("dms", URL, b"sealed", 1_000) > number


async def test_whoever_was_set_back_meanwhile_stays_there(records: RecordsKeeper) -> None:
    number = await records.subscribe("dms", URL, b"sealed", 1_000)
    before = await one(records)
    assert await records.rewind(number, 500, 7_000)
    assert not await records.advance(before, Position(9_000), 9_000)
    assert not await records.failed(before, None, "http 500")
    again = await one(records)
    assert (again.taken, again.next_ms, again.tries) == (Position(500), 7_000, 0)
    assert await records.advance(again, Position(500, 1, 7, 8), 7_000)
    further = await one(records)
    for elsewhere in (Position(500, 0, 7, 8), Position(500, 1, 6, 8), Position(500, 1, 7, 9)):
        assert not await records.advance(replace(further, taken=elsewhere), Position(9_000), 9_000)
        assert not await records.failed(replace(further, taken=elsewhere), None, "http 500")
    assert await records.rewind(number, 400, 8_000)
    assert (await one(records)).taken == Position(400)
    assert not await records.rewind(number + 1, 500, 7_000)


async def test_subscribers_are_there_after_closing_and_after_a_crash(
    records_place: RecordsPlace, moment: Moment
) -> None:
    records = records_place.open(moment)
    await records.subscribe("dms", URL, b"sealed", 1_000)
    await records.advance(await one(records), Position(2_000, 1, 7, 8), 6_000)
    crashed, kept = records_place.after_a_crash(), await records.subscribers()
    await records.close()
    for place in (records_place, crashed):
        again = place.open(moment)
        assert await again.subscribers() == kept
        await again.close()


async def test_a_closed_keeper_says_so(records_place: RecordsPlace, moment: Moment) -> None:
    records = records_place.open(moment)
    await records.subscribe("dms", URL, b"sealed", 1_000)
    kept = await one(records)
    await records.close()
    calls = [
        records.subscribe("dms", URL, b"", 1), records.subscribers(), records.unsubscribe(1), hear(records),
        records.advance(kept, Position(2), 1), records.rewind(1, 1, 1), records.failed(kept, None, ""),
    ]  # fmt: skip
    answers = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(answer) for answer in answers] == [StoreClosed] * len(calls)
