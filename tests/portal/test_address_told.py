"""Whoever adds an address to somebody's page is heard of on those that were there before: a link can be passed on."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from tests.portal.forms import read
from tests.portal.persons import OTHER, PHONE, Persons, persons
from tests.portal.test_wishes import asked_for, code_of, forms
from vikno.domain.dialog.state import Want
from vikno.usecases.converse import Asker

WARNS = "Якщо це зробили не ви"


async def warned(here: Persons, phone: str, times: int) -> list[str]:
    """The messages that warn, when there are so many of them."""
    person, seen, found = here.sms.phone(phone), 0, list[str]()
    while len(found) < times:
        text = await person.read(seen)
        seen += 1
        found += [text] if WARNS in text else []
    return found + [text for text in person.texts[seen:] if WARNS in text]


async def test_a_phone_that_was_added_is_told_of_on_the_other_once(tmp_path: Path) -> None:
    async with persons(tmp_path, started=True) as here, here.client() as client:
        page = await asked_for(client, here, "phone", phone="050 111-22-33")
        code = await code_of(here, OTHER)
        [(action, sent)] = forms(read(page.text), do="code")
        assert (await client.post(action, data={**sent, "code": code})).status_code == 200
        [told] = await warned(here, PHONE, 1)
        assert told.startswith("+380•••33: відтепер ваші повідомлення надходять і туди.")
        assert "/inbox/" in told
        await client.post(action, data={**sent, "code": code})  # the same code again: it is there already
        await asyncio.sleep(0.2)
        assert len(await warned(here, PHONE, 1)) == 1
        assert await warned(here, OTHER, 0) == [], "the new one is not warned of itself"


async def test_a_messenger_that_was_added_is_told_of_by_its_name(tmp_path: Path) -> None:
    async with persons(tmp_path, started=True) as here, here.client() as client:
        store, vault, find_out = here.store, here.web.bot.vault, here.web.bot.desk.find_out
        assert find_out is not None
        link = re.search(
            r"https://t\.me/vikno_bot\?start=([\w-]{22})\"", (await asked_for(client, here, "messenger")).text
        )
        assert link is not None
        chat = vault.name("telegram/main", "424242")
        await store.meet(chat, "telegram/main", vault.seal("424242"), "uk", here.web.dispatch.clock())
        assert (await find_out(Asker(chat, "telegram/main", "uk"), Want("link", code=link[1]))).what == "linked"
        [told] = await warned(here, PHONE, 1)
        assert told.startswith("Telegram: відтепер")
