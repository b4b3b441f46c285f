"""What is kept of people is sealed with a key that is not in the database: names, addresses, tokens (`records.Vault`).

One secret of 32 bytes; every purpose has a key of its own, derived by HKDF-SHA256 (RFC 5869). Addresses are sealed with
AES-256-GCM under a random nonce. Who has the database alone can name nobody and forge nothing.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
from functools import cache
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vikno.domain.errors import ViknoError

SECRET_BYTES = 32
NONCE_BYTES = 12
NUMBER_BYTES = 7
MAC_BYTES = 8
"""Of a token: 64 bits, enough where every wrong one is counted and few may be tried."""


class SealBroken(ViknoError):
    """This was not sealed with the key in use. Start with the key that the store was made with (VIKNO_KEY)."""

    code = "seal_broken"


class KeyWrong(ViknoError):
    """The key must be 32 bytes, written as base64url or as 64 hex digits."""

    code = "key_wrong"


def read_secret(written: str) -> bytes:
    """The secret of a setting or a key file.

    >>> len(read_secret("00" * 32))
    32

    Raises:
        KeyWrong: it is not 32 bytes.
    """
    written = written.strip()
    try:
        padded = written + "=" * (-len(written) % 4)
        secret = bytes.fromhex(written) if len(written) == 2 * SECRET_BYTES else base64.urlsafe_b64decode(padded)
    except (ValueError, binascii.Error):
        raise KeyWrong from None
    if len(secret) != SECRET_BYTES:
        raise KeyWrong
    return secret


def new_secret() -> str:
    """A new one, as it is written."""
    return _written(os.urandom(SECRET_BYTES))


class LocalVault:
    """The vault of one process, over one secret. `repr` and errors never show it."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_BYTES:
            raise KeyWrong
        self._names, self._tokens = _derived(secret, b"names"), _derived(secret, b"tokens")
        self._seal = AESGCM(_derived(secret, b"seal"))
        self._digests = cache(lambda purpose: _derived(secret, b"digest " + purpose.encode()))

    def name(self, account: str, address: str) -> str:
        """The conversation's name on record.

        >>> LocalVault(bytes(32)).name("telegram/main", "12345")
        'telegram/main:82082a4a17da32a3464e9eb5de82cf17'
        """
        hashed = blake2b(f"{account}\0{address}".encode("utf-8", "surrogatepass"), digest_size=16, key=self._names)
        return f"{account}:{hashed.hexdigest()}"

    def seal(self, plain: str) -> bytes:
        """Encrypt for keeping."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, plain.encode("utf-8", "surrogatepass"), None)

    def unseal(self, sealed: bytes) -> str:
        """Raises SealBroken."""
        try:
            return self._seal.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], None).decode("utf-8", "surrogatepass")
        except (InvalidTag, ValueError):
            raise SealBroken from None

    def token(self, kind: str, number: int) -> str:
        """A signed token: a letter, seven bytes of a number, eight of a MAC; 22 characters base64url."""
        if len(kind) != 1 or not kind.isascii() or not 0 <= number < 256**NUMBER_BYTES:
            raise ValueError(kind, number)
        what = kind.encode() + number.to_bytes(NUMBER_BYTES, "big")
        return _written(what + self._mac(what))

    def read_token(self, token: str) -> tuple[str, int] | None:
        """Its kind and number; None for what was not signed here."""
        try:
            whole = base64.b64decode(token + "==", altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            return None
        what, mac = whole[: 1 + NUMBER_BYTES], whole[1 + NUMBER_BYTES :]
        if not hmac.compare_digest(mac, self._mac(what)) or _written(whole) != token:
            return None
        return what[:1].decode("ascii"), int.from_bytes(what[1:], "big")

    def digest(self, purpose: str, text: str) -> str:
        """A keyed hash for looking things up, 32 hex digits."""
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, key=self._digests(purpose)).hexdigest()

    def key_for(self, purpose: str) -> bytes:
        """32 bytes for one purpose, such as signing reply addresses."""
        return self._digests(f"key {purpose}")

    def _mac(self, what: bytes) -> bytes:
        return blake2b(what, digest_size=MAC_BYTES, key=self._tokens).digest()


def _written(whole: bytes) -> str:
    """Base64url without its padding."""
    return base64.urlsafe_b64encode(whole).decode().rstrip("=")


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(SHA256(), SECRET_BYTES, salt=None, info=b"vikno " + purpose).derive(secret)
