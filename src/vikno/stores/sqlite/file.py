"""The file: where a URL says it is, who may read it, and how a connection to it behaves."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from vikno.stores.sqlite.errors import StoreUnreadable, StoreUrlWrong, in_our_words

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
    except sqlite3.Error as error:
        raise in_our_words(error) from error


def connect_to_write(location: Location) -> sqlite3.Connection:
    """A connection that writes, to a file made with the permissions 0600 if it is new."""
    _make_private(location.path)
    connection = _connect(f"file:{quote(str(location.path))}?mode=rw")
    try:
        (mode,) = connection.execute("PRAGMA journal_mode = wal").fetchone()
        if mode != "wal":
            raise StoreUnreadable("no write-ahead log on this file system")
        connection.execute(f"PRAGMA synchronous = {location.synchronous}")
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # `checkpoints` does it beside the turns
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA cache_size = -16384")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that only reads."""
    if not path.exists():
        raise StoreUnreadable("no such file")
    connection = _connect(f"file:{quote(str(path))}?mode=ro")
    connection.execute("PRAGMA cache_size = -4096")
    return connection


def _connect(uri: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        uri, uri=True, isolation_level=None, check_same_thread=False, timeout=OPENING_WAIT_MS / 1000
    )
    connection.execute("PRAGMA trusted_schema = off")
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
