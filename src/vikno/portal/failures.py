"""What failed on our side: told to the person in one line, and to the log without a word that may be an answer."""

from __future__ import annotations

import logging

log = logging.getLogger("vikno.portal")

FAILED = b"Something went wrong on our side. Please try again later.\n"


class Failed(Exception):
    """Stands in the log for an exception of the name it is given: where it was raised, and no word of its message."""


def note_failure(error: Exception) -> None:
    """Log where it was raised, and its kind."""
    name = type(error).__name__
    log.error("request_failed", extra={"error": name}, exc_info=(Failed, Failed(name), error.__traceback__))
