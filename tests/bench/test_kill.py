"""A server killed while people talk loses nothing and doubles nothing: a short run of `python -m bench.kill`."""

import asyncio
from pathlib import Path

import pytest

from bench.kill import Play


@pytest.mark.parametrize(
    ("arrived", "wrong"),
    [
        (["a", "b", "c"], ""),
        (["a", "a", "b", "c\n\nhttps://vikno.example/s/x"], ""),
        (["a", "b", "b", "b", "c"], ""),
        (["a", "b", "b", "b", "b", "c"], "3 messages repeated"),
        (["a", "b"], "1 messages never arrived"),
        (["a", "c", "b"], "out of order"),
        (["a", "b", "c", "d"], "never said"),
    ],
)
def test_what_arrived_is_held_to_what_was_said(tmp_path: Path, arrived: list[str], wrong: str) -> None:
    play = Play(kills=1, updates=0, seed=1, folder=tmp_path)
    play.api.arrived[7], play.api.silent[7] = arrived, 1
    play._arrivals(7, ["a", "b", "c"])
    assert len(play.wrong) == bool(wrong)
    assert wrong in "".join(play.wrong)


@pytest.mark.slow
def test_a_server_that_is_killed_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    play = Play(kills=5, updates=800, seed=7, folder=tmp_path)
    asyncio.run(play.run())
    assert play.wrong == [], (tmp_path / "log").read_text("utf-8")[-3000:]
    assert play.brought["killed while people talk"] == 5
    assert play.brought["twice"] > 20
    assert play.sent + play.unknown + play.replaced == 600, "each stage of each case is a notice"
    assert play.sent > 0
