"""A browser's subscription as the address of a person: where its push service is, and the keys that it reads by."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from msgspec import Struct

from vikno.channels.inbox.base64url import unwritten
from vikno.channels.inbox.base64url import written as base64url
from vikno.domain.errors import ViknoError
from vikno.wire.connection import place_of
from vikno.wire.guarded import HookAddressWrong, check_address, leads_here

AUTH_BYTES = 16
"""RFC 8291, section 3.2."""
POINT_BYTES = 65
"""Of a P-256 point that is written whole (RFC 8291, section 3.1)."""


class SubscriptionWrong(ViknoError):
    """This is no subscription of a browser to push messages. Press the button on the page once more."""

    code = "subscription_wrong"


class Written(Struct, frozen=True, forbid_unknown_fields=True):
    """As it is kept. The fields stand in the order of the alphabet, so that the same subscription is the same text."""

    auth: str
    endpoint: str
    p256dh: str


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Written).decode


@dataclass(frozen=True, slots=True)
class Subscription:
    """Where to post, and what to seal with. None of it is ever shown: whoever has it can write to that browser."""

    endpoint: str = field(repr=False)
    point: EllipticCurvePublicKey = field(repr=False)
    auth: bytes = field(repr=False)


def written(endpoint: str, p256dh: str, auth: str, *, private: bool = False) -> str:
    """The address that a browser's subscription is kept as: canonical JSON.

    Raises SubscriptionWrong for keys that are none, and for an endpoint that is not public and https.
    """
    check_endpoint(endpoint, private=private)
    _point(p256dh)
    keys = [base64url(_exactly(size, key)) for size, key in ((AUTH_BYTES, auth), (POINT_BYTES, p256dh))]
    return _encode(Written(keys[0], endpoint, keys[1])).decode()


def read(address: str) -> Subscription:
    """Raises SubscriptionWrong."""
    try:
        kept = _decode(address)
    except (msgspec.DecodeError, UnicodeError):
        raise SubscriptionWrong from None
    return Subscription(kept.endpoint, _point(kept.p256dh), _exactly(AUTH_BYTES, kept.auth))


def check_endpoint(endpoint: str, *, private: bool = False) -> None:
    """Browsers name the endpoint, so it may be anybody's: https, and not within the network of this server.

    Names are looked up when something is sent (`wire.guarded`). `private` lets it lead into a private network and, for
    a push service on this machine, to plain http there. Raises SubscriptionWrong.
    """
    try:
        check_address(endpoint, private=private)
        here = leads_here(place_of(endpoint).host)
    except (HookAddressWrong, ValueError):
        raise SubscriptionWrong from None
    if not endpoint.isascii() or (here and not private):
        raise SubscriptionWrong


def _exactly(size: int, text: str) -> bytes:
    try:
        found = unwritten(text)
    except ValueError:
        raise SubscriptionWrong from None
    if len(found) != size:
        raise SubscriptionWrong
    return found


def _point(p256dh: str) -> EllipticCurvePublicKey:
    try:
        return EllipticCurvePublicKey.from_encoded_point(SECP256R1(), _exactly(POINT_BYTES, p256dh))
    except ValueError:  # not on the curve
        raise SubscriptionWrong from None
