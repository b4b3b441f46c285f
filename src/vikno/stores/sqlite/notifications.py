"""Notifications: what organisations have to tell, with their plans and tries (`usecases.notifications`)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

import apsw

from vikno.stores.sqlite.asked import Chore
from vikno.stores.sqlite.desk import AT_A_STRETCH, Desk
from vikno.stores.sqlite.queries import change, rows, statements
from vikno.stores.sqlite.tried import answered, hold_back, keep, move, note
from vikno.usecases.notifications import (
    Events,
    FlowState,
    Happened,
    InHand,
    KeptNotifications,
    Moved,
    NotificationKept,
    NotificationMade,
    Request,
    RequestRepeated,
    Tally,
    Traced,
    Wanted,
)
from vikno.usecases.records import NoticeKept, Position, check_batch

_SQL = statements("notifications.sql")
_FIND_PERSON, _FIND_WAYS = statements("people.sql")["find_person"], statements("people.sql")["find_ways"]
_READ, _TRIES, _NAME = _SQL["read_notification"], _SQL["read_tries"], _SQL["name_of"]

STRETCH = 1000
"""Rows that are looked through before the loop may see to others: about a millisecond."""
SEEN = b'{"what":"seen"}'


class Notifications(Desk):
    """Keeps notifications. What becomes of their notices makes them due by a trigger of the tables."""

    async def flow_of(self, organisation: int, now_ms: int) -> int:
        """The queue in which an organisation's single messages stand."""
        return await self.flow_for_campaign(organisation, 0, now_ms)

    async def flow_for_campaign(self, organisation: int, campaign: int, now_ms: int) -> int:  # noqa: ARG002
        """The queue of one campaign."""
        for (flow,) in self._all(_SQL["find_flow"], organisation, campaign):
            return int(flow)

        def begin(writing: apsw.Cursor) -> int:
            for (flow,) in rows(writing, _SQL["find_flow"], organisation, campaign):
                return int(flow)
            return int(writing.execute(_SQL["keep_flow"], (organisation, campaign)).get)

        return await self._share(begin)

    async def set_flow(self, flow: int, state: FlowState) -> bool:
        """Let a queue go on, wait or end; whether it is there."""
        return await self._share(lambda writing: bool(change(writing, _SQL["set_flow"], state, flow)))

    async def keep_notifications(
        self, made: Sequence[NotificationMade], now_ms: int, request: Request | None = None
    ) -> KeptNotifications:
        """Keep some with their first notices; a request that came before is answered as it was."""
        check_batch(made)
        if len(made) <= AT_A_STRETCH:

            def keep_few(writing: apsw.Cursor) -> KeptNotifications:
                return answered(writing, request) or note(writing, keep(writing, made, now_ms), now_ms, request)

            return await self._share(keep_few)

        async def keep_all(writing: apsw.Cursor) -> KeptNotifications:
            if (before := answered(writing, request)) is not None:
                return before
            ids = list[int]()
            for start in range(0, len(made), AT_A_STRETCH):
                ids += keep(writing, made[start : start + AT_A_STRETCH], now_ms)
                await asyncio.sleep(0)
            return note(writing, ids, now_ms, request)

        return await self._ask(self._chores, Chore(keep_all))

    async def request_kept(self, request: Request) -> tuple[int, ...]:
        """What this request made, if it came before."""
        for digest, first, count in self._all(_SQL["find_request"], request.organisation, request.key):
            if digest != request.digest:
                raise RequestRepeated
            return tuple(range(first, first + count))
        return ()

    async def notification(self, notification: int) -> NotificationKept | None:
        """By its number."""
        for kept in self._read([notification]):
            return kept
        return None

    async def in_hand(self, notifications: Sequence[int]) -> tuple[InHand, ...]:
        """These with their tries. What happens to a try in between comes as news with the next look, never too late."""
        found = list[InHand]()
        for start in range(0, len(notifications), AT_A_STRETCH):
            kept = self._read(notifications[start : start + AT_A_STRETCH])
            tries: dict[int, list[NoticeKept]] = {}
            for row in self._each(_TRIES, [(one.id,) for one in kept]):  # after them: newer ones only bring it back
                tries.setdefault(row[12], []).append(NoticeKept(*row))
            found += [InHand(one, tuple(tries.get(one.id, ()))) for one in kept]
            await asyncio.sleep(0)
        return tuple(found)

    async def due(self, now_ms: int, limit: int = 500) -> tuple[InHand, ...]:
        """Those the router has to look at."""
        return await self.in_hand([number for (number,) in self._all(_SQL["find_routable"], now_ms, limit)])

    async def move(self, moved: Sequence[Moved], now_ms: int) -> int:
        """Carry out what was decided about those that stand as they were read."""
        check_batch(moved)
        if len(moved) <= AT_A_STRETCH:
            return await self._share(lambda writing: sum(move(writing, one, now_ms) for one in moved))
        return sum(await self._in_parts(moved, lambda writing, part: [move(writing, one, now_ms) for one in part]))

    async def trace(self, notification: int) -> tuple[Traced, ...]:
        """What was written down about it."""
        return tuple(Traced(*row) for row in self._all(_SQL["read_trace"], notification))

    async def listed_notifications(self, wanted: Wanted, limit: int = 250) -> tuple[NotificationKept, ...]:
        """Those wanted, the newest first."""
        singles = await self.flow_of(wanted.organisation, 0) if wanted.singles else None
        older_than, ids = 2**63 - 1 if wanted.older_than is None else wanted.older_than, list[int]()
        while len(ids) < limit:
            stretch = self._look_through(wanted, older_than)
            ids += [number for number, *about in stretch if _is_wanted(wanted, singles, *about)]
            if len(stretch) < STRETCH:
                break
            older_than = stretch[-1][0]
            await asyncio.sleep(0)
        return tuple(self._read(ids[:limit]))

    def _look_through(self, wanted: Wanted, older_than: int) -> list[Any]:
        if wanted.reference is not None:
            about = (wanted.organisation, wanted.reference, older_than, STRETCH)
            return self._all(_SQL["look_through_reference"], *about)
        if wanted.flow is not None:
            return self._all(_SQL["look_through_flow"], wanted.flow, wanted.organisation, older_than, STRETCH)
        return self._all(_SQL["look_through"], wanted.organisation, older_than, STRETCH)

    async def letters_of(
        self, conversation: str, before: int | None = None, limit: int = 50
    ) -> tuple[NotificationKept, ...]:
        """All that organisations have told this person, the latest first."""
        before = 2**63 - 1 if before is None else before
        ids: list[int] = []
        for person, _ in self._all(_FIND_PERSON, conversation):
            ways = self._all(_FIND_WAYS, person)
            ids = [
                number for (number,) in self._each(_SQL["find_letters_of"], [(way, before, limit) for (way,) in ways])
            ]
        return tuple(self._read(sorted(ids, reverse=True)[:limit]))

    async def seen(self, notification: int, now_ms: int) -> bool:
        """Its person has opened it in the inbox."""

        def see(writing: apsw.Cursor) -> bool:
            if not change(writing, _SQL["see"], now_ms, notification):
                return False
            hold_back(writing, notification, now_ms)
            writing.execute(_SQL["keep_trace"], (notification, now_ms, SEEN))
            return True

        return await self._share(see)

    async def ended(self, organisation: int, after: Position, before_ms: int, limit: int = 100) -> Events:
        """Notifications that have ended, in the order in which they did."""
        found = self._all(_SQL["find_ended"], organisation, after.at_ms, after.one, before_ms, limit + 1)
        places = [Position(at_ms, 0, number) for number, at_ms in found[:limit]]
        kept = {one.id: one for one in self._read([place.one for place in places])}
        events = tuple(
            Happened(place, kept[place.one])
            for place in places
            if place.one in kept and kept[place.one].completed_ms == place.at_ms  # or it stands further on by now
        )
        return Events(events, places[-1] if places else after, more=len(found) > limit)

    async def tallies(self, since_ms: int, organisation: int | None = None) -> tuple[Tally, ...]:
        """How many became what."""
        counted = Counter[tuple[int, str, str, str]]()
        first = next((number for (number,) in self._all(_SQL["first_since"], since_ms)), 0)
        last = next((number for (number,) in self._all(_SQL["last_notification"])), 0) if first else -1
        for start in range(first, last + 1, STRETCH):
            for owner, account, status, reason in self._all(
                _SQL["count_stretch"], start, start + STRETCH, since_ms, organisation
            ):
                counted[owner, account.partition("/")[0], status, reason] += 1
            await asyncio.sleep(0)
        return tuple(Tally(*about, count) for about, count in sorted(counted.items()))

    def _read(self, ids: Sequence[int]) -> list[NotificationKept]:
        """These, with the names of the conversations that their plans lead to."""
        found = [[*row] for row in self._each(_READ, [(number,) for number in ids])]
        ways = [json.loads(row[5]) if row[5] else None for row in found]
        names = dict(self._each(_NAME, [(way,) for way in {way for one in ways for way in one or ()}]))
        for row, mine in zip(found, ways, strict=True):
            row[5] = (row[4],) if mine is None else tuple(names.get(one, "") for one in mine)
        return [NotificationKept(*row) for row in found]


def _is_wanted(wanted: Wanted, singles: int | None, key: str, status: str, kind: str, flow: int) -> bool:
    return (
        (not wanted.keys or key in wanted.keys)
        and (not wanted.statuses or status in wanted.statuses)
        and (not wanted.kinds or kind in wanted.kinds)
        and flow == (flow if wanted.flow is None else wanted.flow)
        and flow == (flow if singles is None else singles)
    )
