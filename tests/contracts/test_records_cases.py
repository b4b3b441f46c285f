"""What every keeper of cases promises (`vikno.usecases.records.CaseBook`)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

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
    given,
    leased,
    meet,
    notice,
    report,
    said,
    settle,
)
from vikno.usecases.channel import Sent
from vikno.usecases.records import (
    MOST_AT_ONCE,
    CaseGiven,
    CaseKept,
    Decided,
    Follower,
    NoticeMade,
    Passed,
    StageGiven,
    TimerMade,
    TooManyAtOnce,
    Verdict,
)


async def stage_of(records: RecordsKeeper, number: str = "A-1") -> tuple[str, int]:
    case = await records.case("dms", number)
    assert case is not None
    return case.stage, case.stage_ms


# ---- putting ----


async def test_a_case_is_kept_as_it_is_given(records: RecordsKeeper) -> None:
    assert await records.put([CaseGiven("dms", "A-1", "ua/id-card", "c0de", "kyiv-1", 700)], 1_000) == (True,)
    case = await records.case("dms", "A-1")
    assert case is not None
    assert case == CaseKept(case.id, "dms", "A-1", "ua/id-card", "c0de", "kyiv-1", 700, "", 0)
    assert await records.case_by_id(case.id) == case
    assert await records.case_by_id(case.id + 1) is None
    assert await records.case("dms", "a-1") is None
    assert await records.case("other", "A-1") is None


async def test_a_case_is_found_by_what_is_kept_of_its_code(records: RecordsKeeper) -> None:
    kept = [CaseGiven("dms", f"A-{at}", "ua/id-card", code, "", 700) for at, code in enumerate(("one", "two", "two"))]
    await records.put(kept, 1_000)
    one, two = await records.case("dms", "A-0"), await records.case("dms", "A-1")
    assert await records.case_by_code("dms", "one") == one
    assert await records.case_by_code("dms", "two") == two  # the first of those that are alike
    assert await records.case_by_code("dms", "three") is None
    assert await records.case_by_code("tax", "one") is None
    await records.put([CaseGiven("dms", "A-0", "ua/id-card", "three", "", 700)], 1_000)
    assert await records.case_by_code("dms", "one") is None
    assert await records.case_by_code("dms", "three") is not None


async def test_a_case_put_again_changes_and_keeps_its_id_and_stage(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1")
    await records.record([report("A-1", "e1")], decides(), 1_000)
    assert await records.put([given("A-1", office="lviv-2"), given("A-2"), given("A-2")], 2_000) == (False, True, False)
    after = await records.case_by_id(case.id)
    assert after is not None
    assert (after.number, after.office, after.stage) == ("A-1", "lviv-2", "checked")


async def test_a_case_was_opened_when_it_was_first_put_unless_it_is_said(records: RecordsKeeper) -> None:
    for now_ms in (1_000, 2_000):
        await records.put([given("A-1", opened_ms=0)], now_ms)
        case = await records.case("dms", "A-1")
        assert case is not None
        assert case.opened_ms == 1_000


async def test_numbers_of_two_authorities_may_be_the_same(records: RecordsKeeper) -> None:
    assert await records.put([given("A-1"), given("A-1", "tax")], 1_000) == (True, True)
    await records.record([report("A-1", "e1", authority="tax")], decides(), 1_000)
    assert await stage_of(records) == ("", 0)


async def test_an_authoritys_cases_are_listed_in_pages_by_id(records: RecordsKeeper) -> None:
    await records.put([given(f"A-{n}", "tax" if n % 3 == 0 else "dms") for n in range(9)], 1_000)
    first = await records.listed("dms", limit=4)
    assert [case.number for case in first] == ["A-1", "A-2", "A-4", "A-5"]
    assert [case.number for case in await records.listed("dms", first[-1].id)] == ["A-7", "A-8"]
    assert await records.listed("nobody") == ()


@pytest.mark.parametrize("name", ["'; DROP TABLE cases; --", "a\0b", "№ 17/ї", "%", " A-1 "])
async def test_any_number_is_a_number(records: RecordsKeeper, name: str) -> None:
    await records.put([given(name), given("A-1")], 1_000)
    assert await records.record([report(name, name)], decides(), 1_000) == ("reached",)
    assert await stage_of(records, name) == ("checked", 900)
    assert await stage_of(records) == ("", 0)


async def test_more_than_a_thousand_at_once_are_refused_whole(records: RecordsKeeper) -> None:
    many = [f"A-{n}" for n in range(MOST_AT_ONCE + 1)]
    with pytest.raises(TooManyAtOnce):
        await records.put([given(number) for number in many], 1_000)
    with pytest.raises(TooManyAtOnce):
        await records.record([report(number, number) for number in many], decides(), 1_000)
    assert await records.listed("dms") == ()
    assert await records.put([given(number) for number in many[1:]], 1_000) == (True,) * MOST_AT_ONCE
    verdicts = await records.record([report(number, number) for number in many[1:]], decides(), 1_000)
    assert verdicts == ("reached",) * MOST_AT_ONCE


async def test_nothing_at_all_may_be_handed_over(records: RecordsKeeper) -> None:
    assert await records.put([], 1_000) == ()
    assert await records.record([], decides(), 1_000) == ()


# ---- recording ----


async def test_a_report_moves_its_case_and_everybody_hears_of_it_in_one_transaction(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA, BOHDAN)
    assert await records.record([report("A-1", "e1", "checked", 900)], decides(), 1_000) == ("reached",)
    assert await stage_of(records) == ("checked", 900)
    assert await records.history(case.id) == (Passed("checked", 900, 1_000, "reached"),)
    assert await said(records, ANNA) == await said(records, BOHDAN) == [("uk:A-1:checked", "created")]


async def test_an_event_seen_before_is_repeated_and_changes_nothing(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1")], decides(), 1_000)
    again = [report("A-1", "e1", "printed"), report("A-1", "e1")]
    assert await records.record(again, decides(), 2_000) == ("repeated", "repeated")
    assert await records.history(case.id) == (Passed("checked", 900, 1_000, "reached"),)
    assert await said(records) == [("uk:A-1:checked", "created")]


async def test_an_event_twice_in_one_batch_counts_once(records: RecordsKeeper) -> None:
    await a_case(records, "A-1", ANNA)
    batch = [report("A-1", "e1"), report("A-1", "e1", "printed"), report("A-1", "e2", "printed")]
    assert await records.record(batch, decides(), 1_000) == ("reached", "repeated", "reached")
    assert await stage_of(records) == ("printed", 900)


async def test_events_of_two_authorities_may_have_the_same_name(records: RecordsKeeper) -> None:
    await records.put([given("A-1"), given("A-1", "tax")], 1_000)
    batch = [report("A-1", "e1"), report("A-1", "e1", authority="tax")]
    assert await records.record(batch, decides(), 1_000) == ("reached", "reached")


async def test_each_report_sees_what_the_one_before_it_left(records: RecordsKeeper) -> None:
    await a_case(records, "A-1", ANNA)
    seen: list[tuple[str, str]] = []

    def look(case: CaseKept, given: StageGiven, followers: Sequence[Follower]) -> Decided:
        seen.append((case.stage, given.stage))
        return Decided("again" if case.stage == given.stage else "reached")

    stages = [f"s{n // 2}" for n in range(200)]  # more than one stretch of work
    batch = [report("A-1", f"e{n}", stage) for n, stage in enumerate(stages)]
    assert await records.record(batch, look, 1_000) == ("reached", "again") * 100
    assert seen == list(zip(["", *stages], stages, strict=False))


@pytest.mark.parametrize("verdict", ["again", "late"])
async def test_what_moves_nothing_stands_in_the_history(records: RecordsKeeper, verdict: Verdict) -> None:
    case = await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1", "printed", 900)], decides(), 1_000)
    assert await records.record([report("A-1", "e2", "checked", 800)], decides(verdict), 2_000) == (verdict,)
    assert await stage_of(records) == ("printed", 900)
    assert (await records.history(case.id))[1] == Passed("checked", 800, 2_000, verdict)
    assert len(await said(records)) == 1


async def test_a_refused_report_leaves_nothing_and_may_come_again(records: RecordsKeeper) -> None:
    assert await records.record([report("A-1", "e1")], decides(), 1_000) == ("no_case",)
    case = await a_case(records, "A-1", ANNA)
    timer = TimerMade("slow", 2_000)
    assert await records.record([report("A-1", "e1", "?")], decides("no_stage", timer), 1_000) == ("no_stage",)
    assert await records.history(case.id) == ()
    assert await records.overdue(9_000) == ()
    assert await records.record([report("A-1", "e1")], decides(), 1_000) == ("reached",)


class NotThisOne(Exception):
    """A decision failed."""


async def test_a_decision_that_fails_is_told_and_nothing_of_the_batch_is_kept(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA)

    def fail_late(case: CaseKept, given: StageGiven, followers: Sequence[Follower]) -> Decided:
        if given.event == "e99":
            raise NotThisOne
        return decides()(case, given, followers)

    with pytest.raises(NotThisOne):
        await records.record([report("A-1", f"e{n}", f"s{n}") for n in range(100)], fail_late, 1_000)
    assert await stage_of(records) == ("", 0)
    assert await records.history(case.id) == ()
    assert await said(records) == []
    assert await records.record([report("A-1", "e99")], decides(), 1_000) == ("reached",)


async def test_batches_of_several_callers_do_not_mix(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1")
    batches = [[report("A-1", f"{caller}-{n}", f"{caller}") for n in range(100)] for caller in "abc"]
    await asyncio.gather(*(records.record(batch, decides(), 1_000) for batch in batches))
    assert [passed.stage for passed in await records.history(case.id)] == ["a"] * 100 + ["b"] * 100 + ["c"] * 100


async def test_a_newer_stage_replaces_what_was_not_sent_of_an_older_one(records: RecordsKeeper) -> None:
    await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1", "checked"), report("A-1", "e2", "approved")], decides(), 1_000)
    await records.record([report("A-1", "e3", "printed")], decides(), 1_500)
    assert await said(records) == [
        ("uk:A-1:checked", "replaced"), ("uk:A-1:approved", "replaced"), ("uk:A-1:printed", "created"),
    ]  # fmt: skip
    assert await leased(records) == ["uk:A-1:printed"]


# ---- following ----


async def test_whoever_follows_hears_and_is_listed(records: RecordsKeeper) -> None:
    case = await a_case(records)
    await meet(records, ANNA)
    assert await records.follow(case.id, Follower(ANNA, ACCOUNT, "uk"), 1_000)
    assert not await records.follow(case.id, Follower(ANNA, ACCOUNT, "en"), 2_000)
    assert await records.followers(case.id) == (Follower(ANNA, ACCOUNT, "en"),)
    assert await records.followed(ANNA) == (case,)
    await records.record([report("A-1", "e1")], decides(), 3_000)
    assert await said(records) == [("en:A-1:checked", "created")]


async def test_nobody_follows_a_case_that_is_not_there(records: RecordsKeeper) -> None:
    assert not await records.follow(17, Follower(ANNA, ACCOUNT, "uk"), 1_000)
    assert await records.followed(ANNA) == ()


async def test_a_case_is_followed_by_several_on_several_channels_and_one_follows_several(
    records: RecordsKeeper,
) -> None:
    one, two = await a_case(records, "A-1", ANNA), await a_case(records, "A-2", ANNA)
    web = Follower("web/main:" + "d" * 32, "web/main", "uk")
    assert await records.follow(one.id, web, 1_000)
    assert set(await records.followers(one.id)) == {Follower(ANNA, ACCOUNT, "uk"), web}
    assert {case.number for case in await records.followed(ANNA)} == {"A-1", "A-2"}
    await records.record([report("A-1", "e1"), report("A-2", "e2")], decides(), 1_000)
    assert len(await said(records, ANNA)) == 2
    assert len(await said(records, web.conversation)) == 1
    assert await records.followers(two.id) == (Follower(ANNA, ACCOUNT, "uk"),)


async def test_what_is_followed_is_listed_the_latest_first(records: RecordsKeeper) -> None:
    for number, now_ms in (("A-1", 2_000), ("A-2", 3_000), ("A-3", 1_000)):
        await records.follow((await a_case(records, number)).id, Follower(ANNA, ACCOUNT, "uk"), now_ms)
    assert [case.number for case in await records.followed(ANNA)] == ["A-2", "A-1", "A-3"]
    await records.follow((await a_case(records, "A-3")).id, Follower(ANNA, ACCOUNT, "en"), 4_000)
    assert [case.number for case in await records.followed(ANNA)] == ["A-2", "A-1", "A-3"], "it was followed before"


async def test_nobody_who_has_left_hears_until_they_are_back(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA, BOHDAN, CLARA)
    await records.mark(ANNA, "left")
    await records.mark(BOHDAN, "dead")
    assert [one.conversation for one in await records.followers(case.id)] == [CLARA]
    await records.record([report("A-1", "e1")], decides(), 1_000)
    assert [await said(records, who) for who in (ANNA, BOHDAN)] == [[], []]
    await meet(records, ANNA, now_ms=2_000)
    assert [one.conversation for one in await records.followers(case.id)] == [ANNA, CLARA]


async def test_who_stops_following_hears_no_more_of_that_case(records: RecordsKeeper) -> None:
    one, two = await a_case(records, "A-1", ANNA, BOHDAN), await a_case(records, "A-2", ANNA)
    await records.record([report("A-1", "e1"), report("A-2", "e2")], decides(), 1_000)
    await records.queue([notice(ANNA, "of no case")], 1_000)
    assert await records.unfollow(ANNA, one.id) == 1
    assert await records.unfollow(ANNA, one.id) == 0
    assert await said(records) == [
        ("uk:A-1:checked", "dropped"), ("uk:A-2:checked", "created"), ("of no case", "created"),
    ]  # fmt: skip
    assert await said(records, BOHDAN) == [("uk:A-1:checked", "created")]
    assert [case.id for case in await records.followed(ANNA)] == [two.id]


async def test_what_was_said_before_stays_as_it_was_when_somebody_stops_following(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1")], decides(), 1_000)
    (sending,) = await records.lease(ACCOUNT, "notice", 1, 2_000)
    await settle(records, sending.id, Sent("m"))
    await records.unfollow(ANNA, case.id)
    assert await said(records) == [("uk:A-1:checked", "sent")]


async def test_who_stops_following_everything_hears_of_no_case(records: RecordsKeeper) -> None:
    for number in ("A-1", "A-2"):
        await a_case(records, number, ANNA)
    await records.record([report("A-1", "e1"), report("A-2", "e2")], decides(), 1_000)
    assert await records.unfollow(ANNA, None) == 2
    assert await records.unfollow(ANNA, None) == 0
    assert await records.followed(ANNA) == ()
    assert {status for _, status in await said(records)} == {"dropped"}
    assert await records.unfollow("nobody", None) == 0


# ---- timers ----


async def test_timers_come_due_the_oldest_first(records: RecordsKeeper) -> None:
    for number, due_ms in (("A-1", 3_000), ("A-2", 2_000), ("A-3", 5_000)):
        await a_case(records, number)
        await records.record([report(number, number)], decides("reached", TimerMade("slow", due_ms)), 1_000)
    assert await records.overdue(1_999) == ()
    assert [(due.case.number, due.due_ms) for due in await records.overdue(3_000)] == [("A-2", 2_000), ("A-1", 3_000)]
    assert [due.case.number for due in await records.overdue(9_000, limit=1)] == ["A-2"]
    assert (await records.overdue(2_000))[0].case.stage == "checked"


async def test_a_new_timer_takes_the_place_of_the_old_and_none_ends_it(records: RecordsKeeper) -> None:
    await a_case(records)
    await records.record(
        [report("A-1", "e1")], decides("reached", TimerMade("slow", 2_000), TimerMade("law", 4_000)), 1_000
    )
    await records.record([report("A-1", "e2", "printed")], decides("reached", TimerMade("slow", 3_000)), 1_000)
    assert [(due.kind, due.due_ms) for due in await records.overdue(9_000)] == [("slow", 3_000), ("law", 4_000)]
    ends = decides("reached", TimerMade("slow", None), TimerMade("never", None))
    await records.record([report("A-1", "e3", "shipped")], ends, 1_000)
    assert [due.kind for due in await records.overdue(9_000)] == ["law"]


async def test_a_timer_is_carried_out_once(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1")], decides("again", TimerMade("slow", 2_000)), 1_000)
    (due,) = await records.overdue(2_000)
    slow = NoticeMade(ANNA, ACCOUNT, b"it takes longer", f"case/{case.id}", 0, FOREVER_MS)
    decided = Decided("reached", (slow,), (TimerMade("law", 8_000),))
    assert await asyncio.gather(*(records.came_due(due, decided, 2_100) for _ in range(3))) == [True, False, False]
    assert await said(records) == [("it takes longer", "created")]
    assert [one.kind for one in await records.overdue(9_000)] == ["law"]
    assert await stage_of(records) == ("", 0), "a timer moves nothing"


async def test_a_timer_may_set_itself_again(records: RecordsKeeper) -> None:
    await a_case(records)
    await records.record([report("A-1", "e1")], decides("again", TimerMade("slow", 2_000)), 1_000)
    (due,) = await records.overdue(2_000)
    assert await records.came_due(due, Decided("reached", (), (TimerMade("slow", 4_000),)), 2_100)
    assert [one.due_ms for one in await records.overdue(9_000)] == [4_000]


async def test_a_timer_that_a_newer_one_has_replaced_does_nothing(records: RecordsKeeper) -> None:
    await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1")], decides("again", TimerMade("slow", 2_000)), 1_000)
    (due,) = await records.overdue(2_000)
    await records.record([report("A-1", "e2")], decides("again", TimerMade("slow", 7_000)), 2_000)
    assert not await records.came_due(due, Decided("reached", (notice(ANNA),)), 2_100)
    assert await said(records) == []
    assert [one.due_ms for one in await records.overdue(9_000)] == [7_000]


async def test_a_timer_tells_nobody_who_has_stopped_following_left_or_been_erased_meanwhile(
    records: RecordsKeeper,
) -> None:
    dora = ANNA.replace("a" * 32, "d" * 32)
    case = await a_case(records, "A-1", ANNA, BOHDAN, CLARA, dora)
    await records.record([report("A-1", "e1")], decides("again", TimerMade("slow", 2_000)), 1_000)
    (due,) = await records.overdue(2_000)
    decided = Decided("reached", tuple(notice(who, "slow") for who in (ANNA, BOHDAN, CLARA, dora)))
    await records.unfollow(ANNA, case.id)
    await records.mark(BOHDAN, "left")
    await records.erase(CLARA)
    assert await records.came_due(due, decided, 2_100)
    assert [await said(records, who) for who in (ANNA, BOHDAN, CLARA)] == [[], [], []]
    assert await leased(records, 3_000) == ["slow"]
    assert await said(records, dora) == [("slow", "sending")]


async def test_a_notice_of_a_timer_is_dropped_with_its_case(records: RecordsKeeper) -> None:
    case = await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1")], decides("again", TimerMade("slow", 2_000)), 1_000)
    (due,) = await records.overdue(2_000)
    await records.came_due(due, Decided("reached", (notice(ANNA, "slow"),)), 2_100)
    await records.unfollow(ANNA, case.id)
    assert await said(records) == [("slow", "dropped")]


async def test_cases_are_there_after_closing_and_after_a_crash(records_place: RecordsPlace, moment: Moment) -> None:
    records = records_place.open(moment)
    case = await a_case(records, "A-1", ANNA)
    await records.record([report("A-1", "e1")], decides("reached", TimerMade("slow", 2_000)), 1_000)
    crashed = records_place.after_a_crash()
    await records.close()
    for place in (records_place, crashed):
        again = place.open(moment)
        assert await again.record([report("A-1", "e1")], decides(), 1_000) == ("repeated",)
        assert [passed.verdict for passed in await again.history(case.id)] == ["reached"]
        assert [one.conversation for one in await again.followers(case.id)] == [ANNA]
        assert [due.kind for due in await again.overdue(2_000)] == ["slow"]
        assert await said(again) == [("uk:A-1:checked", "created")]
        await again.close()
