"""/inbox and /stop: one person's messages, what they follow, their data; nobody else's, and nothing by accident."""

from __future__ import annotations

from pathlib import Path

from tests.portal.around import DMS, NUMBER, Around, around, person, seed
from tests.portal.forms import Element, read
from vikno.usecases.sign_links import DAY_MS, INBOX_DAYS, Opens


def button(page: Element, **wanted: str) -> tuple[str, dict[str, str]]:
    """Where a form with this button leads, and what it sends."""
    for form in page.all("form"):
        for pressed in form.all("button"):
            if all(pressed.attributes.get(key) == value for key, value in wanted.items()):
                sent = {field["name"]: field["value"] for field in form.all("input", type="hidden")}
                return form["action"], {**sent, pressed["name"]: pressed["value"]}
    raise AssertionError(wanted)


async def followed(here: Around) -> list[str]:
    return [case.number for case in await here.store.followed(here.follower().conversation)]


async def test_what_was_sent_stands_there_with_what_became_of_it(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)
        said = await client.get(f"/inbox/{seeded['inbox']}")
        page = read(said.text)
        assert said.headers["cache-control"] == "no-store"
        letters = [item.text for item in page.all("ol", class_="vk-letters")[0].all("li")]
        assert any("замінено новішим" in letter and "Документи прийнято" in letter for letter in letters)
        assert any(
            "невідомо, чи дійшло" in letter and f"Код повідомлення: {seeded['code']}" in letter for letter in letters
        )
        accesses = await here.store.accesses(here.follower().conversation)
        assert [(one.who, one.what) for one in accesses] == [("self", "inbox.read")]


async def test_following_one_case_can_be_stopped_and_so_can_all(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)
        page = read((await client.get(f"/uk/inbox/{seeded['inbox']}")).text)
        action, sent = button(page, name="case", value=seeded["case"])
        after = await client.post(action, data=sent, headers={"sec-fetch-site": "same-origin"})
        assert "більше про це не писатимемо" in after.text
        assert NUMBER not in await followed(here)
        assert len(await followed(here)) == 1
        await client.post(action, data={**sent, "case": "all"})
        assert await followed(here) == []


async def test_what_is_no_number_means_nothing(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)
        for odd in ("²", "٣", "-1", "9" * 30):
            said = await client.get(f"/uk/inbox/{seeded['inbox']}", params={"before": odd})
            assert said.status_code == 200
            action, sent = button(read(said.text), name="case", value=seeded["case"])
            assert (await client.post(action, data={**sent, "case": odd})).status_code == 200
        assert len(await followed(here)) == 2


async def test_a_form_from_another_site_or_without_its_seal_does_nothing(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)
        page = read((await client.get(f"/uk/inbox/{seeded['inbox']}")).text)
        action, sent = button(page, name="case", value=seeded["case"])
        assert (await client.post(action, data=sent, headers={"sec-fetch-site": "cross-site"})).status_code == 404
        assert (await client.post(action, data={**sent, "form": "0" * 32})).status_code == 404
        assert (await client.post(action, data={**sent, "form": "ї"})).status_code == 404
        assert (await client.post(action, content=b"x" * 100_000)).status_code == 404
        assert len(await followed(here)) == 2


async def test_the_export_holds_all_that_is_kept_and_is_theirs(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)
        said = await client.get(f"/uk/inbox/{seeded['inbox']}/data.json")
        data = said.json()
        assert said.headers["content-disposition"] == 'attachment; filename="vikno-data.json"'
        assert data["address"] == "424242"
        assert {case["number"] for case in data["follows"]} == {NUMBER, "UA-2026-0004418"}
        assert any(seeded["code"] in notice["text"] for notice in data["notices"])
        assert data["accesses"][0]["what"] == "export"


async def test_whose_night_it_is_can_be_chosen_and_nothing_else(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded, conversation = await seed(here), here.follower().conversation
        page = read((await client.get(f"/uk/inbox/{seeded['inbox']}")).text)
        [form] = [form for form in page.all("form") if form.all("select", name="zone")]
        sent = {field["name"]: field["value"] for field in form.all("input", type="hidden")}
        names = {option["value"]: option.text for option in form.all("option")}
        assert (names["-"], names["Europe/Kyiv"]) == ("Час країни, яка надає послугу", "Україна, Київ")
        done = await client.post(form["action"], data={**sent, "zone": "America/Toronto"})
        assert "ніч рахуватимемо за цим часом" in done.text
        [chosen] = [option for option in read(done.text).all("option") if "selected" in option.attributes]
        assert chosen.text == "Канада, Торонто"
        assert (await client.get(f"/uk/inbox/{seeded['inbox']}/data.json")).json()["time_zone"] == "America/Toronto"
        for odd in ("Europe/Atlantis", "", "../../etc/passwd"):
            assert (await client.post(form["action"], data={**sent, "zone": odd})).status_code == 200
            known = await here.store.known(conversation)
            assert known is not None
            assert known.zone == "America/Toronto"
        await client.post(form["action"], data={**sent, "zone": "-"})
        known = await here.store.known(conversation)
        assert known is not None
        assert known.zone is None


async def test_erasing_asks_once_more_and_then_nothing_is_left(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded, conversation = await seed(here), here.follower().conversation
        page = read((await client.get(f"/uk/inbox/{seeded['inbox']}")).text)
        action, sent = button(page, value="erase")
        asked = await client.post(action, data=sent)
        assert "Стерти все?" in asked.text
        assert await here.store.known(conversation) is not None, "asking erases nothing"
        action, sent = button(read(asked.text), value="erase-yes")
        assert "Усе стерто" in (await client.post(action, data=sent)).text
        assert await here.store.known(conversation) is None
        assert await here.store.followed(conversation) == ()
        assert await here.store.inbox(conversation) == ()
        assert await here.store.read(conversation) is None
        assert await here.store.case(DMS, NUMBER) is not None, "the case is the authority's"


async def test_one_click_stops_without_cookies_and_a_look_stops_nothing(tmp_path: Path) -> None:
    async with around(tmp_path) as here, person(here) as client:
        seeded = await seed(here)
        link = f"/stop/{seeded['stop']}"
        looked = await client.get(link)  # as mail scanners do
        assert "Більше не надсилати цих повідомлень?" in looked.text
        assert len(await followed(here)) == 2
        done = await client.post(link, data={"List-Unsubscribe": "One-Click"})  # RFC 8058
        assert done.status_code == 200
        assert not done.history, "no redirect: mailboxes do not follow one"
        assert NUMBER not in await followed(here)
        assert (await client.post(link, data={"List-Unsubscribe": "One-Click"})).status_code == 200, (
            "twice does no harm"
        )
        assert "set-cookie" not in done.headers


async def test_a_link_opens_what_it_was_made_for_and_only_in_its_time(tmp_path: Path) -> None:
    now = 1_790_000_000_000
    moment = [now]
    async with around(tmp_path, clock=lambda: moment[0]) as here, person(here) as client:
        seeded = await seed(here)
        links, conversation = here.links, here.follower().conversation
        for wrong in (
            seeded["stop"],
            seeded["receipt"],
            seeded["inbox"][:-1],
            seeded["inbox"][:-2] + "AA",
            "A" * 60,
            "A" * 5000,
            links.token("inbox", Opens(conversation), now // DAY_MS - 1),
        ):
            assert (await client.get(f"/inbox/{wrong}")).status_code == 404
            assert (await client.get(f"/uk/inbox/{wrong}/data.json")).status_code == 404
        assert (await client.get(f"/stop/{seeded['inbox']}")).status_code == 404
        moment[0] = now + (INBOX_DAYS + 1) * DAY_MS
        assert (await client.get(f"/inbox/{seeded['inbox']}")).status_code == 404, "its days are over"
        assert (await client.get(f"/stop/{seeded['stop']}")).status_code == 200, "stopping never expires"
