"""A form is read within its bound, and whole, or not at all."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request

from vikno.portal.posted import MOST_BYTES, posted
from vikno.wire.body import MOST_DRAINED


async def fields(*parts: bytes, ends: bool = True) -> Any:
    left = list(parts)

    async def receive() -> dict[str, Any]:
        if not left:
            return {"type": "http.disconnect"}
        part = left.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(left) or not ends}

    return await posted(Request({"type": "http", "method": "POST", "headers": []}, receive))


async def test_a_form_that_comes_in_parts_is_read() -> None:
    assert await fields(b"a=1&", b"b=%D0%B4") == {"a": "1", "b": "д"}


@pytest.mark.parametrize("parts", [(b"a=" + b"x" * MOST_BYTES,), (b"a=1", b"&b=2" * MOST_BYTES), (b"&a=1" * 20,)])
async def test_one_that_holds_more_than_any_of_ours_means_nothing(parts: tuple[bytes, ...]) -> None:
    assert await fields(*parts) == {}


async def test_one_that_breaks_off_means_nothing() -> None:
    assert await fields(b"a=1", ends=False) == {}


async def test_one_without_end_is_not_read_for_ever() -> None:
    came = 0

    async def receive() -> dict[str, Any]:
        nonlocal came
        came += 1
        assert came < 100
        return {"type": "http.request", "body": b"x" * 2**20, "more_body": True}

    assert await posted(Request({"type": "http", "method": "POST", "headers": []}, receive)) == {}
    assert came == MOST_DRAINED // 2**20 + 1
