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
from uuid import UUID

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

    def uuid(self, kind: str, number: int) -> str:
        """A number as a UUID of version 8 (RFC 9562): nobody guesses another, and none has to be kept.

        62 bits of a MAC over kind and number, and 60 of the number, hidden by what follows from that MAC.

        >>> LocalVault(bytes(32)).uuid("n", 1)
        '7f6c4d4e-dd9f-8669-af98-6338bca7d90c'
        """
        mac = self._ids(kind, number.to_bytes(8, "big")) >> 2
        hidden = number ^ (self._ids("+" + kind, mac.to_bytes(8, "big")) >> 4)
        high, low = hidden >> 12, hidden & 0xFFF
        return str(UUID(int=high << 80 | 8 << 76 | low << 64 | 2 << 62 | mac))

    def read_uuid(self, kind: str, written: str) -> int | None:
        """The number of such a UUID; None for any other, or one of another kind."""
        try:
            whole = UUID(written).int
        except ValueError:
            return None
        mac = whole & (1 << 62) - 1
        hidden = whole >> 80 << 12 | whole >> 64 & 0xFFF
        number = hidden ^ (self._ids("+" + kind, mac.to_bytes(8, "big")) >> 4)
        true = self._ids(kind, number.to_bytes(8, "big")) >> 2
        same = hmac.compare_digest(mac.to_bytes(8, "big"), true.to_bytes(8, "big"))
        return number if same and whole >> 76 & 0xF == 8 and whole >> 62 & 3 == 2 else None

    def _ids(self, kind: str, what: bytes) -> int:
        hashed = blake2b(what, digest_size=8, key=self._digests("ids"), person=kind.encode()).digest()
        return int.from_bytes(hashed, "big")

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
