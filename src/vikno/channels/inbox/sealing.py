"""What a browser's push service carries and cannot read: aes128gcm (RFC 8188) under the browser's keys (RFC 8291)."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from vikno.channels.inbox.address import Subscription

SALT_BYTES = 16
RECORD_BYTES = 4096
"""All of it is one record (RFC 8291, section 4)."""
_LAST = b"\x02"
"""Ends the text of the last record (RFC 8188, section 2)."""

Random = Callable[[int], bytes]
NewKey = Callable[[], EllipticCurvePrivateKey]


def new_key() -> EllipticCurvePrivateKey:
    """A key for one message."""
    return generate_private_key(SECP256R1())


def seal(
    plain: bytes, to: Subscription, *, padding: int = 0, random: Random = os.urandom, new: NewKey = new_key
) -> bytes:
    """The body of a push request. `padding`: zeros after the text, which hide its length."""
    salt, own = random(SALT_BYTES), new()
    ours, theirs = whole_point(own.public_key()), whole_point(to.point)
    shared = own.exchange(ECDH(), to.point)
    both = _derived(shared, to.auth, b"WebPush: info\0" + theirs + ours, 32)
    key = _derived(both, salt, b"Content-Encoding: aes128gcm\0", 16)
    nonce = _derived(both, salt, b"Content-Encoding: nonce\0", 12)
    head = salt + struct.pack(">IB", RECORD_BYTES, len(ours)) + ours
    return head + AESGCM(key).encrypt(nonce, plain + _LAST + bytes(padding), None)


def whole_point(key: EllipticCurvePublicKey) -> bytes:
    """65 bytes: 4, x, y."""
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, info: bytes, size: int) -> bytes:
    return HKDF(SHA256(), size, salt, info).derive(secret)
