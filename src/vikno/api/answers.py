"""What every part of the API has in common: a body of bounded size that is read into a shape, and an answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope

from vikno.api.problems import Refused, problem, refused, shortened, unreadable
from vikno.api.shapes import Problem
from vikno.domain.rules.findings import did_you_mean
from vikno.wire.body import whole_body

JSON = b"application/json"
PROBLEM = b"application/problem+json"
MOST_PARAMETERS = 50

T = TypeVar("T")
Headers = tuple[tuple[bytes, bytes], ...]
encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, body and what else stands in the head."""

    status: int
    body: bytes
    kind: bytes = JSON
    headers: Headers = ()


async def read_body(scope: Scope, receive: Receive, most: int, kind: type[T]) -> T:
    """The body as one of the shapes. Raises Refused."""
    return as_shape(await whole(scope, receive, most), kind)


def as_shape(body: bytes | msgspec.Raw, kind: type[T]) -> T:
    """Raises Refused."""
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(unreadable(error, getattr(kind, "__struct_fields__", ()))) from None


async def whole(scope: Scope, receive: Receive, most: int) -> bytes:
    """A body of bounded size. Raises Refused."""
    kind = header(scope, b"content-type").partition(";")[0].strip().lower()
    if kind not in ("", "application/json"):
        raise refused("media_type_wrong", f"“{shortened(kind)}”")
    body = await whole_body(receive, most)
    if body is None:
        raise refused("body_too_large", f"at most {most} bytes")
    return body


def header(scope: Scope, wanted: bytes) -> str:
    """A header; "" where there is none."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


def parameters(scope: Scope, known: tuple[str, ...]) -> Mapping[str, list[str]]:
    """What stands behind the question mark, each name with its values. Raises Refused."""
    try:
        written = scope.get("query_string", b"").decode("ascii")
        pairs = parse_qsl(written, keep_blank_values=True, errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise refused("parameter_wrong", "they cannot be read") from None
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in known:
            raise refused("parameter_wrong", f"“{shortened(name)}”{did_you_mean(name, known)}")
        found.setdefault(name, []).append(value)
    return found


def problem_answer(wrong: Problem, headers: Headers = ()) -> Answer:
    """A problem as it is answered."""
    return Answer(wrong.status, encode(wrong), PROBLEM, headers)


def wrong_method(allowed: str) -> Answer:
    """`allowed`: the methods that this address takes."""
    return problem_answer(problem("method_wrong", f"it takes {allowed}"), ((b"allow", allowed.encode()),))


def time_of(moment_ms: int) -> datetime:
    """A moment on record, as it is written."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC)
