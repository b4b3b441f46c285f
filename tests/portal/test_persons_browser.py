"""Letters, wishes and the clerk’s pages in a browser: axe, light and dark, phone and desktop, both languages."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.commands import ROOT
from tests.network import free_port, started
from tests.portal.test_around_browser import LOOKS
from tests.portal.walking import PHONE, axe, shoot, visitor

pytestmark = pytest.mark.browser

PERSON = {
    "letters-inbox": "/{lang}/inbox/{inbox}",
    "letters": "/{lang}/inbox/{inbox}/letters",
    "letter": "/{lang}/inbox/{inbox}/letters/{letter}",
    "wishes": "/{lang}/inbox/{inbox}/wishes",
    "off": "/{lang}/off/{off}",
}
STAFF = {
    "office-messages": "/{lang}/office/messages",
    "office-message": "/{lang}/office/messages/{letter}",
    "office-figures": "/{lang}/office/messages/figures",
    "office-senders": "/{lang}/office/senders",
    "office-sender": "/{lang}/office/senders/lake-bank",
    "office-review": "/{lang}/office/review",
    "office-template": "/{lang}/office/review/{version}",
}


@dataclass(frozen=True, slots=True)
class Seeded:
    """A server with somebody's letters in it."""

    url: str
    things: dict[str, str]

    def address(self, path: str, lang: str) -> str:
        return self.url + path.format(lang=lang, **self.things)


@pytest.fixture(scope="module")
def seeded(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    folder, port = tmp_path_factory.mktemp("persons"), free_port()
    with started([sys.executable, "-m", "tests.portal.persons", str(port), str(folder)], port, cwd=ROOT):
        yield Seeded(f"http://127.0.0.1:{port}", json.loads((folder / "seeded.json").read_text("utf-8")))


def come_in(page: Page, seeded: Seeded, lang: str) -> None:
    page.goto(seeded.address("/{lang}/office/", lang))
    page.locator("#key").fill(seeded.things["key"])
    page.keyboard.press("Enter")
    expect(page.locator("nav .vk-tabs")).to_be_visible()


@pytest.mark.parametrize(("lang", "scheme", "size"), LOOKS)
def test_axe_finds_nothing(chromium: Browser, seeded: Seeded, lang: str, scheme: str, size: dict[str, int]) -> None:
    name = "phone" if size is PHONE else "desktop"
    with visitor(chromium, lang, scheme=scheme, size=size) as page:
        for kind, path in {**PERSON, **STAFF}.items():
            if kind == next(iter(STAFF)):
                come_in(page, seeded, lang)
            page.goto(seeded.address(path, lang))
            assert axe(page) == [], kind
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], kind
            shoot(page, f"{kind}-{lang}-{name}-{scheme}")


def test_nothing_is_wider_than_a_small_phone(chromium: Browser, seeded: Seeded) -> None:
    with visitor(chromium, "uk", size={"width": 320, "height": 640}) as page:
        for kind, path in {**PERSON, **STAFF}.items():
            if kind == next(iter(STAFF)):
                come_in(page, seeded, "uk")
            page.goto(seeded.address(path, "uk"))
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, kind


def test_everything_is_chosen_without_scripts(chromium: Browser, seeded: Seeded) -> None:
    with visitor(chromium, "en", scripts=False) as page:
        page.goto(seeded.address(PERSON["wishes"], "en"))
        page.get_by_role("button", name="I agree Advertising, Sky Air").click()
        expect(page.get_by_role("status")).to_contain_text("you have agreed")
        expect(page.locator("blockquote").first).to_contain_text("I agree to get advertising from Sky Air.")
        assert axe_free(page)
        page.get_by_role("button", name="Turn off Advertising, Sky Air").click()
        expect(page.get_by_role("status")).to_contain_text("Done")
        page.get_by_role("button", name="Only on my page One-time codes, Озерний банк").click()
        expect(page.get_by_role("status")).to_contain_text("from now on it only stands on your page")
        page.get_by_role("button", name="Turn on One-time codes").first.click()
        page.get_by_label("From", exact=True).select_option("22")
        page.get_by_label("Until", exact=True).select_option("7")
        page.get_by_role("button", name="Save").first.click()
        expect(page.get_by_role("status")).to_contain_text("these are your quiet hours now")
        page.get_by_label("Add a phone number").fill("050 111 22 33")
        page.get_by_role("button", name="Send the code").click()
        expect(page.get_by_label("The code")).to_be_visible()


def axe_free(page: Page) -> bool:
    """Without scripts axe cannot look; that the page has one heading, and each field a name, is seen here."""
    fields = page.locator("main input:not([type=hidden]), main select").all()
    names = [field.get_attribute("id") or "" for field in fields]
    return page.locator("h1").count() == 1 and all(page.locator(f"label[for='{name}']").count() == 1 for name in names)


def test_what_is_half_done_has_no_fault_either(chromium: Browser, seeded: Seeded) -> None:
    with visitor(chromium, "uk") as page:
        page.goto(seeded.address(PERSON["wishes"], "uk"))
        page.get_by_label("Додати номер телефону").fill("ні")
        page.get_by_role("button", name="Надіслати код").click()
        expect(page.locator("#phone-wrong")).to_be_visible()
        assert axe(page) == []
        shoot(page, "wishes-wrong-uk-desktop-light")
        page.get_by_label("Додати номер телефону").fill("050 222 33 44")
        page.get_by_role("button", name="Надіслати код").click()
        page.get_by_label("Код", exact=True).fill("1")
        page.get_by_role("button", name="Додати номер").click()
        expect(page.locator("#code-wrong")).to_be_visible()
        assert axe(page) == []
        shoot(page, "wishes-code-uk-desktop-light")
