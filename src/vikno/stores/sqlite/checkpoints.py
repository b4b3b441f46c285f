"""Checkpoints: the write-ahead log is copied into the file beside the turns, so that none waits for it.

A checkpoint that runs while others write copies what it found, but the log can start anew only in a moment when
all of it is copied. Under a load that never pauses that moment must be made: once the log is long, the rest,
which is short by then, is copied between two groups (https://www.sqlite.org/wal.html#avoiding_excessively_large_wal_files).
"""

from __future__ import annotations

import logging
import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor

log = logging.getLogger(__name__)

TURNS_BETWEEN = 256
"""About a thousand pages of the log."""
LONG_LOG_PAGES = 8_000
"""About 32 MB."""

_CHECKPOINT = "PRAGMA wal_checkpoint(passive)"


class Checkpoints:
    """Runs checkpoints on a connection and a thread of its own."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._thread = ThreadPoolExecutor(1, "vikno-checkpoint")
        self._running: Future[None] | None = None
        self._turns = 0
        self._log_is_long = False

    def after(self, turns: int) -> None:
        """A group of so many turns is on record."""
        self._turns += turns
        if self._turns >= TURNS_BETWEEN and (self._running is None or self._running.done()):
            self._turns = 0
            self._running = self._thread.submit(self._run)

    def finish(self, writer: sqlite3.Connection) -> None:
        """Between two groups, on the thread that commits: let a long log start anew."""
        if self._log_is_long:
            self._log_is_long = False
            writer.execute(_CHECKPOINT).fetchone()

    def close(self) -> None:
        """Wait for a checkpoint that runs, and let go of the connection."""
        self._thread.shutdown()
        self._connection.close()

    def _run(self) -> None:
        try:
            _, pages, _ = self._connection.execute(_CHECKPOINT).fetchone()
        except sqlite3.Error as error:
            # Nothing is lost: the log keeps what was not copied, and the next checkpoint tries again.
            log.warning("checkpoint_failed", extra={"reason": getattr(error, "sqlite_errorname", "")})
        else:
            self._log_is_long = pages > LONG_LOG_PAGES
