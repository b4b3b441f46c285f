"""Keys of organisations' systems: `{name}-{organisation}-{secret}`, written as GOV.UK Notify writes them.

Clients of Notify cut such a key from its end, so both last parts are UUIDs: the organisation's own, and a random one.
The secret signs requests, so the record keeps it sealed and not as a hash; who has the record alone cannot read it.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from vikno.usecases.organisations import KeyKind, Organisation, OrganisationKey, Organisations
from vikno.usecases.ports import Clock
from vikno.usecases.records import Vault

UUID_LENGTH = 36
TAIL = 2 * UUID_LENGTH + 1
LONGEST = TAIL + 256
REMEMBERED_MS = 1000
"""So soon a revoked key opens nothing any more."""
TOLD_MS = 7 * 86_400_000
"""So long a key is told that it was revoked; afterwards, as with Notify, it is as unknown as any other."""
MOST_REMEMBERED = 4096
"""Organisations."""


@dataclass(frozen=True, slots=True)
class Held:
    """A key with its secret."""

    key: OrganisationKey
    secret: bytes = field(repr=False)

    @property
    def revoked(self) -> bool:
        return self.key.revoked_ms is not None


@dataclass(frozen=True, slots=True)
class KeyRing:
    """An organisation with its keys, those in force first; what was revoked long ago is left out."""

    organisation: Organisation
    keys: tuple[Held, ...]


@dataclass
class KeyRings:
    """Key rings as they are on record, looked up once a second at most."""

    book: Organisations
    vault: Vault
    clock: Clock
    _known: dict[int, tuple[int, KeyRing]] = field(default_factory=dict)

    async def of(self, organisation: int) -> KeyRing | None:
        """The key ring of an organisation; None where there is none."""
        now_ms = self.clock()
        known = self._known.get(organisation)
        if known is not None and 0 <= now_ms - known[0] < REMEMBERED_MS:
            return known[1]
        found = await self.book.organisation(organisation)
        if found is None:
            self._known.pop(organisation, None)
            return None
        every = await self.book.organisation_keys(organisation)
        keys = [key for key in every if key.revoked_ms is None or now_ms - key.revoked_ms < TOLD_MS]
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        ring = KeyRing(found, tuple(_held(self.vault, keys)))
        self._known[organisation] = now_ms, ring
        return ring


async def make_key(
    book: Organisations, vault: Vault, organisation: Organisation, kind: KeyKind, label: str, secret: UUID, now_ms: int
) -> str:
    """Keep a new key; the key itself, which nobody can show again. `secret`: random, of version 4.

    Raises OrganisationUnknown.
    """
    await book.add_organisation_key(organisation.id, kind, label, vault.seal(str(secret)), now_ms)
    return f"{label}-{vault.uuid('o', organisation.id)}-{secret}"


def read_key(vault: Vault, written: str) -> tuple[int, str] | None:
    """The number of the organisation and the secret of a key; None for what is none."""
    tail = written[-TAIL:]
    if not TAIL <= len(written) <= LONGEST or tail[UUID_LENGTH] != "-" or not written.isprintable():
        return None
    organisation = vault.read_uuid("o", tail[:UUID_LENGTH])
    return None if organisation is None else (organisation, tail[-UUID_LENGTH:])


async def whose(book: Organisations, vault: Vault, written: str) -> tuple[Organisation, OrganisationKey] | None:
    """The organisation and the key in force that somebody sends; None for what is none, unknown or revoked."""
    read = read_key(vault, written)
    if read is None:
        return None
    number, secret = read
    organisation = await book.organisation(number)
    if organisation is None:
        return None
    found = opened(_held(vault, await book.organisation_keys(number)), secret)
    return (organisation, found) if found is not None else None


def opened(keys: Iterable[Held], secret: str) -> OrganisationKey | None:
    """The key in force with this secret. Each is compared, in constant time."""
    found = None
    for held in keys:
        if hmac.compare_digest(held.secret, secret.encode("utf-8", "surrogatepass")) and not held.revoked:
            found = held.key
    return found


def _held(vault: Vault, keys: Iterable[OrganisationKey]) -> list[Held]:
    held = [Held(key, vault.unseal(key.sealed).encode()) for key in keys]
    return sorted(held, key=lambda one: one.revoked)
