"""People at a keyboard: how tests get through pages and chat without a pointer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from playwright.sync_api import Browser, Locator, Page, expect

from tests.commands import ROOT

AXE = ROOT / "node_modules/axe-core/axe.min.js"
SHOTS = ROOT / "test-results/portal"
PHONE, DESKTOP = {"width": 390, "height": 844}, {"width": 1280, "height": 900}
MOST_TABS = 60
IN_FORM = "document.activeElement.closest('main form') !== null"
KIND = """() => {
  const field = document.querySelector('main form').querySelector('fieldset, select, [type=date], [type=text]');
  return field.localName === 'input' ? field.type : field.localName;
}"""
TURNED = """(count) => {
  const all = document.querySelectorAll('[data-log] > li');
  return all.length > count + 1 || all[all.length - 1].dataset.kind === 'outcome';
}"""
EXPECTED = re.compile("status of 4[01]|ERR_FAILED")
"""What a browser logs of pages that say what is wrong, and of lines that a test cuts."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
IN_CHOICES = "document.activeElement.closest('[data-choices]') !== null"


@contextmanager
def visitor(
    browser: Browser, lang: str = "uk", *, scheme: str = "light", size: dict[str, int] = DESKTOP, scripts: bool = True
) -> Iterator[Page]:
    """A fresh visitor. Whatever the page reports as an error fails the test, but for answers that say 400 or 404."""
    context = browser.new_context(
        locale={"uk": "uk-UA", "en": "en-GB"}[lang],
        viewport={"width": size["width"], "height": size["height"]},
        color_scheme="dark" if scheme == "dark" else "light",
        java_script_enabled=scripts,
    )
    page = context.new_page()
    page.set_default_timeout(15_000)
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on(
        "console",
        lambda said: troubles.append(said.text) if said.type == "error" and not EXPECTED.search(said.text) else None,
    )
    try:
        yield page
        assert not troubles
    finally:
        context.close()


def tab_to(page: Page, there: str) -> None:
    """Press Tab until the focus is where a script says."""
    for _ in range(MOST_TABS):
        if page.evaluate(there):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard never came to {there}")


def answer_by_keyboard(page: Page, wishes: dict[str, str]) -> None:
    """Answer the question of a page with Tab, Space, letters and Enter."""
    fact = page.locator("input[name='-sent']").get_attribute("value") or ""
    kind = page.evaluate(KIND)
    tab_to(page, IN_FORM)
    before = page.url
    if kind == "fieldset":
        _choose(page, fact, wishes.get(fact))
    elif kind == "date":
        day = date.fromisoformat(page.locator("input[type=date]").get_attribute("max") or "")
        page.keyboard.type(alike(day).strftime("%d%m%Y"))
    elif kind == "select":
        page.keyboard.type(wishes.get(fact, _option_text(page, fact)))
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    else:
        page.keyboard.type(wishes.get(fact, "33" if "age" in fact else "9"))
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != before)


def alike(day: date) -> date:
    """The last day up to this one that reads the same in every order of day and month."""
    while day.day != day.month:
        day -= timedelta(days=1)
    return day


def _choose(page: Page, fact: str, wish: str | None) -> None:
    boxes = page.locator(f"input[name='{fact}']")
    wanted = wish if wish is not None else boxes.first.get_attribute("value") or ""
    values: list[str] = boxes.evaluate_all("boxes => boxes.map(box => box.value)")
    at = values.index(wanted)
    if boxes.first.get_attribute("type") == "radio":
        page.keyboard.press("Space")
        for _ in range(at):
            page.keyboard.press("ArrowDown")
    else:
        for _ in range(at):
            page.keyboard.press("Tab")
        page.keyboard.press("Space")
    expect(boxes.nth(at)).to_be_checked()


def _option_text(page: Page, fact: str) -> str:
    text: str = page.locator(f"select[name='{fact}'] option").nth(1).evaluate("option => option.text")
    return text


def walk_pages(page: Page, address: str, wishes: dict[str, str] | None = None) -> list[str]:
    """From the first question to the outcome by keyboard; the facts that were asked."""
    page.goto(address)
    facts: list[str] = []
    while page.locator("input[name='-sent']").count():
        facts.append(page.locator("input[name='-sent']").get_attribute("value") or "")
        answer_by_keyboard(page, wishes or {})
    return facts


def last_said(page: Page) -> Locator:
    return page.locator("[data-log] > li:not([data-from])").last


def walk_chat(page: Page, address: str, wishes: dict[str, str] | None = None) -> None:
    """From the link to the outcome by keyboard: buttons where there are any, words where there are none."""
    page.goto(address)
    for _ in range(60):
        expect(page.locator("[data-choices] button").first).to_be_visible()
        if page.locator("[data-log] [data-kind='outcome']").count():
            return
        count = page.locator("[data-log] > li").count()
        buttons = page.locator("[data-choices] button:not([data-minor])")
        if buttons.count():
            # Of several that can be ticked the way on is the action; else the first answer.
            action = page.locator("[data-choices] button:not([data-variant])")
            label = action.last.text_content() if action.count() else buttons.first.text_content()
            tab_to(page, f"{IN_CHOICES} && document.activeElement.textContent === {label!r}")
            page.keyboard.press("Enter")
        else:
            tab_to(page, "document.activeElement.id === 'say'")
            page.keyboard.type(typed_answer(last_said(page).inner_text()))
            page.keyboard.press("Enter")
        page.wait_for_function(TURNED, arg=count)
    raise AssertionError("the chat never came to an outcome")


def typed_answer(asked: str) -> str:
    """What somebody would type where there are no buttons."""
    said = asked.lower()
    if "born" in said or "народ" in said:
        return "2000-06-06"
    if "arrive" in said or "приї" in said or "прибу" in said:
        return (datetime.now(UTC).date() + timedelta(days=60)).isoformat()
    if "country" in said or "країн" in said:
        return "Japan" if "country" in said else "Японія"
    return "33" if "old" in said or "років" in said else "9"


def axe(page: Page) -> list[str]:
    """What axe finds wrong with a page by WCAG 2.2 A and AA and by good practice."""
    page.evaluate(AXE.read_text())
    found = page.evaluate("async (rules) => (await axe.run(document, {runOnly: rules})).violations", RULES)
    return [f"{one['id']}: {' | '.join(node['html'] for node in one['nodes'][:3])}" for one in found]


def shoot(page: Page, name: str) -> None:
    """Keep a picture for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png", full_page=True)
