"""The head that was published last, beside the store."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from vikno.bootstrap.headfile import HeadFile
from vikno.domain.notify.consent import Head

ONE, TWO = Head(1, b"\x01" * 32), Head(22, b"\x02" * 32)


def test_what_is_kept_is_read_and_the_last_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "vikno.head"
    assert HeadFile(path).read() is None
    for head in (ONE, TWO):
        HeadFile(path).keep(head)
        assert HeadFile(path).read() == head
    assert [one.name for one in tmp_path.iterdir()] == ["vikno.head"], "no drafts stay"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == f"{TWO}\n", "as it is published"


@pytest.mark.parametrize("written", [b"", b"17", b"\xff\xfe", b"1:xy", b"-1:" + b"0" * 64])
def test_what_is_no_head_is_none(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "vikno.head"
    path.write_bytes(written)
    assert HeadFile(path).read() is None
    HeadFile(path).keep(ONE)
    assert HeadFile(path).read() == ONE


def test_where_nothing_can_be_kept_it_is_noted(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    HeadFile(tmp_path / "nowhere" / "vikno.head").keep(ONE)
    assert [record.message for record in caplog.records] == ["head_not_kept"]
