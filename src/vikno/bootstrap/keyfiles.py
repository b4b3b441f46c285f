"""Keys that a server keeps in files: made at the first start, and from then on only read."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp


def kept(path: Path, made: Callable[[], bytes]) -> bytes:
    """What is in the file; if there is none, something new, for its owner only.

    It is there whole or not at all, or a start that is ended meanwhile would leave half a key for ever; and of those
    who start at once the first counts, or each would seal with a key of its own.

    Raises OSError.
    """
    with suppress(FileNotFoundError):
        return path.read_bytes()
    descriptor, draft = mkstemp(prefix=f"{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(made())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
    return path.read_bytes()


def signing_key(path: Path) -> bytes:
    """The key of the signed list, kept in a file as PEM (PKCS #8).

    Raises OSError, and ValueError for a file that holds no Ed25519 key, or holds it under a password.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        load_pem_private_key,
    )

    def made() -> bytes:
        return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    written = kept(path, made)
    try:
        key = load_pem_private_key(written, None)
    except TypeError as error:  # it asks for a password
        raise ValueError(f"{path} is under a password") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError(f"{path} holds no Ed25519 key")
    return key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
