"""Who asks: a JSON Web Token that the client signs anew for each request with the secret of its key (RFC 7515, HS256).

The order of checks and their words are those of GOV.UK Notify. Which organisation it is stands in the token itself, so
that one claim is read before the signature is checked; nothing else is.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from vikno.api.notify.errors import CLOCK, UNREADABLE, no_token
from vikno.api.organisation_keys import Held, KeyRing, KeyRings
from vikno.usecases.organisations import KeyKind, Organisation

SKEW_S = 30
LONGEST = 4096
MOST_KNOWN = 4096
ARCHIVED = ("refused", "suspended")
"""Organisations whose systems are not let in."""


@dataclass(frozen=True, slots=True)
class Caller:
    """An organisation's system, by one of its keys."""

    organisation: Organisation
    kind: KeyKind
    key: int


@dataclass
class Doorkeeper:
    """Lets callers in. A token is remembered as long as its key ring: all that a client signs in a second are one."""

    rings: KeyRings
    _known: dict[bytes, tuple[KeyRing, dict[str, Any], Caller]] = field(default_factory=dict)

    async def caller(self, header: bytes) -> Caller:
        """Who sends this header `Authorization`; raises Refused."""
        now_s = self.rings.clock() // 1000
        known = self._known.get(header)
        if known is not None and await self.rings.of(known[0].organisation.id) is known[0]:
            _check_times(known[1], now_s)
            return known[2]
        token = _token(header)
        ring = await self._ring(token.claims)
        held = _signer(ring.keys, token, now_s)
        if held.revoked:
            raise no_token("Invalid token: API key revoked")
        caller = Caller(ring.organisation, held.key.kind, held.key.id)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[header] = ring, token.claims, caller
        return caller

    async def _ring(self, claims: dict[str, Any]) -> KeyRing:
        if "iss" not in claims:
            raise no_token("Invalid token: iss field not provided")
        written = claims["iss"]
        try:
            UUID(written)
        except (ValueError, AttributeError, TypeError):
            raise no_token("Invalid token: service id is not the right data type") from None
        number = self.rings.vault.read_uuid("o", written)
        ring = await self.rings.of(number) if number is not None else None
        if ring is None:
            raise no_token("Invalid token: service not found")
        if not ring.keys:
            raise no_token("Invalid token: service has no API keys")
        if ring.organisation.standing in ARCHIVED:
            raise no_token("Invalid token: service is archived")
        return ring


@dataclass(frozen=True, slots=True)
class _Token:
    """A token that was taken apart; nobody has signed it yet for all that is known."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes


def _token(header: bytes) -> _Token:
    if not header:
        raise no_token("Unauthorized: authentication token must be provided", 401)
    if header[:7].lower() != b"bearer ":
        raise no_token("Unauthorized: authentication bearer scheme must be used", 401)
    written = header[7:].strip()
    parts = written.split(b".")
    if len(parts) != 3 or len(written) > LONGEST:
        raise no_token(UNREADABLE)
    try:
        said, claims, signature = map(_unwritten, parts)
        read = _Token(_object(said), _object(claims), written.rpartition(b".")[0], signature)
    except (ValueError, binascii.Error, RecursionError):
        raise no_token(UNREADABLE) from None
    if "crit" in read.header:  # RFC 7515, 4.1.11: what must be understood and is not
        raise no_token(UNREADABLE)
    return read


_object = msgspec.json.Decoder(dict[str, Any]).decode


def _unwritten(part: bytes) -> bytes:
    return base64.b64decode(part + b"=" * (-len(part) % 4), altchars=b"-_", validate=True)


def _signer(keys: Iterable[Held], token: _Token, now_s: int) -> Held:
    """The key that has signed it; raises Refused."""
    if token.header.get("alg") != "HS256":
        raise no_token("Invalid token: algorithm used is not HS256")
    signer = None
    for held in keys:
        signature = hmac.digest(held.secret, token.signed, hashlib.sha256)
        if hmac.compare_digest(signature, token.signature) and signer is None:
            signer = held
    if signer is None:
        raise no_token("Invalid token: API key not found")
    _check_times(token.claims, now_s)
    return signer


def _check_times(claims: dict[str, Any], now_s: int) -> None:
    """`iat` is what Notify's clients say; a token that names its own end or its hearers means it."""
    if "iat" not in claims:
        raise no_token("Invalid token: API key not found")  # as Notify says it
    moments = {name: _seconds(claims[name]) for name in ("iat", "nbf", "exp") if name in claims}
    issued = moments["iat"]
    if issued is None or abs(now_s - issued) > SKEW_S:
        raise no_token(CLOCK)
    begins, ends = moments.get("nbf", issued), moments.get("exp", issued)
    if begins is None or begins > now_s + SKEW_S:
        raise no_token(CLOCK)
    if ends is None or ends < now_s - SKEW_S or "aud" in claims:
        raise no_token(UNREADABLE)


def _seconds(claim: object) -> float | None:
    return claim if isinstance(claim, int | float) and not isinstance(claim, bool) else None
