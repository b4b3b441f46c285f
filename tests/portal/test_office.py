"""/office/: the staff's desk, behind a key, for their own authority only; every look and every change is noted."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.portal.around import DMS, HOUR_MS, NUMBER, SECRET, Around, around, person, seed
from tests.portal.forms import Element, read
from vikno.api.keys import add_key
from vikno.portal.office import ATTEMPTS, COOKIE, IDLE_MS, LONGEST_MS
from vikno.usecases.records import Access, CaseGiven

NOW = 1_790_000_000_000


@asynccontextmanager
async def desk(folder: Path, moment: list[int] | None = None) -> AsyncIterator[tuple[Around, httpx.AsyncClient]]:
    """Somebody of the staff who has come in."""
    times = moment or [NOW]
    async with around(folder, clock=lambda: times[0]) as here, person(here) as client:
        seeded = await seed(here)
        said = await client.post("/uk/office/", data={"key": seeded["key"]})
        assert read(said.text).one("h1").text == "Для працівників"
        assert said.url.path == "/uk/office/"
        yield here, client


def form(page: Element, name: str) -> tuple[str, dict[str, str]]:
    """The form with this field: where it leads and what it sends unchanged."""
    for found in page.all("form"):
        fields = found.all("input") + found.all("select") + found.all("button")
        if any(field.attributes.get("name") == name for field in fields):
            sent = {field["name"]: field.attributes.get("value", "") for field in found.all("input")}
            return found["action"], sent
    raise AssertionError(name)


async def test_nobody_is_let_in_without_a_key(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)
        for path in ("", "late", "letters", "aside", "channels", f"cases/{seeded['case']}"):
            page = read((await client.get(f"/uk/office/{path}")).text)
            assert page.all("input", type="password"), path
            assert NUMBER not in page.text
        for path, sent in (("letters", {"letter": "1"}), ("cases/1", {"stage": "shipped", "event": "office-1"})):
            said = await client.post(f"/uk/office/{path}", data=sent)
            assert read(said.text).all("input", type="password"), path
        case = await here.store.case(DMS, NUMBER)
        assert case
        assert case.stage == "at_printer"
        for wrong in ("", "vk_1_x", "vk_1_" + "t" * 43, seeded["key"].replace("vk_1", "vk_2"), "ї" * 50):
            said = await client.post("/uk/office/", data={"key": wrong})
            assert said.status_code == 403
            assert "Цей ключ не підходить" in said.text
            assert "set-cookie" not in said.headers


async def test_a_case_that_is_not_there_is_told_among_the_tabs(tmp_path: Path) -> None:
    async with desk(tmp_path) as (_, client):
        for number in ("9" * 30, f"{2**63}"):
            assert (await client.get(f"/uk/office/cases/{number}")).status_code == 404, number
        said = await client.get("/uk/office/cases/99")
        assert said.status_code == 404
        page = read(said.text)
        assert page.one("h1").text == "Такої справи тут немає"
        assert len(page.all("ul", class_="vk-tabs")[0].all("a")) >= 4
        assert not page.all("input", type="search"), "the citizens’ search is not theirs"


async def test_keys_cannot_be_guessed_for_long(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)
        for _ in range(ATTEMPTS):
            assert (await client.post("/uk/office/", data={"key": "vk_1_" + "t" * 43})).status_code == 403
        assert (await client.post("/uk/office/", data={"key": "vk_1_" + "t" * 43})).status_code == 429
        for _ in range(ATTEMPTS + 1):
            assert (await client.post("/uk/office/", data={"key": seeded["key"]})).status_code == 200, (
                "nobody is shut out"
            )


async def test_the_cookie_is_sealed_short_lived_and_bound_to_the_key(tmp_path: Path) -> None:
    moment = [NOW]
    async with desk(tmp_path, moment) as (_, client):
        login = await client.get("/uk/office/")
        [cookie] = [line for line in login.headers.get_list("set-cookie") if line.startswith(COOKIE)]
        for word in ("HttpOnly", "SameSite=strict", "Secure", "Path=/"):
            assert word.lower() in cookie.lower()
        assert SECRET not in cookie
        assert NUMBER in login.text
        kept = client.cookies[COOKIE]
        client.cookies.clear()
        client.cookies.set(COOKIE, kept[:-4] + "AAAA", domain="vikno.example")
        assert NUMBER not in (await client.get("/uk/office/")).text, "a broken seal"
        client.cookies.clear()
        client.cookies.set(COOKIE, kept, domain="vikno.example")
        assert NUMBER in (await client.get("/uk/office/")).text
        moment[0] += IDLE_MS + 1
        client.cookies.clear()
        client.cookies.set(COOKIE, kept, domain="vikno.example")
        assert NUMBER not in (await client.get("/uk/office/")).text, "idle for too long"


async def test_what_strangers_have_had_sealed_lets_nobody_in(tmp_path: Path) -> None:
    """Whoever reads a copy of the store finds mails put aside, sealed with the same key: none of them is a cookie."""
    async with around(tmp_path, clock=lambda: NOW) as here, person(here) as client:
        await seed(here)
        session = f'[1,"{DMS}","staff","nonce",{NOW},{NOW}]'
        for said in (f"{COOKIE} {session}", f" {session}", f"{'0' * 32} {session}", session, f"ї {session}"):
            sealed = base64.urlsafe_b64encode(here.vault.seal(said)).decode()
            client.cookies.set(COOKIE, sealed, domain="vikno.example")
            assert NUMBER not in (await client.get("/uk/office/")).text, said
            client.cookies.clear()
        own = here.vault.seal(f"{here.vault.digest('office session', session)} {session}")
        client.cookies.set(COOKIE, base64.urlsafe_b64encode(own).decode(), domain="vikno.example")
        assert NUMBER in (await client.get("/uk/office/")).text, "with its proof it would be one"


async def test_after_a_working_day_the_key_is_asked_for_again(tmp_path: Path) -> None:
    moment = [NOW]
    async with desk(tmp_path, moment) as (_, client):
        for _ in range(LONGEST_MS // (IDLE_MS // 2)):
            moment[0] += IDLE_MS // 2
            assert NUMBER in (await client.get("/uk/office/")).text
        moment[0] += IDLE_MS // 2
        assert NUMBER not in (await client.get("/uk/office/")).text


async def test_a_revoked_key_is_out_at_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        assert NUMBER in (await client.get("/uk/office/")).text
        await here.store.revoke_key(1, NOW)
        assert NUMBER not in (await client.get("/uk/office/")).text


async def test_a_case_is_found_by_its_number_and_shows_what_each_report_came_to(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        said = await client.get("/uk/office/", params={"number": NUMBER})
        assert said.url.path == "/uk/office/cases/1"
        page = read(said.text)
        history = [row.text for row in page.all("table")[0].all("tbody")[0].all("tr")]
        assert len(history) == 4
        assert "Попередній етап" in history[0]
        assert all("перейшла на цей етап" in row for row in history[1:])
        assert [(one.who, one.what) for one in await here.store.accesses("case/1")] == [("office/1", "case.read")]
        assert "немає" in (await client.get("/uk/office/", params={"number": "нема такої"})).text


@pytest.mark.parametrize(
    ("lang", "looked", "moved"),
    [
        ("uk", "Переглянуто справу.", "Етап: Картку виготовлено й відправлено до місця видачі. Справа перейшла на"),
        (
            "en",
            "Looked at the case.",
            "Stage: The card has been made and sent to the office where you will collect it.",
        ),
    ],
)
async def test_who_looked_and_what_they_did_is_said_in_words(
    tmp_path: Path, lang: str, looked: str, moved: str
) -> None:
    async with desk(tmp_path) as (here, client):
        written = ("cli", "read"), ("api/99", "put"), ("api/1", "stage: reached"), ("vikno", "seen in a way of its own")
        await here.store.note([Access(at, who, what, "case/1") for at, (who, what) in enumerate(written)])
        action, sent = form(read((await client.get(f"/{lang}/office/cases/1")).text), "stage")
        page = read((await client.post(action, data={**sent, "stage": "shipped"})).text)
        [label] = [key.label for key in await here.store.keys() if key.id == 1]
        log = page.all("table")[-1].all("tbody")[0].text
        assert looked in log
        assert moved in log
        assert label in log
        assert "99" in log, "a key that is known no more"
        assert "seen in a way of its own" in log
        assert not any(code in log for code in ("cli", "office/", "api/", "case.read", "reached")), log


async def test_a_case_is_moved_once_and_its_follower_is_told_once(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        page = read((await client.get("/uk/office/cases/1")).text)
        action, sent = form(page, "stage")
        first = page.one("select", name="stage").all("option")[0]["value"]
        assert first == "shipped", "the stage that comes next is chosen"
        before = len(await here.store.inbox(here.follower().conversation))
        moved = await client.post(action, data={**sent, "stage": "shipped"})
        assert "Справа перейшла на цей етап." in read(moved.text).all("div", role="status")[0].text
        again = await client.post(action, data={**sent, "stage": "shipped"})  # a second click, or a browser's back
        assert "вже було записано раніше" in again.text
        inbox = await here.store.inbox(here.follower().conversation)
        assert len(inbox) == before + 1
        case = await here.store.case(DMS, NUMBER)
        assert case
        assert case.stage == "shipped"
        assert ("office/1", "case.stage shipped reached") in [
            (one.who, one.what) for one in await here.store.accesses("case/1")
        ]


async def test_a_stage_behind_the_case_is_recorded_explained_and_not_announced(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        page = read((await client.get("/uk/office/cases/1")).text)
        action, sent = form(page, "stage")
        before = len(await here.store.inbox(here.follower().conversation))
        said = await client.post(action, data={**sent, "stage": "accepted"})
        assert "нікому не повідомляли" in read(said.text).all("div", role="status")[0].text
        assert len(await here.store.inbox(here.follower().conversation)) == before
        wrong = {"stage": "made_up", "event": "office-other"}, {"stage": ""}, {"at": "yesterday"}, {"event": "x"}
        for change in wrong:
            said = await client.post(action, data={**sent, "stage": "shipped", **change})
            assert "Оберіть зі списку" in said.text, change
        assert len(await here.store.inbox(here.follower().conversation)) == before


@pytest.mark.parametrize("at", ["0026-03-15T10:00", "1989-12-31T10:00", "2062-03-15T10:00", "9999-12-31T23:59:59"])
async def test_a_time_that_can_only_be_a_slip_is_not_recorded(tmp_path: Path, at: str) -> None:
    """A year of the future would make every later stage late, and one of 9999 no page could show."""
    async with desk(tmp_path) as (here, client):
        action, sent = form(read((await client.get("/uk/office/cases/1")).text), "stage")
        said = await client.post(action, data={**sent, "stage": "shipped", "at": at})
        assert said.status_code == 200
        assert "Перевірте дату" in read(said.text).all("div", role="status")[0].text
        case = await here.store.case(DMS, NUMBER)
        assert case
        assert case.stage == "at_printer"
        assert len(await here.store.history(case.id)) == 4


@pytest.mark.parametrize("odd", ["²", "٣", "1_0", "-1", "9" * 30])
async def test_what_is_no_number_means_nothing(tmp_path: Path, odd: str) -> None:
    async with desk(tmp_path) as (here, client):
        for path in ("", "letters", "aside"):
            assert (await client.get(f"/uk/office/{path}", params={"after": odd, "again": odd})).status_code == 200
        _, sent = form(read((await client.get("/uk/office/letters")).text), "letter")
        letters = await here.store.letters(None)
        said = await client.post("/uk/office/letters", data={**sent, "letter": odd})
        assert said.status_code == 200
        assert await here.store.letters(None) == letters


@pytest.mark.parametrize("change", [{"form": "0" * 32}, {"form": ""}, {}])
async def test_a_form_that_was_not_made_here_moves_nothing(tmp_path: Path, change: dict[str, str]) -> None:
    async with desk(tmp_path) as (here, client):
        action, sent = form(read((await client.get("/uk/office/cases/1")).text), "stage")
        site = {} if change else {"sec-fetch-site": "cross-site"}
        said = await client.post(action, data={**sent, "stage": "shipped", **change}, headers=site)
        assert said.status_code == 404
        case = await here.store.case(DMS, NUMBER)
        assert case
        assert case.stage == "at_printer"


async def test_another_authority_sees_nothing_of_it(tmp_path: Path) -> None:
    async with around(tmp_path, clock=lambda: NOW) as here, person(here) as client:
        await seed(here)
        other = await add_key(here.store, here.vault, "ua/mfa", "Консульство", "m" * 43, NOW)
        await here.store.put([CaseGiven("ua/mfa", "K-1", "ua/foreign-passport", "0" * 32)], NOW)
        page = read((await client.post("/uk/office/", data={"key": other})).text)
        assert "K-1" in page.text
        assert NUMBER not in page.text
        assert "office/aside" not in str([link["href"] for link in page.all("a")]), "two authorities: for the operator"
        assert (await client.get("/uk/office/cases/1")).status_code == 404
        assert (await client.get("/uk/office/aside")).status_code == 403
        assert NUMBER[-4:] not in read((await client.get("/uk/office/letters")).text).one("main").text
        _, sent = form(read((await client.get("/uk/office/cases/5")).text), "form")
        said = await client.post("/uk/office/cases/1", data={**sent, "stage": "shipped", "event": "office-1"})
        assert said.status_code == 404
        letters = await here.store.letters(None)
        assert letters
        await client.post("/uk/office/letters", data={**sent, "letter": str(letters[0].id)})
        assert await here.store.letters(None) == letters, "nor can it send again what is not its own"


async def test_what_did_not_go_out_is_sent_again_when_asked(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        page = read((await client.get("/uk/office/letters")).text)
        action, sent = form(page, "letter")
        assert "двічі" in page.text, "what may have arrived is said to be sent twice, perhaps"
        letters = await here.store.letters(None)
        said = await client.post(action, data={**sent, "letter": str(letters[0].id)})
        assert "1 повідомлення надішлемо ще раз." in said.text
        assert await here.store.letters(None) == letters[1:]
        assert await here.store.lease("telegram/main", "notice", 10, NOW + 24 * HOUR_MS)


async def test_what_outstays_what_was_put_aside_and_the_channels_are_listed(tmp_path: Path) -> None:
    async with desk(tmp_path) as (_, client):
        late = read((await client.get("/uk/office/late")).text).one("main").text
        assert "UA-2026-0004419" in late
        assert "довше, ніж зазвичай" in late
        assert NUMBER not in late
        aside = read((await client.get("/uk/office/aside")).text).one("main").text
        assert "update_unreadable" in aside
        assert '"sender": 5' in aside
        channels = read((await client.get("/uk/office/channels")).text).one("main").text
        assert "telegram/main" in channels
        assert "@vikno_dms_bot" in channels
        assert "3 запити відхилено" in channels
        assert channels.count("відхилено") == 1


async def test_staff_see_which_of_their_own_systems_take_no_events(tmp_path: Path) -> None:
    async with desk(tmp_path) as (here, client):
        for authority, url in (("ua/dms", "https://hear.dms.example/a?b=c"), ("ua/mfa", "https://hear.mfa.example/")):
            await here.store.subscribe(authority, url, b"sealed", NOW)
        await here.store.failed((await here.store.subscribers())[0], NOW + 60_000, "http 500")
        said = read((await client.get("/uk/office/channels")).text).one("main").text
        assert "hear.dms.example" in said
        assert "не приймає подій; пробуємо ще" in said
        assert "http 500" in said
        assert "b=c" not in said
        assert "hear.mfa.example" in said, "with one authority its staff are the operators"
        await here.store.add_key("ua/mfa", "", "d", NOW)
        assert "hear.mfa.example" not in (await client.get("/uk/office/channels")).text
        await here.store.failed((await here.store.subscribers())[0], None, "http 500")
        assert "призупинено" in read((await client.get("/uk/office/channels")).text).one("main").text


async def test_leaving_forgets_the_cookie(tmp_path: Path) -> None:
    async with desk(tmp_path) as (_, client):
        page = read((await client.get("/uk/office/")).text)
        [leave] = [found for found in page.all("form") if found["action"].endswith("leave")]
        sent = {field["name"]: field["value"] for field in leave.all("input")}
        assert COOKIE in client.cookies
        assert NUMBER not in (await client.post(leave["action"], data=sent)).text
        assert COOKIE not in client.cookies
