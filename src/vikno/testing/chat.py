"""What the phones of all simulated messengers share: the lines of a chat, and waiting for the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Line(Protocol):
    """One thing in a chat. `by` is `bot` for what was answered."""

    @property
    def by(self) -> str: ...
    @property
    def text(self) -> str: ...


L = TypeVar("L", bound=Line)
Found = TypeVar("Found")


@dataclass(eq=False)
class Chat(Generic[L]):
    """A chat as its person sees it."""

    lines: list[L] = field(default_factory=list, kw_only=True)
    _changed: asyncio.Event = field(default_factory=asyncio.Event, kw_only=True, repr=False)

    @property
    def said(self) -> list[str]:
        """What the bot has said."""
        return [line.text for line in self.lines if line.by == "bot"]

    async def heard(self, part: str = "", *, timeout_s: float = 5.0) -> L:
        """The first thing that the bot says with this in it, after the last thing that this person did.

        Raises TimeoutError.
        """
        since = max((at for at, line in enumerate(self.lines) if line.by != "bot"), default=-1) + 1

        def found() -> L | None:
            return next((line for line in self.lines[since:] if line.by == "bot" and part in line.text), None)

        return await self._until(found, timeout_s)

    async def _until(self, found: Callable[[], Found | None], timeout_s: float) -> Found:
        async with asyncio.timeout(timeout_s):
            while (one := found()) is None:
                self._changed.clear()
                await self._changed.wait()
        return one

    def _add(self, line: L) -> None:
        self.lines.append(line)
        self._changed.set()
