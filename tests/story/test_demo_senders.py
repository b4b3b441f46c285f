"""The page about senders, played: 200 passengers are told, midnight comes in between, and each of them is explained.

Nothing is looked into: the buttons are pressed over HTTP, and read is what the page shows.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.portal.test_around_browser import LOOKS
from tests.portal.walking import SHOTS, axe, visitor
from tests.story.playing import SOON_S, Play

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.xdist_group("story-senders")  # one story, told in its order
BANNED = "LL-MESSENGERS"
EACH = 50


def looked(play: Play, path: str = "state", lang: str = "en", **asked: Any) -> Any:
    answer = play.client.get(f"{play.url}/demo/senders/{path}", params={"lang": lang, **asked})
    assert answer.status_code == 200, answer.text
    return answer.json()


def presses(play: Play, button: str) -> Any:
    return play.asks("senders/do?lang=en", do=button)


def until(play: Play, holds: Callable[[Any], bool]) -> Any:
    ends = time.monotonic() + SOON_S
    while not holds(state := looked(play)):
        assert time.monotonic() < ends, (state["figures"], play.log.read_text("utf-8")[-2000:])
        time.sleep(0.1)
    return state


def channel(state: Any, kind: str) -> Any:
    return next(one for one in state["figures"]["channels"] if one["kind"] == kind)


def steps(play: Play, number: int, lang: str = "en") -> list[Any]:
    found: list[Any] = looked(play, "why", lang, n=number)["steps"]
    return found


@pytest.fixture(scope="module")
def evening(play: Play) -> Any:
    """All have been asked to be told; some Telegrams have left."""
    before = looked(play)
    assert before["people"] == []
    assert play.lines("sms") == [], "nobody is told before a button is pressed"
    assert before["can"] == {"tell": True, "midnight": False, "morning": False}
    state = presses(play, "tell")
    assert len(state["people"]) == 4 * EACH
    assert (state["banned"], state["time"][:5], state["day"]) == (False, "23:59", "31 December 2026")
    return until(play, lambda state: channel(state, "telegram")["sent"] >= 3)


@pytest.fixture(scope="module")
def ended(play: Play, evening: Any) -> Any:
    """Midnight has passed, and everybody was told who may be."""
    assert channel(evening, "telegram")["sent"] < EACH, "there is still somebody whom the law can reach"
    assert presses(play, "midnight")["banned"]
    return until(play, lambda state: state["ended"])


def test_the_law_of_midnight_holds_for_what_waits(ended: Any) -> None:
    told = channel(ended, "telegram")
    assert told["planned"] == EACH
    assert told["sent"] + told["withheld"] == EACH
    assert told["sent"] >= 3
    assert told["withheld"] > 10
    assert told["delivered"] is None, "Telegram tells bots of no receipt"
    ban = next(one for one in ended["figures"]["against"] if one["rule"])
    assert (ban["rule"]["id"], ban["count"]) == (BANNED, told["withheld"])
    assert ban["rule"]["sources"][0]["url"] == "https://law.example/services-act"


def test_who_was_withheld_is_told_by_sms(ended: Any) -> None:
    withheld = channel(ended, "telegram")["withheld"]
    assert channel(ended, "sms")["planned"] == EACH
    assert channel(ended, "sms")["delivered"] == EACH - 1 + withheld
    assert Counter(one["state"] for one in ended["people"]) == {
        "arrived": 2 * EACH - 2,
        "sent": 2 * EACH - withheld,
        "detour": withheld,
        "unwanted": 1,
        "failed": 1,
    }
    assert (ended["figures"]["reached"], ended["figures"]["not_reached"]) == (4 * EACH - 2, 2)
    assert ended["figures"]["cost"].endswith("UAH")


def test_every_passenger_is_explained(play: Play, ended: Any) -> None:
    """All 200, in words: from what was planned to how it ended."""
    for who in ended["people"]:
        found = steps(play, who["n"])
        said = " ".join(one["text"] for one in found)
        assert found[0]["text"].startswith("The airline asked us to tell this passenger: “Flight delayed”"), said
        assert sum(one["tone"] == "end" for one in found) == 1, said
        rules = [rule["id"] for one in found for rule in one["rules"]]
        assert rules == ([BANNED] if who["state"] == "detour" else []), said
        match who["state"]:
            case "detour":
                assert "asked once more before it left, and the law had changed" in said
                assert "The next channel is tried, SMS" in said
            case "unwanted":
                assert "hear nothing from Skyfen Airlines" in said
            case "failed":
                assert "nobody has this number" in said


def test_it_is_told_in_both_languages(play: Play, ended: Any) -> None:
    for who in ended["people"][::7]:
        uk, en = steps(play, who["n"], "uk"), steps(play, who["n"], "en")
        assert [one["at"] for one in uk] == [one["at"] for one in en]
        assert all(one["text"] != other["text"] for one, other in zip(uk, en, strict=True))


def test_the_phones_of_the_demo_are_among_them(play: Play, ended: Any) -> None:
    shown = [one for one in ended["people"] if one["shown"]]
    assert [one["kind"] for one in shown] == ["telegram", "viber", "sms", "email"]
    for phone in ("viber", "sms", "email"):
        play.hears(phone, "SF204")
    assert "SF204" in str(looked(play)["phones"])


def test_after_midnight_nobody_is_planned_for_it(play: Play, ended: Any) -> None:
    """Decided when it is asked, too: not one of them is even queued there."""
    assert ended["can"]["morning"]
    morning = presses(play, "morning")
    assert morning["time"][:5] == "09:00"
    presses(play, "tell")
    state = until(play, lambda state: state["ended"])
    told = channel(state, "telegram")
    assert (told["planned"], told["sent"], told["withheld"]) == (0, 0, EACH)
    assert channel(state, "sms")["planned"] == 2 * EACH
    found = steps(play, state["people"][5]["n"])
    assert "Telegram is left out: the law is against it." in [one["text"] for one in found]


def test_the_marketplace_depends_on_the_day(play: Play) -> None:
    found = looked(play, "market")
    decided = [
        (one["day"], one["draft"], [[rule["id"] for rule in cell["rules"]] for cell in one["decided"]])
        for one in found["days"]
    ]
    assert decided == [
        ("31 May 2025", False, [[], []]),
        ("1 June 2025", False, [["RU-41FZ"], []]),
        ("1 September 2026", False, [["RU-41FZ"], []]),
        ("1 September 2026", True, [["RU-41FZ", "RU-DRAFT-2026"], ["RU-DRAFT-2026"]]),
    ]
    for day in found["days"]:
        for cell in day["decided"]:
            assert cell["may"] == (not cell["rules"])
            assert bool(cell["instead"]) == (not cell["may"])
            assert all(source["url"] for rule in cell["rules"] for source in rule["sources"])
    assert "MAX" in found["days"][1]["decided"][0]["instead"]


@pytest.mark.parametrize("said", ["", "{", "[]", '{"do": 7}', '{"do": "noon"}', "{}"])
def test_what_the_page_never_presses_is_refused(play: Play, said: str) -> None:
    assert play.client.post(f"{play.url}/demo/senders/do", content=said).status_code == 400


@pytest.mark.parametrize("number", ["", "-1", "200", "9" * 40, "x", "²"])
def test_nobody_else_is_explained(play: Play, ended: Any, number: str) -> None:
    assert play.client.get(f"{play.url}/demo/senders/why", params={"n": number}).status_code == 404


def opened(page: Page, play: Play) -> None:
    page.goto(f"{play.url}/demo/senders")
    page.locator("#list > li").nth(4 * EACH - 1).wait_for()
    page.locator("#days article").nth(3).wait_for()


@pytest.mark.browser
@pytest.mark.parametrize(("lang", "scheme", "size"), LOOKS)
def test_the_page_is_for_everybody(
    play: Play, ended: Any, chromium: Browser, lang: str, scheme: str, size: dict[str, int]
) -> None:
    with visitor(chromium, lang, scheme=scheme, size=size) as page:
        opened(page, play)
        page.locator("#filter").select_option("lost")
        row = page.locator("#list > li:visible").first
        row.locator("summary").click()
        row.locator(".trace li.end").wait_for()
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"senders-{lang}-{scheme}-{size['width']}.png", full_page=True)


@pytest.mark.browser
def test_the_story_is_reached_from_the_phones_and_read_by_keyboard(play: Play, ended: Any, chromium: Browser) -> None:
    with visitor(chromium, "en") as page:
        page.goto(f"{play.url}/demo/")
        page.get_by_role("link", name="Senders and the law").click()
        page.locator("#list > li").nth(0).wait_for()
        page.locator("#list summary").first.focus()
        page.keyboard.press("Enter")
        page.locator("#list > li").first.locator(".trace li.end").wait_for()
        assert page.locator("#list > li:visible").count() == 4 * EACH
        page.locator("#filter").select_option("four")
        assert page.locator("#list > li:visible").count() == 4
