"""The story of the bot, played in the demo on every channel: the poster, the papers, the receipt, each stage, the end.

The server is the one of `vikno demo`, in a process of its own; the platforms are the simulators that it starts. Nothing
of either is looked into: people tap, type and read.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.domain.dialog.worlds import said_to_a_checklist
from tests.portal.walking import DESKTOP, PHONE, axe, visitor
from tests.story.playing import SOON_S, Play

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.xdist_group("story")  # one story, told in its order
SERVICE = "ua/foreign-passport"
PHONES = ("telegram", "viber", "sms", "email")
STAGES = ("accepted", "approved", "at_printer", "shipped", "arrived", "issued")


@pytest.fixture(scope="module")
def answers() -> list[str]:
    return said_to_a_checklist(SERVICE, datetime.now(UTC).date())


@pytest.fixture(scope="module")
def order(play: Play) -> Any:
    """The document is ordered at the counter: what the receipt says."""
    return play.asks("order", service=SERVICE)["orders"][0]


@pytest.mark.parametrize("phone", PHONES)
def test_the_poster_leads_to_the_papers(play: Play, phone: str, answers: list[str]) -> None:
    play.does(phone, "open", "dms-site", "Вітаємо!")
    play.does(phone, "write", "English", "We go on in English")
    play.does(phone, "write", "українська", "українською")
    said = play.does(phone, "write", "закордонний паспорт", "?")
    for answer in answers:
        said = play.does(phone, "write", answer, lambda text: "?" in text or "Станом на" in text)
    assert "Станом на" in said or "/s/" in said, said
    assert any(word in said for word in ("Візьміть", "Принесіть", "паперів", "/s/")), said


@pytest.mark.parametrize("phone", PHONES)
def test_whoever_scans_the_receipt_follows(play: Play, phone: str, order: Any) -> None:
    said = play.does(phone, "open", order["token"], "Тепер ви стежите")
    assert order["number"] not in said, "the whole number stands in no message"
    assert f"…{order['number'][-4:]}" in said


def test_the_web_follows_by_number_and_code(play: Play, order: Any, web: dict[str, Any]) -> None:
    said = web["says"]("стежити")
    assert "номер справи" in said
    assert "код перевірки" in web["says"](order["number"])
    assert "нічого не знайшлося" in web["says"]("ABCD2345")
    web["says"](order["number"])
    assert "Тепер ви стежите" in web["says"](order["code"].lower())


@pytest.fixture(scope="module")
def web(play: Play) -> dict[str, Any]:
    """Somebody in the web chat."""
    token: list[str | None] = [None]
    heard: list[str] = []
    count = iter(range(1000))

    def says(text: str | None) -> str:
        asked: dict[str, Any] = {"conversation": token[0], "event": f"w{next(count)}"}
        asked |= {"start": None, "lang": "uk"} if text is None else {"text": text}
        lines = [json.loads(line) for line in play.client.post(f"{play.url}/chat/turns", json=asked).text.splitlines()]
        assert "conversation" in lines[0], lines
        token[0] = lines[0]["conversation"]
        heard.extend(line["text"] for line in lines[1:])
        return "\n\n".join(line["text"] for line in lines[1:])

    def last() -> str:
        headers = {"x-conversation": str(token[0])}
        lines = play.client.get(f"{play.url}/chat/state", headers=headers).text.splitlines()
        return "\n\n".join(json.loads(line)["text"] for line in lines[1:])

    says(None)
    return {"says": says, "last": last}


def test_each_stage_is_told_once_everywhere(play: Play, order: Any, web: dict[str, Any]) -> None:
    for stage in STAGES:
        before, seen = {phone: len(play.lines(phone)) for phone in PHONES}, web["last"]()
        play.asks("stage", number=order["number"], stage=stage)
        for phone in PHONES:
            play.hears(phone, f"…{order['number'][-4:]}", before[phone])
        shown = _soon(web["last"], lambda text, seen=seen: text != seen)  # type: ignore[misc]
        assert f"…{order['number'][-4:]}" in shown.removeprefix(seen)
    for phone in PHONES:
        told = [text for text in play.lines(phone) if "овідомлення: " in text or " Код " in text]
        assert len(told) == len(STAGES), told
    assert "видано" in web["last"]()


def _soon(look: Callable[[], str], holds: Callable[[str], bool]) -> str:
    until = time.monotonic() + SOON_S
    while not holds(seen := look()):
        assert time.monotonic() < until, seen
        time.sleep(0.1)
    return seen


def test_a_stage_that_comes_again_or_late_is_not_told(play: Play, order: Any) -> None:
    before = {phone: len(play.lines(phone)) for phone in PHONES}
    play.asks("stage", number=order["number"], stage="issued")
    play.asks("stage", number=order["number"], stage="approved")
    time.sleep(1.5)
    assert {phone: len(play.lines(phone)) for phone in PHONES} == before


@pytest.mark.parametrize("phone", PHONES)
def test_whoever_stops_hears_no_more(play: Play, phone: str) -> None:
    second = play.asks("order", service=SERVICE)["orders"][0]
    play.does(phone, "open", second["token"], "Тепер ви стежите")
    before = len(play.lines(phone))
    play.asks("stage", number=second["number"], stage="accepted")
    play.hears(phone, f"…{second['number'][-4:]}", before)
    before = len(play.lines(phone))
    play.asks("do", phone=phone, do="stop", said="")
    if phone == "sms":
        play.hears(phone, "Більше не писатимемо вам сюди", before)
    time.sleep(1.5)
    before = len(play.lines(phone))
    play.asks("stage", number=second["number"], stage="approved")
    time.sleep(1.5)
    assert len(play.lines(phone)) == before


def test_what_is_kept_can_be_seen_taken_along_and_erased(play: Play) -> None:
    """From Telegram: the link leads to the person's own page, with everything that was sent to them."""
    play.does("telegram", "open", "dms-site", "Вітаємо!")
    said = play.does("telegram", "write", "мої дані", "/inbox/")
    link = next(word for word in said.split() if "/inbox/" in word)
    page = play.client.get(link, follow_redirects=True)
    assert page.status_code == 200
    found = re.search(r'href="([^"]+/data\.json)"', page.text)
    assert found, page.text
    exported = play.client.get(play.url + found[1])
    assert exported.status_code == 200
    assert "Вітаємо" in exported.text
    play.does("telegram", "press", "Стерти все про мене", "Повернути це не зможе ніхто")
    play.does("telegram", "press", "Так, стерти", "У нас усе стерто")
    again = play.client.get(play.url + found[1])
    assert "закордонний паспорт" not in again.text.lower()
    assert "поки що не стежите" in play.does("telegram", "write", "мої документи", "не стежите")


@pytest.mark.browser
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["uk", "en"])
def test_the_demo_can_be_played_by_anybody(
    play: Play, chromium: Browser, lang: str, scheme: str, size: dict[str, int]
) -> None:
    """In a browser, with the keyboard alone, and axe finds nothing."""
    with visitor(chromium, lang, scheme=scheme, size=size) as page:
        page.goto(f"{play.url}/demo/?lang={lang}")
        page.locator("#phone-telegram .acts button").first.wait_for()
        assert axe(page) == []
        field = page.locator("#phone-viber input")
        field.focus()
        page.keyboard.type("ID")
        page.keyboard.press("Enter")
        page.locator("#phone-viber .said.me", has_text="ID").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_no_log_holds_a_person(play: Play, order: Any) -> None:
    """The last test: what the whole story has left in the log."""
    log = play.log.read_text("utf-8")
    for personal in ("380501112233", "petro@", "Олена", "Андрій", order["number"], order["code"], "Traceback"):
        assert personal not in log, personal
