"""Why a message did not arrive, for a clerk: rules, choices, price and tries in words; not what it says."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from tests.portal.persons import PHONE, Persons, persons
from vikno.usecases.explain_notification import NotificationUnknown, explain
from vikno.usecases.people import Choices


async def come_in(client: httpx.AsyncClient, here: Persons) -> None:
    assert (await client.post("/uk/office/", data={"key": here.key})).status_code == 200


async def test_the_latest_messages_stand_there_without_their_words(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here)
        said = await client.get("/uk/office/messages")
        assert "Sky Air" in said.text
        assert "+380•••67" in said.text
        assert PHONE not in said.text
        assert "Рейс PS" not in said.text
        only = await client.get("/uk/office/messages", params={"sender": "lake-bank", "status": "created"})
        assert re.findall(r"<td[^>]*>(Sky Air|Озерний банк)</td>", only.text) == ["Озерний банк"]
        accesses = await here.store.accesses("organisation/lake-bank")
        assert [one.what for one in accesses] == ["messages.read"]


async def test_a_refusal_names_the_choice_and_a_rule_its_source(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here)
        await here.store.choose(here.conversation, Choices(off=frozenset({("lake-bank", "payment", "sms")})), 1)
        unwanted, forbidden = await here.tell("lake-bank", "paid"), await here.tell("sky-air", "sale")
        said = await client.get(f"/uk/office/messages/{unwanted}")
        assert "людина не хоче повідомлень у цьому каналі" in said.text
        said = await client.get(f"/uk/office/messages/{forbidden}")
        assert "заборонено правилом" in said.text
        assert "Рекламу надсилають лише за письмовою згодою" in said.text
        assert "UA-ADS" in said.text
        assert 'href="https://sud.ua/' in said.text, "the source can be read"
        assert "Окремої згоди немає" in said.text
        assert "sky.example" not in said.text
        assert PHONE not in said.text


async def test_the_way_of_one_that_arrived_is_told_in_order(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here)
        await client.get(f"{here.inbox}/letters/{here.letters[0]}")
        said = await client.get(f"/uk/office/messages/{here.letters[0]}")
        order = [said.text.index(words) for words in ("прийнято, план складено", "Людина відкрила повідомлення")]
        assert order == sorted(order)


async def test_figures_hold_nobody(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await come_in(client, here)
        await here.tell("sky-air", "sale")
        said = await client.get("/uk/office/messages/figures")
        assert "Озерний банк" in said.text
        assert "заборонено правилом" in said.text
        assert "UA-ADS: Рекламу надсилають" in said.text
        assert "•••" not in said.text


async def test_others_see_nothing_of_it(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        for path in ("", "/figures", f"/{here.letters[0]}"):
            assert "Sky Air" not in (await client.get(f"/uk/office/messages{path}")).text, "nobody has come in"
        await come_in(client, here)
        for odd in ("1", "x" * 300, "00000000-0000-8000-8000-000000000000"):
            assert (await client.get(f"/uk/office/messages/{odd}")).status_code == 404


async def test_an_explanation_is_data_without_the_person(tmp_path: Path) -> None:
    async with persons(tmp_path) as here:
        dispatch = here.web.dispatch
        number = dispatch.vault.read_uuid("n", await here.tell("sky-air", "sale")) or 0
        why = await explain(dispatch, number)
        assert (why.status, why.reason, why.content, why.template) == (
            "permanent-failure",
            "law",
            "advertising",
            "sale",
        )
        [left] = why.left
        assert [(rule.id, rule.now, rule.effect) for rule in left.rules] == [("UA-ADS", "same", "deny")]
        assert why.recipient == "+380•••67"
        try:
            await explain(dispatch, 10**9)
        except NotificationUnknown:
            return
        raise AssertionError("nobody knows that one")
