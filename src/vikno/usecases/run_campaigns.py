"""Run campaigns: chunk after chunk is planned and queued while others are served; stopped ones are ended.

What is planned stands in the campaign's own queue, lane `bulk`, and leaves as the senders of the accounts can and its
organisation's weight allows. A chunk and the step to the next one are one transaction, so whoever is killed goes on
where the record says, and nobody is written to twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vikno.domain.errors import ViknoError
from vikno.usecases.campaign_rows import Asking, open_rows
from vikno.usecases.campaigns import CampaignKept, Campaigns, Counted, decode_counted, decode_preview, encode_counted
from vikno.usecases.dispatch import Book, Dispatch, Rendering
from vikno.usecases.notifications import NotificationMade
from vikno.usecases.organisations import Organisation
from vikno.usecases.preview_campaign import AT_A_TIME, count_decided
from vikno.usecases.read_audience import forget_old
from vikno.usecases.send_notifications import decide_notifications, made_of

log = logging.getLogger("vikno.campaigns")

IN_A_ROW = 8
"""Chunks of one campaign, until the next campaign has its turn."""
SWEPT_EVERY_MS = 10_000
"""So often it is looked whether all of a campaign that is planned has ended, or of one that was stopped."""
COUNTED_FOR = 20
"""Figures are counted anew when they are as many times older than counting takes."""
FRESH_MS = 2_000
MOST_KNOWN = 1000
"""Campaigns whose figures are remembered."""


class CampaignBook(Book, Campaigns, Protocol):
    """What running campaigns needs of a store."""


@dataclass(frozen=True, slots=True)
class Figures:
    """How a campaign's notifications are now. `took_ms`: how long counting has taken."""

    at_ms: int
    took_ms: int
    counts: Mapping[tuple[str, str], int]

    def of(self, *statuses: str) -> int:
        """How many have one of these statuses."""
        return sum(count for (status, _), count in self.counts.items() if status in statuses)


@dataclass
class Runner:
    """Runs the campaigns of one process. Several may run on the same record: each chunk is planned by one of them."""

    dispatch: Dispatch
    book: CampaignBook
    wake: Callable[[], None] = lambda: None
    """Called when a campaign has begun, or was stopped."""
    _lowest: dict[int, int] = field(default_factory=dict)
    """Of a queue: everything before this one has ended."""
    _figures: dict[int, Figures] = field(default_factory=dict)
    _before: dict[int, Figures] = field(default_factory=dict)

    async def round(self) -> int:
        """Do something for each campaign that is open; how many chunks were planned: while there are any, go on."""
        planned, now_ms = 0, self.dispatch.clock()
        for campaign in await self.book.open_campaigns(now_ms):
            try:
                planned += await self._go_on(campaign, now_ms)
            except (ViknoError, ValueError) as error:
                if getattr(error, "retryable", False):
                    raise
                log.error("campaign_failed", extra={"campaign": campaign.id, "error": type(error).__name__})
                await self.book.change_campaign(campaign.id, ("running",), "paused", now_ms)
        return planned

    async def _go_on(self, campaign: CampaignKept, now_ms: int) -> int:
        """How many chunks were planned."""
        if campaign.status == "ready":
            await self.book.change_campaign(campaign.id, ("ready",), "running", now_ms)
            log.info("campaign_begins", extra={"campaign": campaign.id})
            return 1
        if campaign.status == "stopped":
            await self._end(campaign, now_ms)
            return 0
        if campaign.cursor < campaign.chunks:
            return await self._plan(campaign, now_ms)
        await self._finish(campaign, now_ms)
        return 0

    # ---- planning ----

    async def _plan(self, campaign: CampaignKept, now_ms: int) -> int:
        """Plan the next chunks, where its sender may send now; while one goes to disk, the next is decided."""
        planned, keeping = 0, None
        counted = decode_counted(campaign.counted)
        try:
            for chunk in range(campaign.cursor, min(campaign.cursor + IN_A_ROW, campaign.chunks)):
                made = await self._decided(campaign, chunk, counted, now_ms)
                if keeping is not None and not await keeping:
                    if made is not None:
                        self._give_back(campaign, len(made), now_ms)
                    return planned
                keeping, planned = None, planned + (chunk > campaign.cursor)
                if made is None:
                    return planned
                keeping = asyncio.ensure_future(self._keep(campaign, chunk, made, encode_counted(counted), now_ms))
            if keeping is not None and await keeping:
                planned += 1
        finally:
            if keeping is not None and not keeping.done():
                await asyncio.wait([keeping])
            if planned:
                self.dispatch.nudge()
        return planned

    async def _keep(
        self, campaign: CampaignKept, chunk: int, made: Sequence[NotificationMade], counted: bytes, now_ms: int
    ) -> bool:
        """Whether it was the next one, and is on record."""
        kept = False
        try:
            kept = await self.book.plan_chunk(campaign.id, chunk, made, counted, now_ms)
        finally:
            if not kept:
                self._give_back(campaign, len(made), now_ms)
        return kept

    def _give_back(self, campaign: CampaignKept, count: int, now_ms: int) -> None:
        """So many of today's do not go."""
        self.dispatch.days.give_back(campaign.organisation, campaign.key, count, now_ms)

    async def _decided(
        self, campaign: CampaignKept, chunk: int, counted: Counted, now_ms: int
    ) -> list[NotificationMade] | None:
        """What is kept of a chunk; `counted` has it added. None: its sender may not send it now."""
        organisation = await self.dispatch.organisation(campaign.organisation)
        rendering = await self.dispatch.rendering(campaign.template)
        if organisation is None or rendering is None or not may_send(organisation, rendering, campaign):
            return None
        sealed = await self.book.audience(campaign.id, chunk)
        if sealed is None:
            raise ValueError("a chunk is missing")
        rows = open_rows(self.dispatch.vault, sealed)
        if len(rows) > organisation.per_day and campaign.key != "test":
            raise ValueError("a chunk is larger than what may be sent on one day")  # that was lowered since
        if not await self.dispatch.days.take(organisation, campaign.key, len(rows), now_ms):
            return None  # it goes on tomorrow
        asking, made = Asking(campaign, rendering, self.dispatch.judge.accounts), list[NotificationMade]()
        for start in range(0, len(rows), AT_A_TIME):
            asked = asking.asked(rows[start : start + AT_A_TIME])
            found = await decide_notifications(self.dispatch, organisation, campaign.key, asked, now_ms)
            made += made_of(self.dispatch, organisation, campaign.key, asked, found, campaign.flow, "bulk")
            counted.add(count_decided(one.decided for one in found))
            await asyncio.sleep(0)
        return made

    # ---- the end ----

    async def _finish(self, campaign: CampaignKept, now_ms: int) -> None:
        """All is planned: it is done when all of it has ended. Its rows are not needed any more then."""
        if now_ms - campaign.swept_ms < SWEPT_EVERY_MS:
            return
        after = self._lowest.get(campaign.flow, 0)
        while True:
            swept = await self.book.sweep(campaign.flow, after, now_ms, end=False)
            if swept.open:
                break
            if swept.after is None:
                await self.book.change_campaign(campaign.id, ("running",), "done", now_ms)
                await forget_old(self.book, campaign.id)
                log.info("campaign_done", extra={"campaign": campaign.id, "rows": campaign.rows})
                return
            after = self._lowest[campaign.flow] = swept.after
        await self.book.note_swept(campaign.id, now_ms, ended=False)

    async def _end(self, campaign: CampaignKept, now_ms: int) -> None:
        """It was stopped: what waits is ended, some at a time. What is on its way is left to its receipts."""
        if now_ms - campaign.swept_ms < SWEPT_EVERY_MS:
            return
        after: int | None = 0
        left = ended = 0
        while after is not None:
            swept = await self.book.sweep(campaign.flow, after, now_ms, end=True)
            after, left, ended = swept.after, left + swept.open, ended + swept.ended
            await asyncio.sleep(0)
        await self.book.note_swept(campaign.id, self.dispatch.clock(), ended=not left)
        if ended:
            log.info("campaign_stopped", extra={"campaign": campaign.id, "ended": ended})
        if not left:
            await forget_old(self.book, campaign.id)

    # ---- figures ----

    async def progress(self, campaign: CampaignKept) -> Progress:
        """How it goes, and how long it will still take: at the pace seen lately, or else at that of the accounts."""
        figures = await self.figures(campaign)
        before = self._before.get(campaign.id)
        waiting = figures.of("created")
        total = sum(figures.counts.values())
        rate = 0.0
        if before is not None and figures.at_ms > before.at_ms:
            gone = (total - waiting) - (sum(before.counts.values()) - before.of("created"))
            rate = max(0.0, gone * 1000 / (figures.at_ms - before.at_ms))
        to_come = waiting + max(0, campaign.rows - total)
        left = None
        if campaign.status in ("running", "paused", "ready"):
            left = round(to_come / rate if rate > 0 else self._foreseen_s(campaign, to_come), 1)
        failed = {
            reason or status: count for (status, reason), count in figures.counts.items() if status.endswith("failure")
        }
        return Progress(
            total, waiting, figures.of("sending"), figures.of("sent"), figures.of("delivered"), failed, rate, left
        )

    def _foreseen_s(self, campaign: CampaignKept, to_come: int) -> float:
        """How long so many take at the pace of the accounts, side by side, as was decided so far."""
        counted = decode_counted(campaign.counted)
        if not counted.rows:
            counted = decode_preview(campaign.preview).counted if campaign.preview else counted
        paces = [
            count / counted.rows * to_come / account.rate_per_s
            for channel, count in counted.steps.items()
            if (account := self.dispatch.judge.accounts.get(f"{channel}/main")) is not None and account.rate_per_s > 0
        ]
        return max(paces, default=0.0)

    async def figures(self, campaign: CampaignKept) -> Figures:
        """How its notifications are, counted not long ago."""
        clock = self.dispatch.clock
        began_ms, known = clock(), self._figures.get(campaign.id)
        if known is not None and 0 <= began_ms - known.at_ms < max(FRESH_MS, COUNTED_FOR * known.took_ms):
            return known
        counts: dict[tuple[str, str], int] = {}
        after = 0
        while campaign.flow:
            some, after = await self.book.count_flow(campaign.flow, after)
            for which, count in some.items():
                counts[which] = counts.get(which, 0) + count
            await asyncio.sleep(0)
            if not after:
                break
        if known is not None:
            self._before[campaign.id] = known
        if len(self._figures) >= MOST_KNOWN:
            self._figures.clear()
            self._before.clear()
        found = self._figures[campaign.id] = Figures(began_ms, clock() - began_ms, counts)
        return found


@dataclass(frozen=True, slots=True)
class Progress:
    """How a campaign goes. `rate`: messages a second that have left its queue between two looks."""

    planned: int
    waiting: int
    sending: int
    sent: int
    delivered: int
    failed: Mapping[str, int]
    rate: float
    seconds_left: float | None


def may_send(organisation: Organisation, rendering: Rendering, campaign: CampaignKept) -> bool:
    """Whether its sender and its template are approved; nothing leaves with a test key, so it may."""
    if campaign.key == "test":
        return True
    template = rendering.kept
    return organisation.standing == "approved" and template.status == "approved" and not template.archived
