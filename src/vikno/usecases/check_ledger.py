"""Check the consent ledger: page after page, and whether a head that was published still stands in it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from vikno.domain.notify.consent import BEGINNING, Head, follow
from vikno.usecases.people import Agreed

PAGE = 500
LEDGER_KEY = "consent ledger"
"""Of the key that seals it, to whoever keeps the keys."""


class Ledger(Protocol):
    """Of `usecases.people.People`: the lines in their order."""

    async def ledger(self, after: int = 0, limit: int = 1000) -> tuple[Agreed, ...]:
        """Those after a number."""
        ...


class LastSaid(Protocol):
    """Remembers the head that was said last, somewhere else than the ledger."""

    def read(self) -> Head | None:
        """None if there was none."""
        ...

    def keep(self, head: Head) -> None:
        """It is about to be said."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """How far the ledger holds. `broken`: the first line that does not; `lost`: a published head that is not in it;
    `before`: the line before the head."""

    head: Head
    broken: int | None = None
    lost: bool = False
    before: Head = BEGINNING

    @property
    def whole(self) -> bool:
        return self.broken is None and not self.lost


async def check_ledger(
    ledger: Ledger,
    key: bytes,
    after: Head = BEGINNING,
    published: Head | None = None,
    each: Callable[[Agreed], None] = lambda _: None,
) -> Checked:
    """Look through it. `published`: a head of some day, which must stand in it; `each`: sees each line that holds."""
    head = before = after
    found = published is None or published == BEGINNING
    while lines := await ledger.ledger(head.id, PAGE):
        last, broken = follow(lines, key, head)
        for line in lines:
            if broken is not None and line.id >= broken:
                return Checked(last, broken)
            found = found or (published is not None and Head(line.id, line.seal) == published)
            each(line)
        before = Head(lines[-2].id, lines[-2].seal) if len(lines) > 1 else head
        head = last
        await asyncio.sleep(0)  # a page takes milliseconds, and others wait
    return Checked(head, None, not found, before)


@dataclass
class Witness:
    """Says the head whenever somebody asks: it remembers how far it has looked, and looks at what came since, and once
    more at the line where it was. `last`: what it had said before the server was started anew."""

    ledger: Ledger
    key: bytes
    last: LastSaid
    _checked: Checked | None = None
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def head(self) -> Checked:
        """As of now. Once something is broken or lost, it stays so until the server is started anew."""
        async with self._one:
            if self._checked is None:
                self._checked = await check_ledger(self.ledger, self.key, published=self.last.read())
            elif self._checked.whole:
                self._checked = await self._again(self._checked)
            if self._checked.whole and self._checked.head not in (BEGINNING, self.last.read()):
                self.last.keep(self._checked.head)
            return self._checked

    async def _again(self, said: Checked) -> Checked:
        """From the line before the head that was said; if something is wrong there, all of it, to say where."""
        checked = await check_ledger(self.ledger, self.key, said.before, said.head)
        return checked if checked.whole else await check_ledger(self.ledger, self.key, published=said.head)
