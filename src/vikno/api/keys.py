"""API keys: an id and a secret. Only a keyed hash of the secret is kept, so the record cannot open the door."""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass, field

from vikno.usecases.records import ApiKey, Registry, Vault
from vikno.usecases.send_messages import Pace

PURPOSE = "api key"
KEY = re.compile(r"vk_(?P<id>[1-9][0-9]{0,17})_(?P<secret>[A-Za-z0-9_-]{43})", re.ASCII)
SECRET_BYTES = 32

RATE_PER_S = 50
"""Requests of one key, on average."""
BURST = 200
"""Requests of one key at once, after a pause."""


async def add_key(registry: Registry, vault: Vault, authority: str, label: str, secret: str, now_ms: int) -> str:
    """Keep a new key; the key itself, which nobody can show again. `secret`: 32 random bytes as base64url."""
    digest = vault.digest(PURPOSE, secret)
    return f"vk_{await registry.add_key(authority, label, digest, now_ms)}_{secret}"


async def whose(registry: Registry, vault: Vault, written: str) -> ApiKey | None:
    """The key in force that somebody sends; None for what is none, unknown or revoked.

    It is looked up by its keyed hash, which nobody can aim at, so how long it takes tells nothing of any key.
    """
    found = KEY.fullmatch(written)
    if found is None:
        return None
    digest = vault.digest(PURPOSE, found["secret"])
    key = await registry.key(digest)
    if key is None or key.revoked_ms is not None:
        return None
    same = hmac.compare_digest(key.digest, digest) & hmac.compare_digest(str(key.id), found["id"])
    return key if same else None


@dataclass(slots=True)
class Buckets:
    """How much each key may still ask."""

    rate_per_s: float = RATE_PER_S
    burst: float = BURST
    _paces: dict[int, Pace] = field(default_factory=dict)

    def wait_s(self, key: int, now_s: float) -> float:
        """Take one token: 0.0, or how long to wait for the next. A refused request takes none.

        >>> buckets = Buckets(rate_per_s=1, burst=2)
        >>> [buckets.wait_s(1, 0.0), buckets.wait_s(1, 0.0), buckets.wait_s(1, 0.5), buckets.wait_s(1, 1.0)]
        [0.0, 0.0, 0.5, 0.0]
        """
        pace = self._paces.get(key)
        if pace is None:
            pace = self._paces[key] = Pace(self.rate_per_s, self.burst)
        return pace.take(now_s)
