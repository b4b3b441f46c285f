"""The file: where a URL says it is, who may read it, and how a connection to it behaves."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import apsw

from vikno.stores.sqlite.errors import StoreUnreadable, StoreUrlWrong, in_our_words
from vikno.stores.sqlite.migrations import check_ours, found

OPENING_WAIT_MS = 10_000
"""How long opening waits for another process that opens, migrates or recovers the same file."""

_SYNCHRONOUS = ("full", "extra", "normal", "off")


@dataclass(frozen=True, slots=True)
class Location:
    """Where the store is.

    >>> Location.of("sqlite:///vikno.db")
    Location(path=PosixPath('vikno.db'), synchronous='full')
    >>> Location.of("sqlite:////var/lib/vikno.db?synchronous=normal")
    Location(path=PosixPath('/var/lib/vikno.db'), synchronous='normal')
    """

    path: Path
    synchronous: str = "full"
    """`full`: a turn that was answered survives a loss of power. `normal`: only an end of the process."""

    @classmethod
    def of(cls, url: str) -> Location:
        """Read `sqlite:///path`, relative to the current folder; a fourth slash starts at the root.

        Raises StoreUrlWrong.
        """
        parts = urlsplit(url)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        synchronous = options.pop("synchronous", "full")
        path = unquote(parts.path.removeprefix("/"))
        whole = url.startswith("sqlite:///") and not parts.fragment and not options
        if not whole or not path or path.endswith("/") or "\0" in path or synchronous not in _SYNCHRONOUS:
            raise StoreUrlWrong
        return cls(Path(path), synchronous)


@contextmanager
def sqlite_errors() -> Iterator[None]:
    """Raise SQLite's errors as ours."""
    try:
        yield
    except apsw.Error as error:
        raise in_our_words(error) from error


def connect_to_write(location: Location) -> apsw.Connection:
    """A connection that writes, to a file made with the permissions 0600 if it is new.

    Raises StoreTooNew and StoreForeign, with the file unchanged.
    """
    _make_private(location.path)
    connection = _connect(location.path, apsw.SQLITE_OPEN_READWRITE)
    try:
        check_ours(connection, found())  # before anything is changed
        if _log_ahead(connection) != "wal":
            raise StoreUnreadable("no write-ahead log on this file system")
        connection.pragma("synchronous", location.synchronous)
        connection.pragma("journal_size_limit", 64 * 2**20)
        connection.pragma("cache_size", -16 * 2**10)
        connection.pragma("secure_delete", "fast")  # what is forgotten is overwritten in the pages that are written
    except BaseException:
        connection.close()
        raise
    return connection


def _log_ahead(connection: apsw.Connection) -> str:
    """Let a log be written ahead. SQLite does not wait by itself for another process that opens the same new file."""
    until_s = time.monotonic() + OPENING_WAIT_MS / 1000
    while True:
        try:
            return str(connection.pragma("journal_mode", "wal"))
        except apsw.BusyError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.01)


def connect_to_read(path: Path) -> apsw.Connection:
    """A connection that only reads."""
    connection = _connect(path, apsw.SQLITE_OPEN_READONLY)
    connection.pragma("cache_size", -4 * 2**10)
    return connection


def _connect(path: Path, flags: int) -> apsw.Connection:
    connection = apsw.Connection(str(path.absolute()), flags)
    connection.set_busy_timeout(OPENING_WAIT_MS)
    connection.pragma("trusted_schema", False)
    return connection


def _make_private(path: Path) -> None:
    """SQLite gives the log beside it (-wal, -shm) the permissions of the file."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)  # or a loss of power could take the new file's name
        finally:
            os.close(folder)
    except FileExistsError:
        return
    except OSError as error:
        raise StoreUnreadable(error.strerror) from error
