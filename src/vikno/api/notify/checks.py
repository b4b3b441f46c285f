"""What a value has to be, and what is said where it is not: as the JSON Schemas of GOV.UK Notify say it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from vikno.api.notify.errors import invalid

LONGEST_REFERENCE = 1000
LONGEST_LINK = 8000
"""Of an address to unsubscribe at; Notify names no bound, and servers take no longer one."""
LONGEST_SHOWN = 200
"""Of a value in what is said of it."""
MOST_SHOWN = 100
"""Names of what does not belong there; no more are looked at."""
MOST_PERSONALISATION = 500
"""Values of one message, as many as a template has places. Notify sets no bound, and takes what its template does not
ask for; so does this, as long as looking through them holds up nobody else. Said in the words of a JSON Schema."""

Check = Callable[[Any], str | None]
"""What is wrong with a value; None: nothing."""


def checked(body: Any, checks: Mapping[str, Check], required: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(body, dict):
        raise invalid(not_of(body, "object"))
    wrong = [f"{name} {said}" for name, said in wrong_values(body, checks)]
    wrong += [f"{name} is a required property" for name in required if name not in body]
    wrong += unexpected(body, checks)
    if wrong:
        raise invalid(*wrong)
    return body


def wrong_values(given: Mapping[str, Any], checks: Mapping[str, Check]) -> Iterator[tuple[str, str]]:
    for name, check in checks.items():
        if name in given and (said := check(given[name])) is not None:
            yield name, said


def unexpected(given: Mapping[str, Any], known: Mapping[str, Check]) -> Iterator[str]:
    if len(given) > len(known) or not given.keys() <= known.keys():
        extra = sorted(islice((shown(name) for name in given if name not in known), MOST_SHOWN))
        verb = "was" if len(extra) == 1 else "were"
        yield f"Additional properties are not allowed ({', '.join(extra)} {verb} unexpected)"


def shown(value: Any) -> str:
    """A value as Notify shows it, which is as Python does, without quotes; not all of a long one.

    >>> shown({"a": [None, True]})
    '{a: [None, True]}'
    """
    try:
        written = repr(value).replace("'", "")
    except RecursionError:
        written = f"{type(value).__name__}"
    return written if len(written) <= LONGEST_SHOWN else written[: LONGEST_SHOWN - 1] + "…"


def not_of(value: Any, kinds: str) -> str:
    return f"{shown(value)} is not of type {kinds}"


def text(value: Any) -> str | None:
    return None if type(value) is str else not_of(value, "string")


def an_object(value: Any) -> str | None:
    return None if type(value) is dict else not_of(value, "object")


def personalisation(value: Any) -> str | None:
    if type(value) is dict and len(value) > MOST_PERSONALISATION:
        return f"has too many properties, {len(value)}; there may be {MOST_PERSONALISATION}"
    return an_object(value)


def list_or_null(value: Any) -> str | None:
    return None if value is None or type(value) is list else not_of(value, "array, null")


def reference(value: Any) -> str | None:
    if type(value) is str and len(value) > LONGEST_REFERENCE:
        return f"{shown(value)} is too long"
    return text(value)


def uuid(value: Any) -> str | None:
    try:
        UUID(value)
    except (ValueError, TypeError, AttributeError):
        return "is not a valid UUID"
    return None


def https(value: Any) -> str | None:
    if type(value) is str and len(value) <= LONGEST_LINK and value.isprintable() and " " not in value:
        try:
            parts = urlsplit(value)
        except ValueError:
            return "is not a valid https url"
        if parts.scheme == "https" and parts.hostname:
            return None
    return "is not a valid https url"


def soon(value: Any, now_ms: int) -> str | None:
    """Notify takes a time within a day and then sends at once, as this does."""
    if value is None:
        return None
    if type(value) is not str:
        return not_of(value, "string, null")
    try:
        moment = datetime.fromisoformat(value).replace(tzinfo=None)
    except ValueError:
        return (
            "datetime format is invalid. It must be a valid ISO8601 date time format, "
            "https://en.wikipedia.org/wiki/ISO_8601"
        )
    now = datetime.fromtimestamp(now_ms / 1000, UTC).replace(tzinfo=None)
    if moment < now:
        return "datetime can not be in the past"
    return "datetime can only be 24 hours in the future" if moment - now > timedelta(hours=24) else None


def postage(value: Any) -> str | None:
    if type(value) is str and value not in ("first", "second", "economy"):
        return "invalid. It must be either first, second or economy."
    return text(value)


def yes_or_no(name: str, value: Any) -> str | None:
    if value is None or type(value) is bool:
        return None
    return f"Unsupported value for {name}: {shown(value)}. Use a boolean true or false value."


_WEEKS = re.compile(r"([0-9]{1,9}) weeks?", re.IGNORECASE)


def weeks(value: Any) -> str | None:
    found = _WEEKS.fullmatch(value.strip()) if type(value) is str else None
    if value is None or (found is not None and 1 <= int(found[1]) <= 78):
        return None
    return f"Unsupported value for retention_period: {shown(value)}. Supported periods are from 1 to 78 weeks."


def filename(value: Any) -> str | None:
    if value is None or (type(value) is str and "." in value):
        return None
    return "`filename` must end with a file extension. For example, filename.csv"


def one_of(value: Any, known: tuple[str, ...]) -> str | None:
    return None if value in known else f"{shown(value)} is not one of [{', '.join(known)}]"
