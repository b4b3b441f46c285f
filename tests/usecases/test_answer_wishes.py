"""Settings in a chat, by numbers as on SMS: what is turned off there is off, and its words stand in the ledger."""

from __future__ import annotations

import itertools
from pathlib import Path

from tests.portal.persons import PHONE, Persons, persons
from vikno.usecases.channel import Inbound, Wrote
from vikno.usecases.people import EVERY, OUTSIDE
from vikno.usecases.settle_wishes import Said, Settling

KEYS = (f"key{number}" for number in itertools.count())


async def say(here: Persons, text: str) -> str:
    """An SMS, and what is answered."""
    [account] = [one for one in here.web.bot.accounts if one.name == "sms/main"]
    replies = await here.web.bot.desk.receive(account.channel, Inbound(next(KEYS), PHONE, Wrote(text), lang="uk"))
    return "\n".join(
        line for reply in replies for line in (reply.outbound.text, *(one.label for one in reply.outbound.buttons))
    )


async def test_one_word_tells_who_may_write_and_a_number_ends_it(tmp_path: Path) -> None:
    async with persons(tmp_path) as here:
        await say(here, "привіт")
        said = await say(here, "налаштування")
        assert "• Sky Air: увімкнено\n• Озерний банк: увімкнено" in said
        assert f"{here.public}/inbox/" in said, "the page has all of it"
        assert "Вимкнути: Sky Air\nВимкнути: Озерний банк" in said
        ended = await say(here, "1")
        assert "• Sky Air: вимкнено" in ended
        assert (await here.store.choices(here.conversation)).off == {("sky-air", EVERY, EVERY)}
        assert "• Sky Air: увімкнено" in await say(here, "1"), "as easily back"
        assert (await here.store.choices(here.conversation)).off == frozenset()


async def test_a_kind_is_ended_for_all_and_what_is_not_advertising_stays_in_the_inbox(tmp_path: Path) -> None:
    async with persons(tmp_path) as here:
        await say(here, "привіт")
        said = await say(here, "/settings")
        assert "Не надсилати: сервісні повідомлення" in said
        assert "реклама" not in said, "nobody has agreed to it"
        done = await say(here, "Не надсилати: сервісні повідомлення")
        assert "• сервісні повідомлення: лише на вашій сторінці" in done
        assert (await here.store.choices(here.conversation)).off == {(EVERY, "service", OUTSIDE)}


async def test_who_agreed_takes_it_back_with_everything_of_that_organisation(tmp_path: Path) -> None:
    async with persons(tmp_path) as here:
        wants = here.web.bot.desk.find_out
        assert wants is not None
        wishing = wants.__self__.wishing  # type: ignore[attr-defined]
        settling = Settling(here.store, wishing.chain, here.conversation, here.web.dispatch.clock())
        await settling.kind("sky-air", "advertising", "on", Said("web", "uk", "Погоджуюся"))
        await say(here, "привіт")
        await say(here, "налаштування")
        await say(here, "Вимкнути: Sky Air")
        taken, given = await here.store.agreed(here.conversation)
        assert (given.consent, taken.consent) == ("written", "none")
        assert (taken.organisation, taken.content, taken.channel) == ("sky-air", EVERY, "sms")
        assert taken.shown == "Вимкнути: Sky Air", "in the words of the button"


async def test_a_stranger_is_told_that_nobody_has_written(tmp_path: Path) -> None:
    async with persons(tmp_path) as here:
        [account] = [one for one in here.web.bot.accounts if one.name == "sms/main"]
        replies = await here.web.bot.desk.receive(
            account.channel, Inbound(next(KEYS), "380509998877", Wrote("налаштування"), lang="uk")
        )
        assert "Тут вам іще не писала жодна організація." in "\n".join(one.outbound.text for one in replies)
