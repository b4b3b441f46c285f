"""The body of a request that comes in: whole and within its bound, or not at all."""

from __future__ import annotations

from starlette.types import Receive

MOST_DRAINED = 16 * 1024 * 1024
"""Bytes of a body that is too large which are received and thrown away, so that its sender hears why it was refused."""


async def whole_body(receive: Receive, most: int) -> bytes | None:
    """The body; None for one of more than `most` bytes, or whose sender has gone before its end."""
    parts: list[bytes] = []
    received, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part: bytes = message.get("body", b"")
        received += len(part)
        if received <= most:
            parts.append(part)
        elif received > MOST_DRAINED:
            break
        more = message.get("more_body", False)
    return b"".join(parts) if received <= most else None
