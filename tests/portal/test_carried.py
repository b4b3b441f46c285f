"""A link under a list shows the list it was sent with, to whoever opened it first."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.portal.around import Around, around, person
from vikno.domain.dialog.state import Plain, State, Talk, encode
from vikno.usecases.ports import Taken

PHONE = "+380501112233"
PERMIT = "example/fishing-permit"
IN_RIVER: dict[str, Plain] = {"water": "river", "age": 13}


def talk(number: int, answers: dict[str, Plain], service: str = PERMIT) -> Talk:
    return Talk(number, service, "1", date(2026, 3, 1), answers, ended=bool(answers))


async def stands(here: Around, state: State, event: str) -> str:
    """A conversation by SMS stands there; its name."""
    name = here.vault.name("sms/main", PHONE)
    await here.store.turn(name, event, lambda _: Taken(encode(state), ()))
    return name


def path(link: str) -> str:
    return link.removeprefix("https://vikno.example")


async def test_the_link_shows_the_list_it_was_sent_with_though_the_conversation_has_gone_on(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        first = State("uk", 9, view="outcome", open=1, last=1, talks=(talk(1, IN_RIVER),))
        name = await stands(here, first, "1")
        link = path(here.links.step(name, first, here.clock()))
        other = talk(2, {"applicant": "abroad"}, "ua/foreign-passport")
        await stands(here, State("uk", 14, view="ask", open=2, last=2, talks=(talk(1, IN_RIVER), other)), "2")
        asked = await client.get(link)
        assert "Дозвіл на риболовлю" in asked.text
        shown = await client.post(link)
        assert shown.url.path == f"/uk/{PERMIT}/"
        assert dict(shown.url.params) == {"water": "river", "age": "13"}
        assert "Ось що вам потрібно" in shown.text

        again = await client.post(link)
        assert "Ось що вам потрібно" in again.text, "who has opened it may open it again"
        async with person(here) as stranger:
            refused = await stranger.post(link)
            assert refused.status_code == 404
            assert "«консультації»" in refused.text, "a way on"
            stranger.cookies.set("opened", link.rpartition("/")[2], path=link)
            assert (await stranger.post(link)).status_code == 404, "the link is no key to its own cookie"


async def test_answers_changed_since_are_told_before_anything_opens(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        first = State("uk", 9, view="outcome", open=1, last=1, talks=(talk(1, IN_RIVER),))
        link = path(here.links.step(await stands(here, first, "1"), first, here.clock()))
        assert "відповіді в цій консультації змінилися" not in (await client.get(link)).text
        await stands(here, State("uk", 10, open=1, last=1, talks=(talk(1, {"water": "river"}),)), "2")
        assert "відповіді в цій консультації змінилися" in (await client.get(link)).text
        assert dict((await client.post(link)).url.params) == {"water": "river"}


async def test_a_consultation_that_is_no_more_is_told_kindly_and_its_link_is_not_used_for_another(
    tmp_path: Path,
) -> None:
    async with around(tmp_path) as here, person(here) as client:
        first = State("uk", 9, view="outcome", open=1, last=1, talks=(talk(1, IN_RIVER),))
        link = path(here.links.step(await stands(here, first, "1"), first, here.clock()))
        await stands(here, State("uk", 40, open=9, last=9, talks=(talk(9, IN_RIVER),)), "2")
        for said in (await client.get(link), await client.post(link)):
            assert said.status_code == 404
            assert "Цієї консультації в нас уже немає" in said.text


async def test_a_list_of_services_leads_to_the_services(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        home = State("uk", 3)
        link = path(here.links.step(await stands(here, home, "1"), home, here.clock()))
        await stands(here, State("uk", 9, open=1, last=1, talks=(talk(1, IN_RIVER),)), "2")
        assert (await client.post(link)).url.path == "/uk/"
