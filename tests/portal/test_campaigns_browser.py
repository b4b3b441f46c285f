"""Campaigns in the office in a browser: axe, light and dark, phone and desktop, two languages; a stop in two steps."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.commands import ROOT
from tests.network import free_port, started
from tests.portal.test_around_browser import LOOKS
from tests.portal.test_office_campaigns import say, seed_campaign
from tests.portal.walking import PHONE, axe, shoot, visitor
from vikno.bootstrap.dispatching import Lands, make_dispatch
from vikno.bootstrap.worlds import now_ms
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Capabilities
from vikno.wire.vault import LocalVault

pytestmark = pytest.mark.browser

PAGES = {
    "campaigns": "campaigns",
    "campaign": "campaigns/{campaign}",
    "campaign-stop": "campaigns/{campaign}?sure=stop",
}


@pytest.fixture(scope="module")
def office(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, str]]]:
    folder, port = tmp_path_factory.mktemp("campaigns"), free_port()
    with started([sys.executable, "-m", "tests.portal.persons", str(port), str(folder)], port, cwd=ROOT):
        things = json.loads((folder / "seeded.json").read_text("utf-8"))
        # Outside of this thread's loop, which is the browser's.
        things["campaign"], things["folder"] = in_a_thread(folder), str(folder)
        yield f"http://127.0.0.1:{port}", things


def in_a_thread(folder: Path) -> str:
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, seeded(folder)).result()


async def seeded(folder: Path) -> str:
    """A campaign, put on record beside the server."""
    store = SqliteStore(f"sqlite:///{folder}/persons.db?synchronous=off", now_ms)
    accounts = {"sms/main": Capabilities(receipts=True, rate_per_s=10.0, chat_gap_s=0.0)}
    lands = Lands.read([ROOT / "countries" / "ua"])
    campaign = await seed_campaign(
        make_dispatch(lands, store, LocalVault(bytes(32)), now_ms, accounts, home="ua"), store
    )
    await store.close()
    return campaign


def come_in(page: Page, url: str, key: str, lang: str) -> None:
    page.goto(f"{url}/{lang}/office/")
    page.locator("#key").fill(key)
    page.keyboard.press("Enter")
    expect(page.locator("nav .vk-tabs")).to_be_visible()


@pytest.mark.parametrize(("lang", "scheme", "size"), LOOKS)
def test_axe_finds_nothing(
    chromium: Browser, office: tuple[str, dict[str, str]], lang: str, scheme: str, size: dict[str, int]
) -> None:
    url, things = office
    name = "phone" if size is PHONE else "desktop"
    with visitor(chromium, lang, scheme=scheme, size=size) as page:
        come_in(page, url, things["key"], lang)
        for kind, path in PAGES.items():
            page.goto(f"{url}/{lang}/office/{path.format(**things)}")
            assert axe(page) == [], kind
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], kind
            shoot(page, f"office-{kind}-{lang}-{name}-{scheme}")


def test_a_stop_takes_two_presses(chromium: Browser, office: tuple[str, dict[str, str]]) -> None:
    url, things = office
    campaign = in_a_thread(Path(things["folder"]))  # one of its own: the other has ended by itself by now
    with visitor(chromium, "uk", scripts=False) as page:
        come_in(page, url, things["key"], "uk")
        page.goto(f"{url}/uk/office/{PAGES['campaign'].format(campaign=campaign)}")
        page.get_by_role("link", name=say("office.campaigns.stop")).click()
        expect(page.get_by_text(say("office.campaigns.sure.stop"))).to_be_visible()
        page.get_by_role("button", name=say("office.campaigns.stop")).click()
        expect(page.get_by_text(say("office.campaigns.is.stopped"), exact=True)).to_be_visible()
