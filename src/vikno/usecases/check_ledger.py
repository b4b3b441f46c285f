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


@dataclass(frozen=True, slots=True)
class Checked:
    """How far the ledger holds. `broken`: the first line that does not; `lost`: a published head that is not in it."""

    head: Head
    broken: int | None = None
    lost: bool = False

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
    head, found = after, published is None or published == BEGINNING
    while lines := await ledger.ledger(head.id, PAGE):
        head, broken = follow(lines, key, head)
        for line in lines:
            if broken is not None and line.id >= broken:
                return Checked(head, broken)
            found = found or (published is not None and Head(line.id, line.seal) == published)
            each(line)
    return Checked(head, None, not found)


@dataclass
class Witness:
    """Says the head whenever somebody asks: it remembers how far it has looked, and looks at what came since."""

    ledger: Ledger
    key: bytes
    _checked: Checked = field(default_factory=lambda: Checked(BEGINNING))
    _one: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def head(self) -> Checked:
        """As of now. Once something is broken, it stays so until the server is started anew."""
        async with self._one:
            if self._checked.broken is None:
                self._checked = await check_ledger(self.ledger, self.key, self._checked.head)
            return self._checked
