"""The head of the consent ledger that was published last, in a file beside the store.

Whoever cuts the ledger, or puts an older copy of the store in its place, does not change it along with the ledger.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from tempfile import mkstemp

from vikno.domain.notify.consent import Head, read_head

log = logging.getLogger(__name__)


class HeadFile:
    """One line, as the head is published (`usecases.check_ledger.LastSaid`)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Head | None:
        """None where there is none, or none can be read."""
        try:
            return read_head(self._path.read_text("ascii", "replace"))
        except OSError:
            return None

    def keep(self, head: Head) -> None:
        """Whole or not at all. A head that cannot be kept is published all the same: a copy elsewhere counts more."""
        try:
            descriptor, draft = mkstemp(prefix=f"{self._path.name}.", dir=self._path.parent)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(f"{head}\n")
            Path(draft).replace(self._path)
        except OSError as error:
            log.warning("head_not_kept", extra={"reason": error.strerror})
