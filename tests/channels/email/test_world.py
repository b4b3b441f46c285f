"""Whole letters there and back: our mail, answered as clients answer, comes to the bare words; and what goes wrong."""

from __future__ import annotations

import asyncio
import smtplib

import pytest

from tests.channels.email.conftest import Office
from vikno.domain.dialog.messages import Button
from vikno.testing.mail import Client, returned
from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    Left,
    Misconfigured,
    Opened,
    Pressed,
    Reported,
    RetryAfter,
    Sent,
    Unknown,
    Wrote,
)

OLENA = "olena@example.com"
TWO = (Button("12.aey6", "Закордонний паспорт"), Button("12.abc7", "ID-картка"), Button("12.nback", "Назад", "nav"))
SEVERAL = (
    Button("12.a1", "Діти"),
    Button("12.a2", "Пенсія", "chosen"),
    Button("12.d", "Готово", "action"),
)
CLIENTS: tuple[Client, ...] = ("gmail", "outlook", "apple", "plain")
LONG = "Потрібно кілька паперів.\n\n• паспорт — оригінал і копія\n• фото 10×15\n\n-- так ми розділяємо --\n> не цитата"


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("answer", ["2", "Закордонний паспорт", "Я загубила паспорт.\nЩо робити?", "так"])
async def test_an_answer_comes_to_its_bare_words(office: Office, client: Client, answer: str) -> None:
    olena = office.world.person("Олена Коваль", OLENA, client)
    await office.send(OLENA, LONG)
    assert await olena.answer(answer) == (250, "OK")
    (taken,) = office.taken
    assert taken.address == OLENA
    assert taken.happened == Wrote(answer)
    assert [line.by for line in olena.transcript] == ["bot", "me"]


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_number_answers_the_mail_it_replies_to_and_not_the_latest(office: Office, client: Client) -> None:
    olena = office.world.person("Олена Коваль", OLENA, client)
    await office.send(OLENA, "Оберіть послугу", buttons=TWO)
    await office.send(OLENA, "Де ви живете?", buttons=(Button("13.a1", "В Україні"), Button("13.a2", "За кордоном")))
    await olena.answer("2", olena.letters[0])
    await olena.answer("2.", olena.letters[1])
    await olena.answer("3", olena.letters[0])
    assert [one.happened for one in office.taken] == [Pressed("12.abc7"), Pressed("13.a2"), Wrote("3")]


async def test_numbers_of_several_are_left_to_the_conversation(office: Office) -> None:
    olena = office.world.person("Олена", OLENA)
    await office.send(OLENA, "Що стосується вас?", buttons=SEVERAL)
    await olena.answer("1")
    await olena.answer("1, 2")
    await olena.press("Готово")
    assert [one.happened for one in office.taken] == [Wrote("1"), Wrote("1, 2"), Pressed("12.d")]


@pytest.mark.parametrize("client", CLIENTS)
async def test_a_choice_is_a_link_that_writes_the_answer(office: Office, client: Client) -> None:
    olena = office.world.person("Олена", OLENA, client)
    await office.send(OLENA, "Оберіть послугу", buttons=TWO)
    await olena.press("ID-картка")
    await olena.press("Назад")
    assert [one.happened for one in office.taken] == [Pressed("12.abc7"), Pressed("12.nback")]


async def test_a_person_comes_by_the_link_of_a_poster(office: Office) -> None:
    olena = office.world.person("Олена", OLENA)
    link = office.email.entry_link("Office-7_x")
    await olena.open(link.url)
    assert office.taken[0].happened == Opened("Office-7_x")
    small = link.url.replace("+Office-7_x@", "+office-7_x@")  # a server that knows small letters only
    await olena.open(small)
    assert office.taken[1].happened == Opened("Office-7_x")


async def test_a_person_writes_without_any_link(office: Office) -> None:
    olena = office.world.person("Олена", "Olena@Example.COM", "apple")
    await olena.write("vikno@example.org", "Паспорт", "Хочу закордонний паспорт\n\nНадіслано з iPhone")
    await olena.write("Vikno@Example.org", "Скільки коштує ID-картка?", "")
    await olena.write("vikno@example.org", "Вікно #poster", "")
    await olena.write("vikno@example.org", "Добрий день", "#poster")
    assert [one.address for one in office.taken] == [OLENA] * 4
    assert [one.happened for one in office.taken] == [
        Wrote("Хочу закордонний паспорт"), Wrote("Скільки коштує ID-картка?"), Opened("poster"), Opened("poster"),
    ]  # fmt: skip


async def test_an_answer_in_somebody_elses_name_is_refused(office: Office) -> None:
    olena = office.world.person("Олена", OLENA)
    mallory = office.world.person("Мирон", "myron@example.net")
    await office.send(OLENA, "Оберіть послугу", buttons=TWO)
    await office.send("myron@example.net", "Оберіть послугу", buttons=TWO)
    mallory.address = OLENA  # in From and in the envelope, but with his own reply address
    code, said = await mallory.answer("1", office.world.letters["myron@example.net"][0])
    assert (code, office.taken, office.refused) == (550, [], ["forged_reply"])
    assert "another sender" in said
    assert (await olena.answer("1"))[0] == 250


async def test_who_is_not_ours_is_refused_before_the_mail_comes(office: Office) -> None:
    olena = office.world.person("Олена", OLENA)
    for nobody in ("info@example.org", "vikno@example.com", "vikno+@example.org", "reply+@example.org"):
        code, _ = await olena.write(nobody, "x", "x")
        assert code == 550, nobody
    assert office.taken == []


async def test_nothing_goes_round_between_machines(office: Office) -> None:
    olena = office.world.person("Олена", OLENA)
    await office.send(OLENA)
    reply = olena.letters[-1].reply_to
    for headers in (
        {"Auto_Submitted": "auto-replied (vacation)"}, {"Precedence": "bulk"}, {"List_Id": "<news.example.com>"},
        {"X_Autoreply": "yes"}, {"Return_Path": "<>"}, {"List_Unsubscribe": "<https://example.com>"},
    ):  # fmt: skip
        assert (await olena.write(reply, "Re: x", "I am away", **headers))[0] == 250
    for sender in ("mailer-daemon@example.com", "no-reply@example.com"):
        robot = office.world.person("Robot", sender)
        await robot.write("vikno@example.org", "x", "x")
    ours = office.world.person("Вікно", "vikno@example.org")
    await ours.write("vikno@example.org", "x", "x")  # our own mail, forwarded to us by a rule of somebody's
    assert office.taken == []
    await olena.write(reply, "Re: x", "я тут", Auto_Submitted="no")
    assert [one.happened for one in office.taken] == [Wrote("я тут")]


async def test_our_own_mail_brought_back_is_not_answered(office: Office) -> None:
    await office.send(OLENA)
    letter = office.world.letters[OLENA][0]
    code, _ = await office.world.bring(letter.source, "vikno@example.org", letter.reply_to)
    assert (code, office.taken) == (550, [])
    code, _ = await office.world.bring(letter.source, "vikno@example.org", "vikno@example.org")
    assert (code, office.taken) == (250, [])


@pytest.mark.parametrize(
    ("code", "text", "at", "outcome"),
    [
        (550, "5.1.1 No such user olena@example.com", "recipient", DeadAddress("550 5.1.1")),
        (551, "User not local", "recipient", DeadAddress("551")),
        (553, "5.1.3 bad", "recipient", DeadAddress("553 5.1.3")),
        (550, "5.7.1 blocked", "recipient", BadMessage("550 5.7.1")),
        (554, "5.6.0 no", "data", BadMessage("554 5.6.0")),
        (552, "5.3.4 too large", "data", BadMessage("552 5.3.4")),
        (550, "5.7.26 DMARC", "data", Misconfigured("550 5.7.26")),
        (452, "4.2.2 mailbox full", "recipient", RetryAfter(4 * 3600, "chat", "452 4.2.2")),
        (450, "4.2.0 greylisted", "recipient", RetryAfter(900, "chat", "450 4.2.0")),
        (451, "4.3.0 local error", "data", RetryAfter(1800, "chat", "451 4.3.0")),
    ],
)
async def test_a_server_refuses_one_recipient(office: Office, code: int, text: str, at: str, outcome: object) -> None:
    office.world.refuse(OLENA, code, text, times=1, at=at)  # type: ignore[arg-type]
    assert await office.send(OLENA) == outcome
    assert isinstance(await office.send("ivan@example.com"), Sent)
    assert isinstance(await office.send(OLENA), Sent)
    assert office.world.connections == 1, "the connection is kept"


async def test_a_server_refuses_us(office: Office) -> None:
    office.world.refuse("*", 530, "5.7.0 Must log in", times=1, at="sender")
    assert await office.send(OLENA) == Misconfigured("530 5.7.0")
    office.world.refuse("*", 421, "4.3.2 Too many", times=2, at="sender")  # on the kept connection, and on a new one
    assert await office.send(OLENA) == RetryAfter(60, "account", "421 4.3.2")
    assert isinstance(await office.send(OLENA), Sent)


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("broken", [True, False])
async def test_nobody_knows_what_became_of_a_mail_without_an_answer(office: Office, kept: bool, broken: bool) -> None:
    office.transport._answer_s = 0.3
    office.world.lose(OLENA, kept=kept, broken=broken)
    assert isinstance(await office.send(OLENA), Unknown)
    assert len(office.world.letters.get(OLENA, [])) == kept
    assert isinstance(await office.send(OLENA), Sent)


async def test_a_late_bounce_is_a_receipt_of_its_mail(office: Office) -> None:
    office.world.bounce_late(OLENA)
    outcome = await office.send(OLENA, "Ваш паспорт готовий", purpose="notice")
    assert isinstance(outcome, Sent)
    async with asyncio.timeout(5):
        while not office.world.brought:  # noqa: ASYNC110 - the other side of a line has no event
            await asyncio.sleep(0.01)
    assert office.world.brought == [(250, "OK")]
    (taken,) = office.taken
    assert taken.happened == Reported(outcome.message, "failed", "5.1.1")
    assert taken.address == OLENA


async def test_a_bounce_is_believed_of_the_mail_and_the_address_it_is_of(office: Office) -> None:
    await office.send(OLENA)
    await office.send("ivan@example.com")
    (mine,), (his,) = office.world.letters[OLENA], office.world.letters["ivan@example.com"]
    source, _, _ = returned(mine)
    assert (await office.world.bring(source, "", his.sender))[0] == 550
    assert (await office.world.bring(source, "", mine.sender.replace("mail0", "mail1")))[0] == 550
    assert office.refused == ["forged_bounce"] * 2
    for action, state in (("delayed", None), ("delivered", "delivered")):
        office.taken.clear()
        source, sender, to = returned(mine, action=action, status="2.0.0")
        assert (await office.world.bring(source, sender, to))[0] == 250
        assert [one.happened.state for one in office.taken] == ([state] if state else [])  # type: ignore[union-attr]


async def test_a_bounce_of_exim_and_a_holiday_at_the_same_door(office: Office) -> None:
    await office.send(OLENA)
    (letter,) = office.world.letters[OLENA]
    exim = b"From: Mailer-Daemon@mail.test\r\nX-Failed-Recipients: Olena@example.com\r\n\r\nNo such user\r\n"
    assert (await office.world.bring(exim, "", letter.sender))[0] == 250
    assert [one.happened for one in office.taken] == [Reported("mail000000000001@example.org", "failed")]
    holiday = b"From: olena@example.com\r\nAuto-Submitted: auto-replied\r\n\r\nI am away\r\n"
    assert (await office.world.bring(holiday, "", letter.sender))[0] == 250
    assert len(office.taken) == 1
    assert (await office.world.bring(holiday.replace(b"olena", b"ivan"), "", letter.sender))[0] == 550


async def test_a_person_ends_it_by_a_mail_of_their_client(office: Office) -> None:
    olena = office.world.person("Олена", OLENA)
    await office.send(OLENA, "Ваш паспорт готовий", purpose="notice", stop="https://vikno.example.org/stop/abc")
    assert await olena.unsubscribe(by_mail=True) == 250
    provider = office.world.person("Provider", "unsubscribe@provider.example")
    assert await provider.open(olena.letters[0].unsubscribe[1]) == (250, "OK")
    assert [(one.address, one.happened) for one in office.taken] == [(OLENA, Left())] * 2
    other = olena.letters[0].unsubscribe[1].replace(OLENA, "ivan@example.com")
    assert (await provider.open(other))[0] == 550


async def test_a_mail_is_taken_only_when_it_is_on_record(office: Office) -> None:
    olena = office.world.person("Олена", OLENA)
    office.away = OSError("disk full")
    assert (await olena.write("vikno@example.org", "x", "Добрий день"))[0] == 451
    office.away = None
    assert (await olena.write("vikno@example.org", "x", "Добрий день"))[0] == 250
    assert len(office.taken) == 1


async def test_the_same_mail_brought_twice_has_one_key(office: Office) -> None:
    source = b"From: <olena@example.com>\r\nMessage-ID: <1@example.com>\r\n\r\nTak\r\n"
    for body in (source, b"Received: from somewhere else\r\n" + source, source.replace(b"<1@", b"<2@")):
        await office.world.bring(body, OLENA, "vikno@example.org")
    keys = [one.key for one in office.taken]
    assert keys[0] == keys[1] != keys[2]


async def test_a_connection_that_the_server_has_closed_is_no_trouble(office: Office) -> None:
    assert isinstance(await office.send(OLENA), Sent)
    office.transport._free[-1].smtp.transport.abort()  # type: ignore[union-attr]
    assert isinstance(await office.send(OLENA), Sent)
    assert len(office.world.letters[OLENA]) == 2


async def test_standard_clients_speak_with_our_server(office: Office) -> None:
    def speak() -> list[int]:
        with smtplib.LMTP("127.0.0.1", office.listener.port) as line:
            codes = [line.ehlo("x")[0], line.docmd("EHLO", "x")[0], line.docmd("VRFY", "<olena@example.com>")[0]]
            codes += [line.docmd("MAIL", "FROM:<>")[0], line.docmd("RCPT", "TO:<vikno@example.org>")[0]]
            codes += [line.docmd("RCPT", "TO:<vikno+a@example.org>")[0], line.docmd("RSET")[0]]
            codes += [line.docmd("MAIL", "FROM:<> SIZE=300000")[0]]
            return codes

    assert await asyncio.to_thread(speak) == [250, 500, 252, 250, 250, 452, 250, 552]
