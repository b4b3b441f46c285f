"""Push in a browser: the button appears where it works, the worker shows what comes, a tap opens it and is told.

Headless Chromium has no push service. So the subscription is a double, which leads to ours (`vikno.testing.push`), and
what arrives there is handed to the worker as a browser would (`ServiceWorker.deliverPushMessage`). All else is real.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import Queue
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.commands import ROOT
from tests.network import free_port, started
from tests.portal.walking import EXPECTED, axe, shoot
from vikno.bootstrap.accounts import inbox_of
from vikno.bootstrap.settings import Settings, open_vault
from vikno.bootstrap.worlds import now_ms
from vikno.stores.sqlite import SqliteStore
from vikno.testing.push import Browser as Device
from vikno.testing.push import PushService
from vikno.usecases.channel import Outbound, encode_outbound
from vikno.usecases.records import NoticeMade
from vikno.usecases.sign_links import Links
from vikno.wire.vault import LocalVault

pytestmark = pytest.mark.browser

Found = TypeVar("Found")
PRIVATE = Settings(given={"VIKNO_PUSH_PRIVATE": "1"})
DOUBLE = """(subscription) => {
  let subscribed = sessionStorage.getItem('subscribed') !== null;
  const make = (key) => ({
    options: {applicationServerKey: key},
    toJSON: () => subscription,
    unsubscribe: async () => { subscribed = false; sessionStorage.removeItem('subscribed'); return true; },
  });
  PushManager.prototype.getSubscription = async () => (subscribed ? make(null) : null);
  PushManager.prototype.subscribe = async (how) => {
    if (!how.userVisibleOnly || how.applicationServerKey.length !== 65) throw new TypeError('odd');
    subscribed = true;
    sessionStorage.setItem('subscribed', '');
    return make(how.applicationServerKey.buffer);
  };
}"""
NOTES = "async () => (await (await navigator.serviceWorker.getRegistration('/push/')).getNotifications())"


@pytest.fixture(scope="module")
def push() -> Iterator[PushService]:
    """A push service in a thread of its own: this one has the browser's loop."""
    service, there = PushService(), Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()

    async def serve() -> None:
        async with service:
            over = asyncio.Event()
            there.put((asyncio.get_running_loop(), over))
            await over.wait()

    with ThreadPoolExecutor(1) as thread:
        serving = thread.submit(lambda: asyncio.run(serve()))
        loop, over = there.get(timeout=10)
        yield service
        loop.call_soon_threadsafe(over.set)
        serving.result(10)


@dataclass(frozen=True, slots=True)
class Site:
    """A server with somebody's messages in it."""

    url: str
    store: str
    vault: LocalVault
    page: str
    device: Device

    def ask(self, question: Callable[[SqliteStore], Awaitable[Found]]) -> Found:
        """Something of the record, from another thread: this one has the browser's loop."""

        async def asked() -> Found:
            store = SqliteStore(self.store, now_ms)
            try:
                return await question(store)
            finally:
                await store.close()

        with ThreadPoolExecutor(1) as thread:
            return thread.submit(lambda: asyncio.run(asked())).result(20)

    @property
    def address(self) -> str:
        channel, _ = inbox_of(PRIVATE, self.vault, self.url)
        return channel.address(**self.device.subscription)

    @property
    def browser(self) -> str:
        return self.vault.name("inbox/main", self.address)


@pytest.fixture(scope="module")
def site(built: None, push: PushService, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder, port = tmp_path_factory.mktemp("push"), free_port()
    store, url = f"sqlite:///{folder}/portal.db", f"http://127.0.0.1:{port}"
    vikno = str(Path(sys.executable).parent / "vikno")
    with started(
        [vikno, "run", "--port", str(port), "--store", store], port, cwd=ROOT, env={"VIKNO_PUSH_PRIVATE": "1"}
    ):
        vault = open_vault(Settings(), store)
        name = vault.name("telegram/main", "424242")
        page = Links(vault, url).inbox(name, now_ms()).replace(url, f"{url}/uk")
        device = push.browser(inbox_of(PRIVATE, vault, url)[0].key)
        site = Site(url, store, vault, page, device)

        async def meet(kept: SqliteStore) -> None:
            await kept.meet(name, "telegram/main", vault.seal("424242"), "uk", now_ms())

        site.ask(meet)
        yield site


@contextmanager
def olena(
    chromium: Browser, site: Site, *, allowed: bool = True, double: bool = True, troubled: str = ""
) -> Iterator[Page]:
    """She opens her page. Whatever it reports as an error fails the test, unless it says what was expected."""
    context = chromium.new_context(locale="uk-UA")
    context.grant_permissions(["notifications"] if allowed else [], origin=site.url)
    page = context.new_page()
    page.set_default_timeout(15_000)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda said: troubles.append(said.text) if said.type == "error" and not EXPECTED.search(said.text) else None,
    )
    if double:
        endpoint, *keys = (site.device.subscription[name] for name in ("endpoint", "p256dh", "auth"))
        said = {"endpoint": endpoint, "keys": dict(zip(("p256dh", "auth"), keys, strict=True))}
        page.add_init_script(f"({DOUBLE})({json.dumps(said)})")
    page.goto(site.page)
    try:
        yield page
        assert [one for one in troubles if not troubled or troubled not in one] == []
        assert bool(troubles) == bool(troubled)
    finally:
        context.close()


ON, OFF = "Сповіщати мене на цьому пристрої", "Більше не сповіщати на цьому пристрої"


SHOWN = "({title, body, lang, tag}) => ({title, body, lang, tag})"
TAP = """async (tag) => {
  const [notification] = await registration.getNotifications({tag});
  let opened = null;
  Object.defineProperty(clients, 'openWindow', {value: async (url) => { opened = url; }, configurable: true});
  const work = [];
  const event = new NotificationEvent('notificationclick', {notification});
  event.waitUntil = (one) => work.push(one);
  self.dispatchEvent(event);
  await Promise.all(work);
  return opened;
}"""
"""Opening a window takes a real finger, so what would be opened is only noted."""


def press_on(page: Page) -> None:
    page.get_by_role("button", name=ON).click()
    expect(page.locator("[data-device-said]")).to_have_text("Готово: сповіщатимемо вас тут.")


def test_one_press_and_this_device_is_told_another_and_it_is_not(chromium: Browser, site: Site) -> None:
    with olena(chromium, site) as page:
        assert axe(page) == []
        shoot(page, "inbox-device")
        press_on(page)
        expect(page.get_by_role("button", name=ON)).to_be_hidden()
        expect(page.get_by_role("button", name=OFF)).to_be_focused()
        assert axe(page) == []
        shoot(page, "inbox-device-on")
        known = site.ask(lambda store: store.known(site.browser))
        assert known is not None
        assert known.status == "alive"
        assert site.vault.unseal(known.sealed) == site.address
        page.reload()
        expect(page.get_by_role("button", name=OFF)).to_be_visible()
        page.get_by_role("button", name=OFF).click()
        expect(page.locator("[data-device-said]")).to_have_text("Готово: тут більше не сповіщатимемо.")
        expect(page.get_by_role("button", name=ON)).to_be_focused()
        known = site.ask(lambda store: store.known(site.browser))
        assert known is not None
        assert known.status == "left"


def test_who_has_forbidden_it_hears_how_to_allow_it(chromium: Browser, site: Site) -> None:
    with olena(chromium, site, allowed=False) as page:
        page.get_by_role("button", name=ON).click()
        expect(page.locator("[data-device-said]")).to_contain_text("Ваш браузер не дозволяє сповіщень")
        expect(page.get_by_role("button", name=ON)).to_be_visible()


def test_a_browser_whose_push_service_fails_says_so(chromium: Browser, site: Site) -> None:
    with olena(chromium, site, double=False, troubled="Push API") as page:  # it has none
        page.get_by_role("button", name=ON).click()
        expect(page.locator("[data-device-said]")).to_contain_text("Не вийшло")


def test_where_the_browser_cannot_or_scripts_are_off_there_is_no_button(chromium: Browser, site: Site) -> None:
    context = chromium.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.page)
    expect(page.locator("[data-push]")).to_be_hidden()
    context.close()
    context = chromium.new_context()
    page = context.new_page()
    page.add_init_script("delete window.PushManager")
    page.goto(site.page)
    expect(page.locator("#letters")).to_be_visible()
    expect(page.locator("[data-push]")).to_be_hidden()
    context.close()


def test_no_other_script_can_be_registered(chromium: Browser, site: Site) -> None:
    with olena(chromium, site, troubled="TrustedScriptURL") as page:
        register = "() => navigator.serviceWorker.register('/push-worker.js').then(() => 'yes', () => 'no')"
        assert page.evaluate(register) == "no"


def test_what_is_sent_is_shown_opened_and_told(chromium: Browser, site: Site) -> None:
    text = "ID-картка, справа …4420\n\nПаспорт надруковано."

    async def say(store: SqliteStore) -> None:
        notice = encode_outbound(Outbound(text, "uk", purpose="notice", link=f"{site.url}/uk/"))
        await store.queue(
            [NoticeMade(site.browser, "inbox/main", notice, "", now_ms(), now_ms() + 3_600_000)], now_ms()
        )

    with olena(chromium, site) as page:
        press_on(page)
        site.ask(say)
        note = until(lambda: next(iter(site.device.notes), None))
        assert note.title == "ID-картка, справа …4420"
        deliver(page, site, json.dumps(asdict(note)))
        page.wait_for_function(f"async () => (await ({NOTES})()).length === 1")
        shown = page.evaluate(f"async () => (await ({NOTES})()).map(({SHOWN}))")
        assert shown == [{"title": note.title, "body": note.body, "lang": "uk", "tag": note.tag}]
        until(lambda: became(site) == "delivered")
        deliver(page, site, json.dumps(asdict(note)))  # what comes once more is shown once
        deliver(page, site, "no JSON")
        page.wait_for_function(f"async () => (await ({NOTES})()).length === 2")
        (worker,) = page.context.service_workers
        assert worker.evaluate(TAP, note.tag) == f"{site.url}/uk/"
        page.wait_for_function(f"async () => (await ({NOTES})()).length === 1")
        until(lambda: became(site) == "read")


def test_a_link_that_is_none_of_the_web_is_not_opened(chromium: Browser, site: Site) -> None:
    with olena(chromium, site) as page:
        press_on(page)
        for link in ("javascript:alert(1)", "data:text/html,x"):
            odd = {
                "title": "x",
                "body": "x",
                "lang": "en",
                "tag": link,
                "receipt": "https://elsewhere.example/",
                "link": link,
            }
            deliver(page, site, json.dumps(odd))
            page.wait_for_function(f"async (tag) => (await ({NOTES})()).some((one) => one.tag === tag)", arg=link)
            (worker,) = page.context.service_workers
            assert worker.evaluate(TAP, link) is None


def became(site: Site) -> str:
    """What is on record of the last notice to this browser."""
    (notice,) = site.ask(lambda store: store.inbox(site.browser, None, 1))
    return notice.status


def until(found: Callable[[], Found | None]) -> Found:
    """Once there is something."""
    for _ in range(200):
        if one := found():
            return one
        time.sleep(0.05)
    raise TimeoutError


def deliver(page: Page, site: Site, data: str) -> None:
    """As a browser does when its push service has something."""
    line = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = []
    line.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    line.send("ServiceWorker.enable")
    page.wait_for_timeout(200)
    (registration,) = {one["registrationId"] for one in found if one["scopeURL"].endswith("/push/")}
    line.send("ServiceWorker.deliverPushMessage", {"origin": site.url, "registrationId": registration, "data": data})
    line.detach()
