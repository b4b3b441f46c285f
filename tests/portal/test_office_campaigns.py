"""Campaigns in the office: how one goes, what was foreseen, and its buttons; who looks on cannot see whom it is for."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from tests.portal.forms import read
from tests.portal.persons import Persons, persons
from vikno.bootstrap.web import portal_words
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.campaigns import CampaignGiven, CampaignStatus, Row, Terms, encode_terms
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.preview_campaign import preview_campaign
from vikno.usecases.read_audience import Slice, read_audience

PEOPLE = 1_200
say = portal_words()["uk"].say
NUMBER = "38067{:07d}"


async def rows() -> AsyncIterator[Slice]:
    people = [
        (nth, Row("phone", NUMBER.format(nth), "", "ua", "Europe/Kyiv", "", "", ())) for nth in range(2, PEOPLE + 2)
    ]
    yield Slice(people, [(PEOPLE + 2, "short"), (PEOPLE + 3, "missing")], 40_000)


async def a_campaign(here: Persons) -> str:
    """One that runs, with its preview; its id."""
    return await seed_campaign(here.web.dispatch, here.store)


async def seed_campaign(dispatch: Dispatch, store: SqliteStore, status: CampaignStatus = "running") -> str:
    """The same, for a server of another process too."""
    sender = await store.organisation("lake-bank")
    assert sender is not None
    template = (await store.templates(sender.id))[0]
    given = CampaignGiven(sender.id, template.row, "Вересневі виписки", "", "live", "file", encode_terms(Terms()))
    made = await store.make_campaign(given, dispatch.clock())
    kept = await read_audience(store, dispatch.vault, made.id, (), rows(), dispatch.clock, per_day=250_000)
    rendering = await dispatch.rendering(template.row)
    assert rendering is not None
    await preview_campaign(dispatch, store, sender, kept, rendering, sampled=True)
    await store.change_campaign(made.id, ("ready",), status, dispatch.clock())
    return dispatch.vault.uuid("c", made.id)


async def come_in(client: httpx.AsyncClient, key: str) -> None:
    assert (await client.post("/uk/office/", data={"key": key})).status_code == 200


async def press(client: httpx.AsyncClient, page: httpx.Response, what: str) -> httpx.Response:
    """Send the form of a button."""
    token = page.text.partition('name="form" value="')[2].partition('"')[0]
    assert f'value="{what}"' in page.text
    headers = {"origin": str(client.base_url).rstrip("/")}
    return await client.post(str(page.url), data={"form": token, "what": what}, headers=headers)


async def test_how_it_goes_stands_there_and_nobody_is_named(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here.key)
        campaign = await a_campaign(here)
        listed = await client.get("/uk/office/campaigns")
        assert "Вересневі виписки" in listed.text
        assert say("office.campaigns.is.running") in listed.text
        said = await client.get(f"/uk/office/campaigns/{campaign}")
        assert read(said.text).one("h1").text == "Вересневі виписки"
        assert "<progress" in said.text
        assert say("office.campaigns.refused.short") in said.text
        assert say("office.campaigns.line", line=PEOPLE + 2) in said.text
        assert said.headers["refresh"] == "15"
        assert NUMBER.format(2) not in said.text
        assert said.headers["cache-control"] == "no-store"


async def test_it_is_paused_and_goes_on_and_a_stop_is_asked_about(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here.key)
        campaign = await a_campaign(here)
        address = f"/uk/office/campaigns/{campaign}"
        paused = await press(client, await client.get(address), "pause")
        assert say("office.campaigns.is.paused") in paused.text
        going = await press(client, await client.get(address), "resume")
        assert say("office.campaigns.is.running") in going.text
        page = await client.get(address)
        assert 'value="stop"' not in page.text, "a stop has a page of its own"
        sure = await client.get(address, params={"sure": "stop"})
        assert say("office.campaigns.sure.stop") in sure.text
        assert "refresh" not in sure.headers
        stopped = await press(client, sure, "stop")
        assert say("office.campaigns.is.stopped") in stopped.text
        about = await here.store.accesses(f"campaign/{here.web.dispatch.vault.read_uuid('c', campaign)}")
        assert [one.what for one in about if one.what != "campaign.read"] == [
            "campaign.stop", "campaign.resume", "campaign.pause",
        ]  # fmt: skip


async def test_a_form_from_elsewhere_changes_nothing(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here.key)
        campaign = await a_campaign(here)
        said = await client.post(f"/uk/office/campaigns/{campaign}", data={"form": "x", "what": "stop"})
        assert said.status_code == 404
        assert say("office.campaigns.is.running") in (await client.get(f"/uk/office/campaigns/{campaign}")).text
        assert (await client.get("/uk/office/campaigns/x")).status_code == 404


async def test_the_staff_of_an_authority_do_not_see_them(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here.staff)
        campaign = await a_campaign(here)
        for path in ("campaigns", f"campaigns/{campaign}"):
            assert (await client.get(f"/uk/office/{path}")).status_code == 403
