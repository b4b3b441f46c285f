"""A server killed while people talk loses nothing and doubles nothing: a short run of `python -m bench.kill`."""

import asyncio
from pathlib import Path

import pytest

from bench.kill import Play


@pytest.mark.slow
def test_a_server_that_is_killed_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    play = Play(kills=5, updates=800, seed=7, folder=tmp_path)
    asyncio.run(play.run())
    assert play.wrong == [], (tmp_path / "log").read_text("utf-8")[-3000:]
    assert play.brought["killed while people talk"] == 5
    assert play.brought["twice"] > 20
    assert play.sent + play.unknown + play.replaced == 600, "each stage of each case is a notice"
    assert play.sent > 0
