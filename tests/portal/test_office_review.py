"""A reviewer's desk: what waits, how a template looks and where it leads, and a yes or no that is asked twice."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.portal.forms import Element, read
from tests.portal.persons import Persons, persons
from vikno.usecases.look_at_template import EVIL
from vikno.usecases.organisations import (
    OrganisationGiven,
    TemplateGiven,
    TemplateKept,
    TemplateKind,
    TemplateText,
    Words,
    encode_template,
)


@asynccontextmanager
async def desk(folder: Path) -> AsyncIterator[tuple[Persons, httpx.AsyncClient]]:
    """The operator, who has come in."""
    async with persons(folder) as here, here.client() as client:
        assert (await client.post("/uk/office/", data={"key": here.key})).status_code == 200
        yield here, client


async def drafted(
    here: Persons,
    text: TemplateText,
    slug: str = "delay",
    content: str = "service",
    sender: str = "sky-air",
    kind: TemplateKind = "message",
) -> TemplateKept:
    """A new version that waits."""
    found = await here.store.organisation(sender)
    assert found is not None
    given = TemplateGiven(found.id, slug, slug.capitalize(), kind, content, encode_template(text), "author")
    return await here.store.put_template(given, here.web.dispatch.clock())


def said(uk: str, en: str = "Hello", trust: tuple[str, ...] = (), links: tuple[str, ...] = ()) -> TemplateText:
    return TemplateText({"uk": {"": Words(uk)}, "en": {"": Words(en)}}, "uk", trust=trust, links=links)


def form(page: Element) -> dict[str, str]:
    """What the form of a verdict sends unchanged."""
    for found in page.all("form"):
        if found.all("button", name="verdict"):
            return {field["name"]: field.attributes.get("value", "") for field in found.all("input")}
    raise AssertionError("no form")


def text_of(page: Element, part: str) -> str:
    [found] = [one for one in page.all("section") if one.attributes.get("aria-labelledby") == part]
    return found.text


async def test_what_waits_is_listed_for_the_longest_first(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        assert "Усе розглянуто" in (await client.get("/uk/office/review")).text
        kept = await drafted(here, said("Новий час: ((time))"))
        await here.store.put_organisation(OrganisationGiven("shop", "Крамниця", "marketplace", "ua", "ua"), 5)
        page = read((await client.get("/uk/office/review")).text)
        links = [link["href"] for link in page.one("table").all("a")]
        assert links == ["/uk/office/senders/shop", f"/uk/office/review/{kept.row}"]
        await here.store.archive_template(kept.id, 6)
        page = read((await client.get("/uk/office/review")).text)
        assert [link["href"] for link in page.one("table").all("a")] == links[:1], "archived: no use"
        assert "Delay" not in page.one("main").text


async def test_a_template_is_shown_as_people_would_see_it(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        text = TemplateText(
            {
                "uk": {
                    "": Words("Вітаємо, ((name))! Рейс ((flight)) о ((time)).((free?? Обід за наш кошт.))"),
                    "sms": Words("Рейс ((flight)) о ((time)). " + "Вибачте за незручність. " * 4),
                    "email": Words("# Рейс\n\n((name)), [квиток](https://sky.example/t)", "Рейс ((flight))"),
                }
            },
            "uk",
        )
        kept = await drafted(here, text)
        page = read((await client.get(f"/uk/office/review/{kept.row}")).text)
        seen = text_of(page, "seen")
        assert "Sky Air Вітаємо, Олена! Рейс UA-4417 о 10:30. Обід за наш кошт." in seen
        assert "Sky Air: Рейс UA-4417 о 10:30." in seen
        assert "2 частини" in seen, "70 Cyrillic letters fit one part"
        assert page.all("p", class_="vk-mail-subject")[0].text == "Рейс UA-4417"
        assert "квиток: https://sky.example/t" in seen, "as the mail says it"
        assert not page.all("iframe")
        assert not [link for link in page.all("a") if "sky.example" in link["href"]], "nothing of theirs can be tapped"


async def test_harm_stays_text_in_every_look(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        text = said("Вітаємо, ((name))! <b>Це</b> <script>alert(1)</script> https://sky.example/((name))")
        kept = await drafted(here, text)
        raw = (await client.get(f"/uk/office/review/{kept.row}")).text
        page = read(raw)
        assert "<b>" not in raw
        assert "<script>alert" not in raw
        assert f"https:// {EVIL.replace('.', '. ')}" in page.text
        assert f"https://{EVIL}" not in page.text
        assert f"sky.example/https%3A%2F%2F{EVIL}" in page.text, "within its own link it is a part of it"
        assert "Нічого з цього не стало посиланням" in page.text
        assert not [link for link in page.all("a") if EVIL in link.attributes.get("href", "")]


async def test_what_to_look_at_twice_is_named(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        text = said(
            "Оплатити [bank.ua](https://t.me/((name))), або http://sky.example/x, або ((pay))",
            "Pay ((pay)) [bank.ua](https://t.me/((name))) http://sky.example/x",
            trust=("pay",),
            links=("forms.gle", "pay.sky.example"),
        )
        kept = await drafted(here, text, content="payment")
        page = read((await client.get(f"/uk/office/review/{kept.row}")).text)
        twice = text_of(page, "twice")
        assert "веде на t.me, де завести сторінку чи ім’я може будь-хто" in twice
        assert "https://t.me/((name)) є поле, яке заповнює хтось інший (name)" in twice
        assert "написано адресу «bank.ua», а посилання веде на t.me" in twice
        assert "http://sky.example/x відкривається без шифрування" in twice
        assert "Довірені посилання можуть вести на forms.gle" in twice
        assert "pay.sky.example" not in twice
        assert "пропустило посилання на чужу адресу" not in twice, "it was tried"
        places = text_of(page, "places")
        assert "посилання, але лише на forms.gle, pay.sky.example" in places
        assert "частина посилання в шаблоні, але ніколи не сама адреса" in places
        clean = await drafted(here, said("Рейс ((flight)) о ((time)): https://sky.example/"), slug="clean")
        page = read((await client.get(f"/uk/office/review/{clean.row}")).text)
        assert not page.all("section", aria_labelledby="twice")


async def test_the_rules_of_the_recipients_country_are_told(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        sale = await here.store.template(1, "sale")
        assert sale is not None
        page = read((await client.get(f"/uk/office/review/{sale.row}")).text)
        law = text_of(page, "law")
        assert "Без згоди: заборонено" in law
        assert "UA-ADS" in law
        assert "Якщо людина погодилася письмово: можна" in law
        assert [link for link in page.all("a") if link["href"].startswith("https://sud.ua/")], "a rule has its source"
        assert "Надсилають лише тим, хто погодився" in page.text
        code = await here.store.template(2, "paid")
        assert code is not None
        assert "лише звістка, що є повідомлення" in text_of(
            read((await client.get(f"/uk/office/review/{code.row}")).text), "law"
        )


async def test_a_new_version_is_compared_word_by_word(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        text = said("Рейс ((flight)) вилетить завтра о ((time)). Вибачте за незручність.", "Gone")
        kept = await drafted(here, text)
        page = read((await client.get(f"/uk/office/review/{kept.row}")).text)
        changed = next(one for one in page.all("section") if one.attributes.get("aria-labelledby") == "changed")
        assert "версією 1" in changed.text
        assert [one.text for one in changed.all("ins")][:1] == ["завтра"]
        assert "Flight" in changed.all("del")[0].text
        again = await drafted(here, said("Рейс ((flight)) скасовано.", "Gone"))
        newer = read((await client.get(f"/uk/office/review/{again.row}")).text)
        assert "версією 1" in text_of(newer, "changed"), "against the one that people get, not the one that waits"


async def test_yes_is_asked_twice_and_noted(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        kept = await drafted(here, said("Новий час: ((time))"))
        path = f"/uk/office/review/{kept.row}"
        sent = form(read((await client.get(path)).text))
        asked = await client.post(path, data={**sent, "verdict": "approved"})
        assert asked.status_code == 200
        found = await here.store.template_row(kept.row)
        assert found is not None
        assert found.status == "submitted", "only asked so far"
        done = await client.post(path, data={**form(read(asked.text)), "verdict": "approved"})
        assert "версію затверджено" in done.text
        assert done.headers["cache-control"] == "no-store"
        found = await here.store.template_row(kept.row)
        assert found is not None
        assert (found.status, found.reviewer) == ("approved", "office/1")
        first = (await here.store.accesses("organisation/sky-air"))[0]
        assert (first.who, first.what) == ("office/1", "template.approved delay@2")
        page = read((await client.get(path)).text)
        assert "Працівник, ключ «Олег, черговий»" in text_of(page, "log")
        assert "Затверджено шаблон delay@2." in text_of(page, "log")


async def test_no_has_a_reason_that_the_sender_reads(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        kept = await drafted(here, said("Купуйте! ((name))"))
        path = f"/uk/office/review/{kept.row}"
        sent = {**form(read((await client.get(path)).text)), "verdict": "refused"}
        lacks = await client.post(path, data={**sent, "reason": "  \r\n "})
        assert lacks.status_code == 422
        assert "Напишіть, будь ласка, причину" in lacks.text
        asked = await client.post(path, data={**sent, "reason": "Це реклама,\r\n а не <b>сервіс</b>."})
        assert read(asked.text).one("blockquote").text == "Це реклама, а не <b>сервіс</b>."
        await client.post(path, data={**form(read(asked.text)), "verdict": "refused"})
        found = await here.store.template_row(kept.row)
        assert found is not None
        assert (found.status, found.reason) == ("refused", "Це реклама, а не <b>сервіс</b>.")


@pytest.mark.parametrize(
    ("changed", "status"),
    [({"form": "0" * 32}, 404), ({"seen": "old"}, 409), ({"verdict": "suspended"}, 422), ({"verdict": ""}, 422)],
)
async def test_a_verdict_that_is_not_ours_or_out_of_date_does_nothing(
    tmp_path: Path, changed: dict[str, str], status: int
) -> None:
    async with desk(tmp_path) as (here, client):
        kept = await drafted(here, said("Новий час: ((time))"))
        path = f"/uk/office/review/{kept.row}"
        sent = {**form(read((await client.get(path)).text)), "verdict": "approved", "sure": "1", **changed}
        assert (await client.post(path, data=sent)).status_code == status
        found = await here.store.template_row(kept.row)
        assert found is not None
        assert found.status == "submitted"
        other = {**sent, "form": form(read((await client.get(path)).text))["form"]}
        elsewhere = await client.post(path, data=other, headers={"sec-fetch-site": "cross-site"})
        assert elsewhere.status_code == 404


async def test_what_two_reviewers_decide_at_once_is_decided_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        kept = await drafted(here, said("Новий час: ((time))"))
        path = f"/uk/office/review/{kept.row}"
        sent = {**form(read((await client.get(path)).text)), "sure": "1"}
        await client.post(path, data={**sent, "verdict": "refused", "reason": "ні"})
        late = await client.post(path, data={**sent, "verdict": "approved"})
        assert late.status_code == 409
        assert "щодо цієї версії вже ухвалили рішення" in late.text
        found = await here.store.template_row(kept.row)
        assert found is not None
        assert found.status == "refused"


async def test_templates_of_one_channel_are_shown_on_it_alone(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        text = TemplateText({"en": {"": Words("Your code is ((code))")}}, "en")
        kept = await drafted(here, text, slug="code", content="code", sender="sky-air", kind="sms")
        page = read((await client.get(f"/uk/office/review/{kept.row}")).text)
        assert [one.text for one in page.all("figcaption")] == ["SMS", "SMS"], "as it is, and with harm"
        assert "Sky Air: Your code is 493021" in page.text


async def test_odd_versions_are_not_there(tmp_path: Path) -> None:
    async with desk(tmp_path) as (_, client):
        for odd in ("0", "999", "x", "1.5", "9" * 40, "²"):
            assert (await client.get(f"/uk/office/review/{odd}")).status_code == 404, odd
