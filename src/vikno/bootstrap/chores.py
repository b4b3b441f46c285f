"""What runs beside the pages as long as the server does: timers, callbacks, notices shown, what is old forgotten."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Coroutine, Sequence
from functools import partial
from typing import Any

from vikno.bootstrap.bot import Bot
from vikno.bootstrap.keeping import PRUNE_PAUSE_S
from vikno.portal.streams import Streams
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.check_channels import Watch
from vikno.usecases.ports import Clock, StoreClosed
from vikno.usecases.record_stage import Desk as StageDesk
from vikno.usecases.record_stage import came_due
from vikno.usecases.rounds import Rounds
from vikno.usecases.send_messages import Release, as_queued
from vikno.usecases.show_notices import show_notices, take_up
from vikno.usecases.tell_notify import NotifyTeller, tell_notify, who_hears
from vikno.usecases.tell_subscribers import Teller, tell_subscriber, who_is_due

log = logging.getLogger("vikno.bootstrap")

TIMERS_EVERY_S = 30
TELL_EVERY_S = 5


@contextlib.asynccontextmanager
async def at_work(chores: Sequence[Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
    """Let them run meanwhile."""
    tasks = [asyncio.create_task(chore) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def look_after(kept: SqliteStore, stages: StageDesk, bot: Bot, clock: Clock) -> None:
    """Timers of cases: they stand in the record, so that they outlive the process."""
    while True:
        await asyncio.sleep(TIMERS_EVERY_S)
        try:
            while await came_due(kept, stages, clock) == 200:  # noqa: ASYNC110 - turns go first
                await asyncio.sleep(PRUNE_PAUSE_S)
        except StoreClosed:
            return
        except Exception as error:  # noqa: BLE001 - looked at again in half a minute
            log.warning("timers_failed", extra={"error": type(error).__name__})
        for sender in bot.senders.values():
            sender.nudge()


async def tell(teller: Teller) -> None:
    """Authorities' own systems hear what became of notices, those of organisations what became of messages."""
    await _keep_telling(Rounds("subscriber", partial(who_is_due, teller), partial(tell_subscriber, teller)))


async def tell_ends(teller: NotifyTeller) -> None:
    """Systems of organisations hear what became of their messages, as GOV.UK Notify tells it."""
    await _keep_telling(Rounds("organisation", partial(who_hears, teller), partial(tell_notify, teller)))


async def _keep_telling(rounds: Rounds[Any]) -> None:
    try:
        while True:
            await rounds.wait(TELL_EVERY_S)
            try:
                await rounds.look()
            except StoreClosed:
                return
            except Exception as error:  # noqa: BLE001 - looked for again soon
                log.warning("receivers_not_found", extra={"kind": rounds.kind, "error": type(error).__name__})
    finally:
        await rounds.end()


async def show(
    kept: SqliteStore, streams: Streams, due: asyncio.Event, clock: Clock, release: Release = as_queued
) -> None:
    """Notices for people who follow on the web."""
    while True:
        try:
            await take_up(kept, clock)
            while await show_notices(kept, kept, streams.tell, clock, release=release):  # noqa: ASYNC110 - others go first
                await asyncio.sleep(0)
        except StoreClosed:
            return
        except Exception as error:  # noqa: BLE001 - looked at again soon
            log.warning("notices_not_shown", extra={"error": type(error).__name__})
        due.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(due.wait(), TIMERS_EVERY_S)


async def keep_watch(watch: Watch, bot: Bot) -> None:
    """Whether each account is what its papers say; names are learnt here, too."""
    await bot.settled()
    while True:
        await watch.check()
        await asyncio.sleep(watch.wait_s)
