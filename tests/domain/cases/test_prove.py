"""What is wrong with a process is found; how long a case may stay is counted in working days."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.domain.cases.processes import CARD, ROUND, process
from vikno.domain.cases import Lasting, Process, WorkingDays, prove_process
from vikno.domain.cases.outstay import outstays_ms

SAID = ("law",)


def codes(way: Process) -> list[str]:
    return [finding.code for finding in prove_process(way)]


@pytest.mark.parametrize("way", [CARD, ROUND])
def test_a_whole_process_is_proved(way: Process) -> None:
    assert codes(way) == []


@pytest.mark.parametrize(
    ("way", "ends", "found"),
    [
        ({"a": (), "b": ("a",), "c": ()}, ("b", "c"), ["stage_unreachable"]),
        ({"a": (), "b": ("a",), "c": ("d",), "d": ("c",)}, ("b",), ["stage_unreachable", "stage_endless"] * 2),
        ({"a": (), "b": ("a",)}, (), ["stage_endless", "stage_endless"]),
        ({"a": (), "b": ("a",), "c": ("a",)}, ("b",), ["stage_endless"]),
        ({"a": (), "b": ("a",), "c": ("b",)}, ("b", "c"), ["stage_after_end"]),
    ],
)
def test_a_broken_way_is_found(way: dict[str, tuple[str, ...]], ends: tuple[str, ...], found: list[str]) -> None:
    assert codes(process(way, ends)) == found


@pytest.mark.parametrize(
    ("lasting", "found"),
    [
        (Lasting(1, 3, SAID), []),
        (Lasting(0, 1, (), ("page",)), []),
        (Lasting(1, 3), ["duration_unsourced"]),
        (Lasting(3, 1, SAID), ["duration_wrong"]),
        (Lasting(0, 0, SAID), ["duration_wrong"]),
        (Lasting(0, 751, SAID), ["duration_wrong"]),
    ],
)
def test_a_time_must_be_one_and_have_a_source(lasting: Lasting, found: list[str]) -> None:
    assert codes(process({"a": (), "b": ("a",)}, ("b",), a=lasting)) == found


def test_a_final_stage_lasts_for_good_and_usual_is_not_longer_than_legal() -> None:
    assert codes(process({"a": (), "b": ("a",)}, ("b",), b=Lasting(1, 2, SAID))) == ["duration_wrong"]
    way = process({"a": (), "b": ("a",)}, ("b",), a=Lasting(1, 9, SAID))
    stages = {**way.stages, "a": replace(way.stages["a"], legal=Lasting(0, 5, SAID))}
    assert codes(replace(way, stages=stages)) == ["duration_wrong"]


# ---- working days ----

KYIV = ZoneInfo("Europe/Kyiv")


def ms(*moment: int, zone: ZoneInfo = KYIV) -> int:
    return int(datetime(*moment, tzinfo=zone).timestamp() * 1000)  # type: ignore[misc,arg-type]


@pytest.mark.parametrize(
    ("since", "days", "over"),
    [
        (ms(2026, 3, 11, 23, 59), 1, ms(2026, 3, 13)),  # a Wednesday: Thursday counts, Friday begins
        (ms(2026, 3, 12, 0, 0), 1, ms(2026, 3, 14)),
        (ms(2026, 3, 13, 12, 0), 1, ms(2026, 3, 17)),  # over a weekend
        (ms(2026, 3, 14, 12, 0), 5, ms(2026, 3, 21)),
        (ms(2026, 3, 27, 12, 0), 1, ms(2026, 3, 31)),  # over the night in which clocks change
        (ms(2026, 4, 30, 12, 0), 1, ms(2026, 5, 5)),  # a holiday on Friday
    ],
)
def test_working_days_are_counted_by_the_countrys_own_clock(since: int, days: int, over: int) -> None:
    assert WorkingDays(KYIV, {date(2026, 5, 1)}).over_ms(since, days) == over


def test_a_case_outstays_its_usual_time_else_its_legal_one_else_the_whole() -> None:
    days, since, opened = WorkingDays(UTC), ms(2026, 3, 11, 12), ms(2026, 3, 2, 12)
    own = process({"a": (), "b": ("a",), "c": ("b",)}, ("c",), a=Lasting(1, 2, SAID))
    whole = replace(own, legal=Lasting(0, 10, SAID))
    assert outstays_ms(own, "a", since, opened, days) == ms(2026, 3, 14, zone=ZoneInfo("UTC"))
    assert outstays_ms(own, "b", since, opened, days) is None
    assert outstays_ms(whole, "b", since, opened, days) == ms(2026, 3, 17, zone=ZoneInfo("UTC"))
    utc = ZoneInfo("UTC")
    assert outstays_ms(whole, "b", ms(2026, 3, 25, 12), opened, days) == ms(2026, 3, 27, zone=utc), "a day at the least"
    assert outstays_ms(whole, "c", since, opened, days) is None
    assert outstays_ms(whole, "gone", since, opened, days) is None


def test_the_whole_time_ends_where_the_matter_is_with_the_person() -> None:
    way = replace(CARD, legal=Lasting(0, 20, SAID), until=("arrived", "arrived_abroad"))
    assert way.counted == {"accepted", "approved", "printed", "shipped", "made_abroad", "refused"}
    days = WorkingDays(UTC)
    assert outstays_ms(way, "arrived", 0, 0, days) is None
    assert outstays_ms(way, "printed", 0, 0, days) is not None
