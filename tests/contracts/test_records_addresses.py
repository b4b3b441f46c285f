"""What every keeper of addresses promises (`vikno.usecases.records.AddressBook`)."""

from __future__ import annotations

import asyncio

import pytest

from tests.contracts.keepers import RecordsKeeper, RecordsPlace
from tests.contracts.records import ACCOUNT, ANNA, BOHDAN, Moment, a_case, leased, meet, notice, said
from vikno.usecases.ports import MOST_NAME_BYTES, TurnRefused
from vikno.usecases.records import HEARD_EXACT_MS, Follower, Gone, Known


async def test_somebody_who_was_never_met_is_not_known(records: RecordsKeeper) -> None:
    assert await records.known(ANNA) is None


async def test_whoever_is_met_can_be_reached(records: RecordsKeeper) -> None:
    await records.meet(ANNA, ACCOUNT, b"sealed", "uk", 1_000)
    assert await records.known(ANNA) == Known(ANNA, ACCOUNT, b"sealed", "alive", "uk", 1_000)


@pytest.mark.parametrize("status", ["left", "dead"])
async def test_whoever_writes_again_is_alive_in_their_language(records: RecordsKeeper, status: Gone) -> None:
    await records.meet(ANNA, ACCOUNT, b"sealed", "uk", 1_000)
    await records.mark(ANNA, status)
    known = await records.known(ANNA)
    assert known is not None
    assert known.status == status
    await records.meet(ANNA, ACCOUNT, b"sealed again", "en", 1_001)
    assert await records.known(ANNA) == Known(ANNA, ACCOUNT, b"sealed", "alive", "uk", 1_001)


async def test_a_language_that_was_not_known_is_learnt(records: RecordsKeeper) -> None:
    await records.meet(ANNA, ACCOUNT, b"sealed", None, 1_000)
    await records.meet(ANNA, ACCOUNT, b"sealed", None, 1_000)
    await records.meet(ANNA, ACCOUNT, b"sealed", "uk", 1_001)
    known = await records.known(ANNA)
    assert known is not None
    assert known.lang == "uk"


async def test_a_clock_that_somebody_chose_is_theirs_until_they_choose_another(records: RecordsKeeper) -> None:
    await records.set_zone(ANNA, "Europe/Warsaw")
    assert await records.known(ANNA) is None, "nobody is made by it"
    await meet(records, ANNA, BOHDAN)
    case = await a_case(records)
    await records.follow(case.id, Follower(ANNA, ACCOUNT, "uk"), 1_000)
    await records.set_zone(ANNA, "America/Toronto")
    await records.follow(case.id, Follower(ANNA, ACCOUNT, "en"), 1_000)
    await meet(records, ANNA, now_ms=10 * HEARD_EXACT_MS)
    assert [(one.lang, one.zone) for one in await records.followers(case.id)] == [("en", "America/Toronto")]
    assert [known.zone for who in (ANNA, BOHDAN) if (known := await records.known(who))] == ["America/Toronto", None]
    await records.set_zone(ANNA, None)
    assert [one.zone for one in await records.followers(case.id)] == [None]


async def test_when_somebody_last_wrote_is_exact_to_a_minute(records: RecordsKeeper) -> None:
    for now_ms in range(1_000, 1_000 + 5 * HEARD_EXACT_MS, HEARD_EXACT_MS // 7):
        await meet(records, ANNA, now_ms=now_ms)
        known = await records.known(ANNA)
        assert known is not None
        assert 0 <= now_ms - known.heard_ms < HEARD_EXACT_MS
    await meet(records, ANNA, now_ms=500)
    known = await records.known(ANNA)
    assert known is not None
    assert known.heard_ms == 500, "the clock was set back"


async def test_what_waits_for_somebody_who_left_is_dropped_and_stays_so(records: RecordsKeeper, moment: Moment) -> None:
    await meet(records, ANNA, BOHDAN)
    await records.queue([notice(ANNA, "x"), notice(ANNA, "y", not_before_ms=9_000), notice(BOHDAN, "z")], 1_000)
    moment.now_ms = 1_500
    await records.mark(ANNA, "left")
    assert await said(records, ANNA) == [("x", "dropped"), ("y", "dropped")]
    assert {one.changed_ms for one in await records.inbox(ANNA)} == {1_500}
    await meet(records, ANNA, now_ms=2_000)
    assert await leased(records, 10_000) == ["z"]


async def test_what_is_made_for_somebody_who_left_stands_in_the_inbox(records: RecordsKeeper) -> None:
    await meet(records, ANNA)
    await records.mark(ANNA, "dead")
    await records.queue([notice(ANNA, "x")], 1_000)
    assert await said(records, ANNA) == [("x", "dropped")]
    assert await leased(records) == []


async def test_marking_somebody_who_is_not_there_changes_nothing(records: RecordsKeeper) -> None:
    await records.mark(ANNA, "dead")
    assert await records.known(ANNA) is None
    await meet(records, ANNA)
    known = await records.known(ANNA)
    assert known is not None
    assert known.status == "alive"


async def test_who_leaves_and_comes_back_in_the_same_moment_is_there(records: RecordsKeeper) -> None:
    await meet(records, ANNA)
    await asyncio.gather(records.mark(ANNA, "left"), records.meet(ANNA, ACCOUNT, b"", "uk", 1_000))
    known = await records.known(ANNA)
    assert known is not None
    assert known.status == "alive"


async def test_who_follows_without_being_met_is_known_once_they_are(records: RecordsKeeper) -> None:
    case = await a_case(records)
    await records.follow(case.id, Follower(ANNA, ACCOUNT, "uk"), 1_000)
    assert await records.known(ANNA) is None
    await records.meet(ANNA, ACCOUNT, b"sealed", "en", 2_000)
    assert await records.known(ANNA) == Known(ANNA, ACCOUNT, b"sealed", "alive", "en", 2_000)
    assert await records.followed(ANNA) == (case,)


@pytest.mark.parametrize("name", ["", "x" * (MOST_NAME_BYTES + 1), "\ud800"])
async def test_names_that_cannot_be_kept_are_refused_alone(records: RecordsKeeper, name: str) -> None:
    answers = await asyncio.gather(
        records.meet(ANNA, ACCOUNT, b"x", "uk", 1_000),
        records.meet(name, ACCOUNT, b"x", "uk", 1_000),
        records.meet(BOHDAN, ACCOUNT, b"x", "uk", 1_000),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [type(None), TurnRefused, type(None)]
    assert await records.known(ANNA) is not None
    assert await records.known(BOHDAN) is not None


async def test_addresses_are_there_after_closing_and_after_a_crash(records_place: RecordsPlace, moment: Moment) -> None:
    records = records_place.open(moment)
    await meet(records, ANNA, BOHDAN)
    await records.mark(BOHDAN, "left")
    crashed = records_place.after_a_crash()
    await records.close()
    for place in (records_place, crashed):
        again = place.open(moment)
        statuses = [known.status for known in (await again.known(ANNA), await again.known(BOHDAN)) if known]
        assert statuses == ["alive", "left"]
        await again.close()
