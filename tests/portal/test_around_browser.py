"""The pages around the bot in a browser: axe, light and dark, phone and desktop, both languages; pictures."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.commands import ROOT
from tests.network import free_port, started
from tests.portal.around import NUMBER
from tests.portal.walking import DESKTOP, PHONE, axe, shoot, tab_to, visitor

pytestmark = pytest.mark.browser

# Any two of language, scheme and size meet once: a scheme changes colours only, words come from the language.
LOOKS = [
    pytest.param("uk", "light", PHONE, id="uk-light-phone"),
    pytest.param("uk", "dark", DESKTOP, id="uk-dark-desktop"),
    pytest.param("en", "light", DESKTOP, id="en-light-desktop"),
    pytest.param("en", "dark", PHONE, id="en-dark-phone"),
]

PEOPLE = {
    "entry": "/{lang}/q/cnap",
    "entry-foreigners": "/{lang}/q/foreigners",
    "receipt": "/{lang}/q/{receipt}",
    "stages": "/{lang}/q/{receipt}/stages",
    "inbox": "/{lang}/inbox/{inbox}",
    "stop": "/{lang}/stop/{stop}",
    "check": "/{lang}/check",
    "check-alike": "/{lang}/check?q=%40vikno_dms_b0t",
    "check-code": "/{lang}/check?code={code}&number=" + NUMBER,
    "office-door": "/{lang}/office/",
    "entry-gone": "/{lang}/q/nowhere",
}
STAFF = {
    "office-cases": "/{lang}/office/",
    "office-late": "/{lang}/office/late",
    "office-case": "/{lang}/office/cases/{case}",
    "office-letters": "/{lang}/office/letters",
    "office-aside": "/{lang}/office/aside",
    "office-channels": "/{lang}/office/channels",
}


@dataclass(frozen=True, slots=True)
class Seeded:
    """A server with a story in it."""

    url: str
    things: dict[str, str]

    def address(self, path: str, lang: str) -> str:
        return self.url + path.format(lang=lang, **self.things)


@pytest.fixture(scope="module")
def seeded(built: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seeded]:
    folder, port = tmp_path_factory.mktemp("around"), free_port()
    command = [sys.executable, "-m", "tests.portal.around", str(port), str(folder)]
    with started(command, port, cwd=ROOT):
        things = json.loads((folder / "seeded.json").read_text("utf-8"))
        yield Seeded(f"http://127.0.0.1:{port}", things)


def come_in(page: Page, seeded: Seeded, lang: str) -> None:
    page.goto(seeded.address("/{lang}/office/", lang))
    page.locator("#key").fill(seeded.things["key"])
    page.keyboard.press("Enter")
    expect(page.locator("nav .vk-tabs")).to_be_visible()


@pytest.mark.parametrize(("lang", "scheme", "size"), LOOKS)
def test_axe_finds_nothing(chromium: Browser, seeded: Seeded, lang: str, scheme: str, size: dict[str, int]) -> None:
    name = "phone" if size is PHONE else "desktop"
    with visitor(chromium, lang, scheme=scheme, size=size) as page:
        for kind, path in {**PEOPLE, **STAFF}.items():
            if kind == next(iter(STAFF)):
                come_in(page, seeded, lang)
            page.goto(seeded.address(path, lang))
            for fold in page.locator("main details").all():
                fold.evaluate("fold => { fold.open = true }")
            assert axe(page) == [], kind
            assert page.evaluate("document.documentElement.scrollWidth") <= size["width"], kind
            shoot(page, f"{kind}-{lang}-{name}-{scheme}")


def test_nothing_is_wider_than_a_small_phone(chromium: Browser, seeded: Seeded) -> None:
    with visitor(chromium, "uk", size={"width": 320, "height": 640}) as page:
        for kind, path in {**PEOPLE, **STAFF}.items():
            if kind == next(iter(STAFF)):
                come_in(page, seeded, "uk")
            page.goto(seeded.address(path, "uk"))
            assert page.evaluate("document.documentElement.scrollWidth") <= 320, kind


def test_a_phone_sees_buttons_and_a_desktop_codes(chromium: Browser, seeded: Seeded) -> None:
    for size, codes in ((PHONE, 0), (DESKTOP, 4)):
        with visitor(chromium, "uk", size=size) as page:
            page.goto(seeded.address("/{lang}/q/cnap", "uk"))
            expect(page.locator(".vk-door a.ds-button")).to_have_count(4)
            assert sum(code.is_visible() for code in page.locator(".vk-door-qr").all()) == codes


def test_everything_is_done_without_scripts(chromium: Browser, seeded: Seeded) -> None:
    with visitor(chromium, "en", scripts=False) as page:
        page.goto(seeded.address("/{lang}/q/cnap", "en"))
        expect(page.get_by_role("link", name="Open in Telegram")).to_have_attribute(
            "href", "https://t.me/vikno_dms_bot?start=cnap"
        )
        page.get_by_role("link", name="Check a bot or a message").click()
        page.get_by_label("Its name, link, number or address").fill("t.me/vikno_dms_b0t")
        page.get_by_role("button", name="Check").first.click()
        expect(page.get_by_role("status")).to_contain_text("Careful: this is not ours")
        come_in(page, seeded, "en")
        page.get_by_label("Number of the case").fill("UA-2026-0004420")
        page.get_by_role("button", name="Find").click()
        page.get_by_label("Stage that was reached").select_option(index=0)
        page.get_by_role("button", name="Record the stage").click()
        expect(page.get_by_role("status")).to_contain_text("The case has moved to this stage")
        page.get_by_role("button", name="Sign out").click()
        expect(page.locator("#key")).to_be_visible()


def test_a_case_is_moved_with_the_keyboard_only(chromium: Browser, seeded: Seeded) -> None:
    with visitor(chromium, "uk") as page:
        come_in(page, seeded, "uk")
        page.goto(seeded.address("/{lang}/office/cases/2", "uk"))
        tab_to(page, "document.activeElement.id === 'stage'")
        page.keyboard.press("ArrowDown")
        tab_to(page, "document.activeElement.textContent === 'Записати етап'")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_contain_text("Справа перейшла на цей етап")
