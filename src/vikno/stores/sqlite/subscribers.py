"""Subscribers: who hears what became of notices, and what there is to hear (`records.Subscribers`)."""

from __future__ import annotations

from vikno.stores.sqlite.desk import Desk
from vikno.stores.sqlite.queries import change, statements
from vikno.usecases.records import Became, Changes, Position, Subscriber

_SQL = statements("subscribers.sql")
_ADD, _ALL, _REMOVE = _SQL["add_subscriber"], _SQL["read_subscribers"], _SQL["remove_subscriber"]
_ADVANCE, _REWIND, _FAIL = _SQL["advance_subscriber"], _SQL["rewind_subscriber"], _SQL["fail_subscriber"]
_BECAME, _BEGAN = _SQL["read_became"], _SQL["read_began"]

MOST_LOOKED_AT = 500
"""Rows of all authorities in one look, on the loop's thread; it takes about a millisecond."""
LAST = 2**63 - 1


class Subscribers(Desk):
    """Keeps subscribers. What they hear is read from notices and followers as they stand."""

    async def subscribe(self, authority: str, url: str, sealed: bytes, now_ms: int) -> int:
        """Its id."""
        return await self._share(lambda writing: int(writing.execute(_ADD, (authority, url, sealed, now_ms)).get))

    async def subscribers(self) -> tuple[Subscriber, ...]:
        """All of them."""
        return tuple(Subscriber(*(*row[:8], Position(*row[8:]))) for row in self._all(_ALL))

    async def unsubscribe(self, subscriber: int) -> bool:
        """Whether it was there."""
        return await self._share(lambda writing: bool(change(writing, _REMOVE, subscriber)))

    async def changes(self, authority: str, after: Position, before_ms: int, limit: int = 100) -> Changes:
        """What became of an authority's notices, and who began to follow, in order."""
        became = self._all(
            _BECAME, after.at_ms, LAST if after.kind else after.one, before_ms, MOST_LOOKED_AT
        )  # at one moment notices come before followers
        one, two = (after.one, after.two) if after.kind else (-1, -1)
        began = self._all(_BEGAN, after.at_ms, one, two, before_ms, MOST_LOOKED_AT)
        # What lies beyond the end of a look that was cut short must wait: something may still come before it.
        ends = [tuple(look[-1][:4]) for look in (became, began) if len(look) == MOST_LOOKED_AT]
        events, upto = list[Became](), after
        for row in sorted([*became, *began], key=lambda row: tuple(row[:4])):
            if len(events) == limit or (ends and tuple(row[:4]) > min(ends)):
                return Changes(tuple(events), upto, more=True)
            upto = Position(*row[:4])
            if row[4] == authority:
                events.append(Became(upto, *row[5:]))
        return Changes(tuple(events), upto, more=bool(ends))

    async def advance(self, subscriber: Subscriber, to: Position, now_ms: int) -> bool:
        """It has taken all until there."""
        values = (*_written(to), now_ms, subscriber.id, *_written(subscriber.taken))
        return await self._share(lambda writing: bool(change(writing, _ADVANCE, *values)))

    async def rewind(self, subscriber: int, since_ms: int, now_ms: int) -> bool:
        """Let it hear again, from that moment."""
        return await self._share(lambda writing: bool(change(writing, _REWIND, since_ms, now_ms, subscriber)))

    async def failed(self, subscriber: Subscriber, again_ms: int | None, reason: str) -> bool:
        """It has not taken what it was sent."""
        values = (again_ms, reason, subscriber.id, *_written(subscriber.taken))
        return await self._share(lambda writing: bool(change(writing, _FAIL, *values)))


def _written(position: Position) -> tuple[int, int, int, int]:
    return position.at_ms, position.kind, position.one, position.two
