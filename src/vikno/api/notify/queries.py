"""The queries of lists, read as strictly as bodies are."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from msgspec import Struct

from vikno.api.notify.checks import Check, one_of, unexpected, uuid
from vikno.api.notify.errors import invalid

MANY = ("status", "template_type")
"""What may be asked for several of."""
MOST_QUERY = 100
"""Parts of a query."""
KINDS = ("sms", "email", "letter")
STATUSES = (
    "cancelled", "created", "sending", "sent", "delivered", "pending", "failed", "technical-failure",
    "temporary-failure", "permanent-failure", "pending-virus-check", "validation-failed", "virus-scan-failed",
    "returned-letter", "accepted", "received",
)  # fmt: skip
ALIASES: Mapping[str, tuple[str, ...]] = {
    "failed": ("technical-failure", "temporary-failure", "permanent-failure"),
    "accepted": ("created", "sending"),
    "received": ("delivered",),
}
"""What letters are called, and what all failures once were."""


class Page(Struct, frozen=True):
    """Which notifications to list."""

    query: tuple[tuple[str, str], ...]
    """As it was asked, without `older_than`."""
    reference: str | None
    statuses: tuple[str, ...]
    kinds: tuple[str, ...]
    include_jobs: bool
    older_than: str | None


def read_page(query: bytes) -> Page:
    """The query of a list of notifications. Raises Refused."""
    asked = _asked(
        query,
        {
            "reference": lambda _: None,
            "status": _one_of(STATUSES),
            "template_type": _one_of(KINDS),
            "include_jobs": _one_of(("true", "True")),
            "older_than": uuid,
        },
    )
    statuses = {one for status in asked.get("status", ()) for one in ALIASES.get(status, (status,))}
    rest = [(name, value) for name, values in asked.items() for value in (values if name in MANY else values[:1])]
    return Page(
        tuple((name, value) for name, value in rest if name != "older_than"),
        _first(asked, "reference"),
        tuple(sorted(statuses)),
        tuple(dict.fromkeys(asked.get("template_type", ()))),
        "include_jobs" in asked,
        _first(asked, "older_than"),
    )


def read_older_than(query: bytes) -> str | None:
    """The query of a list of received texts. Raises Refused."""
    return _first(_asked(query, {"older_than": uuid}), "older_than")


def read_type(query: bytes) -> str | None:
    """The query of a list of templates. Raises Refused."""
    return _first(_asked(query, {"type": _one_of(KINDS)}), "type")


def _asked(query: bytes, known: Mapping[str, Check]) -> dict[str, list[str]]:
    """Each name with its values, in their order; `known`: what each of its values has to be."""
    asked: dict[str, list[str]] = {}
    try:
        pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_QUERY)
    except ValueError:
        raise invalid(f"At most {MOST_QUERY} values can be asked for at once") from None
    for name, value in pairs:
        asked.setdefault(name, []).append(value)
    wrong = [
        f"{name} {said}"
        for name, check in known.items()
        for value in asked.get(name, [])[: None if name in MANY else 1]
        if (said := check(value)) is not None
    ]
    wrong += unexpected(asked, known)
    if wrong:
        raise invalid(*wrong)
    return asked


def _one_of(known: tuple[str, ...]) -> Check:
    return lambda value: one_of(value, known)


def _first(asked: Mapping[str, list[str]], name: str) -> str | None:
    return asked[name][0] if name in asked else None
