"""Rules of other days: kept, and only so many new ones at once, whoever asks for them."""

from __future__ import annotations

from datetime import date, timedelta

import httpx
import pytest

from tests.portal.conftest import DAY, Served
from vikno.bootstrap.worlds import load_worlds
from vikno.portal import days
from vikno.portal.days import FRESH_AT_ONCE, Budget, Days, TooManyDays

FIRST, LATER = date(2026, 2, 1), date(2026, 9, 1)
SERVICE = "example/library-card"


class Hand:
    """A clock that somebody moves."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def taken(budget: Budget) -> int:
    """How many tokens it has."""
    return next(count for count in range(1000) if not budget.take())


def test_a_budget_comes_back_with_time_and_never_grows_over_its_bound() -> None:
    clock = Hand()
    budget = Budget(2, 5, clock)
    assert taken(budget) == 5
    clock.now_s += 0.4
    assert taken(budget) == 0
    clock.now_s += 0.6
    assert taken(budget) == 2
    clock.now_s += 3600
    assert taken(budget) == 5


def test_a_day_that_is_kept_costs_nothing_and_a_new_one_waits() -> None:
    world, clock = load_worlds().now(), Hand()
    made = Days(Budget(1, 2, clock))
    first = made.sheet(world, SERVICE, "en", FIRST)
    made.sheet(world, SERVICE, "uk", FIRST)
    with pytest.raises(TooManyDays):
        made.sheet(world, SERVICE, "en", FIRST + timedelta(days=1))
    assert made.sheet(world, SERVICE, "en", FIRST) is first
    assert first.day == FIRST
    clock.now_s += 1
    assert made.sheet(world, SERVICE, "en", FIRST + timedelta(days=1)).day == FIRST + timedelta(days=1)


def test_only_so_many_days_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(days, "MOST_DAYS", 3)
    world = load_worlds().now()
    made = Days()
    sheets = [made.sheet(world, SERVICE, "en", FIRST + timedelta(days=at)) for at in range(3)]
    assert made.sheet(world, SERVICE, "en", FIRST) is sheets[0]
    made.sheet(world, SERVICE, "en", FIRST + timedelta(days=3))
    assert made.sheet(world, SERVICE, "en", FIRST) is sheets[0], "used last, kept longest"
    assert made.sheet(world, SERVICE, "en", FIRST + timedelta(days=1)) is not sheets[1]
    assert len(made._kept) == 3


def test_ever_new_days_are_asked_to_wait_and_today_is_not(served: Served) -> None:
    with httpx.Client(base_url=served.url, timeout=20) as client:
        known = f"/en/{SERVICE}/?on={DAY}"
        assert client.get(known).status_code == 200
        answers = [client.get(f"/en/{SERVICE}/?on={FIRST + timedelta(days=at)}") for at in range(4 * FRESH_AT_ONCE)]
        refused = [answer for answer in answers if answer.status_code != 200]
        assert len(answers) - len(refused) >= FRESH_AT_ONCE
        assert {answer.status_code for answer in refused} == {503}
        assert "Please try again in a minute" in refused[0].text
        assert refused[0].headers["retry-after"] == "2"
        assert refused[0].headers["cache-control"] == "no-store"
        for paper in ("receipt.json", "checklist.pdf"):
            tries = [f"/en/{SERVICE}/{paper}?on={LATER + timedelta(days=at)}" for at in range(4 * FRESH_AT_ONCE)]
            assert any(client.get(one).status_code == 503 for one in tries), "also while some come back each second"
        assert client.get(f"/en/{SERVICE}/").status_code == 200
