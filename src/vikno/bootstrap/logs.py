"""Logs are events with fields, one a line, on the standard error; never with a person's data."""

from __future__ import annotations

import json
import logging
import sys
import time

OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class Line(logging.Formatter):
    """`2026-11-22T06:40:00Z WARNING channel_dead account=viber/main`; fields that hold blanks are JSON.

    >>> record = logging.makeLogRecord({"levelname": "INFO", "msg": "stage_recorded", "case": "A 17", "created": 0})
    >>> Line().format(record)
    '1970-01-01T00:00:00Z INFO stage_recorded case="A 17"'

    What a terminal would obey is written out, so that nothing that came from elsewhere draws lines of its own.

    >>> _shown("a\\x1b[2Jb"), _shown("a\\u2028b"), _shown("Київ")
    ('"a\\\\u001b[2Jb"', '"a\\\\u2028b"', 'Київ')
    """

    def format(self, record: logging.LogRecord) -> str:
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created))
        fields = [f"{name}={_shown(value)}" for name, value in vars(record).items() if name not in OWN]
        line = " ".join([at, record.levelname, record.getMessage(), *fields])
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False, default=str)
    if not text.replace("\n", "").isprintable():
        return json.dumps(text)
    return json.dumps(text, ensure_ascii=False) if any(sign in text for sign in ' "\n=') else text


def log_to_stderr(level: int = logging.INFO) -> None:
    """For `vikno run` and `vikno demo`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("vikno").setLevel(level)
