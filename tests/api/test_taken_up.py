"""Two processes never import one file at the same time, also where one begins just as the other ends."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vikno.api.files import FileRefused, Rows, survey
from vikno.api.taken_up import Beside


@contextmanager
def importing(path: Path) -> Iterator[Beside]:
    surveyed = survey(path)
    with path.open("rb") as file, Beside(path, surveyed, Rows(file, surveyed), {}, resume=False) as begun:
        yield begun


def test_who_locks_what_the_other_has_just_taken_away_does_not_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("number,stage\nA-1,accepted\n")
    lock = fcntl.flock

    def late(file: int, how: int) -> None:
        """The other one's import ends between the opening of its mark and this lock."""
        (tmp_path / "cases.csv.import").unlink()
        lock(file, how)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(fcntl, "flock", late)
        with pytest.raises(FileRefused, match="another process"), importing(path):
            pass
    with importing(path):
        assert (tmp_path / "cases.csv.import").exists()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cases.csv"]
