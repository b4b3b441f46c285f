"""A body comes whole and within its bound, or not at all."""

from __future__ import annotations

from typing import Any

import pytest

from vikno.wire.body import MOST_DRAINED, whole_body


def part(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def read(*messages: dict[str, Any], most: int = 8) -> tuple[bytes | None, int]:
    """What is read, and how many messages are left."""
    left = list(messages)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return await whole_body(receive, most), len(left)


@pytest.mark.parametrize(
    ("messages", "body"),
    [
        ([part(b"", more=False)], b""),
        ([{"type": "http.request"}], b""),
        ([part(b"abcd"), part(b"efgh", more=False)], b"abcdefgh"),
        ([part(b"abcd"), part(b""), part(b"efghi", more=False)], None),
        ([part(b"abcdefghi"), part(b"j", more=False)], None),
        ([part(b"{}"), {"type": "http.disconnect"}], None),
        ([{"type": "http.disconnect"}], None),
    ],
)
async def test_all_of_it_or_nothing(messages: list[dict[str, Any]], body: bytes | None) -> None:
    assert await read(*messages) == (body, 0)


async def test_a_body_without_end_is_not_waited_for() -> None:
    endless = [part(b"x" * 2**20) for _ in range(100)]
    body, left = await read(*endless)
    assert (body, 100 - left) == (None, MOST_DRAINED // 2**20 + 1)
