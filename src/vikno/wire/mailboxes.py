"""E-mail addresses as they are kept: one person is one address, however it is written."""

from __future__ import annotations

import re
from email.utils import parseaddr

from vikno.wire.limits import EMAIL_ADDRESS_CHARACTERS, EMAIL_LOCAL_PART_CHARACTERS

MOST_WRITTEN = 1_000
"""Characters of an address with its name."""
ATOMS = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
"""Of a left part that needs no quotation marks (RFC 5322, dot-atom)."""

_MAILBOX = re.compile(rf"{ATOMS}@[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\Z")


def mailbox(written: str) -> str | None:
    """An address as it is kept: small letters, the domain in ASCII; None for what is no address that we can write to.

    >>> mailbox("Олена <Olena@Пошта.укр>"), mailbox("olena@example.org\\r\\nBcc: x@example.org")
    ('olena@xn--80a1acn3a.xn--j1amh', None)
    """
    if len(written) > MOST_WRITTEN or any(ord(letter) < 32 for letter in written):
        return None
    try:
        address = (parseaddr(written)[1] or written).strip().lower()
    except (RecursionError, IndexError, ValueError):  # comments in comments in comments
        return None
    local, at, domain = address.rpartition("@")
    if not at or not local or len(address) > EMAIL_ADDRESS_CHARACTERS or len(local) > EMAIL_LOCAL_PART_CHARACTERS:
        return None
    try:
        address = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        return None
    return address if _MAILBOX.match(address) else None
