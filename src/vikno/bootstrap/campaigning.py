"""Campaigns put together: who runs them beside the server, and the API that steers them."""

from __future__ import annotations

import asyncio
import logging

from vikno.api.campaigns.app import CampaignDoor
from vikno.api.messages.room import Room
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.ports import StoreClosed
from vikno.usecases.run_campaigns import Runner

log = logging.getLogger("vikno.campaigns")

LOOK_AGAIN_S = 2.0


class Campaigning:
    """Runs the campaigns of a server."""

    def __init__(self, dispatch: Dispatch, kept: SqliteStore) -> None:
        self._woken = asyncio.Event()
        self.runner = Runner(dispatch, kept, self._woken.set)

    def door(self, room: Room) -> CampaignDoor:
        """The API that steers them."""
        return CampaignDoor(room, self.runner)

    async def run(self) -> None:
        """Go on with what is open, until the store closes; at once while there is something to plan."""
        while True:
            self._woken.clear()
            planned = 0
            try:
                planned = await self.runner.round()
            except StoreClosed:
                return
            except Exception as error:  # noqa: BLE001 - it goes on soon: what was planned is on record
                log.error("campaigns_failed", extra={"error": type(error).__name__})
            if planned:
                await asyncio.sleep(0)
                continue
            try:
                await asyncio.wait_for(self._woken.wait(), LOOK_AGAIN_S)
            except TimeoutError:
                continue
