"""A report moves a case, or is explained: twice, late, backwards, skipping, in a circle, after the end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.cases.processes import CARD, ROUND
from vikno.domain.cases import Case, Process, Report, StageReached, reach
from vikno.domain.cases.reach import CLOCKS_DIFFER_MS

DAY = CLOCKS_DIFFER_MS
NOW = 1000 * DAY


def ruled(stage: str, reported: str, process: Process = CARD, at: int = NOW, since: int = NOW) -> tuple[str, str]:
    moved = reach(Case("A-1", "xx/card", stage, since), Report(reported, at), process)
    return moved.verdict, moved.why


@pytest.mark.parametrize(
    ("stage", "reported", "verdict"),
    [
        ("", "accepted", ("reached", "")),
        ("", "arrived", ("reached", "")),
        ("", "issued", ("reached", "")),
        ("accepted", "approved", ("reached", "")),
        ("accepted", "shipped", ("reached", "")),
        ("accepted", "accepted", ("again", "")),
        ("shipped", "accepted", ("late", "earlier")),
        ("shipped", "made_abroad", ("late", "earlier")),  # another branch: it did not follow
        ("shipped", "refused", ("late", "earlier")),  # what is made is not refused any more
        ("approved", "refused", ("reached", "")),
        ("refused", "approved", ("late", "final")),
        ("refused", "issued", ("late", "final")),
        ("refused", "refused", ("again", "")),
        ("accepted", "aproved", ("no_stage", "unknown")),
        ("", "", ("no_stage", "unknown")),
    ],
)
def test_a_report_comes_to(stage: str, reported: str, verdict: tuple[str, str]) -> None:
    assert ruled(stage, reported) == verdict


def test_what_was_skipped_is_named_and_only_the_stage_reached_is_an_event() -> None:
    moved = reach(Case("A-1", "xx/card", "accepted"), Report("shipped", NOW), CARD)
    assert moved.event == StageReached("A-1", "shipped", ("approved", "printed"))
    first = reach(Case("A-1", "xx/card"), Report("printed", NOW), CARD)
    assert first.event == StageReached("A-1", "printed", ("accepted", "approved"))
    assert reach(Case("A-1", "xx/card"), Report("accepted", NOW), CARD).event == StageReached("A-1", "accepted", ())


def test_an_unknown_stage_names_the_one_that_was_meant() -> None:
    assert reach(Case("A-1", "xx/card"), Report("aproved", NOW), CARD).near == "approved"


def test_a_report_that_is_older_by_its_own_time_does_not_move_the_case() -> None:
    assert ruled("accepted", "approved", at=NOW - DAY - 1) == ("late", "older")


def test_a_day_without_its_hour_is_no_contradiction() -> None:
    assert ruled("accepted", "approved", at=NOW - DAY) == ("reached", "")


def test_in_a_circle_the_time_alone_tells_what_came_last() -> None:
    assert ruled("papers", "looked_at", ROUND, at=NOW) == ("reached", "")
    assert ruled("papers", "looked_at", ROUND, at=NOW - 1) == ("late", "older")
    assert ruled("looked_at", "papers", ROUND, at=NOW + 1) == ("reached", "")
    assert ruled("papers", "lodged", ROUND) == ("late", "earlier")


def test_a_case_whose_stage_is_no_more_in_the_process_goes_on() -> None:
    assert ruled("checked_by_hand", "shipped") == ("reached", "")


reports = st.lists(st.tuples(st.sampled_from([*CARD.stages, "nonsense"]), st.integers(0, 40)), max_size=30)


@given(reports)
def test_however_reports_come_each_stage_is_reached_once_and_in_its_order(given_: list[tuple[str, int]]) -> None:
    case, told = Case("A-1", "xx/card"), []
    for stage, at in given_:
        moved = reach(case, Report(stage, NOW + at * DAY // 4), CARD)
        if moved.verdict == "reached":
            assert moved.event is not None
            told.append(moved.event.stage)
            case = Case(case.number, case.service, stage, NOW + at * DAY // 4)
    assert len(set(told)) == len(told)
    for earlier, later in pairwise(told):
        assert later in CARD.ahead[earlier]
    assert all(stage not in ("issued", "refused") for stage in told[:-1])


@given(reports)
def test_reports_that_come_twice_change_nothing(given_: list[tuple[str, int]]) -> None:
    def walked(twice: bool) -> str:
        case = Case("A-1", "xx/card")
        for stage, at in given_:
            for _ in range(1 + twice):
                moved = reach(case, Report(stage, NOW + at * DAY), CARD)
                if moved.verdict == "reached":
                    case = Case(case.number, case.service, stage, NOW + at * DAY)
        return case.stage

    assert walked(twice=True) == walked(twice=False)
