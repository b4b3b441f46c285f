"""Checkpoints: the write-ahead log is copied into the file beside the turns, so that none waits for it.

While others write, a checkpoint copies what it found, but the log can start anew only at a moment when all of it is
copied. Under a load that never pauses that moment must be made: once the log is long, the rest of it, which is
short by then, is copied between two groups (https://www.sqlite.org/wal.html, "Avoiding Excessively Large WAL Files").

Two connections that write and checkpoint the same log need SQLite 3.51.3 or later (ibidem, "The WAL-Reset Bug").
"""

from __future__ import annotations

import logging
from concurrent.futures import Future, ThreadPoolExecutor

import apsw

from vikno.stores.sqlite.errors import name_of

log = logging.getLogger(__name__)

PAGES_BETWEEN = 2_000
"""Of four KiB: so much is added to the log before it is copied again."""
LONG_LOG_PAGES = 12_000
"""The log starts anew when it is so long."""


class Checkpoints:
    """Copies the log on a connection and a thread of its own."""

    def __init__(self, writing: apsw.Connection, copying: apsw.Connection) -> None:
        """Watch what `writing` commits; `copying` is used on the thread beside it."""
        writing.wal_autocheckpoint(0)
        writing.set_wal_hook(self._committed)
        self._writing, self._copying = writing, copying
        self._thread = ThreadPoolExecutor(1, "vikno-checkpoint")
        self._running: Future[None] | None = None
        self._pages = 0
        self._copied = 0

    def after_commit(self) -> None:
        """On the thread that commits, between two groups: copy what is due."""
        if self._running is not None and not self._running.done():
            return
        self._copied = min(self._copied, self._pages)  # a shorter log has started anew
        if self._pages >= LONG_LOG_PAGES:
            self._copy(self._writing)
        elif self._pages - self._copied >= PAGES_BETWEEN:
            self._running = self._thread.submit(self._copy, self._copying)

    def close(self) -> None:
        """Wait for a checkpoint that runs, and let go of its connection."""
        self._thread.shutdown()
        self._copying.close()

    def _committed(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._pages = pages
        return apsw.SQLITE_OK

    def _copy(self, connection: apsw.Connection) -> None:
        try:
            self._pages, self._copied = connection.wal_checkpoint("main", apsw.SQLITE_CHECKPOINT_PASSIVE)
        except apsw.BusyError:
            pass  # another process copies it at this moment
        except apsw.Error as error:
            # Nothing is lost: the log keeps what was not copied, and the next checkpoint tries again.
            log.warning("checkpoint_failed", extra={"reason": name_of(error)})
