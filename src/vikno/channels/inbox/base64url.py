"""Bytes as base64url without padding, which is how web push writes all of them."""

from __future__ import annotations

import base64


def written(raw: bytes) -> str:
    """As text.

    >>> written(b"\\xff\\xfe")
    '__4'
    """
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unwritten(text: str) -> bytes:
    """Back again, with or without padding. Raises ValueError for what is none.

    >>> unwritten("__4"), unwritten("__4=")
    (b'\\xff\\xfe', b'\\xff\\xfe')
    """
    bare = text.rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
