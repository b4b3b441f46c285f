"""“Tell me on this device”: from the page of somebody's messages to a note on their device, and to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.bootstrap.serving import PUBLIC, alive, made
from tests.portal.forms import read
from vikno.bootstrap.web import Web
from vikno.bootstrap.worlds import now_ms
from vikno.channels.inbox import Inbox as Channel
from vikno.portal.push import MOST_A_DAY
from vikno.testing.push import Browser, PushService
from vikno.usecases.channel import Outbound, encode_outbound
from vikno.usecases.records import NoticeKept, NoticeMade
from vikno.usecases.sign_links import Links

TELEGRAM = "telegram/main"


@dataclass
class Olena:
    """Somebody who talks on Telegram, with her page and a browser."""

    web: Web
    client: httpx.AsyncClient
    push: PushService
    name: str
    link: str
    page: str

    async def opened(self) -> dict[str, str]:
        """What her page holds for the script."""
        (device,) = [
            one for one in read((await self.client.get(self.page)).text).all("section") if "data-push" in one.attributes
        ]
        return {name: value or "" for name, value in device.attributes.items()}

    async def press(self, what: str, browser: Browser, **other: str) -> httpx.Response:
        held = await self.opened()
        form = {"form": held["data-form"], "do": what, **browser.subscription, **other}
        return await self.client.post(held["data-to"], data=form, headers={"sec-fetch-site": "same-origin"})

    def conversation(self, browser: Browser) -> str:
        (channel,) = [one.channel for one in self.web.bot.accounts if isinstance(one.channel, Channel)]
        return self.web.bot.vault.name("inbox/main", channel.address(**browser.subscription))

    async def told(self, browser: Browser, text: str) -> int:
        """A notice for this browser is queued."""
        notice = encode_outbound(Outbound(text, "uk", purpose="notice", link=self.link))
        made = NoticeMade(self.conversation(browser), "inbox/main", notice, "", now_ms(), now_ms() + 3_600_000)
        (number,) = await self.web.intake.book.queue([made], now_ms())
        self.web.bot.senders["inbox/main"].nudge()
        return number

    async def became(self, browser: Browser, status: str) -> NoticeKept:
        """The last notice of this browser, once it has this status."""
        async with asyncio.timeout(10):
            while True:
                for one in await self.web.intake.book.inbox(self.conversation(browser), None, 1):
                    if one.status == status:
                        return one
                await asyncio.sleep(0.02)


@pytest.fixture
async def olena(built: None, tmp_path: Path) -> AsyncIterator[Olena]:
    web = made(tmp_path, VIKNO_PUSH_PRIVATE="1")
    async with PushService() as push, alive(web) as client:
        vault = web.bot.vault
        name = vault.name(TELEGRAM, "424242")
        await web.intake.book.meet(name, TELEGRAM, vault.seal("424242"), "uk", now_ms())
        link = Links(vault, PUBLIC).inbox(name, now_ms())
        yield Olena(web, client, push, name, link, link.replace(f"{PUBLIC}/", "/uk/"))


async def browser_of(olena: Olena) -> Browser:
    return olena.push.browser((await olena.opened())["data-push"])


async def test_a_browser_is_told_from_the_press_on_and_says_what_became_of_it(olena: Olena) -> None:
    browser = await browser_of(olena)
    done = await olena.press("on", browser)
    assert (done.status_code, done.json()) == (200, {"said": "Готово: сповіщатимемо вас тут."})
    assert done.headers["cache-control"] == "no-store"
    await olena.told(browser, "ID-картка, справа …4420\n\nПаспорт надруковано.")
    note = await browser.shown("Паспорт надруковано.")
    assert (note.title, note.link) == ("ID-картка, справа …4420", olena.link)
    await olena.became(browser, "sent")
    for happened, status in (("shown", "delivered"), ("opened", "read"), ("shown", "read")):
        said = await olena.client.post(note.receipt, json={"happened": happened})
        assert said.status_code == 200
        await olena.became(browser, status)
    assert (await olena.client.post(note.receipt[:-3] + "AAA", json={"happened": "opened"})).status_code == 403
    assert [one.what for one in await olena.web.intake.book.accesses(olena.name) if "push" in one.what] == ["push.on"]


async def test_the_browser_is_an_address_of_the_person_whose_page_it_is(olena: Olena) -> None:
    browser = await browser_of(olena)
    await olena.press("on", browser)
    ways = await olena.web.intake.book.ways(olena.name)
    assert {(way.conversation, way.account) for way in ways} == {
        (olena.name, TELEGRAM), (olena.conversation(browser), "inbox/main"),
    }  # fmt: skip
    known = await olena.web.intake.book.known(olena.conversation(browser))
    assert known is not None
    assert browser.endpoint.encode() not in known.sealed
    await olena.press("on", browser)
    assert len(await olena.web.intake.book.ways(olena.name)) == 2, "twice is once"


async def test_another_browser_on_her_page_is_told_of_where_she_was_reached_before(olena: Olena) -> None:
    hers, other = await browser_of(olena), await browser_of(olena)
    await olena.press("on", hers)
    await olena.press("on", other)
    note = await hers.shown("Якщо це зробили не ви")
    assert note.title == "На вашій сторінці нова адреса"
    await olena.press("on", other)
    await asyncio.sleep(0.2)
    assert (len(hers.notes), other.notes) == (1, []), "once, and not to the new one"


async def test_not_on_this_device_any_more(olena: Olena) -> None:
    browser = await browser_of(olena)
    await olena.press("on", browser)
    ended = await olena.press("off", browser)
    assert ended.json() == {"said": "Готово: тут більше не сповіщатимемо."}
    await olena.told(browser, "Паспорт надруковано.")
    await olena.became(browser, "dropped")
    assert browser.notes == []
    await olena.press("on", browser)
    await olena.told(browser, "Паспорт у відділі.")
    await browser.shown("Паспорт у відділі.")


async def test_who_erases_everything_is_told_nowhere_any_more(olena: Olena) -> None:
    browser = await browser_of(olena)
    await olena.press("on", browser)
    form = {"form": (await olena.opened())["data-form"], "do": "erase-yes"}
    assert "Усе стерто" in (await olena.client.post(olena.page, data=form)).text
    for gone in (olena.name, olena.conversation(browser)):
        assert await olena.web.intake.book.known(gone) is None
        assert await olena.web.intake.book.inbox(gone) == ()


async def test_a_browser_without_the_permission_is_written_to_no_more(olena: Olena) -> None:
    browser = await browser_of(olena)
    await olena.press("on", browser)
    browser.leave()
    await olena.told(browser, "Паспорт надруковано.")
    await olena.became(browser, "permanent-failure")
    known = await olena.web.intake.book.known(olena.conversation(browser))
    assert known is not None
    assert known.status == "dead"


async def test_only_the_form_of_this_page_counts(olena: Olena) -> None:
    browser = await browser_of(olena)
    held = await olena.opened()
    form = {"form": held["data-form"], "do": "on", **browser.subscription}
    wrong = [
        ({**form, "form": "0" * 32}, {}),
        ({**form, "form": "ї"}, {}),
        ({name: value for name, value in form.items() if name != "form"}, {}),
        (form, {"sec-fetch-site": "cross-site"}),
    ]
    for sent, headers in wrong:
        assert (await olena.client.post(held["data-to"], data=sent, headers=headers)).status_code == 404
    assert (await olena.client.post("/uk/inbox/" + "A" * 51 + "/push", data=form)).status_code == 404
    assert (await olena.client.get(held["data-to"])).status_code == 404
    assert await olena.web.intake.book.known(olena.conversation(browser)) is None


@pytest.mark.parametrize(
    "other",
    [
        {"endpoint": ""}, {"endpoint": "http://push.example/a"}, {"endpoint": "https://" + "a" * 3000}, {"p256dh": "x"},
        {"auth": ""}, {"do": "dance"}, {"do": ""},
    ],
)  # fmt: skip
async def test_what_is_no_subscription_is_refused_kindly(olena: Olena, other: dict[str, str]) -> None:
    browser = await browser_of(olena)
    said = await olena.press(other.pop("do", "on"), browser, **other)
    assert said.status_code in (400, 404)
    assert "Оновіть, будь ласка, сторінку" in said.json()["said"]


async def test_one_link_subscribes_some_devices_and_not_the_world(olena: Olena) -> None:
    for at in range(MOST_A_DAY + 1):
        said = await olena.press("on", await browser_of(olena))
        assert said.status_code == (200 if at < MOST_A_DAY else 429)


async def test_the_worker_stands_where_it_always_stood(olena: Olena) -> None:
    worker = await olena.client.get("/push-worker.js")
    assert worker.status_code == 200
    assert worker.headers["content-type"] == "text/javascript; charset=utf-8"
    assert worker.headers["cache-control"] == "no-cache"
    assert "connect-src 'self'" in worker.headers["content-security-policy"]
    assert "notificationclick" in worker.text


async def test_without_the_setting_no_push_service_is_inside(built: None, tmp_path: Path) -> None:
    web = made(tmp_path)
    async with PushService() as push, alive(web) as client:
        name = web.bot.vault.name(TELEGRAM, "1")
        link = Links(web.bot.vault, PUBLIC).inbox(name, now_ms())
        olena = Olena(web, client, push, name, link, link.replace(f"{PUBLIC}/", "/en/"))
        assert (await olena.press("on", await browser_of(olena))).status_code == 400
