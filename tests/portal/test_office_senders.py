"""The organisations on the operator's desk: who they say they are, whether they may send, and why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.portal.forms import read
from tests.portal.test_office_review import desk, form, text_of
from vikno.usecases.organisations import OrganisationGiven

SHOP = OrganisationGiven(
    "shop", "Крамниця <i>", "marketplace", "ua", "pl", mark="https://shop.example/mark.svg", guests=("+380501112233",)
)


async def test_all_are_listed_those_that_wait_first(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        await here.store.put_organisation(SHOP, 5)
        raw = (await client.get("/uk/office/senders")).text
        names = [row.all("th")[0].text for row in read(raw).one("tbody").all("tr")]
        assert names == ["Крамниця <i>", "Sky Air", "Озерний банк"]
        assert "<i>" not in raw
        assert "Авіакомпанія" in raw
        assert "чекає на розгляд" in raw
        accesses = await here.store.accesses("organisation/*")
        assert "senders.read" in {one.what for one in accesses}


async def test_who_they_say_they_are_is_shown_and_no_guest(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        await here.store.put_organisation(SHOP, 5)
        raw = (await client.get("/uk/office/senders/shop")).text
        page = read(raw)
        facts = {one.one("dt").text: one.one("dd").text for one in page.one("dl").all("div")}
        assert facts["Пише людям у країні"] == "Польща"
        assert facts["Отримувачів для командного ключа"] == "1"
        assert facts["Адреса логотипа"] == "https://shop.example/mark.svg"
        assert "250 000 на день" in facts["Найбільша кількість повідомлень"]
        assert "1112233" not in raw, "guests are people"
        assert not page.all("img", src="https://shop.example/mark.svg"), "nothing of theirs is loaded"


async def test_a_new_one_is_let_in_suspended_and_let_in_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        await here.store.put_organisation(SHOP, 5)
        path = "/uk/office/senders/shop"
        for verdict, reason, told in (
            ("approved", "", "може надсилати"),
            ("suspended", "Скарги на спам", "призупинено"),
            ("approved", "", "може надсилати"),
        ):
            sent = {**form(read((await client.get(path)).text)), "verdict": verdict, "reason": reason}
            asked = await client.post(path, data=sent)
            before = await here.store.organisation("shop")
            assert before is not None
            assert before.standing != verdict, "asked once more"
            done = await client.post(path, data={**form(read(asked.text)), "verdict": verdict})
            assert told in done.text
            after = await here.store.organisation("shop")
            assert after is not None
            assert (after.standing, after.reason, after.by) == (verdict, reason, "office/1")
        log = text_of(read((await client.get(path)).text), "log")
        assert log.count("Дозволено надсилати.") == 2
        assert "Надсилання призупинено." in log


async def test_nobody_is_turned_away_without_a_reason(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        path = "/uk/office/senders/sky-air"
        sent = {**form(read((await client.get(path)).text)), "verdict": "suspended", "sure": "1"}
        lacks = await client.post(path, data=sent)
        assert lacks.status_code == 422
        assert "причину" in lacks.text
        found = await here.store.organisation("sky-air")
        assert found is not None
        assert found.standing == "approved"


async def test_one_that_changed_while_it_was_looked_at_is_looked_at_again(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        await here.store.put_organisation(SHOP, 5)
        path = "/uk/office/senders/shop"
        sent = {**form(read((await client.get(path)).text)), "verdict": "approved", "sure": "1"}
        bank = OrganisationGiven("shop", "Справжній банк", "bank", "ua", "ua")
        await here.store.put_organisation(bank, 6)
        late = await client.post(path, data=sent)
        assert late.status_code == 409
        found = await here.store.organisation("shop")
        assert found is not None
        assert found.standing == "submitted", "nobody has looked at that bank"


@pytest.mark.parametrize("changed", [{"form": "0" * 32}, {"form": ""}])
async def test_forms_of_others_do_nothing(tmp_path: Path, changed: dict[str, str]) -> None:
    async with desk(tmp_path) as (here, client):
        path = "/uk/office/senders/sky-air"
        sent = {**form(read((await client.get(path)).text)), "verdict": "suspended", "reason": "x", "sure": "1"}
        assert (await client.post(path, data={**sent, **changed})).status_code == 404
        found = await here.store.organisation("sky-air")
        assert found is not None
        assert found.standing == "approved"


async def test_odd_names_are_not_there(tmp_path: Path) -> None:
    async with desk(tmp_path) as (_, client):
        for odd in ("none", "%3Cb%3E", "x" * 300, "1"):
            said = await client.get(f"/uk/office/senders/{odd}")
            assert said.status_code == 404, odd
            assert read(said.text).one("h1").text == "Такої організації тут немає"
