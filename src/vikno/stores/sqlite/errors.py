"""What can be wrong with the file, in words for whoever runs the server."""

from __future__ import annotations

import apsw

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
    """The file of the store cannot be opened or written. Look at its folder, its owner and its permissions."""

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


_OURS: dict[type[Exception], type[StoreUnavailable]] = {
    apsw.FullError: DiskFull,
    apsw.BusyError: StoreLocked,
    apsw.LockedError: StoreLocked,
    apsw.ProtocolError: StoreLocked,
    apsw.CorruptError: StoreDamaged,
    apsw.NotADBError: StoreDamaged,
    apsw.CantOpenError: StoreUnreadable,
    apsw.ReadOnlyError: StoreUnreadable,
    apsw.PermissionsError: StoreUnreadable,
    apsw.AuthError: StoreUnreadable,
}


def name_of(error: Exception) -> str:
    """SQLite's name of what happened, as SQLITE_IOERR_FSYNC, or that of a fault of ours; never with a value."""
    extended = getattr(error, "extendedresult", 0)
    return str(apsw.mapping_extended_result_codes.get(extended, type(error).__name__))


def in_our_words(error: Exception) -> StoreUnavailable:
    """The error to raise for one of SQLite's, or for a fault of ours."""
    return _OURS.get(type(error), StoreUnavailable)(name_of(error))
