"""Who sends a push message: a JWT under our own key for each push service (RFC 8292), made anew when it grows old."""

from __future__ import annotations

import json
from collections import OrderedDict

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, derive_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from vikno.channels.inbox.base64url import unwritten, written
from vikno.channels.inbox.sealing import whole_point
from vikno.domain.errors import ViknoError

LIVES_S = 12 * 3600
"""RFC 8292, section 2, allows a day; clocks differ."""
FRESH_S = 3600
"""A token with less than this to live is made anew."""
MOST_KEPT = 256
"""Tokens: browsers name the push services, so there could be any number of them."""
_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256 (FIPS 186-5)."""


class PushKeyWrong(ViknoError):
    """The key for push messages must be 32 bytes as base64url, as `npx web-push generate-vapid-keys` prints it."""

    code = "push_key_wrong"


def read_key(text: str) -> EllipticCurvePrivateKey:
    """The private key of a setting. Raises PushKeyWrong."""
    try:
        raw = unwritten(text)
    except ValueError:
        raise PushKeyWrong from None
    number = int.from_bytes(raw, "big")
    if len(raw) != 32 or not 0 < number < _ORDER:
        raise PushKeyWrong
    return derive_private_key(number, SECP256R1())


def key_from(seed: bytes) -> EllipticCurvePrivateKey:
    """The key that follows from a secret seed. It has 48 bytes or more, or some keys were likelier than others.

    FIPS 186-5, appendix A.2.1: more random bits than the order has.
    """
    if len(seed) < 48:
        raise ValueError(len(seed))
    return derive_private_key(int.from_bytes(seed, "big") % (_ORDER - 1) + 1, SECP256R1())


class Vapid:
    """Signs for one account. `contact`: mailto: or https:, where a push service can reach whoever runs this server."""

    def __init__(self, key: EllipticCurvePrivateKey, contact: str | None) -> None:
        self._key, self._contact = key, contact
        self.public = written(whole_point(key.public_key()))
        """What browsers subscribe with (`applicationServerKey`)."""
        self._tokens: OrderedDict[str, tuple[float, str]] = OrderedDict()

    def authorization(self, origin: str, now_s: float) -> str:
        """The header for a push service: `https://push.example`."""
        until_s, said = self._tokens.get(origin, (0.0, ""))
        if not FRESH_S <= until_s - now_s <= LIVES_S:  # or the clock has been set back
            until_s, said = now_s + LIVES_S, f"vapid t={self._signed(origin, int(now_s + LIVES_S))},k={self.public}"
            self._tokens[origin] = until_s, said
            if len(self._tokens) > MOST_KEPT:
                self._tokens.popitem(last=False)
        return said

    def _signed(self, origin: str, until_s: int) -> str:
        claims: dict[str, str | int] = {"aud": origin, "exp": until_s}
        if self._contact is not None:
            claims["sub"] = self._contact
        parts = ({"typ": "JWT", "alg": "ES256"}, claims)
        what = ".".join(written(json.dumps(part, separators=(",", ":")).encode()) for part in parts)
        # JWS wants the two numbers side by side, not as DER (RFC 7518, section 3.4).
        r, s = decode_dss_signature(self._key.sign(what.encode(), ECDSA(SHA256())))
        return f"{what}.{written(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
