"""For `vikno.testing.channel_examples`: push requests as their browser reads them. A push service is `push`.

The browser of the examples has the keys of RFC 8291, appendix A, so that anybody can look into its messages.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key

from vikno.channels.inbox import Inbox, read_key
from vikno.channels.inbox.inbound import receipt
from vikno.testing.push import Keys, claims, raw_of
from vikno.usecases.channel import Raw
from vikno.wire.http import HttpRequest

RFC_PRIVATE, RFC_AUTH = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", "BTBZMqHH6r4Tts7J_aSIgg"
KEYS = Keys(derive_private_key(int.from_bytes(raw_of(RFC_PRIVATE), "big"), SECP256R1()), raw_of(RFC_AUTH))


def made(*, key: str, secret: str, now_s: float = 1_800_000_000.0, name: str = "Вікно", **more: Any) -> Inbox:
    """An account of plain data: its key as base64url, its secret as text, the moment in seconds."""
    return Inbox(key=read_key(key), secret=secret.encode(), name=lambda _: name, now_s=lambda: now_s, **more)


def brought(account: dict[str, Any], raw: Raw) -> Raw:
    """`?message=…` in the place of a receipt's token: the one that this message would have."""
    query = dict(raw.query)
    if message := query.pop("message", None):
        query["receipt"] = receipt(account["secret"].encode(), "main", message).partition("=")[2]
    return replace(raw, query=query)


def plain(request: HttpRequest) -> dict[str, Any]:
    """A push request with its body unsealed, and what its token claims instead of the token."""
    headers: dict[str, Any] = {name.lower(): value for name, value in request.headers.items()}
    headers["authorization"], _ = claims(headers["authorization"])
    return {
        "method": request.method,
        "url": request.url,
        "headers": headers,
        "body": json.loads(KEYS.unseal(request.body)),
        "size": len(request.body),
    }
