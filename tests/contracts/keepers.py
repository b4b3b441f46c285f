"""Every keeper of conversations and of records, and a place to open it, leave it amid things, and open it again."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from vikno.stores.sqlite import SqliteStore
from vikno.testing.memory_store import MemoryStore, Shelf
from vikno.usecases.campaigns import Campaigns
from vikno.usecases.notifications import Notifications
from vikno.usecases.organisations import Organisations
from vikno.usecases.people import People
from vikno.usecases.ports import Clock, ConversationStore, Outbox, Upkeep
from vikno.usecases.records import Records


class Keeper(ConversationStore, Outbox, Upkeep, Protocol):
    """One object that keeps all three promises."""


class Place(Protocol):
    """Where a keeper keeps things."""

    def open(self, clock: Clock) -> Keeper:
        """Open what is here; the same again after a close."""
        ...

    def after_a_crash(self) -> Place:
        """The same place as if the process that has it open had ended this moment."""
        ...


class RecordsKeeper(Records, Organisations, People, Notifications, Campaigns, Upkeep, ConversationStore, Protocol):
    """One object that keeps all records."""


class RecordsPlace(Protocol):
    """Where a keeper keeps records."""

    def open(self, clock: Clock) -> RecordsKeeper:
        """Open what is here; the same again after a close."""
        ...

    def after_a_crash(self) -> RecordsPlace:
        """The same place as if the process that has it open had ended this moment."""
        ...


class MemoryPlace:
    """A shelf."""

    def __init__(self, shelf: Shelf | None = None) -> None:
        self._shelf = shelf or Shelf()

    def open(self, clock: Clock) -> Keeper:
        return MemoryStore(clock, self._shelf)

    def after_a_crash(self) -> Place:
        return MemoryPlace(copy.deepcopy(self._shelf))


class SqlitePlace:
    """A folder with the file and its log, as the operating system has them: a loss of power is another matter."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def open(self, clock: Clock) -> SqliteStore:
        return SqliteStore(f"sqlite:///{self._folder}/store.db?synchronous=off", clock)

    def after_a_crash(self) -> SqlitePlace:
        folder = self._folder.with_name(self._folder.name + "+")
        folder.mkdir()
        for name in ("store.db", "store.db-wal"):  # the log last: it only grows while no checkpoint runs
            if (self._folder / name).exists():
                shutil.copy(self._folder / name, folder / name)
        return SqlitePlace(folder)


PLACES: dict[str, Callable[[Path], Place]] = {
    "memory": lambda _: MemoryPlace(),
    "sqlite": SqlitePlace,
}

RECORDS_PLACES: dict[str, Callable[[Path], RecordsPlace]] = {
    "sqlite": SqlitePlace,
}
