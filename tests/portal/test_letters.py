"""Letters of organisations in the inbox: in full, read when opened, nobody else's; and one click that ends them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.portal.forms import read
from tests.portal.persons import OTHER, Persons, persons
from vikno.portal.letters import linked
from vikno.usecases.notifications import NotificationKept
from vikno.usecases.people import EVERY, Choices


async def kept(here: Persons, written: str) -> NotificationKept:
    found = await here.store.notification(here.web.bot.vault.read_uuid("n", written) or 0)
    assert found is not None
    return found


async def test_they_stand_on_the_first_page_with_who_wrote_and_when(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        page = read((await client.get(here.inbox)).text)
        items = [item.text for item in page.all("ol", class_="vk-letters")[0].all("li")]
        assert "Sky Air" in items[0]
        assert "Рейс PS 204 вилетить о 23:40." in items[0]
        assert "нове" in items[0]
        assert "Озерний банк" in items[1]


async def test_opening_one_is_its_delivery_whatever_the_channel_got(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        paid, _ = here.letters
        assert (await kept(here, paid)).status == "created"
        said = await client.get(f"{here.inbox}/letters/{paid}")
        assert "Сплачено 1250 грн у магазині Книгарня." in said.text
        assert said.headers["cache-control"] == "no-store"
        after = await kept(here, paid)
        assert (after.status, after.reason) == ("delivered", "inbox")
        [found] = await here.store.in_hand([after.id])
        assert [one.status for one in found.tries] == ["dropped"], "what waited does not go any more"
        accesses = await here.store.accesses(here.conversation)
        assert "letter.read" in [one.what for one in accesses]


async def test_looking_at_the_list_reads_nothing(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await client.get(here.inbox)
        await client.get(f"{here.inbox}/letters")
        assert {(await kept(here, one)).status for one in here.letters} == {"created"}


async def test_a_letter_of_somebody_else_is_not_there(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        other = await here.tell("lake-bank", "paid", phone=OTHER)
        assert (await client.get(f"{here.inbox}/letters/{other}")).status_code == 404
        assert (await kept(here, other)).status == "created"
        for odd in ("1", "x", "00000000-0000-8000-8000-000000000000"):
            assert (await client.get(f"{here.inbox}/letters/{odd}")).status_code == 404


async def test_what_is_wanted_nowhere_and_what_is_a_test_does_not_stand_there(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await here.store.choose(here.conversation, Choices(off=frozenset({("sky-air", EVERY, EVERY)})), 1)
        refused, tried = await here.tell("sky-air", "delay"), await here.tell("lake-bank", "code", key="test")
        page = await client.get(f"{here.inbox}/letters")
        assert page.text.count("Рейс PS 204") == 1, "the one of before"
        assert "918273" not in page.text
        assert (await client.get(f"{here.inbox}/letters/{refused}")).status_code == 404
        assert (await client.get(f"{here.inbox}/letters/{tried}")).status_code == 404


async def test_many_are_read_in_pages(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        for _ in range(19):
            await here.tell("sky-air", "delay")
        first = read((await client.get(f"{here.inbox}/letters")).text)
        assert len(first.all("li", class_="vk-letter vk-sent")) == 20
        [older] = [link for link in first.all("a") if "before=" in link.attributes.get("href", "")]
        assert "Озерний банк" not in first.text
        second = read((await client.get(older["href"])).text)
        assert "Озерний банк" in second.text


async def test_one_click_ends_an_organisation_and_a_look_ends_nothing(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        links = here.web.dispatch.links
        air = await here.store.organisation("sky-air")
        assert links is not None
        assert air is not None
        link = links.off(here.conversation, air.id).removeprefix(here.public)
        looked = await client.get(link)  # as mail scanners do
        assert "Sky Air: більше не отримувати повідомлень?" in looked.text
        assert (await here.store.choices(here.conversation)).off == frozenset()
        done = await client.post(link, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
        assert not done.history, "no redirect: mailboxes do not follow one"
        assert (await here.store.choices(here.conversation)).off == {("sky-air", EVERY, EVERY)}
        assert (await client.post(link, data={"List-Unsubscribe": "One-Click"})).status_code == 200, (
            "twice does no harm"
        )
        assert "set-cookie" not in done.headers
        stop = links.stop(here.conversation).rpartition("/")[2]
        assert (await client.post(f"/off/{stop}")).status_code == 404, "a link opens what it was made for"


async def test_two_one_clicks_at_once_both_hold(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        links, slugs = here.web.dispatch.links, ("sky-air", "lake-bank")
        assert links is not None
        clicks = []
        for slug in slugs:
            sender = await here.store.organisation(slug)
            assert sender is not None
            clicks.append(client.post(links.off(here.conversation, sender.id).removeprefix(here.public)))
        assert {done.status_code for done in await asyncio.gather(*clicks)} == {200}
        assert (await here.store.choices(here.conversation)).off == {(slug, EVERY, EVERY) for slug in slugs}


def test_only_links_are_links() -> None:
    assert [part.href for part in linked("a https://x.example/b?c=1#d. (http://y.example/e)")] == [
        "", "https://x.example/b?c=1#d", "", "http://y.example/e", "",
    ]  # fmt: skip
    for nowhere in ("https:////x.example", "https:///x.example", "http://.x", "https://-x", "https://@x", "https://?x"):
        assert [part.href for part in linked(nowhere)] == [""], nowhere
    assert linked("http://їжак.укр/є")[0].href == "http://їжак.укр/є"
    assert "".join(part.text for part in linked("javascript:alert(1) ftp://x")) == "javascript:alert(1) ftp://x"
    assert all(not part.href for part in linked("javascript:alert(1) ftp://x"))
