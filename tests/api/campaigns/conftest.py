"""The example's organisations, and the API with campaigns, over a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, fields, replace
from typing import Any

import httpx
import pytest

from tests.api.messages.conftest import Desk, desk, lands
from vikno.api.campaigns.app import CampaignDoor
from vikno.usecases.campaigns import CampaignKept
from vikno.usecases.notifications import NotificationKept, Wanted
from vikno.usecases.organisations import OrganisationGiven
from vikno.usecases.run_campaigns import Runner

__all__ = ["desk", "lands"]

MARKET: dict[str, Any] = {"name": "Delay of SF 204", "template": "delay", "reference": "SF204",
                          "personalisation": {"flight": "SF 204", "city": "Львів", "planned": "18:10", "time": "23:40",
                                              "voucher": "no"}}  # fmt: skip
HEAD = "phone number,name"


@dataclass
class Market:
    """Campaigns of one organisation."""

    desk: Desk
    runner: Runner

    async def call(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return await self.desk.call(method, path, body, **more)

    async def made(self, **other: Any) -> str:
        """The id of a draft."""
        answer = await self.call("POST", "/api/campaigns", {**MARKET, **other})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def read(self, campaign: str, text: str | bytes | AsyncIterator[bytes]) -> httpx.Response:
        """Its audience."""
        content = text.encode() if isinstance(text, str) else text
        return await self.call("PUT", f"/api/campaigns/{campaign}/audience", content, content_type="text/csv")

    async def ready(self, count: int, **other: Any) -> str:
        """One with so many people."""
        campaign = await self.made(**other)
        answer = await self.read(campaign, "\n".join([HEAD, *(f"{number(nth)},Особа {nth}" for nth in range(count))]))
        assert (answer.status_code, answer.json()["campaign"]["status"]) == (200, "ready"), answer.text
        return campaign

    async def limit(self, per_day: int) -> None:
        """So many messages may go on one day."""
        store, clock, known = self.desk.store, self.desk.clock, self.desk.organisations["skyfen"]
        given = {one.name: getattr(known, one.name) for one in fields(OrganisationGiven)}
        await store.put_organisation(OrganisationGiven(**{**given, "per_day": per_day}), clock())
        clock.on(seconds=2)  # what reviewers and operators say is looked up once a second

    async def do(self, campaign: str, what: str, body: Any = None) -> httpx.Response:
        return await self.call("POST", f"/api/campaigns/{campaign}/{what}", body)

    async def told(self, campaign: str) -> Any:
        return (await self.call("GET", f"/api/campaigns/{campaign}")).json()

    async def kept(self, campaign: str) -> CampaignKept:
        number_of = self.runner.dispatch.vault.read_uuid("c", campaign)
        assert number_of is not None
        found = await self.runner.book.campaign(number_of)
        assert found is not None
        return found

    async def until_planned(self, campaign: str) -> None:
        while (kept := await self.kept(campaign)).cursor < kept.chunks:
            assert await self.runner.round()

    async def all_of(self, campaign: str) -> list[NotificationKept]:
        """What stands in its queue."""
        kept = await self.kept(campaign)
        return [*await self.desk.store.listed_notifications(Wanted(kept.organisation, flow=kept.flow), 5000)]


def number(nth: int) -> str:
    """A phone of somebody in Ukraine."""
    return f"+38067{nth:07d}"


@pytest.fixture
def market(desk: Desk) -> Market:
    runner = Runner(desk.dispatch, desk.store)
    door = desk.api.messages
    assert door is not None
    door = replace(door, campaigns=CampaignDoor(door.room, runner))
    desk.api = replace(desk.api, messages=door)
    return Market(desk, runner)
