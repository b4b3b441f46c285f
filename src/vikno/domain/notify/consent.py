"""The consent ledger: each line is sealed together with the seal of the line before, so no line changes unnoticed.

A seal is HMAC-SHA256 (RFC 2104) over the seal before and the line's own bytes. Whoever changes, swaps or cuts out a
line needs the key to hide it; whoever has the key, and rewrites everything, no longer comes to a head that was
published before (`Head`), so heads are published.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Protocol

SEAL_BYTES = 32
VERSION_DIGITS = 16
FORMAT = b"vikno consent 1"


class Line(Protocol):
    """One thing that somebody agreed to or took back (`usecases.people.Agreed`)."""

    @property
    def id(self) -> int: ...
    @property
    def person(self) -> int: ...
    @property
    def organisation(self) -> str: ...
    @property
    def content(self) -> str: ...
    @property
    def consent(self) -> str: ...
    @property
    def channel(self) -> str: ...
    @property
    def lang(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def shown(self) -> str: ...
    @property
    def at_ms(self) -> int: ...
    @property
    def seal(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Head:
    """The last line that was looked at, by its number and seal; 0 before the first one."""

    id: int = 0
    seal: bytes = b""

    def __str__(self) -> str:
        """As it is published: `17:9f86d0…`."""
        return f"{self.id}:{self.seal.hex()}"


BEGINNING = Head()
"""Before the first line."""


def read_head(written: str) -> Head | None:
    """A head as it was published; None for anything else.

    >>> read_head("2:" + "0a" * 32) == Head(2, b"\\n" * 32), read_head("2:0a"), read_head("x:" + "0a" * 32)
    (True, None, None)
    """
    number, _, seal = written.strip().partition(":")
    if not (number.isascii() and number.isdigit() and len(number) < 18 and len(seal) == 2 * SEAL_BYTES):
        return None
    try:
        return Head(int(number), bytes.fromhex(seal))
    except ValueError:
        return None


def version_of(shown: str) -> str:
    """The version of a form: a hash of the words that were shown, so that other words are another version.

    >>> version_of("I agree."), version_of("I agree!")
    ('826ff0dab649a97f', '64f28dc13d7ecc4f')
    """
    return sha256(shown.encode()).hexdigest()[:VERSION_DIGITS]


def canonical(line: Line) -> bytes:
    """A line without its seal, as bytes: every part with its length before it, so that none runs into the next."""
    parts = (
        str(line.id), str(line.person), line.organisation, line.content, line.consent, line.channel, line.lang,
        line.version, line.shown, str(line.at_ms),
    )  # fmt: skip
    whole = [part.encode("utf-8", "surrogatepass") for part in parts]
    return FORMAT + b"".join(len(part).to_bytes(4, "big") + part for part in whole)


def seal(key: bytes, before: bytes, line: Line) -> bytes:
    """The seal of a line that follows the one with the seal `before`; b"" for the first."""
    return hmac.digest(key, len(before).to_bytes(1, "big") + before + canonical(line), "sha256")


def verify(lines: Iterable[Line], key: bytes, after: Head = BEGINNING) -> int | None:
    """The number of the first line that is not as it was written, or does not follow; None: all are.

    `after`: the line before the first of them, so that a long ledger is looked through in pages.
    """
    return follow(lines, key, after)[1]


def follow(lines: Iterable[Line], key: bytes, after: Head = BEGINNING) -> tuple[Head, int | None]:
    """How far the lines hold, and the first that does not."""
    head = after
    for line in lines:
        if line.id != head.id + 1 or not hmac.compare_digest(line.seal, seal(key, head.seal, line)):
            return head, line.id
        head = Head(line.id, line.seal)
    return head, None
