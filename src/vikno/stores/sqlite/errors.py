"""What can be wrong with the file, in words for whoever runs the server."""

from __future__ import annotations

import sqlite3

from vikno.usecases.ports import StoreUnavailable


class DiskFull(StoreUnavailable):
    """The disk of the store is full. Make room; turns are held again at once, without a restart."""

    code = "store_disk_full"


class StoreLocked(StoreUnavailable):
    """Another process holds the store for longer than this one waits. Try again; if it stays, end that process."""

    code = "store_locked"


class StoreDamaged(StoreUnavailable):
    """The file of the store is damaged. Stop the server, put a backup in its place, and keep the damaged file."""

    code = "store_damaged"
    retryable = False


class StoreUnreadable(StoreUnavailable):
    """The file of the store cannot be opened. Look at its folder, its owner and its permissions."""

    code = "store_unreadable"
    retryable = False


class StoreForeign(StoreUnavailable):
    """This file is a database of another program. Name another file for the store."""

    code = "store_foreign"
    retryable = False


class StoreTooNew(StoreUnavailable):
    """A newer Vikno has written this store. Start that version, or a later one; nothing was changed."""

    code = "store_too_new"
    retryable = False


class StoreTooOld(StoreUnavailable):
    """An older Vikno has written this store, and it is open for reading only. Start the server once, it migrates."""

    code = "store_too_old"
    retryable = False


class StoreUrlWrong(StoreUnavailable):
    """This is no address of a store. Write sqlite:///folder/file.db, or sqlite:////folder/file.db from the root."""

    code = "store_url_wrong"
    retryable = False


_BY_CODE: dict[int, type[StoreUnavailable]] = {
    sqlite3.SQLITE_FULL: DiskFull,
    sqlite3.SQLITE_BUSY: StoreLocked,
    sqlite3.SQLITE_LOCKED: StoreLocked,
    sqlite3.SQLITE_PROTOCOL: StoreLocked,
    sqlite3.SQLITE_CORRUPT: StoreDamaged,
    sqlite3.SQLITE_NOTADB: StoreDamaged,
    sqlite3.SQLITE_CANTOPEN: StoreUnreadable,
    sqlite3.SQLITE_READONLY: StoreUnreadable,
    sqlite3.SQLITE_PERM: StoreUnreadable,
    sqlite3.SQLITE_AUTH: StoreUnreadable,
}


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's primary result code: the low byte of the extended one (https://www.sqlite.org/rescode.html)."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def in_our_words(error: sqlite3.Error) -> StoreUnavailable:
    """The error to raise for one of SQLite's; its name is kept for the log, never a value."""
    kind = _BY_CODE.get(primary_code(error), StoreUnavailable)
    return kind(getattr(error, "sqlite_errorname", type(error).__name__))
