"""A library that others wrote (maxapi) as reader and client: it reads what we read, and talks with our MAX."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from maxapi import Bot
from maxapi.exceptions.max import InvalidToken, MaxApiError
from maxapi.types import CallbackButton, LinkButton
from maxapi.types.attachments.attachment import ButtonsPayload
from maxapi.types.attachments.buttons.attachment_button import AttachmentButton
from maxapi.types.updates import UpdateUnionAdapter
from maxapi.utils.deep_linking import create_start_link

import vikno.channels.max as package
from tests.channels.max.conftest import NAME, SECRET, TOKEN, USERNAME
from vikno.channels.max import Max
from vikno.domain.dialog.messages import Button
from vikno.testing.channel_examples import driver
from vikno.testing.max import MaxServer
from vikno.usecases.channel import Left, Opened, Outbound, Pressed, Raw, Wrote

KEYBOARD: Any = AttachmentButton
"""Made from data, which its types do not tell of."""
BOT = Max(token=TOKEN, secret=SECRET, username=USERNAME)
BEYOND = (
    "An update that MAX may invent is passed over",
    "Of a voice message MAX says nothing, so that nobody can be answered",
    "What somebody else wrote and was only passed on is not read",
)
"""What the library does not read: for the last, its schema and MAX's own differ."""


def updates() -> list[Any]:
    """Those of our examples that are read."""
    examples = driver(Path(package.__file__).parent).examples
    known = [one for one in examples.came if isinstance(one.body, dict) and not (one.unreadable or one.refused)]
    return [pytest.param(one.body, id=one.name) for one in known if one.name not in BEYOND]


@pytest.mark.parametrize("body", updates())
def test_the_library_reads_our_examples_as_we_do(body: dict[str, Any]) -> None:
    theirs: Any = UpdateUnionAdapter.validate_python(body)
    for one in BOT.parse(Raw(json.dumps(body).encode())):
        _, who = theirs.get_ids()
        assert one.address == str(who)
        assert one.at_ms == theirs.timestamp
        match one.happened:
            case Wrote(text):
                assert theirs.message.body.text == text
            case Pressed(button):
                assert (theirs.callback.payload, theirs.callback.callback_id) == (button, one.handle)
            case Opened(token) if token and theirs.update_type == "bot_started":
                assert theirs.payload == token
            case Left():
                assert theirs.update_type in ("bot_stopped", "dialog_removed")


def test_what_we_send_is_what_the_library_would_send() -> None:
    buttons = (Button("1.a", "Так"), Button("1.b", "Ні"))
    (request,) = BOT.render(Outbound("Є паспорт?", buttons=buttons, link="https://vikno.example/s/1"), "5")
    (ours,) = json.loads(request.body)["attachments"]
    keys: Any = [
        [CallbackButton(text="Так", payload="1.a"), CallbackButton(text="Ні", payload="1.b")],
        [LinkButton(text="🌐 vikno.example", url="https://vikno.example/s/1")],
    ]
    theirs = KEYBOARD(type="inline_keyboard", payload=ButtonsPayload(buttons=keys)).model_dump(mode="json")
    for row in theirs["payload"]["buttons"]:
        for key in row:
            key.pop("intent", None)  # of no effect any more
    assert ours == {name: value for name, value in theirs.items() if name in ("type", "payload")}
    assert KEYBOARD.model_validate(ours).payload == ButtonsPayload(buttons=keys)


def test_our_links_are_the_librarys() -> None:
    link = BOT.entry_link("kyiv-01")
    assert link is not None
    assert link.url == create_start_link(USERNAME, "kyiv-01")


# ---- the library as the bot on our MAX ----


@pytest.fixture
async def client(messenger: MaxServer) -> AsyncIterator[Bot]:
    bot = Bot(TOKEN, auto_requests=False)
    bot.set_api_url(messenger.api)
    yield bot
    await bot.close_session()


async def test_our_max_answers_the_library(messenger: MaxServer, client: Bot) -> None:
    me: Any = await client.get_me()
    assert (me.username, me.first_name, me.is_bot) == (USERNAME, NAME, True)
    subscribed: Any = await client.subscribe_webhook("https://vikno.example/hooks/max/main", secret=SECRET)
    assert subscribed.success
    found: Any = await client.get_subscriptions()
    assert [one.url for one in found.subscriptions] == ["https://vikno.example/hooks/max/main"]
    await client.unsubscribe_webhook("https://vikno.example/hooks/max/main")
    assert messenger.subscriptions == {}

    olena = messenger.person("Олена")
    olena.started = True
    keys: Any = ButtonsPayload(buttons=[[CallbackButton(text="Так", payload="1.a")]])
    sent: Any = await client.send_message(
        user_id=olena.id, text="Є паспорт?", attachments=[KEYBOARD(type="inline_keyboard", payload=keys)]
    )
    assert sent.message.body.mid == olena.lines[-1].mid
    assert olena.labels == ["Так"]
    await olena.press("Так")
    (callback,) = messenger.callbacks
    answered: Any = await client.send_callback(callback, notification="Дякуємо")
    assert (answered.success, olena.notified) == (True, ["Дякуємо"])


async def test_our_max_refuses_the_library_as_the_real_one_does(messenger: MaxServer, client: Bot) -> None:
    olena = messenger.person("Олена")
    codes = []
    for stopped, text in ((False, "a"), (True, "a"), (False, "")):
        with pytest.raises(MaxApiError) as refused:
            await client.send_message(user_id=olena.id, text=text)
        codes.append((refused.value.code, refused.value.raw["code"] if isinstance(refused.value.raw, dict) else None))
        olena.started, olena.stopped = True, not stopped
    assert codes == [(404, "dialog.not.found"), (403, "chat.denied"), (400, "proto.payload")]
    with pytest.raises(MaxApiError):
        await client.send_callback("nobody's", notification="a")
    messenger.token = "another"
    with pytest.raises(InvalidToken):
        await client.get_me()


async def test_the_library_reads_what_our_people_do(messenger: MaxServer) -> None:
    brought: list[bytes] = []
    messenger.hold()
    olena = messenger.person("Олена")
    messenger.subscriptions["http://nowhere.example/"] = {"update_types": [], "secret": None}
    await olena.open(payload="kyiv-01")
    await olena.write("привіт")
    await olena.edit("вітаю")
    await olena.send(
        None, {"type": "sticker", "payload": {"url": "https://s.example/", "code": "a"}, "width": 1, "height": 1}
    )
    olena.take("Є паспорт?", "mid.1", (({"type": "callback", "text": "Так", "payload": "1.a"},),))
    await olena.press("Так")
    await olena.stop()
    await olena.remove()
    brought += messenger._held or []
    read: list[Any] = [UpdateUnionAdapter.validate_json(one) for one in brought]
    assert [one.update_type for one in read] == [
        "bot_started", "message_created", "message_edited", "message_created", "message_callback", "bot_stopped",
        "dialog_removed",
    ]  # fmt: skip
    assert {one.get_ids()[1] for one in read} == {olena.id}
