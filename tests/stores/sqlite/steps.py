"""Steps that the tests of the store take."""

from __future__ import annotations

from vikno.usecases.ports import Taken


def count(state: bytes | None) -> Taken:
    """One more than before."""
    number = b"%d" % (int(state or b"0") + 1)
    return Taken(number, (number,), fetched=True)


def never(state: bytes | None) -> Taken:
    """No step that should have been taken."""
    raise AssertionError
