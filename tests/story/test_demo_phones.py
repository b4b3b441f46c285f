"""What somebody sees who plays the demo for the first time: each phone does as a real one does."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest

from tests.portal.walking import DESKTOP, PHONE, axe, visitor
from tests.story.playing import Play

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.xdist_group("story")
SERVICE = "ua/foreign-passport"
BELOW = "[...document.querySelectorAll('.screen')].map(one => one.scrollHeight - one.scrollTop - one.clientHeight)"
CUT = """[...document.querySelectorAll('.phone input')].filter(one => {
  const pen = document.createElement('canvas').getContext('2d'), look = getComputedStyle(one);
  pen.font = look.font;
  const room = one.clientWidth - parseFloat(look.paddingLeft) - parseFloat(look.paddingRight);
  return pen.measureText(one.placeholder).width > room;
}).map(one => one.placeholder)"""


@pytest.fixture(scope="module", autouse=True)
def begun(play: Play) -> None:
    """Everybody has scanned the poster and the receipt, and there was a notice."""
    order = play.asks("order", service=SERVICE)["orders"][0]
    for phone in ("telegram", "viber", "sms", "email"):
        play.does(phone, "open", "dms-site", "Вітаємо!")
        play.does(phone, "open", order["token"], "Тепер ви стежите")
        play.does(phone, "write", "закордонний паспорт", "Де ви подаватимете")
    play.asks("stage", number=order["number"], stage="accepted")
    for phone in ("telegram", "viber", "sms", "email"):
        play.hears(phone, "рийнято")


def opened(page: Page, play: Play, query: str = "") -> None:
    page.goto(f"{play.url}/demo/{query}")
    page.locator("#phone-email .said").first.wait_for()


@pytest.mark.parametrize(
    ("header", "query", "lang"),
    [
        ("en-GB,en;q=0.9", "", "en"),
        ("uk-UA,uk;q=0.9,en;q=0.8", "", "uk"),
        ("de-DE,en;q=0.5", "", "en"),
        ("en-GB", "?lang=uk", "uk"),
        ("uk", "?lang=en", "en"),
        ("uk", "?lang=xx", "uk"),
        ("", "", "uk"),
    ],
)
def test_the_page_speaks_the_language_of_the_browser(play: Play, header: str, query: str, lang: str) -> None:
    page = play.client.get(f"{play.url}/demo/{query}", headers={"accept-language": header}).text
    assert f'<html lang="{lang}">' in page
    assert f'href="/{lang}/"' in page, "and so does the portal that it leads to"
    office = play.client.get(f"{play.url}/demo/state{query}", headers={"accept-language": header}).json()["office"]
    assert office == f"{play.url}/{lang}/office/"


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_newest_message_is_in_sight(play: Play, chromium: Browser, size: dict[str, int]) -> None:
    """After a look, a reload, a new message with buttons, and a turn of the phone."""
    with visitor(chromium, size=size) as page:
        opened(page, play)
        page.wait_for_function(f"() => Math.max(...{BELOW}) <= 1")
        page.reload()
        page.locator("#phone-email .said").first.wait_for()
        page.wait_for_function(f"() => Math.max(...{BELOW}) <= 1")
        page.locator("#phone-viber input").fill("послуги")
        page.locator("#phone-viber form button").click()
        page.locator("#phone-viber .said").last.filter(has_text="Оберіть послугу").wait_for()
        page.wait_for_function(f"() => Math.max(...{BELOW}) <= 1")
        page.set_viewport_size({"width": 720, "height": 600})
        page.wait_for_function(f"() => Math.max(...{BELOW}) <= 1")


@pytest.mark.browser
def test_who_reads_back_is_left_in_peace_until_something_is_said(play: Play, chromium: Browser) -> None:
    with visitor(chromium) as page:
        opened(page, play)
        page.wait_for_function(f"() => Math.max(...{BELOW}) <= 1")
        screen = page.locator("#phone-telegram .screen")
        screen.evaluate("one => { one.scrollTop = 0; }")
        play.asks("order", service=SERVICE)
        page.wait_for_function("() => document.querySelectorAll('#phone-telegram .acts option').length > 2")
        assert screen.evaluate("one => one.scrollTop") == 0


@pytest.mark.browser
def test_an_address_in_a_message_is_a_link(play: Play, chromium: Browser) -> None:
    play.does("telegram", "write", "<b>https://a.example/x</b>, (https://b.example/y).", "")
    with visitor(chromium) as page:
        opened(page, play)
        for phone in ("telegram", "viber", "email"):
            link = page.locator(f"#phone-{phone} .said a[href*='/inbox/']").first
            assert link.get_attribute("href") == link.inner_text(), "whole, to be read and copied"
            assert link.get_attribute("rel") == "noopener"
            with page.context.expect_page() as other:
                link.click()
            assert "/inbox/" in other.value.url
        assert page.locator("#phone-email .said a[href*='/stop/']").count()
        mine = page.locator("#phone-telegram .said.me").last
        assert mine.inner_text() == "<b>https://a.example/x</b>, (https://b.example/y)."
        hrefs = mine.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
        assert hrefs == ["https://a.example/x", "https://b.example/y"]


@pytest.mark.browser
def test_each_message_in_telegram_keeps_its_own_buttons(play: Play, chromium: Browser) -> None:
    """The notice came after the question: the question can be answered all the same."""
    with visitor(chromium) as page:
        opened(page, play)
        told = page.locator("#phone-telegram .said", has_text="рийнято").last
        assert told.count()
        asked = page.locator("#phone-telegram .said", has_text="Де ви подаватимете").last
        before = len(play.lines("telegram"))
        asked.get_by_role("button", name="В Україні").click()
        asked.get_by_role("button", name="В Україні, натиснуто").wait_for()
        assert asked.locator(".pressed").count() == 1
        play.hears("telegram", "?", before)
        assert page.locator("#phone-telegram > .keys button").count() == 0, "they stand under their messages"
        letters = page.locator("#phone-email .said", has_text="Де ви подаватимете")
        assert letters.first.get_by_role("button", name="В Україні").count(), "and so in a letter"


@pytest.mark.browser
@pytest.mark.parametrize("lang", ["uk", "en"])
@pytest.mark.parametrize(("width", "columns"), [(1280, 4), (1200, 4), (1199, 2), (700, 2), (699, 1), (390, 1)])
def test_the_phones_stand_in_whole_rows(play: Play, chromium: Browser, lang: str, width: int, columns: int) -> None:
    with visitor(chromium, lang, size={"width": width, "height": 900}) as page:
        opened(page, play)
        tops = page.locator(".phone").evaluate_all("all => all.map(one => one.getBoundingClientRect().top)")
        assert len(tops) == 4
        assert tops.count(tops[0]) == columns
        assert page.evaluate(CUT) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.browser
def test_many_receipts_take_no_more_room_than_one(play: Play, chromium: Browser) -> None:
    with visitor(chromium) as page:
        opened(page, play)
        acts = page.locator("#phone-viber .acts")
        before = acts.evaluate("one => one.clientHeight")
        order = play.asks("order", service=SERVICE)["orders"][0]
        choice = acts.get_by_role("combobox", name="Що сканувати")
        page.wait_for_function(
            "code => document.querySelector('#phone-viber .acts select').value === code", arg=order["token"]
        )
        assert acts.evaluate("one => one.clientHeight") == before
        assert before < 60
        assert "…" + order["number"][-4:] in choice.locator("option:checked").inner_text()
        acts.get_by_role("button", name="Сканувати").click()
        page.locator("#phone-viber .said", has_text="…" + order["number"][-4:]).wait_for()


@pytest.mark.browser
def test_a_long_list_of_buttons_shows_that_it_goes_on(play: Play, chromium: Browser) -> None:
    with visitor(chromium, size=PHONE) as page:
        opened(page, play)
        page.locator("#phone-viber input").fill("послуги")
        page.locator("#phone-viber form button").click()
        keys = page.locator("#phone-viber .keys")
        page.locator("#phone-viber .said", has_text="Оберіть послугу").first.wait_for()
        keys.evaluate("one => { one.style.maxHeight = '3rem'; }")
        page.locator("#phone-viber .keys.more").wait_for()
        keys.evaluate("one => { one.scrollTop = one.scrollHeight; }")
        page.locator("#phone-viber .keys:not(.more)").wait_for()


LEAVES = [
    ("telegram", "Зупинити бота", "Ви заблокували бота."),
    ("viber", "Зупинити бота", "Ви заблокували бота."),
    ("sms", "Написати СТОП", "СТОП"),
    ("email", "Відписатися", "Ви натиснули «Відписатися»"),
]


@pytest.mark.browser
@pytest.mark.parametrize(("phone", "word", "shown"), LEAVES, ids=[one[0] for one in LEAVES])
def test_the_phone_says_that_the_bot_was_stopped(
    play: Play, chromium: Browser, phone: str, word: str, shown: str
) -> None:
    with visitor(chromium) as page:
        opened(page, play)
        whole = page.locator(f"#phone-{phone}")
        whole.get_by_role("button", name=word, exact=True).click()
        whole.locator(".said, .note").filter(has_text=shown).first.wait_for()
        whole.get_by_role("button", name=word, exact=True).wait_for(state="detached")
        assert axe(page) == []
        time.sleep(1)
        text = whole.locator(".screen").inner_text()
        assert not re.search(r"Unsubscribe|stop petro@|(?m:^stop$)", text), text
        if phone in ("telegram", "viber"):
            assert whole.locator("input").is_visible(), "who writes lets it write, too"
            whole.get_by_role("button", name="Дозволити боту писати").click()
            whole.locator(".note", has_text="Ви знову дозволили").wait_for()
            whole.get_by_role("button", name=word, exact=True).wait_for()
