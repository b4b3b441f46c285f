"""What callers wait for: a turn, a mark, a write, a chore; each with its answer to come."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import apsw

from vikno.stores.sqlite.errors import in_our_words, name_of
from vikno.usecases.ports import Kept, Step

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


def _to_come() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()


@dataclass(slots=True, eq=False)
class Asked(Generic[Answer]):
    """Somebody waits for an answer, or has gone meanwhile."""

    answer: asyncio.Future[Answer] = field(default_factory=_to_come, init=False)

    def give(self, outcome: Answer | Exception) -> None:
        """Let the caller go on with the answer, or with the error."""
        if self.answer.done():
            return
        if isinstance(outcome, StopIteration):  # a Future refuses it, as a coroutine does (PEP 479)
            outcome = RuntimeError("a step raised StopIteration")
        if isinstance(outcome, Exception):
            self.answer.set_exception(outcome)
        else:
            self.answer.set_result(outcome)


@dataclass(slots=True, eq=False)
class Turn(Asked[Kept]):
    """A turn to hold."""

    conversation: str
    event: str
    step: Step


@dataclass(slots=True, eq=False)
class Mark(Asked[None]):
    """An effect that was carried out."""

    conversation: str
    position: int


@dataclass(slots=True, eq=False)
class Write(Asked[Answer]):
    """A few rows to change, on the loop's thread, in the commit of the turns that wait."""

    work: Callable[[apsw.Cursor], Answer]


@dataclass(slots=True, eq=False)
class Chore(Asked[Answer]):
    """Work on many rows: a transaction of its own."""

    work: Callable[[apsw.Cursor], Awaitable[Answer]]


def fail_together(asked: Sequence[Asked[Any]], error: BaseException) -> None:
    """All of them share a transaction: what stopped it is told to each, and the next one has its chance.

    The end of the loop is raised, and whoever waits is cancelled as the loop does it.
    """
    if not isinstance(error, Exception):
        for one in asked:
            one.answer.cancel()
        raise error
    log.error("transaction_failed", extra={"reason": name_of(error)})
    for one in asked:
        own = in_our_words(error)  # an error of its own, since each caller's traceback grows on it
        own.__cause__ = error
        one.give(own)
