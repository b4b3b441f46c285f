"""/q/<token>: every way in that works, by link, code and name; what is dead is not shown; a receipt has its stages."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import segno

from tests.portal.around import around, person, seed
from tests.portal.forms import Element, read
from vikno.usecases.check_channels import DOUBTS


def doors(page: Element) -> dict[str, Element]:
    """The ways in on a page, by channel."""
    return {item.attributes.get("id", ""): item for item in page.all("li", class_="vk-door")}


def modules(drawn: Element) -> set[tuple[int, int]]:
    """The dark modules of a code in a page, read from its strokes."""
    path = drawn.one("path", stroke="#000")["d"]
    dark, x, y = set(), 0.0, 0.0
    for word in path.replace("M", " M").replace("m", " m").replace("h", " h").split():
        if word[0] in "Mm":
            x, y = (float(word[1:]), y) if word[0] == "M" else (x + float(word[1:]), y)
        elif word[0] == "h":
            dark |= {(int(x) + step, int(y)) for step in range(int(float(word[1:])))}
            x += float(word[1:])
        elif word[0] in "-0123456789.":
            y = float(word) if not dark and y == 0.0 else y + float(word)
    return dark


async def test_an_office_shows_every_channel_with_link_code_and_name(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        await here.watch.check()
        said = await client.get("/q/cnap")
        page = read(said.text)
        assert said.status_code == 200
        assert page.one("h1").text == "Послуги ЦНАП: що треба й чи готово"
        found = doors(page)
        assert list(found) == ["telegram", "viber", "sms", "email"]
        assert "@vikno_dms_bot" in found["telegram"].text
        assert "Вікно ДМС" in found["viber"].text
        assert "+380441234567" in found["sms"].text
        assert "VIKNO cnap" in found["sms"].text, "what to write stands in words, too"
        links = {kind: door.all("a")[0]["href"] for kind, door in found.items()}
        assert links["telegram"] == "https://t.me/vikno_dms_bot?start=cnap"
        assert links["viber"] == "viber://pa?chatURI=viknodms&context=cnap"
        assert links["sms"].startswith("sms:+380441234567")
        assert links["email"].startswith("mailto:vikno+cnap")
        for door in found.values():
            assert door.one("div", role="img")["aria-label"].startswith("QR")
        assert said.headers["cache-control"] == "no-store"
        assert "noindex" in said.headers["x-robots-tag"]


async def test_codes_lead_where_a_camera_can_follow(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        found = doors(read((await client.get("/uk/q/cnap")).text))
        wanted = {
            "telegram": "https://t.me/vikno_dms_bot?start=cnap",
            "viber": "https://vikno.example/uk/q/cnap#viber",  # cameras do not open an app's own scheme
            "sms": "SMSTO:+380441234567:VIKNO cnap",
            "email": found["email"].all("a")[0]["href"],
        }
        for kind, content in wanted.items():
            matrix = segno.make(content, error="m", micro=False).matrix
            expected = {(x + 4, y + 4) for y, row in enumerate(matrix) for x, dark in enumerate(row) if dark}
            assert modules(found[kind].one("svg")) == expected, kind


async def test_the_page_speaks_the_persons_language_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here, "en-GB,en") as client:
        said = await client.get("/q/passport-service")
        page = read(said.text)
        assert page.one("html")["lang"] == "en"
        assert "Passport Service" in page.one("h1").text
        loaded = [item.get("href", "") for link in page.all("link") if (item := link.attributes)]
        loaded += [item.attributes.get("src", "") for name in ("script", "img") for item in page.all(name)]
        assert all(address.startswith("/") or not address for address in loaded)
        assert "default-src 'none'" in said.headers["content-security-policy"]
        languages = [link["href"] for link in page.all("a") if link.attributes.get("hreflang")]
        assert languages == ["/uk/q/passport-service", "/en/q/passport-service"]


async def test_a_channel_that_is_not_what_is_printed_goes_off_the_page_until_it_is_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with around(tmp_path) as here, person(here) as client:
        here.platforms.username = "somebody_else_bot"
        with caplog.at_level(logging.INFO, "vikno.channels"):
            await here.watch.check()
            await here.watch.check()
            assert [record.message for record in caplog.records] == ["channel_dead"], "said once"
            assert "telegram" not in doors(read((await client.get("/q/cnap")).text))
            here.platforms.username = "vikno_dms_bot"
            await here.watch.check()
            assert caplog.records[-1].message == "channel_back"
        assert "telegram" in doors(read((await client.get("/q/cnap")).text))


async def test_one_lost_request_takes_nothing_off_the_page_but_silence_does(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        here.platforms.silent = True
        for times in range(1, DOUBTS + 1):
            await here.watch.check()
            shown = doors(read((await client.get("/q/cnap")).text))
            assert ("telegram" in shown) == (times < DOUBTS)


async def test_when_nothing_works_the_page_says_so_and_names_web_and_people(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        for line in here.watch.accounts:
            here.watch._off.add(line.name)  # as after a check that found all of them dead
        page = read((await client.get("/q/cnap")).text)
        assert doors(page) == {}
        assert "Написати нам зараз не вдасться" in page.text
        assert [link for link in page.all("a") if link["href"] == "/uk/chat"]
        assert "Центр надання адміністративних послуг (ЦНАП)" in page.text


async def test_where_no_channel_is_set_up_the_web_is_all_and_nothing_is_said_to_be_broken(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        here.watch._lines = ()  # as on a server without settings
        page = read((await client.get("/q/cnap")).text)
        assert "не працює" not in page.text
        assert [link for link in page.all("a") if link["href"] == "/uk/chat"]


async def test_a_receipt_offers_following_and_shows_the_stages_on_the_web(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)
        token = seeded["receipt"]
        page = read((await client.get(f"/q/{token}")).text)
        assert page.one("h1").text == "Стежте за своїм документом"
        assert f"start={token}" in doors(page)["telegram"].all("a")[0]["href"]
        assert "UA-2026" not in page.text, "whoever looks over the shoulder sees no number"
        stages = read((await client.get(f"/uk/q/{token}/stages")).text)
        shown = [item.all("p")[0].text for item in stages.all("li", class_="vk-stage")]
        assert shown == [
            "Дані передано до центру персоналізації, де друкують документи.",
            "Дані перевірено, виготовлення дозволено.",
            "Документи прийнято, дані перевіряють.",
        ], "what came late is no stage"
        await here.stage("shipped", here.clock())
        now = read((await client.get(f"/uk/q/{token}/stages")).text).all("li", class_="vk-stage")[0].text
        assert "Ще не приходьте по неї" in now, "what happens next"
        assert "Дорога зазвичай триває 1–3 робочі дні" in now, "and how long it usually takes"


@pytest.mark.parametrize(
    "token", ["nowhere", "YwAAAAAAAAHXIDtyaeeJ-h", "a" * 22, "a" * 4000, "..%2f..%2f", "%00", "к" * 22]
)
async def test_made_up_tokens_are_answered_kindly(tmp_path: Path, token: str) -> None:
    async with around(tmp_path) as here, person(here) as client:
        for path in (f"/q/{token}", f"/en/q/{token}", f"/en/q/{token}/stages", f"/xx/q/{token}"):
            said = await client.get(path)
            assert said.status_code in (404, 431), path
            assert len(read(said.text).all("h1")) == 1
