"""What every part of the API for organisations works with, and who asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from vikno.api.problems import refused
from vikno.usecases.check_templates import Vocabulary
from vikno.usecases.dispatch import Book as Dispatched
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.explain_notification import Sources, no_sources
from vikno.usecases.organisations import Organisation, OrganisationKey
from vikno.usecases.ports import Clock
from vikno.usecases.records import Access, Registry, Subscribers, Vault


class Book(Dispatched, Registry, Subscribers, Protocol):
    """What it needs of a store."""


@dataclass(frozen=True, slots=True)
class Room:
    """`currency`: of all prices; `sources`: of rules. `private`: whether callbacks may lead into private networks."""

    book: Book
    vault: Vault
    dispatch: Dispatch
    vocabulary: Vocabulary
    clock: Clock
    currency: str
    sources: Sources = no_sources
    private: bool = False


@dataclass(frozen=True, slots=True)
class Caller:
    """The organisation whose key was sent."""

    organisation: Organisation
    key: OrganisationKey = field(repr=False)

    @property
    def authority(self) -> str:
        """As its subscribers are called."""
        return f"org/{self.organisation.slug}"

    def check_standing(self) -> None:
        """Whether it may send now; a test key, from which nothing leaves, always may. Raises Refused."""
        if self.key.kind != "test" and self.organisation.standing != "approved":
            reason = f": {self.organisation.reason}" if self.organisation.reason else ""
            raise refused("sender_not_approved", f"it is {self.organisation.standing}{reason}")


async def note(room: Room, caller: Caller, what: str, about: str = "") -> None:
    """Write it to the access log."""
    about = about or f"organisation/{caller.organisation.slug}"
    await room.book.note((Access(room.clock(), f"api/org/{caller.key.id}", what, about),))
