"""DKIM signatures (RFC 6376), relaxed/relaxed with RSA and SHA-256: what every receiver can check.

dkimpy signs in Python alone, eight milliseconds a mail; the same with OpenSSL's RSA takes one. What is made here is
checked by dkimpy (`Email.self_check`, and the tests).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

from vikno.domain.errors import ViknoError

SIGNED = (
    "From", "To", "Subject", "Date", "Message-ID", "Reply-To", "References", "MIME-Version", "Content-Type",
    "Content-Transfer-Encoding", "Auto-Submitted", "List-Unsubscribe", "List-Unsubscribe-Post",
)  # fmt: skip
"""Signed whether they are there or not, so that nobody can add one. RFC 8058 section 4 asks for the last two."""
SHORTEST_KEY_BITS = 1024
"""What verifiers must accept, RFC 8301 section 3.2; 2048 is what one should make."""


class SigningKeyWrong(ViknoError):
    """The DKIM key must be an RSA private key of 1024 bits or more, in PEM. `openssl genrsa 2048` makes one."""

    code = "signing_key_wrong"


@dataclass(frozen=True)
class Signer:
    """Signs mails of one domain."""

    domain: str
    selector: str
    key: RSAPrivateKey

    @classmethod
    def of(cls, domain: str, selector: str, pem: bytes | str) -> Signer:
        """Raises SigningKeyWrong."""
        try:
            key = load_pem_private_key(pem.encode() if isinstance(pem, str) else pem, None)
        except (ValueError, TypeError):
            raise SigningKeyWrong from None
        if not isinstance(key, RSAPrivateKey) or key.key_size < SHORTEST_KEY_BITS:
            raise SigningKeyWrong
        return cls(domain, selector, key)

    @property
    def name(self) -> str:
        """Where the record below has to be published."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def record(self) -> str:
        """The TXT record with which receivers check our signatures."""
        public = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return f"v=DKIM1; k=rsa; p={b64encode(public).decode()}"

    def sign(self, headers: Sequence[tuple[str, str]], body: bytes, at_s: int) -> str:
        """The value of DKIM-Signature. Headers are folded with CRLF already, and stand once each."""
        given = {name.lower(): value for name, value in headers}
        # A name more than there are headers of it: one that is added later breaks the signature (section 5.4.2).
        names = [name for name in SIGNED if name.lower() in given] + list(SIGNED)
        value = (
            f"v=1; a=rsa-sha256; c=relaxed/relaxed; d={self.domain}; s={self.selector};\r\n"
            f" t={at_s}; h={_folded(':'.join(names), ':')};\r\n bh={_digest(body)};\r\n b="
        )
        lines = [_relaxed(name, given[name.lower()]) for name in SIGNED if name.lower() in given]
        signed = "\r\n".join([*lines, _relaxed("DKIM-Signature", value)])
        signature = b64encode(self.key.sign(signed.encode("ascii"), PKCS1v15(), SHA256())).decode()
        return value + "\r\n ".join(signature[at : at + 72] for at in range(0, len(signature), 72))


def _relaxed(name: str, value: str) -> str:
    """A header as section 3.4.2 writes it."""
    return f"{name.lower()}:{' '.join(value.replace(chr(13), '').split())}"


def _digest(body: bytes) -> str:
    """The hash of a body as section 3.4.4 writes it."""
    lines = [re.sub(rb"[ \t]+", b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    whole = b"".join(line + b"\r\n" for line in lines)
    return b64encode(sha256(whole).digest()).decode()


def _folded(text: str, seam: str) -> str:
    """A long list on several lines."""
    lines, line = [], ""
    for part in text.split(seam):
        if len(line) + len(part) > 70:
            lines.append(line)
            line = ""
        line += part + seam
    return "\r\n  ".join([*lines, line.removesuffix(seam)])
