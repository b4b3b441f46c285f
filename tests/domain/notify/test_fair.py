"""Shares are as the weights are, however much room there is at a time, and nobody saves up turns or waits for ever."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.domain.notify.fair import Fair

WEIGHTS = st.dictionaries(st.integers(1, 9), st.sampled_from([0.5, 1.0, 2.0, 3.0, 7.0]), min_size=1, max_size=5)


@given(weights=WEIGHTS, rooms=st.lists(st.integers(0, 30), max_size=60))
def test_those_that_wait_all_the_time_get_what_they_weigh(weights: dict[int, float], rooms: list[int]) -> None:
    fair, got = Fair(), dict.fromkeys(weights, 0)
    for room in rooms:
        shares = fair.share(weights, room)
        assert sum(shares.values()) == room
        for one, share in shares.items():
            got[one] += share
    for one, weight in weights.items():
        due = sum(rooms) * weight / sum(weights.values())
        assert abs(got[one] - due) <= len(weights) + 1


@pytest.mark.parametrize("room", [1, 2, 5, 64])
def test_a_light_one_is_not_forgotten_beside_a_heavy_one(room: int) -> None:
    fair = Fair()
    got = sum(fair.share({1: 1, 2: 10}, room)[1] for _ in range(220 // room))
    assert 16 <= got <= 22


def test_whoever_rests_saves_up_nothing() -> None:
    fair = Fair()
    fair.share({1: 1, 2: 1}, 2)
    fair.share({1: 1}, 1000)
    assert fair.share({1: 1, 2: 1}, 10) == {1: 5, 2: 5}


def test_whoever_comes_and_goes_gets_no_more_than_their_share() -> None:
    fair, got = Fair(), 0
    for n in range(100):
        if n % 2:
            fair.share({1: 1}, 1)
        else:
            shares = fair.share({1: 1, 2: 1}, 2)
            got += shares[2]
    assert got <= 76


def test_who_had_no_turn_is_first_where_all_had_fewer_than_their_share() -> None:
    """As when both write to one person, who is told one thing at a time."""
    fair, order = Fair(), []
    for _ in range(6):
        shares = fair.share({1: 1, 2: 1}, 10)
        order.append(next(iter(shares)))
        for one, share in shares.items():
            fair.give_back(one, share - (one == order[-1]), 1)
    assert order == [1, 2, 1, 2, 1, 2]


def test_whoever_could_not_be_served_for_long_does_not_make_up_for_it() -> None:
    fair = Fair()
    for _ in range(1000):
        fair.give_back(2, fair.share({1: 1, 2: 1}, 10)[2], 1)
        fair.share({1: 1}, 5)
    assert fair.share({1: 1, 2: 1}, 20)[1] >= 5


def test_where_nobody_waits_nobody_has_a_share() -> None:
    assert Fair().share({}, 10) == {}
