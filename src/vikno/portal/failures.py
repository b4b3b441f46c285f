"""What failed on our side: told to the person in one line, and to the log without a word that may be an answer."""

from __future__ import annotations

import logging

from vikno.wire import failures

log = logging.getLogger("vikno.portal")

FAILED = b"Something went wrong on our side. Please try again later.\n"


def note_failure(error: Exception) -> None:
    """Log where it was raised, and its kind."""
    failures.note_failure(log, "request_failed", error)
