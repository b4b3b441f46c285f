"""What is read of a file before it is known to be no table."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from vikno.api.campaigns.table import LONGEST_RECORD, Table, TableUnreadable, Wanted

PIECE = 16 * 1024
WANTED = Wanted(("name",), "ua")


class Endless:
    """A file that never ends; `taken`: bytes of it."""

    def __init__(self, head: bytes, body: bytes) -> None:
        self.head, self.body, self.taken = head, body, 0

    async def pieces(self) -> AsyncIterator[bytes]:
        piece = self.head
        while self.taken < 64 * LONGEST_RECORD:
            self.taken += len(piece)
            yield piece
            piece = self.body


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"", b"x" * PIECE),
        (b"", b"x," * (PIECE // 2)),
        (b'phone number,"', b"name\n" * (PIECE // 5)),
        (b"", "ї".encode() * (PIECE // 2)),
        (b"x," * LONGEST_RECORD + b"\n", b"1,2\n" * (PIECE // 4)),
    ],
    ids=["one word", "columns", "a quote too much", "two bytes each", "rows behind it"],
)
async def test_a_first_line_without_end_is_refused_at_once(head: bytes, body: bytes) -> None:
    file = Endless(head, body)
    with pytest.raises(TableUnreadable) as raised:
        await Table(file.pieces(), WANTED).begin()
    assert "line 1 does not end" in str(raised.value.about[0])
    assert file.taken <= 4 * LONGEST_RECORD


@pytest.mark.parametrize("ends", [b"", b"\n+380671234567,Olena\n"])
async def test_a_first_line_may_not_be_longer_than_any_other(ends: bytes) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"phone number,name," + b"x" * LONGEST_RECORD + ends

    with pytest.raises(TableUnreadable):
        await Table(pieces(), WANTED).begin()


async def test_a_first_line_that_just_fits_is_read() -> None:
    async def pieces() -> AsyncIterator[bytes]:
        head = b"phone number,name,"
        yield head + b"x" * (LONGEST_RECORD - 1 - len(head)) + b"\n+380671234567,Olena\n"

    table = Table(pieces(), WANTED)
    await table.begin()
    assert [len(one.rows) async for one in table.slices()] == [1]
