"""The office: an authority sees its cases, the operator what is about the whole server, neither what is the other’s."""

from __future__ import annotations

from pathlib import Path

import httpx

from tests.portal.around import DMS, NUMBER, SECRET, around, person, seed
from tests.portal.forms import read
from tests.portal.persons import Persons, persons
from vikno.api.keys import add_key
from vikno.usecases.records import OPERATOR, CaseGiven

OF_AUTHORITY = ("", "late", "cases/1")
OF_OPERATOR = (
    "messages", "messages/figures", "messages/{letter}", "campaigns", "senders", "senders/sky-air", "review", "review/1"
)  # fmt: skip
OF_BOTH = ("letters", "channels")


async def come_in(client: httpx.AsyncClient, key: str) -> httpx.Response:
    said = await client.post("/uk/office/", data={"key": key})
    assert said.status_code == 200
    return said


async def case_of(here: Persons) -> None:
    given = CaseGiven("ua/dms", NUMBER, "ua/id-card", "0" * 32, "Подільський відділ", 1)
    await here.store.put([given], here.web.dispatch.clock())


async def test_the_staff_of_an_authority_see_nothing_of_the_whole_server(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here.staff)
        for path in OF_OPERATOR:
            said = await client.get(f"/uk/office/{path.format(letter=here.letters[0])}")
            assert said.status_code == 403, path
            assert read(said.text).one("h1").text == "Ця сторінка не для вашого ключа", path
            assert "Sky Air" not in said.text, path
            assert said.headers["cache-control"] == "no-store", path


async def test_the_operator_does(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here.key)
        for path in OF_OPERATOR:
            said = await client.get(f"/uk/office/{path.format(letter=here.letters[0])}")
            assert said.status_code == 200, path


async def test_the_staff_see_their_own(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await case_of(here)
        await come_in(client, here.staff)
        for path in (*OF_AUTHORITY, *OF_BOTH):
            assert (await client.get(f"/uk/office/{path}")).status_code == 200, path


async def test_cases_are_none_of_the_operators_business(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await case_of(here)
        await come_in(client, here.key)
        for path in ("late", "cases/1"):
            said = await client.get(f"/uk/office/{path}")
            assert said.status_code == 403, path
            assert NUMBER not in said.text, path
        assert (await client.post("/uk/office/cases/1", data={"stage": "accepted"})).status_code == 403


async def test_what_broke_is_the_operators_to_mend(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here.key)
        for path in OF_BOTH:
            assert (await client.get(f"/uk/office/{path}")).status_code == 200, path


async def test_each_is_shown_the_tabs_that_open(tmp_path: Path) -> None:
    async with persons(tmp_path) as here:
        for key, own, other in ((here.key, "messages", "late"), (here.staff, "late", "messages")):
            async with here.client() as client:
                page = read((await come_in(client, key)).text)
                tabs = [link["href"] for link in page.all("ul", class_="vk-tabs")[0].all("a")]
                assert f"/uk/office/{own}" in tabs
                assert f"/uk/office/{other}" not in tabs
                for tab in tabs:
                    assert (await client.get(tab)).status_code == 200, tab
                assert len(page.all("a", aria_current="page")) == 1


async def test_messages_about_cases_and_their_number_stay_with_their_authority(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        await seed(here)
        key = await add_key(here.store, here.vault, OPERATOR, "Олег", "o" * 43, here.clock())
        await come_in(client, key)
        for path in ("", "?number=" + NUMBER, "letters", "aside", "channels"):
            said = await client.get(f"/uk/office/{path}")
            assert said.status_code == 200, path
            assert "UA-2026" not in said.text, path
            assert "4420" not in said.text, path


async def test_what_could_not_be_read_is_the_operators_as_soon_as_there_is_one(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)
        await come_in(client, seeded["key"])
        assert (await client.get("/uk/office/aside")).status_code == 200, "nobody else looks after it"
        await add_key(here.store, here.vault, OPERATOR, "Олег", "o" * 43, here.clock())
        assert (await client.get("/uk/office/aside")).status_code == 403


async def test_the_key_of_the_operator_opens_nothing_of_the_api(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        for method, path in (
            ("GET", "/api/cases"),
            ("GET", f"/api/cases/{NUMBER}"),
            ("PUT", f"/api/cases/{NUMBER}"),
            ("POST", "/api/stages"),
            ("GET", "/api/messages"),
        ):
            said = await client.request(method, path, headers={"authorization": f"Bearer {here.key}"}, json={})
            assert said.status_code in (401, 403, 404), path
            if path.startswith("/api/cases/"):
                assert said.status_code == 401, path
        staff = await client.get(f"/api/cases/{NUMBER}", headers={"authorization": f"Bearer {here.staff}"})
        assert staff.status_code == 404, "the staff's key comes in, and finds no such case"


async def test_the_operator_is_no_authority_that_has_cases(tmp_path: Path) -> None:
    async with around(tmp_path) as here:
        await seed(here)
        assert not await here.store.listed(OPERATOR, 0, 10)
        assert "/" in DMS, "authorities are written with their country, so none can have the operator's name"
        assert SECRET not in str(await here.store.keys(OPERATOR))
