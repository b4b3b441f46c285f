"""Check the channels: whether each is what its papers say, and which of them people may be sent to.

The reporter of 2019 found a bot whose link was dead and whose name stood nowhere. So every account is asked, on a
timer, who it is; one that is not what is printed goes off the landing pages until it is again, and an operator hears
of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from vikno.usecases.channel import EntryLink, Health, NotCarried
from vikno.usecases.ports import Clock

log = logging.getLogger("vikno.channels")

PATIENCE_S = 30.0
"""One account's check may take this long; the requests in it have shorter times of their own."""
DOUBTS = 3
"""After so many checks in a row that reached nobody, a channel is taken for dead. One lost request is not that."""
EVERY_S = 900.0
"""Between two looks while all is fine."""
SOON_S = 30.0
"""After a look that found an account not fine; each time twice as long, up to the usual."""
UNKNOWN_ENTRY = "check"
"""A token for asking a channel for its link when nobody comes in by it."""

State = Literal["fine", "wrong", "unreached"]
"""unreached: the platform gave no answer, so nothing is known against the account."""


class Entered(Protocol):
    """What people come in by (of `usecases.channel.Channel`)."""

    @property
    def kind(self) -> str: ...
    @property
    def account(self) -> str: ...
    def entry_link(self, token: str) -> EntryLink | None: ...
    async def self_check(self, carry: Callable[[Any], Awaitable[Any]]) -> Health: ...


@dataclass(frozen=True, slots=True)
class Line:
    """An account and the way to its platform."""

    channel: Entered
    carry: Callable[[Any], Awaitable[Any]]

    @property
    def name(self) -> str:
        """telegram/main."""
        return f"{self.channel.kind}/{self.channel.account}"


@dataclass(frozen=True, slots=True)
class Checked:
    """What one check found. `shown`: the name that people are given; `wrong` says what to do about it."""

    account: str
    state: State
    shown: str | None
    link: str | None
    wrong: tuple[str, ...]
    at_ms: int
    notes: tuple[str, ...] = ()
    """Worth knowing, and no reason to take it off the pages."""


@dataclass(frozen=True, slots=True)
class Way:
    """A way in that works: its channel's kind, account and link."""

    kind: str
    account: str
    link: EntryLink


class Watch:
    """What is known of every account's health. One a process; `check` on a timer, `ways` for every page."""

    def __init__(self, lines: Iterable[Line], clock: Clock) -> None:
        self._lines = tuple(lines)
        self._clock = clock
        self._doubts: dict[str, int] = {}
        self._found: dict[str, Checked] = {}
        self._off: set[str] = set()
        self._bad: dict[str, int] = {}

    @property
    def found(self) -> tuple[Checked, ...]:
        """The last check of each account; none before the first."""
        return tuple(self._found.values())

    @property
    def accounts(self) -> tuple[Line, ...]:
        """All of them, the dead ones too."""
        return self._lines

    @property
    def wait_s(self) -> float:
        """Until the next look: short after an account went wrong, so that it is back soon after it works again."""
        return min([EVERY_S, *(SOON_S * float(1 << min(times - 1, 16)) for times in self._bad.values() if times)])

    def ways(self, token: str) -> tuple[Way, ...]:
        """Every way in with this token that is not known to be dead, in the order of the accounts."""
        open_ = (line.channel for line in self._lines if line.name not in self._off)
        return tuple(Way(one.kind, one.account, link) for one in open_ if (link := one.entry_link(token)) is not None)

    async def check(self) -> tuple[Checked, ...]:
        """Ask every platform at the same time. Whoever dies or comes back is logged once."""
        found = await asyncio.gather(*(check_line(line, self._clock) for line in self._lines))
        for one in found:
            self._found[one.account] = one
            self._bad[one.account] = 0 if one.state == "fine" else self._bad.get(one.account, 0) + 1
            self._note(one)
        return tuple(found)

    def _note(self, one: Checked) -> None:
        doubts = self._doubts[one.account] = self._doubts.get(one.account, 0) + 1 if one.state == "unreached" else 0
        if one.state == "unreached" and doubts < DOUBTS:
            log.warning("channel_unreached", extra={"account": one.account, "times": doubts})
            return
        dead = one.state != "fine"
        if dead and one.account not in self._off:
            self._off.add(one.account)
            log.error("channel_dead", extra={"account": one.account, "wrong": list(one.wrong)})
        elif not dead and one.account in self._off:
            self._off.discard(one.account)
            log.info("channel_back", extra={"account": one.account})


async def check_line(line: Line, clock: Clock) -> Checked:
    """Ask one account's platform. Never raises: a check that fails says so."""
    silent: list[str] = []

    async def carry(request: Any) -> Any:
        answer = await line.carry(request)
        if isinstance(answer, NotCarried):
            silent.append(answer.reason)
        return answer

    try:
        async with asyncio.timeout(PATIENCE_S):
            health = await line.channel.self_check(carry)
    except TimeoutError:
        silent.append("timeout")
        health = Health(None, ("The platform did not answer in time. Look at the network, then check again.",))
    except Exception as error:  # noqa: BLE001 - one adapter's fault must not hide what is known of the others
        log.warning("check_failed", extra={"account": line.name, "error": type(error).__name__})
        health = Health(None, (f"The check itself failed ({type(error).__name__}). Report this, with the log.",))
    state: State = "fine" if health.ok else "unreached" if silent else "wrong"
    link = line.channel.entry_link(UNKNOWN_ENTRY)
    wrong = health.wrong
    if state == "fine" and link is None:
        state, wrong = "wrong", ("Its name is not known, so nobody can be led there. Set it, or check again.",)
    shown = health.name or (link.name if link else None)
    return Checked(line.name, state, shown, link.url if link else None, wrong, clock(), health.notes)
