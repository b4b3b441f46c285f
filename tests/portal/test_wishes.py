"""Who may write, about what and where: each by one tap and back by one, and what was agreed to in its very words."""

from __future__ import annotations

import re
from pathlib import Path

import httpx

from tests.portal.forms import Element, read
from tests.portal.persons import MAIL, OTHER, PHONE, Persons, persons
from vikno.domain.dialog.state import Want
from vikno.domain.notify.consent import version_of
from vikno.usecases.converse import Asker
from vikno.usecases.people import EVERY, OUTSIDE

HERE = {"sec-fetch-site": "same-origin"}
CONSENT = (
    "Я погоджуюся отримувати рекламу від організації Sky Air. Цю згоду я можу будь-коли відкликати тут.\nПогоджуюся"
)

ODD: tuple[dict[str, str], ...] = (
    {"sender": "nobody"}, {"do": "kind", "content": "../x"}, {"do": "remove", "way": "9" * 30},
    {"do": "channel", "channel": "*"}, {"do": "back", "sender": "x", "content": "y"}, {"do": "?"},
)  # fmt: skip


def forms(page: Element, **wanted: str) -> list[tuple[str, dict[str, str]]]:
    """Forms with these hidden fields: where they lead, and what each button of theirs sends."""
    found = []
    for form in page.all("form"):
        sent = {field["name"]: field["value"] for field in form.all("input", type="hidden")}
        if all(sent.get(name) == value for name, value in wanted.items()):
            for pressed in form.all("button"):
                extra = {pressed["name"]: pressed["value"]} if "name" in pressed.attributes else {}
                found.append((form["action"], {**sent, **extra}))
    return found


async def tap(client: httpx.AsyncClient, here: Persons, **wanted: str) -> httpx.Response:
    """Look at the page, and press the first button of such a form."""
    page = read((await client.get(f"{here.inbox}/wishes")).text)
    buttons = [
        one for one in forms(page, **{name: value for name, value in wanted.items() if name != "press"})
        if "press" not in wanted or wanted["press"] in one[1].values()
    ]  # fmt: skip
    assert buttons, wanted
    action, sent = buttons[0]
    return await client.post(action, data=sent, headers=HERE)


async def off(here: Persons) -> set[tuple[str, str, str]]:
    return set((await here.store.choices(here.conversation)).off)


async def test_each_organisation_stands_there_with_each_kind_that_it_sends(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        page = read((await client.get(f"{here.inbox}/wishes")).text)
        senders = [one.text for one in page.all("h3")]
        assert [one for one in senders if one in ("Sky Air", "Озерний банк")] == ["Sky Air", "Озерний банк"]
        text = page.text
        for kind in ("Одноразові коди", "Платежі й рахунки", "Сервісні повідомлення", "Реклама"):
            assert kind in text
        assert "+380•••67" in text
        assert PHONE not in text, "addresses are masked"


async def test_a_kind_is_turned_off_and_on_by_one_tap_each(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        wanted = {"do": "kind", "sender": "lake-bank", "content": "code"}
        done = await tap(client, here, **wanted)
        assert await off(here) == {("lake-bank", "code", OUTSIDE)}
        assert "Озерний банк: коди видно лише на вашій сторінці" in done.text, "what it means is said kindly"
        await tap(client, here, **wanted)
        assert await off(here) == set()
        assert await here.store.agreed(here.conversation) == (), "what needs no consent is no consent"


async def test_what_is_turned_off_goes_nowhere_but_to_the_inbox(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await tap(client, here, do="kind", sender="lake-bank", content="code")
        number = here.web.bot.vault.read_uuid("n", await here.tell("lake-bank", "code"))
        [found] = await here.store.in_hand([number or 0])
        assert found.tries == ()
        assert (found.notification.status, found.notification.reason) == ("sent", "inbox")
        letter = await client.get(f"{here.inbox}/letters")
        assert "Код входу: 918273" in letter.text


async def test_a_whole_organisation_is_ended_and_comes_again(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await tap(client, here, do="sender", sender="sky-air")
        assert await off(here) == {("sky-air", EVERY, EVERY)}
        number = here.web.bot.vault.read_uuid("n", await here.tell("sky-air", "delay"))
        [found] = await here.store.in_hand([number or 0])
        assert (found.notification.status, found.notification.reason) == ("permanent-failure", "choice")
        await tap(client, here, do="sender", sender="sky-air")
        assert await off(here) == set()


async def test_advertising_begins_with_consent_in_words_that_are_kept(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        wanted = {"do": "kind", "sender": "sky-air", "content": "advertising"}
        page = await client.get(f"{here.inbox}/wishes")
        assert CONSENT.partition("\n")[0] in page.text, "the words stand where they are agreed to"
        done = await tap(client, here, **wanted)
        [line] = await here.store.agreed(here.conversation)
        assert (line.organisation, line.content, line.consent) == ("sky-air", "advertising", "written")
        assert (line.shown, line.version, line.lang, line.channel) == (CONSENT, version_of(CONSENT), "uk", "web")
        assert "Ви погодилися" in done.text or "ви погодилися" in done.text
        quoted = read(done.text).all("blockquote")
        assert quoted[0].text.replace("\n", " ") == CONSENT.replace("\n", " ")
        await tap(client, here, **wanted)  # as easy as it was given
        taken, given = await here.store.agreed(here.conversation)
        assert (taken.consent, given.consent) == ("none", "written")
        assert taken.shown == "Sky Air. Реклама. Вимкнути"


async def test_what_was_agreed_to_is_taken_back_where_it_is_read(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await tap(client, here, do="kind", sender="sky-air", content="advertising")
        done = await tap(client, here, do="back", sender="sky-air", content="advertising")
        assert "Готово: згоду відкликано" in done.text
        assert not forms(read(done.text), do="back"), "it can be taken back once"
        states = await here.store.people([here.conversation], 1, "advertising", 0)
        assert states[here.conversation].consent == "none"


async def test_a_kind_is_turned_off_for_all_at_once(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        done = await tap(client, here, do="all", content="service")
        assert await off(here) == {(EVERY, "service", OUTSIDE)}
        assert "Ви вимкнули це для всіх організацій" in done.text
        await tap(client, here, do="all", content="service")
        assert await off(here) == set()


async def test_channels_have_an_order_and_can_be_off(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        vault, store = here.web.bot.vault, here.store
        mail = vault.name("email/main", MAIL)
        await store.meet(mail, "email/main", vault.seal(MAIL), "uk", 1)
        await store.link(mail, here.conversation, 1)
        await tap(client, here, channel="sms", press="up")
        assert (await store.choices(here.conversation)).order == ("sms", "email")
        done = await tap(client, here, channel="sms", press="down")
        assert (await store.choices(here.conversation)).order == ("email", "sms")
        assert "o•••@mail.example" in done.text
        await tap(client, here, do="channel", channel="email")
        assert await off(here) == {(EVERY, EVERY, "email")}
        await tap(client, here, do="channel", channel="email")
        assert await off(here) == set()


async def test_quiet_hours_and_language_are_chosen(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        [(action, sent)] = forms(read((await client.get(f"{here.inbox}/wishes")).text), do="quiet")
        await client.post(action, data={**sent, "from": "23", "until": "7"})
        assert (await here.store.choices(here.conversation)).quiet == (23, 7)
        for odd in ({"from": "24", "until": "7"}, {"from": "-1", "until": "7"}, {"from": "²", "until": "7"}, {}):
            await client.post(action, data={**sent, **odd})
            assert (await here.store.choices(here.conversation)).quiet == (23, 7)
        await tap(client, here, do="quiet", press="country")
        assert (await here.store.choices(here.conversation)).quiet is None
        [(action, sent)] = forms(read((await client.get(f"{here.inbox}/wishes")).text), do="language")
        await client.post(action, data={**sent, "language": "en"})
        assert (await here.store.choices(here.conversation)).lang == "en"
        await client.post(action, data={**sent, "language": "xx"})
        assert (await here.store.choices(here.conversation)).lang == "en"


async def test_a_form_of_another_site_or_made_up_does_nothing(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        action, sent = forms(read((await client.get(f"{here.inbox}/wishes")).text), do="sender")[0]
        assert (await client.post(action, data=sent, headers={"sec-fetch-site": "cross-site"})).status_code == 404
        assert (await client.post(action, data={**sent, "form": "0" * 32})).status_code == 404
        for odd in ODD:
            assert (await client.post(action, data={**sent, **odd})).status_code == 200
        assert await off(here) == set()
        assert await here.store.agreed(here.conversation) == ()


# ---- addresses ----


async def code_of(here: Persons, phone: str) -> str:
    """That came by SMS."""
    text = await here.sms.phone(phone).read()
    found = re.match(r"(\d{6}) — код, щоб", text)
    assert found is not None, text
    return found[1]


async def asked_for(client: httpx.AsyncClient, here: Persons, do: str, **given: str) -> httpx.Response:
    [(action, sent)] = forms(read((await client.get(f"{here.inbox}/wishes")).text), do=do)
    return await client.post(action, data={**sent, **given}, headers=HERE)


async def test_a_phone_is_added_by_the_code_that_comes_to_it(tmp_path: Path) -> None:
    async with persons(tmp_path, started=True) as here, here.client() as client:
        page = await asked_for(client, here, "phone", phone="050 111-22-33")
        assert "+380•••33" in page.text
        assert OTHER not in page.text
        code = await code_of(here, OTHER)
        [(action, sent)] = forms(read(page.text), do="code")
        wrong = await client.post(action, data={**sent, "code": "000000" if code != "000000" else "111111"})
        assert wrong.status_code == 400
        assert await here.store.known(here.web.bot.vault.name("sms/main", OTHER)) is None, "nothing is kept before"
        done = await client.post(action, data={**sent, "code": f" {code[:3]} {code[3:]} "})
        assert "номер тепер на вашій сторінці" in done.text
        ways = {way.conversation for way in await here.store.ways(here.conversation)}
        assert ways == {here.conversation, here.web.bot.vault.name("sms/main", OTHER)}
        await tap(client, here, do="remove")
        assert {way.conversation for way in await here.store.ways(here.conversation)} == {here.conversation}


async def test_a_code_is_guessed_a_few_times_only(tmp_path: Path) -> None:
    async with persons(tmp_path, started=True) as here, here.client() as client:
        page = await asked_for(client, here, "phone", phone="+380501112233")
        code = await code_of(here, OTHER)
        [(action, sent)] = forms(read(page.text), do="code")
        for guess in range(5):
            assert (await client.post(action, data={**sent, "code": f"{guess:06}"})).status_code == 400
        assert (await client.post(action, data={**sent, "code": code})).status_code == 400, "too often"
        assert len(await here.store.ways(here.conversation)) == 1


async def test_an_address_gets_few_messages_that_nobody_there_asked_for(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        statuses = [(await asked_for(client, here, "phone", phone="+380501112233")).status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        assert (await asked_for(client, here, "phone", phone="044 2345678")).status_code == 400
        assert (await asked_for(client, here, "phone", phone="ні")).status_code == 400
        assert (await asked_for(client, here, "email", email="nobody@nowhere")).status_code == 400


async def test_a_mailbox_is_added_by_the_link_in_it_and_only_by_a_tap(tmp_path: Path) -> None:
    async with persons(tmp_path, started=True) as here, here.client() as client:
        olena = here.mail.person("Olena", MAIL)
        done = await asked_for(client, here, "email", email=f"Olena <{MAIL.upper()}>")
        assert "Ми надіслали на цю адресу посилання" in done.text
        text = (await olena.heard("prove")).text
        found = re.search(r"http://vikno\.test(/uk/prove/\S+)", text)
        assert found is not None, text
        looked = await client.get(found[1])
        assert "Це ваша адреса?" in looked.text
        assert "+380•••67" in looked.text, "it says whose page it is"
        assert len(await here.store.ways(here.conversation)) == 1, "opening it adds nothing"
        added = await client.post(found[1], headers=HERE)
        assert "Готово" in added.text
        assert len(await here.store.ways(here.conversation)) == 2
        assert (await client.get(found[1][:-4] + "AAAA")).status_code == 404


async def test_a_messenger_is_added_by_its_link_and_the_word_of_its_person(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        page = await asked_for(client, here, "messenger")
        found = re.search(r"https://t\.me/vikno_bot\?start=([\w-]{22})\"", page.text)
        assert found is not None
        open_case, find_out = here.web.bot.desk.open_case, here.web.bot.desk.find_out
        assert open_case is not None
        assert find_out is not None
        vault, store = here.web.bot.vault, here.store
        chat = vault.name("telegram/main", "424242")
        await store.meet(chat, "telegram/main", vault.seal("424242"), "uk", here.web.dispatch.clock())
        asker = Asker(chat, "telegram/main", "uk")
        learnt = await open_case(asker, found[1])
        assert learnt is not None
        assert (learnt.what, learnt.cases[0].title) == ("linking", "+380•••67")
        assert len(await store.ways(here.conversation)) == 1, "the link alone adds nothing"
        assert (await find_out(asker, Want("link", code=found[1]))).what == "linked"
        assert {way.conversation for way in await store.ways(here.conversation)} == {here.conversation, chat}
        forged = found[1][:-1] + ("A" if found[1][-1] != "A" else "B")
        assert (await find_out(asker, Want("link", code=forged))).what == "not_linked"


async def test_who_downloads_their_data_has_all_that_organisations_brought_about(tmp_path: Path) -> None:
    async with persons(tmp_path) as here, here.client() as client:
        await tap(client, here, do="kind", sender="sky-air", content="advertising")
        await tap(client, here, do="kind", sender="lake-bank", content="payment")
        data = (await client.get(f"{here.inbox}/data.json")).json()
    late, paid = data["letters"]
    assert (late["sender"], late["text"]) == ("Sky Air", "Рейс PS 204 вилетить о 23:40. Вибачте за незручність.")
    assert (paid["sender"], paid["text"]) == ("Озерний банк", "Сплачено 1250 грн у магазині Книгарня.")
    assert [(one["organisation"], one["content"], one["consent"]) for one in data["agreed"]] == [
        ("sky-air", "advertising", "written")
    ]
    assert data["agreed"][0]["shown"] == CONSENT
    assert data["wishes"]["off"] == [{"organisation": "lake-bank", "content": "payment", "channel": OUTSIDE}]
    assert data["addresses"] == [{"account": "sms/main", "status": "alive"}]
