"""Campaigns: one message to many people, whom it is for, how far it has got (`usecases.campaigns`)."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import apsw

from vikno.stores.sqlite.asked import Chore
from vikno.stores.sqlite.notifications import Notifications
from vikno.stores.sqlite.people import AT_ONCE, People
from vikno.stores.sqlite.queries import change, rows, statements
from vikno.stores.sqlite.tried import hold_back, keep
from vikno.usecases.campaigns import (
    MOST_REFUSALS,
    CampaignGiven,
    CampaignKept,
    CampaignStatus,
    Met,
    Part,
    Swept,
)
from vikno.usecases.notifications import FLOW_STATES, NotificationMade
from vikno.usecases.people import Consent
from vikno.usecases.records import check_batch

_SQL = statements("campaigns.sql")
_READ = _SQL["read_campaign"]
_FLOW, _KEEP_FLOW = statements("notifications.sql")["find_flow"], statements("notifications.sql")["keep_flow"]
_SET_FLOW, _KEEP_TRACE = statements("notifications.sql")["set_flow"], statements("notifications.sql")["keep_trace"]
_LAST_ADDRESS = statements("notifications.sql")["last_address"]

UNUSED: tuple[CampaignStatus, ...] = ("draft", "reading", "ready")
LEFT = frozenset({"sending", "sent", "unknown"})
"""Of a try: it has left, or may have."""
PLANNED_AT_A_STRETCH = 125
"""So many rows are kept before the loop may see to others: about two milliseconds."""
STOPPED = b'{"what":"ended","why":"stopped"}'


class Campaigns(People, Notifications):
    """Keeps campaigns. What they have planned is kept as all notifications are."""

    async def make_campaign(self, given: CampaignGiven, now_ms: int) -> CampaignKept:
        """A draft."""
        values = (
            given.organisation, given.template, given.name, given.reference, given.key, given.source, given.terms,
            now_ms,
        )  # fmt: skip
        number = await self._share(lambda writing: int(writing.execute(_SQL["make_campaign"], values).get))
        return self._campaigns([number])[0]

    async def campaign(self, campaign: int) -> CampaignKept | None:
        """By its number."""
        return next(iter(self._campaigns([campaign])), None)

    async def campaigns(
        self, organisation: int | None = None, before: int | None = None, limit: int = 50
    ) -> tuple[CampaignKept, ...]:
        """The latest first."""
        before = 2**63 - 1 if before is None else before
        if organisation is None:
            found = self._all(_SQL["list_all_campaigns"], before, limit)
        else:
            found = self._all(_SQL["list_campaigns"], organisation, before, limit)
        return tuple(self._campaigns([number for (number,) in found]))

    async def open_campaigns(self, now_ms: int) -> tuple[CampaignKept, ...]:
        """Those with which something is to be done."""
        return tuple(self._campaigns([number for (number,) in self._all(_SQL["find_open_campaigns"], now_ms)]))

    def _campaigns(self, numbers: Sequence[int]) -> list[CampaignKept]:
        found = []
        for row in self._each(_READ, [(number,) for number in numbers]):
            values = [*row]
            values[10], values[14] = tuple(json.loads(values[10])), json.loads(values[14])
            found.append(CampaignKept(*values))
        return found

    # ---- whom it is for ----

    async def begin_reading(self, campaign: int, columns: Sequence[str], now_ms: int) -> int | None:
        """A new audience; the number of this reading."""
        said = json.dumps([*columns], ensure_ascii=False)

        def begin(writing: apsw.Cursor) -> int | None:
            if not change(writing, _SQL["begin_reading"], said, now_ms, campaign):
                return None
            writing.execute(_SQL["forget_refusals"], (campaign,))
            return _kept(writing, campaign).reading

        return await self._share(begin)

    async def keep_part(self, campaign: int, reading: int, part: Part, now_ms: int) -> bool:
        """Keep what was read; False where this reading is over."""

        def keep_it(writing: apsw.Cursor) -> bool:
            kept = _kept(writing, campaign)
            if kept.reading != reading or kept.status != "reading":
                return False
            refused = Counter(kept.refused)
            room = max(0, MOST_REFUSALS - refused.total())
            refused.update(reason for _, reason in part.refused)
            writing.executemany(_SQL["keep_refusal"], [(campaign, *one) for one in part.refused[:room]])
            if part.sealed is not None:
                writing.execute(_SQL["keep_chunk"], (campaign, reading, kept.chunks, part.rows, part.sealed))
            grown = part.rows, int(part.sealed is not None), json.dumps(refused), part.looked, now_ms, campaign
            writing.execute(_SQL["grow"], grown)
            return True

        return await self._share(keep_it)

    async def end_reading(self, campaign: int, reading: int, *, whole: bool, now_ms: int) -> bool:
        """It is ready, or a draft again."""
        return await self._share(
            lambda writing: bool(change(writing, _SQL["end_reading"], whole, now_ms, campaign, reading))
        )

    async def audience(self, campaign: int, chunk: int) -> bytes | None:
        """A chunk, sealed."""
        for (sealed,) in self._all(_SQL["read_chunk"], campaign, chunk):
            return bytes(sealed)
        return None

    async def refusals(self, campaign: int) -> tuple[tuple[int, str], ...]:
        """Line and reason of the first rows that were left out."""
        return tuple((line, reason) for line, reason in self._all(_SQL["read_refusals"], campaign))

    async def forget_audience(self, campaign: int, limit: int = 50) -> int:
        """Forget up to so many chunks that are not needed any more."""

        def forget(writing: apsw.Cursor) -> int:
            found = rows(writing, _SQL["find_old_chunks"], campaign, limit)
            writing.executemany(_SQL["forget_chunk"], found)
            return len(found)

        return await self._beside(forget)

    # ---- how far it is ----

    async def change_campaign(
        self, campaign: int, before: Sequence[CampaignStatus], to: CampaignStatus, now_ms: int
    ) -> bool:
        """Whether it was among `before`, and is `to` now."""

        def change_it(writing: apsw.Cursor) -> bool:
            kept = next(iter(rows(writing, _READ, campaign)), None)
            if kept is None or kept[8] not in before:
                return False
            flow = kept[9]
            if to == "running" and not flow:
                flow = _flow(writing, kept[1], campaign)
            if to in FLOW_STATES and flow:
                writing.execute(_SET_FLOW, (to, flow))
            writing.execute(_SQL["change_campaign"], (to, flow, now_ms, campaign))
            return True

        return await self._share(change_it)

    async def set_beginning(self, campaign: int, begins_ms: int | None, now_ms: int) -> bool:
        """When one that is ready begins by itself."""
        return await self._share(
            lambda writing: bool(change(writing, _SQL["set_beginning"], begins_ms, now_ms, campaign))
        )

    async def plan_chunk(
        self, campaign: int, chunk: int, made: Sequence[NotificationMade], counted: bytes, now_ms: int
    ) -> bool:
        """Keep the notifications of the chunk that is next, and move on."""
        check_batch(made)

        async def plan(writing: apsw.Cursor) -> bool:
            kept = _kept(writing, campaign)
            if kept.cursor != chunk or kept.status != "running":
                return False
            for start in range(0, len(made), PLANNED_AT_A_STRETCH):
                keep(writing, made[start : start + PLANNED_AT_A_STRETCH], now_ms)
                await asyncio.sleep(0)
            writing.execute(_SQL["move_on"], (counted, now_ms, campaign))
            return True

        return await self._ask(self._chores, Chore(plan))

    async def keep_preview(self, campaign: int, reading: int, preview: bytes) -> bool:
        """Whether it is still about this audience."""
        return await self._share(
            lambda writing: bool(change(writing, _SQL["keep_preview"], preview, campaign, reading))
        )

    async def sweep(self, flow: int, after: int, now_ms: int, *, end: bool, limit: int = 500) -> Swept:
        """Look at some notifications of a queue; end those of which nothing is on its way."""
        found = self._all(_SQL["look_at_flow"], flow, after, limit)
        going = [number for number, _, _, completed_ms in found if completed_ms is None]
        upto = found[-1][0] if len(found) == limit else None
        if not end or not going:
            return Swept(upto, len(going))
        ended = sum(await self._in_parts(going, lambda writing, part: [_stop(writing, one, now_ms) for one in part]))
        return Swept(upto, len(going) - ended, ended)

    async def count_flow(self, flow: int, after: int, limit: int = 1000) -> tuple[Mapping[tuple[str, str], int], int]:
        """Of some notifications of a queue how many are how, and why."""
        found = self._all(_SQL["look_at_flow"], flow, after, limit)
        counted = Counter((status, reason) for _, status, reason, _ in found)
        return counted, found[-1][0] if len(found) == limit else 0

    async def note_swept(self, campaign: int, now_ms: int, *, ended: bool) -> None:
        """It was looked through. `ended`: nothing of one that was stopped is on its way any more."""

        def note(writing: apsw.Cursor) -> None:
            writing.execute(_SQL["mark_swept"], (now_ms, campaign))
            if ended:
                writing.execute(_SQL["end_stopped"], (now_ms, campaign))

        await self._share(note)

    async def forget_campaign(self, campaign: int) -> bool:
        """Forget one that was never used."""
        kept = await self.campaign(campaign)
        if kept is None or kept.began_ms is not None or kept.status not in UNUSED:
            return False
        if not await self.change_campaign(campaign, UNUSED, "draft", kept.changed_ms):
            return False
        while await self.forget_audience(campaign):  # noqa: ASYNC110 - others go first
            await asyncio.sleep(0)

        def forget(writing: apsw.Cursor) -> bool:
            writing.execute(_SQL["forget_refusals"], (campaign,))
            return bool(change(writing, _SQL["forget_campaign"], campaign))

        return await self._share(forget)

    # ---- whom a query finds ----

    async def agreed_to(
        self, organisation: int, content: str, consents: Sequence[Consent], after: int, limit: int = 500
    ) -> tuple[tuple[Met, ...], int]:
        """Who agreed to such messages and has not taken it back."""
        lines = self._all(_SQL["lines_of_consent"], after, limit, organisation, content)
        names, persons = [*{name for _, name in lines}], set[int]()
        for start in range(0, len(names), AT_ONCE):
            found = self._people(names[start : start + AT_ONCE], organisation, content, 0)
            persons |= {
                next((way.id for way in one.ways if way.status == "alive"), 0)
                for one in found.values()
                if one.consent in consents
            }
            await asyncio.sleep(0)
        met = tuple(Met(*row) for row in self._each(_SQL["read_met"], [(one,) for one in sorted(persons)]))
        last = next((number or 0 for (number,) in self._all(_SQL["last_line"])), 0)
        return met, after + limit if after + limit < last else 0

    async def followers_of(
        self, authority: str, service: str, after: int, limit: int = 500
    ) -> tuple[tuple[Met, ...], int]:
        """Who follows a case of a service."""
        found = self._all(_SQL["find_who_follow"], after, limit, authority, service)
        last = next((number or 0 for (number,) in self._all(_LAST_ADDRESS)), 0)
        return tuple(Met(*row) for row in found), after + limit if after + limit < last else 0


@dataclass(frozen=True, slots=True)
class _Now:
    """How a campaign stands, inside of a transaction."""

    status: str = ""
    reading: int = -1
    chunks: int = 0
    cursor: int = -1
    refused: Mapping[str, int] = field(default_factory=dict)


def _kept(writing: apsw.Cursor, campaign: int) -> _Now:
    """One that is not there is nowhere."""
    for row in rows(writing, _READ, campaign):
        return _Now(row[8], row[11], row[13], row[16], json.loads(row[14]))
    return _Now()


def _flow(writing: apsw.Cursor, organisation: int, campaign: int) -> int:
    for (flow,) in rows(writing, _FLOW, organisation, campaign):
        return int(flow)
    return int(writing.execute(_KEEP_FLOW, (organisation, campaign)).get)


def _stop(writing: apsw.Cursor, notification: int, now_ms: int) -> int:
    """End one that waits; 1 if it was. What is on its way goes on: its receipt says what became of it."""
    statuses = [status for (status,) in rows(writing, _SQL["statuses_of_tries"], notification)]
    waits = any(status in ("created", "temporary-failure") for status in statuses)
    if not waits and any(status in LEFT for status in statuses):
        return 0
    status = "temporary-failure" if any(one in LEFT for one in statuses) else "permanent-failure"
    if not change(writing, _SQL["end_notification"], status, now_ms, notification):
        return 0
    hold_back(writing, notification, now_ms)
    writing.execute(_KEEP_TRACE, (notification, now_ms, STOPPED))
    return 1
