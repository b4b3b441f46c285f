"""What every keeper of campaigns promises (`vikno.usecases.campaigns`)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.keepers import RecordsKeeper, RecordsPlace
from tests.contracts.records import Moment, given, meet
from tests.contracts.senders import SMS, VIBER, a_sender, agrees, chain, named, step, telling
from vikno.usecases.campaigns import CampaignGiven, CampaignKept, CampaignStatus, Part
from vikno.usecases.channel import Sent
from vikno.usecases.notifications import NotificationMade, Wanted
from vikno.usecases.records import Follower, Settled, TooManyAtOnce

ALL: tuple[CampaignStatus, ...] = ("draft", "reading", "ready", "running", "paused", "stopped", "done")
GIVEN = CampaignGiven(1, 1, "Late", "c-7", "live", "file", b'{"lang":"uk"}')
PEOPLE = [named(VIBER, letter) for letter in "abcde"]


async def a_campaign(records: RecordsKeeper, chunks: int = 2) -> CampaignKept:
    """One that is ready, of so many chunks of two rows."""
    await a_sender(records)
    made = await records.make_campaign(GIVEN, 1_000)
    reading = await records.begin_reading(made.id, ["flight"], 1_100)
    assert reading is not None
    for number in range(chunks):
        assert await records.keep_part(made.id, reading, Part(2, b"sealed %d" % number, 50 * (number + 1)), 1_200)
    assert await records.end_reading(made.id, reading, whole=True, now_ms=1_300)
    return await kept(records, made.id)


async def kept(records: RecordsKeeper, campaign: int) -> CampaignKept:
    found = await records.campaign(campaign)
    assert found is not None
    return found


async def running(records: RecordsKeeper, chunks: int = 2) -> CampaignKept:
    made = await a_campaign(records, chunks)
    assert await records.change_campaign(made.id, ("ready",), "running", 2_000)
    return await kept(records, made.id)


def to(flow: int, who: str) -> NotificationMade:
    return telling(flow, who, step=replace(step(who), lane="bulk"))


async def all_of(records: RecordsKeeper, flow: int) -> list[Any]:
    return sorted(await records.listed_notifications(Wanted(1, flow=flow)), key=lambda one: one.id)


async def lease(records: RecordsKeeper, limit: int = 10) -> list[int]:
    return [one.id for one in await records.lease(VIBER, "bulk", limit, 5_000)]


# ---- whom it is for ----


async def test_a_campaign_begins_as_a_draft_for_nobody(records: RecordsKeeper) -> None:
    made = await records.make_campaign(GIVEN, 1_000)
    assert (made.status, made.rows, made.chunks, made.cursor, made.flow) == ("draft", 0, 0, 0, 0)
    assert (made.name, made.reference, made.terms, made.counted, made.preview) == (
        "Late",
        "c-7",
        GIVEN.terms,
        b"{}",
        b"",
    )
    assert await records.campaign(made.id) == made
    assert await records.campaign(made.id + 1) is None
    other = await records.make_campaign(replace(GIVEN, organisation=2), 1_000)
    assert await records.campaigns() == (other, made)
    assert await records.campaigns(1) == (made,)
    assert await records.campaigns(None, before=other.id) == (made,)


async def test_an_audience_is_kept_in_chunks(records: RecordsKeeper) -> None:
    ready = await a_campaign(records)
    assert (ready.status, ready.rows, ready.chunks, ready.looked, ready.columns) == ("ready", 4, 2, 100, ("flight",))
    assert [await records.audience(ready.id, number) for number in range(3)] == [b"sealed 0", b"sealed 1", None]


async def test_rows_that_are_left_out_are_counted_and_the_first_are_named(records: RecordsKeeper) -> None:
    made = await records.make_campaign(GIVEN, 1_000)
    reading = await records.begin_reading(made.id, [], 1_000)
    assert reading is not None
    wrong = [(line, "twice" if line % 2 else "address") for line in range(2, 802)]
    await records.keep_part(made.id, reading, Part(0, None, 10, wrong), 1_000)
    await records.keep_part(made.id, reading, Part(0, None, 20, [(line + 800, why) for line, why in wrong]), 1_000)
    assert (await kept(records, made.id)).refused == {"twice": 800, "address": 800}
    named_lines = await records.refusals(made.id)
    assert (len(named_lines), named_lines[0], named_lines[-1][0]) == (1000, (2, "address"), 1001)
    assert await records.end_reading(made.id, reading, whole=True, now_ms=1_000)
    assert (await kept(records, made.id)).status == "draft"  # there is nobody in it


async def test_a_new_audience_takes_the_place_of_the_one_before(records: RecordsKeeper) -> None:
    ready = await a_campaign(records)
    again = await records.begin_reading(ready.id, ["city"], 2_000)
    assert again is not None
    assert not await records.keep_part(ready.id, ready.reading, Part(1, b"late", 1), 2_000)
    assert not await records.end_reading(ready.id, ready.reading, whole=True, now_ms=2_000)
    assert await records.audience(ready.id, 0) is None
    assert await records.keep_part(ready.id, again, Part(1, b"new", 9), 2_000)
    assert await records.forget_audience(ready.id, 1) == 1
    assert await records.forget_audience(ready.id) == 1
    assert await records.forget_audience(ready.id) == 0
    assert await records.end_reading(ready.id, again, whole=True, now_ms=2_000)
    assert ((await kept(records, ready.id)).rows, await records.audience(ready.id, 0)) == (1, b"new")


async def test_a_file_that_broke_off_leaves_a_draft(records: RecordsKeeper) -> None:
    made = await records.make_campaign(GIVEN, 1_000)
    reading = await records.begin_reading(made.id, [], 1_000)
    assert reading is not None
    await records.keep_part(made.id, reading, Part(2, b"half", 10), 1_000)
    assert await records.end_reading(made.id, reading, whole=False, now_ms=1_000)
    assert (await kept(records, made.id)).status == "draft"
    assert await records.forget_audience(made.id) == 1


# ---- going on ----


async def test_a_chunk_is_planned_once(records: RecordsKeeper) -> None:
    campaign = await running(records)
    assert campaign.flow > 0
    chunk = [to(campaign.flow, PEOPLE[0]), to(campaign.flow, PEOPLE[1])]
    assert not await records.plan_chunk(campaign.id, 1, chunk, b"{}", 2_000)
    assert await records.plan_chunk(campaign.id, 0, chunk, b'{"rows":2}', 2_000)
    assert not await records.plan_chunk(campaign.id, 0, chunk, b"{}", 2_000)
    moved = await kept(records, campaign.id)
    assert (moved.cursor, moved.counted) == (1, b'{"rows":2}')
    assert [one.to for one in await all_of(records, campaign.flow)] == PEOPLE[:2]
    with pytest.raises(TooManyAtOnce):
        await records.plan_chunk(campaign.id, 1, chunk * 501, b"{}", 2_000)


@pytest.mark.parametrize("planned", [False, True])
async def test_a_chunk_is_whole_or_not_at_all_after_a_crash(
    records_place: RecordsPlace, moment: Moment, planned: bool
) -> None:
    records = records_place.open(moment)
    campaign = await running(records)
    if planned:
        await records.plan_chunk(campaign.id, 0, [to(campaign.flow, who) for who in PEOPLE], b"{}", 2_000)
    after = records_place.after_a_crash().open(moment)
    assert (await kept(after, campaign.id)).cursor == planned
    assert len(await all_of(after, campaign.flow)) == (len(PEOPLE) if planned else 0)
    assert [one.id for one in await after.open_campaigns(3_000)] == [campaign.id]
    await after.close()
    await records.close()


async def test_while_it_is_paused_nothing_is_planned_or_taken(records: RecordsKeeper) -> None:
    campaign = await running(records)
    chunk = [to(campaign.flow, PEOPLE[0])]
    await records.plan_chunk(campaign.id, 0, chunk, b"{}", 2_000)
    assert await records.change_campaign(campaign.id, ("running",), "paused", 2_500)
    assert not await records.change_campaign(campaign.id, ("running",), "paused", 2_500)
    assert await lease(records) == []
    assert not await records.plan_chunk(campaign.id, 1, chunk, b"{}", 2_600)
    assert await records.open_campaigns(3_000) == ()
    assert await records.change_campaign(campaign.id, ("paused",), "running", 2_700)
    assert len(await lease(records)) == 1
    assert await records.plan_chunk(campaign.id, 1, [to(campaign.flow, PEOPLE[1])], b"{}", 2_800)


async def test_of_a_stopped_one_what_waits_is_ended_and_what_has_left_goes_on(records: RecordsKeeper) -> None:
    campaign = await running(records)
    await records.plan_chunk(campaign.id, 0, [to(campaign.flow, who) for who in PEOPLE], b"{}", 2_000)
    first, second = await lease(records, 2)
    await records.settle([Settled(second, Sent("m2"))], 2_100)
    assert await records.change_campaign(campaign.id, ("running", "paused"), "stopped", 2_500)
    assert [one.id for one in await records.open_campaigns(3_000)] == [campaign.id]
    swept = await records.sweep(campaign.flow, 0, 3_000, end=True, limit=3)
    assert (swept.open, swept.ended, swept.after is not None) == (2, 1, True)
    assert swept.after is not None
    swept = await records.sweep(campaign.flow, swept.after, 3_000, end=True, limit=3)
    assert (swept.after, swept.open, swept.ended) == (None, 0, 2)
    told = await all_of(records, campaign.flow)
    assert [(one.status, one.reason) for one in told[2:]] == [("permanent-failure", "stopped")] * 3
    assert all(one.completed_ms is None for one in told[:2])
    assert await lease(records) == []
    assert [event.said for event in await records.trace(told[4].id)] == [b'{"what":"ended","why":"stopped"}']
    del first
    await records.note_swept(campaign.id, 4_000, ended=False)
    assert (await kept(records, campaign.id)).swept_ms == 4_000
    assert [one.id for one in await records.open_campaigns(5_000)] == [campaign.id]
    await records.note_swept(campaign.id, 5_000, ended=True)
    assert await records.open_campaigns(5_000) == ()
    assert await records.forget_audience(campaign.id) == 2


async def test_looking_alone_ends_nothing(records: RecordsKeeper) -> None:
    campaign = await running(records)
    await records.plan_chunk(campaign.id, 0, [to(campaign.flow, who) for who in PEOPLE], b"{}", 2_000)
    swept = await records.sweep(campaign.flow, 0, 3_000, end=False)
    assert (swept.after, swept.open, swept.ended) == (None, 5, 0)
    assert len(await lease(records)) == 5


async def test_how_many_of_its_queue_are_how_is_told_in_stretches(records: RecordsKeeper) -> None:
    campaign = await running(records)
    ended = to(campaign.flow, PEOPLE[4])
    ended = replace(ended, status="permanent-failure", reason="law", step=None)
    await records.plan_chunk(campaign.id, 0, [*(to(campaign.flow, who) for who in PEOPLE[:4]), ended], b"{}", 2_000)
    first, after = await records.count_flow(campaign.flow, 0, 4)
    assert (dict(first), after > 0) == ({("created", ""): 4}, True)
    last, after = await records.count_flow(campaign.flow, after, 4)
    assert (dict(last), after) == ({("permanent-failure", "law"): 1}, 0)


async def test_one_that_is_ready_begins_at_its_time(records: RecordsKeeper) -> None:
    ready = await a_campaign(records)
    assert await records.open_campaigns(10_000) == ()
    assert await records.set_beginning(ready.id, 5_000, 2_000)
    assert await records.open_campaigns(4_999) == ()
    assert [one.id for one in await records.open_campaigns(5_000)] == [ready.id]
    assert await records.change_campaign(ready.id, ("ready",), "running", 5_000)
    assert not await records.set_beginning(ready.id, None, 5_000)
    assert (await kept(records, ready.id)).began_ms == 5_000


@pytest.mark.parametrize("status", ["running", "paused", "stopped", "done"])
async def test_what_was_used_has_its_audience_for_good(records: RecordsKeeper, status: CampaignStatus) -> None:
    campaign = await running(records)
    assert await records.change_campaign(campaign.id, ALL, status, 2_000)
    assert await records.begin_reading(campaign.id, [], 3_000) is None
    assert not await records.forget_campaign(campaign.id)


async def test_what_was_never_used_can_be_forgotten(records: RecordsKeeper) -> None:
    ready = await a_campaign(records)
    assert await records.forget_campaign(ready.id)
    assert await records.campaign(ready.id) is None
    assert await records.refusals(ready.id) == ()
    assert not await records.forget_campaign(ready.id)


async def test_one_whose_reading_was_killed_can_be_forgotten(records: RecordsKeeper) -> None:
    made = await records.make_campaign(GIVEN, 1_000)
    reading = await records.begin_reading(made.id, [], 1_000)
    assert reading is not None
    await records.keep_part(made.id, reading, Part(2, b"half", 10), 1_000)
    assert await records.forget_campaign(made.id)
    assert not await records.keep_part(made.id, reading, Part(2, b"more", 20), 1_000)
    assert await records.campaign(made.id) is None


async def test_a_preview_is_of_one_audience(records: RecordsKeeper) -> None:
    ready = await a_campaign(records)
    assert await records.keep_preview(ready.id, ready.reading, b'{"chunks":1}')
    assert (await kept(records, ready.id)).preview == b'{"chunks":1}'
    await records.begin_reading(ready.id, [], 2_000)
    assert not await records.keep_preview(ready.id, ready.reading, b"{}")
    assert (await kept(records, ready.id)).preview == b""


async def test_a_campaign_that_is_not_there_changes_nothing(records: RecordsKeeper) -> None:
    assert await records.begin_reading(9, [], 1_000) is None
    assert not await records.keep_part(9, 1, Part(1, b"x", 1), 1_000)
    assert not await records.change_campaign(9, ALL, "running", 1_000)
    assert not await records.plan_chunk(9, 0, [], b"{}", 1_000)


# ---- whom a query finds ----


async def test_those_who_agreed_are_found_once_unless_they_took_it_back(records: RecordsKeeper) -> None:
    await a_sender(records)
    phone, chat, other, gone = named(SMS, "a"), named(VIBER, "a"), named(VIBER, "b"), named(VIBER, "c")
    await meet(records, phone, chat, other, gone)
    await records.link(chat, phone, 1_000)
    for who in (chat, phone, other, gone):
        await records.agree(agrees(who), chain, 1_000)
    await records.agree(agrees(other, "none"), chain, 1_000)
    await records.mark(gone, "left")
    found, after = await records.agreed_to(1, "advertising", ("given", "written"), 0)
    assert ([one.account for one in found], after) == ([SMS], 0)
    first, after = await records.agreed_to(1, "advertising", ("given",), 0, 2)
    assert ([one.account for one in first], after) == ([SMS], 2)
    assert await records.agreed_to(1, "advertising", ("written",), 0) == ((), 0)
    assert await records.agreed_to(1, "official", ("given",), 0) == ((), 0)


async def test_those_who_follow_a_service_are_found_once(records: RecordsKeeper) -> None:
    await meet(records, *PEOPLE)
    await records.put([given("A-1"), given("A-2"), given("B-1", "other")], 1_000)
    for number, authority, who in (
        ("A-1", "dms", PEOPLE[0]), ("A-2", "dms", PEOPLE[0]), ("A-2", "dms", PEOPLE[3]), ("B-1", "other", PEOPLE[1]),
    ):  # fmt: skip
        case = await records.case(authority, number)
        assert case is not None
        await records.follow(case.id, Follower(who, VIBER, "uk"), 1_000)
    found, after = await records.followers_of("dms", "ua/id-card", 0)
    assert (len(found), after) == (2, 0)
    first, after = await records.followers_of("dms", "ua/id-card", 0, 2)
    assert (len(first), after) == (1, 2)
    assert await records.followers_of("dms", "ua/other", 0) == ((), 0)
