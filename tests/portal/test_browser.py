"""In a browser, at the keyboard: every service by pages and by chat in both languages; axe; pictures."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.portal.conftest import DAY, LANGUAGES, SERVICES, Served
from tests.portal.walking import (
    DESKTOP,
    PHONE,
    answer_by_keyboard,
    axe,
    last_said,
    shoot,
    tab_to,
    visitor,
    walk_chat,
    walk_pages,
)

pytestmark = pytest.mark.browser

ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-dev-shm-usage", "--no-first-run",
]  # fmt: skip
LOST = (
    f"where=ua&age=33&reason=lost&prev=card&status=idp&rep=self&moves=true&rnokpp=yes&address=true&civil=false"
    f"&speed=standard&on={DAY}"
)
KEY = "sessionStorage.getItem('vikno.conversation')"
NO_LONGER_KEPT = "This conversation is no longer kept. Please begin a new one."
PAGES = {
    "home": "/{lang}/",
    "search": "/{lang}/?q=passport+паспорт",
    "search-none": "/{lang}/?q=zzzz",
    "choose": "/{lang}/ua/id-card/",
    "number": "/{lang}/ua/id-card/?where=ua",
    "several": "/{lang}/ua/id-card/?where=ua&age=33&reason=lost&prev=card",
    "country": "/{lang}/example/visitor-visa/",
    "date": "/{lang}/example/visitor-visa/?passport=jp&purpose=tourism&been_before=false&stay_in=harbour",
    "error": "/{lang}/ua/id-card/?-sent=where",
    "error-number": "/{lang}/ua/id-card/?where=ua&age=999&-sent=age",
    "notes": "/{lang}/ua/id-card/?where=ua&colour=red&age=abc",
    "checklist": f"/{{lang}}/ua/id-card/?{LOST}",
    "stop": "/{lang}/ua/id-card/?where=ua&age=10",
    "gone": "/{lang}/ua/nowhere/",
    "chat": "/{lang}/chat",
    "chat-question": "/{lang}/chat?start=ua/id-card",
}


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield browser
        browser.close()


def settled(page: Page, address: str) -> None:
    """The page with everything on it, the first words of the chat too."""
    page.goto(address)
    if "/chat" in address:
        expect(page.locator("[data-choices] button").first).to_be_visible()


def test_the_link_to_follow_asks_for_the_number_of_the_case(served: Served, browser: Browser) -> None:
    with visitor(browser, size=PHONE) as page:
        page.goto(served.url + "/uk/chat?do=follow")
        expect(last_said(page)).to_contain_text("номер")
        assert page.url.endswith("/uk/chat"), "reloading does not say it again"


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("service", SERVICES)
def test_a_consultation_by_pages_with_the_keyboard_only(
    browser: Browser, served: Served, service: str, lang: str
) -> None:
    with visitor(browser, lang) as page:
        facts = walk_pages(page, f"{served.url}/{lang}/{service}/?on={DAY}")
        assert facts
        expect(page.locator("#proof")).to_be_visible()
        shoot(page, f"walk-{service.replace('/', '-')}-{lang}")


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("service", SERVICES)
def test_a_consultation_by_chat_with_the_keyboard_only(
    browser: Browser, served: Served, service: str, lang: str
) -> None:
    with visitor(browser, lang, size=PHONE) as page:
        walk_chat(page, f"{served.url}/{lang}/chat?start={service}")
        link = page.locator("[data-log] [data-kind='outcome'] a.ds-button").first
        page.goto(served.url + (link.get_attribute("href") or ""))
        expect(page.locator("#proof")).to_be_visible()


def test_a_consultation_without_scripts(browser: Browser, served: Served) -> None:
    with visitor(browser, "en", scripts=False) as page:
        page.goto(f"{served.url}/en/")
        page.get_by_role("searchbox").fill("lost passport")
        page.get_by_role("button", name="Find").click()
        page.get_by_role("link", name="Passport of a citizen of Ukraine (ID card)").first.click()
        page.get_by_label("In Ukraine").check()
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("How old").fill("33")
        page.get_by_role("button", name="Continue").click()
        while page.locator("input[name='-sent']").count():
            fact = page.locator("input[name='-sent']").get_attribute("value")
            page.locator(f"input[name='{fact}']").first.check()
            page.get_by_role("button", name="Continue").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Here is what you need")
        expect(page.get_by_role("button", name="Print")).to_be_hidden()
        with page.expect_download() as saved:
            page.get_by_role("link", name="Download as PDF").last.click()
        assert saved.value.suggested_filename.endswith(".pdf")
        page.goto(f"{served.url}/en/example/visitor-visa/")
        page.locator("select").select_option(label="Japan")
        page.get_by_role("button", name="Continue").click()
        assert "passport=jp" in page.url
        page.goto(f"{served.url}/en/chat")
        expect(page.get_by_text("The chat needs JavaScript")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("kind", PAGES)
def test_axe_finds_nothing(browser: Browser, served: Served, kind: str, scheme: str) -> None:
    for lang, size, name in (("uk", PHONE, "phone"), ("en", DESKTOP, "desktop")):
        with visitor(browser, lang, scheme=scheme, size=size) as page:
            settled(page, served.url + PAGES[kind].format(lang=lang))
            for fold in page.locator("main details").all():
                fold.evaluate("fold => { fold.open = true }")
            assert axe(page) == []
            shoot(page, f"{kind}-{name}-{scheme}")


@pytest.mark.parametrize("kind", PAGES)
def test_nothing_is_wider_than_a_small_phone(browser: Browser, served: Served, kind: str) -> None:
    with visitor(browser, "uk", size={"width": 320, "height": 640}) as page:
        settled(page, served.url + PAGES[kind].format(lang="uk"))
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        shoot(page, f"{kind}-small-light")


def test_the_error_summary_has_the_focus_and_leads_to_the_field(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        page.goto(served.url + PAGES["error-number"].format(lang="en"))
        expect(page.locator("[role=alert]")).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#answer")).to_be_focused()


def test_none_of_these_and_the_others_exclude_each_other(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        page.goto(served.url + PAGES["several"].format(lang="en"))
        boxes = page.locator("input[type=checkbox]")
        boxes.first.check()
        boxes.last.check()
        expect(boxes.first).not_to_be_checked()
        boxes.nth(1).check()
        expect(boxes.last).not_to_be_checked()


def test_a_country_is_found_by_typing_and_only_a_country_is_sent(browser: Browser, served: Served) -> None:
    with visitor(browser, "uk") as page:
        page.goto(served.url + PAGES["country"].format(lang="uk"))
        field = page.get_by_role("combobox")
        field.press_sequentially("япо")
        expect(page.get_by_role("option")).to_have_count(1)
        page.keyboard.press("Escape")
        expect(page.get_by_role("listbox")).to_be_hidden()
        field.press_sequentially("нн")
        page.keyboard.press("Enter")
        expect(page.locator("[role=alert]")).to_be_visible()
        field.fill("Японія")
        page.keyboard.press("Enter")  # takes the country
        page.keyboard.press("Enter")  # sends it
        page.wait_for_url("**passport=jp*")


def test_colours_change_at_once_and_stay(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        page.goto(f"{served.url}/en/")
        root = page.locator("html")
        for expected in ("light", "dark", "auto", "light", "dark"):
            with page.expect_response("**/preferences"):
                page.locator(".vk-scheme button:visible").click()
            expect(root).to_have_attribute("data-color-scheme", expected)
        page.goto(served.url + PAGES["checklist"].format(lang="en"))
        expect(root).to_have_attribute("data-color-scheme", "dark")
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"


def test_the_address_of_a_checklist_is_copied_without_this_visit(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto(served.url + PAGES["checklist"].format(lang="en") + "&utm_source=mail")
        page.get_by_role("button", name="Copy the link").click()
        expect(page.locator("[data-said]")).to_have_text("The link is copied.")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied == served.url + PAGES["checklist"].format(lang="en")


def test_on_paper_nothing_is_folded_and_nothing_can_be_tapped(browser: Browser, served: Served) -> None:
    with visitor(browser, "uk", scheme="dark") as page:
        page.goto(served.url + PAGES["checklist"].format(lang="uk"))
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        expect(page.locator(".vk-take")).to_be_hidden()
        expect(page.locator(".vk-item-more > div").first).to_be_visible()
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        shoot(page, "checklist-paper")
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        assert page.locator(".vk-item-more[open]").count() == 0


def test_the_chat_goes_on_after_a_reload_and_in_another_tab(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat?start=ua/id-card")
        page.get_by_role("button", name="In Ukraine").click()
        expect(last_said(page)).to_contain_text("How old")
        page.reload()
        expect(last_said(page)).to_contain_text("How old")
        expect(page.locator("[data-log] > li[data-from]")).to_have_text(["You: In Ukraine"])
        with page.expect_popup() as opened:
            page.evaluate("open('/en/chat')")  # as when a tab is duplicated: it has the key too
        other = opened.value
        expect(last_said(other)).to_contain_text("How old")
        other.locator("#say").fill("33")
        other.keyboard.press("Enter")
        expect(last_said(other)).to_contain_text("What do you need?")
        page.bring_to_front()
        expect(last_said(page)).to_contain_text("What do you need?")
        expect(page.get_by_role("button", name="lost")).to_be_visible()


def test_the_chat_speaks_the_language_of_its_page(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat?start=ua/id-card")
        page.get_by_role("link", name="Українська").click()
        expect(last_said(page)).to_contain_text("Де ви подаватимете документи?")


def test_each_answer_says_its_language(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat?start=ua/id-card")
        page.locator("#say").fill("українська")
        page.keyboard.press("Enter")
        expect(last_said(page)).to_contain_text("подаватимете")
        expect(last_said(page)).to_have_attribute("lang", "uk")
        expect(page.locator("[data-choices]")).to_have_attribute("lang", "uk")
        page.reload()
        expect(last_said(page)).to_contain_text("подаватимете")


def test_a_broken_line_loses_nothing_and_says_nothing_twice(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat?start=ua/id-card")
        dropped: list[object] = []

        def drop(route: object) -> None:
            """The first answer is lost on the way; the turn was held."""
            if not dropped:
                dropped.append(route.fetch())  # type: ignore[attr-defined]
                route.abort()  # type: ignore[attr-defined]
            else:
                route.fallback()  # type: ignore[attr-defined]

        page.route("**/chat/turns", drop)
        page.get_by_role("button", name="In Ukraine").click()
        expect(page.locator("[data-state]")).to_contain_text("No connection")
        page.get_by_role("button", name="Try now").click()
        expect(last_said(page)).to_contain_text("How old")
        expect(page.locator("[data-log] > li")).to_have_count(3)
        expect(page.locator("[data-state]")).to_be_empty()


def test_a_chat_can_be_forgotten(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat?start=ua/id-card")
        page.get_by_role("button", name="In Ukraine").click()
        expect(last_said(page)).to_contain_text("How old")
        token = page.evaluate(KEY)
        assert served.knows(token)
        with page.expect_response("**/chat/forget"):
            page.get_by_role("button", name="Forget this talk").click()
        expect(page.locator("[data-log] > li")).to_have_count(1)
        expect(page.locator("[data-choices] button").first).to_be_visible()
        assert page.evaluate(KEY) not in (None, token)
        assert not served.knows(token), "on the server too"
        page.reload()
        expect(page.locator("[data-log] > li")).to_have_count(1)


def test_a_talk_is_forgotten_in_every_tab(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat?start=ua/id-card")
        page.get_by_role("button", name="In Ukraine").click()
        expect(last_said(page)).to_contain_text("How old")
        with page.expect_popup() as opened:
            page.evaluate("open('/en/chat')")
        expect(last_said(opened.value)).to_contain_text("How old")
        opened.value.get_by_role("button", name="Forget this talk").click()
        expect(opened.value.locator("[data-log] > li")).to_have_count(1)
        page.bring_to_front()
        expect(page.locator("[data-state]")).to_have_text(NO_LONGER_KEPT)
        expect(page.locator("[data-log] > li")).to_have_count(1)
        expect(page.locator("[data-log] > li[data-from]")).to_have_count(0)


def test_what_is_forgotten_without_a_line_is_forgotten_when_there_is_one(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat?start=ua/id-card")
        token = page.evaluate(KEY)
        page.route("**/chat/forget", lambda route: route.abort())
        page.get_by_role("button", name="Forget this talk").click()
        expect(page.locator("[data-state]")).to_contain_text("No connection")
        expect(page.locator("[data-log] > li:not([aria-hidden])")).to_have_count(0)
        assert served.knows(token)
        page.unroute("**/chat/forget")
        page.get_by_role("button", name="Try now").click()
        expect(page.locator("[data-choices] button").first).to_be_visible()
        assert not served.knows(token)


def test_a_talk_that_is_no_longer_kept_is_begun_anew_and_said(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat?start=ua/id-card")
        served.forget(page.evaluate(KEY))
        page.get_by_role("button", name="In Ukraine").click()
        expect(page.locator("[data-state]")).to_have_text(NO_LONGER_KEPT)
        expect(page.locator("[data-log] > li")).to_have_count(1)
        page.locator("#say").fill("lost passport")
        page.keyboard.press("Enter")
        expect(page.locator("[data-log] > li[data-from]")).to_have_count(1)


def test_the_next_person_at_this_computer_does_not_see_the_talk(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat?start=ua/id-card")
        page.get_by_role("button", name="In Ukraine").click()
        expect(last_said(page)).to_contain_text("How old")
        token = page.evaluate(KEY)
        later = page.context.new_page()
        page.close()
        settled(later, f"{served.url}/en/chat")
        expect(later.locator("[data-log] > li")).to_have_count(1)
        assert later.evaluate(KEY) != token
        assert later.evaluate("Object.keys(localStorage)") == []


def test_no_address_that_the_chat_asks_for_names_the_talk(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        with page.expect_request("**/chat/events"):
            settled(page, f"{served.url}/en/chat?start=ua/id-card")
        page.get_by_role("button", name="In Ukraine").click()
        expect(last_said(page)).to_contain_text("How old")
        token = page.evaluate(KEY)
        assert token
        assert not [url for url in asked if token in url]


def test_the_way_back_and_forth_through_the_questions_still_works(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        page.goto(f"{served.url}/en/ua/id-card/")
        page.get_by_label("In Ukraine").check()
        page.get_by_role("button", name="Continue").click()
        page.get_by_label("How old").fill("10")
        page.get_by_role("button", name="Continue").click()
        expect(page.locator("#proof")).to_be_visible()
        page.go_back()
        expect(page.get_by_label("How old")).to_be_visible()
        page.go_back()
        expect(page.get_by_label("In Ukraine")).to_be_visible()
        for _ in range(2):
            page.go_forward()
        expect(page.locator("#proof")).to_be_visible()


def test_what_people_type_is_never_run(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat")
        page.locator("#say").fill("<img src=x onerror=alert(1)><b>bold</b>")
        page.keyboard.press("Enter")
        expect(page.locator("[data-log] > li[data-from]")).to_have_text(
            ["You: <img src=x onerror=alert(1)><b>bold</b>"]
        )
        assert page.locator("[data-log] img, [data-log] b").count() == 0


def test_ticks_in_the_chat_are_buttons_that_stay_pressed(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        settled(page, f"{served.url}/en/chat?start=ua/id-card")
        for words in ("In Ukraine", "33", "lost", "card"):
            page.locator("#say").fill(words)
            count = page.locator("[data-log] > li").count()
            page.keyboard.press("Enter")
            expect(page.locator("[data-log] > li")).to_have_count(count + 2)
        said = page.locator("[data-log] > li").count()
        first = page.locator("[data-choices] button[aria-pressed]").first
        first.focus()
        page.keyboard.press("Space")
        expect(first).to_have_attribute("aria-pressed", "true")
        expect(first).to_be_focused()
        assert page.locator("[data-log] > li").count() == said, "a tick says nothing"


def test_the_keyboard_skips_to_the_middle(browser: Browser, served: Served) -> None:
    with visitor(browser, "en") as page:
        page.goto(served.url + PAGES["choose"].format(lang="en"))
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        tab_to(page, "document.activeElement.closest('main') !== null && document.activeElement.id !== 'middle'")
        answer_by_keyboard(page, {})
        assert "where=ua" in page.url
