"""What failed on our side: told to the log without a word of its message, which may be what somebody wrote."""

from __future__ import annotations

import logging


class Failed(Exception):
    """Stands in the log for an exception of the name it is given: where it was raised, and no word of its message."""


def note_failure(log: logging.Logger, event: str, error: Exception, **about: object) -> None:
    """Log `event` with the kind of the error, where it was raised, and `about`."""
    name = type(error).__name__
    log.error(event, extra={**about, "error": name}, exc_info=(Failed, Failed(name), error.__traceback__))
