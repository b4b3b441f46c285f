"""What the simulated Telegram refuses, in the words of the Bot API's server."""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import Any
from urllib.parse import urlsplit

from vikno.wire import limits
from vikno.wire.text import utf8, utf16

NOT_MODIFIED = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
TOO_OLD = "Bad Request: query is too old and response timeout expired or query ID is invalid"
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
TERMINATED = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)  # fmt: skip


class Refused(Exception):
    """What the Bot API does not do."""

    def __init__(self, status: int, description: str, retry_after: float | None = None) -> None:
        super().__init__(description)
        self.status, self.description, self.retry_after = status, description, retry_after


def text_of(asked: dict[str, Any]) -> str:
    text = str(asked.get("text", "")).strip()
    if asked.get("parse_mode"):
        raise Refused(400, "Bad Request: unsupported parse_mode")
    if not any(letter.isprintable() and not letter.isspace() for letter in text):
        raise Refused(400, "Bad Request: message text is empty")
    if utf16(text) > limits.TELEGRAM_TEXT_UNITS or utf8(text) > limits.TELEGRAM_TEXT_BYTES:
        raise Refused(400, "Bad Request: message is too long")
    return text


def rows_of(asked: dict[str, Any]) -> list[list[dict[str, Any]]]:
    markup = asked.get("reply_markup") or {}
    rows = markup.get("inline_keyboard", []) if isinstance(markup, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise Refused(400, "Bad Request: can't parse reply keyboard markup JSON object")
    if sum(map(len, rows)) > limits.TELEGRAM_BUTTONS or any(len(row) > limits.TELEGRAM_BUTTONS_A_ROW for row in rows):
        raise Refused(400, "Bad Request: reply markup is too long")
    for button in (button for row in rows for button in row):
        _check_button(button)
    return [row for row in rows if row]


def _check_button(button: Any) -> None:
    if not isinstance(button, dict) or not str(button.get("text", "")).strip():
        raise Refused(400, 'Bad Request: can\'t parse inline keyboard button: Field "text" must be of type String')
    kinds = {"callback_data", "url"} & button.keys()
    if len(kinds) != 1:
        raise Refused(400, "Bad Request: Text buttons are unallowed in the inline keyboard")
    if "url" in button:
        parts = urlsplit(str(button["url"]))
        if parts.scheme not in ("http", "https", "tg") or "." not in parts.netloc or parts.netloc.startswith("127."):
            raise Refused(400, f"Bad Request: inline keyboard button URL '{button['url']}' is invalid: Wrong HTTP URL")
    elif not 1 <= utf8(str(button["callback_data"])) <= limits.TELEGRAM_CALLBACK_BYTES:
        raise Refused(400, "Bad Request: BUTTON_DATA_INVALID")


def too_many(seconds: float) -> Refused:
    whole = max(1, ceil(seconds))
    return Refused(429, f"Too Many Requests: retry after {whole}", whole)


def until_free(sent: deque[float], now: float, most: int, window_s: float) -> float:
    """How long until another may be sent: at most so many within a window."""
    while sent and sent[0] <= now - window_s:
        sent.popleft()
    return sent[0] + window_s - now if len(sent) >= most else 0.0
