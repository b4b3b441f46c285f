"""Viber's own library (viberbot) as signer, reader and client: what it signs we believe, what we say it understands."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

import vikno.channels.viber as package
from tests.channels.viber.conftest import NAME, TOKEN
from tests.network import listening
from vikno.channels.viber import Viber
from vikno.domain.dialog.messages import Button
from vikno.testing.channel_examples import Came, Driver, driver
from vikno.testing.viber import ViberServer, fault
from vikno.usecases.channel import Opened, Outbound, Pressed, Raw, Wrote

FOLDER = Path(package.__file__).parent
BEYOND = ("client_status", "audio")
"""What the library refuses to read."""


@pytest.fixture(scope="module")
def examples() -> Driver:
    return driver(FOLDER)


def readable(examples: Driver) -> list[tuple[str, bytes]]:
    """The callbacks of our examples that Viber's library claims to know."""
    found = []
    for one in examples.examples.came:
        if one.unreadable or one.refused or not isinstance(one.body, dict):
            continue
        if not {*BEYOND, "reacted"} & named(one):
            found.append((one.name, examples.raw(one).body))
    return found


def named(example: Came) -> set[str]:
    """The event of a callback, and the type of its message."""
    body = example.body if isinstance(example.body, dict) else {}
    message = body.get("message")
    return {body.get("event", ""), message["type"] if isinstance(message, dict) else ""}


def test_what_the_library_signs_is_believed_and_only_that(examples: Driver, library: Any) -> None:
    bot = Viber(token=TOKEN, name=NAME)
    differ = 0
    for name, body in readable(examples):
        signed = {"x-viber-content-signature": library._calculate_message_signature(body)}
        assert bot.verify(Raw(body, signed)) is None, name
        assert library.verify_signature(body, signed["x-viber-content-signature"])
        again = json.dumps(json.loads(body), separators=(",", ":")).encode()
        assert json.loads(again) == json.loads(body)
        refused = bot.verify(Raw(again, signed))
        assert refused is not None, name
        assert refused.status == 403
        differ += again != body
    assert differ >= 15


def test_the_library_reads_our_examples_as_we_do(examples: Driver, library: Any) -> None:
    bot = Viber(token=TOKEN, name=NAME)
    read = 0
    for name, body in readable(examples):
        if b'"message_token"' not in body or b'"timestamp"' not in body:
            continue
        theirs = library.parse_request(body)
        read += 1
        ours = bot.parse(Raw(body))
        if theirs.event_type == "webhook":
            assert ours == ()
            continue
        if not ours:
            assert theirs.silent, name
            continue
        (one,) = ours
        assert one.at_ms == theirs.timestamp, name
        assert one.key.startswith(theirs.event_type), name
        match theirs.event_type:
            case "message":
                assert one.address == theirs.sender.id
                text = getattr(theirs.message, "text", None)
                match one.happened:
                    case Wrote(said):
                        assert said == text
                    case Pressed(button):
                        assert text is not None
                        assert f"‹{button}›" in text
                    case other:
                        assert other.kind == theirs.message.to_dict()["type"]  # type: ignore[union-attr]
            case "conversation_started":
                assert one.address == theirs.user.id
                assert one.happened == Opened(theirs.context or "")
                assert (one.handle == "welcome") == (not theirs.subscribed)
            case "subscribed":
                assert one.address == theirs.user.id
            case _:
                assert one.address == theirs.user_id
    assert read >= 17


@pytest.mark.parametrize("kind", BEYOND)
def test_what_the_library_refuses_we_read_ourselves(examples: Driver, library: Any, kind: str) -> None:
    bodies = [examples.raw(one).body for one in examples.examples.came if not one.unreadable and kind in named(one)]
    assert bodies
    for body in bodies:
        with pytest.raises(Exception, match="not supported"):
            library.parse_request(body)
        Viber(token=TOKEN, name=NAME).parse(Raw(body))


def test_the_library_understands_all_that_we_say(examples: Driver) -> None:
    from viberbot.api.messages import KeyboardMessage, get_message  # type: ignore[import-untyped]

    bot = Viber(token=TOKEN, name=NAME)
    said = examples.examples.said
    bodies = [request["body"] for one in examples.examples.said for request in one.requests]
    bodies += [one.ack["body"] for one in examples.examples.came if one.ack.get("body")]
    for outbound in (
        Outbound("слово " * 3000, buttons=tuple(Button(f"1.{at}", f"Країна {at}") for at in range(195))),
        Outbound("Так?", buttons=(Button("a", "<b>"), Button("b", "Ні", "nav"))),
    ):
        bodies += [json.loads(request.body) for request in bot.render(outbound, "a=")]
    assert len(bodies) >= len(said)
    for body in bodies:
        message = get_message(body)
        assert message.validate()
        ours = {name: value for name, value in body.items() if name not in ("receiver", "sender")}
        assert message.to_dict() == ours
    (alone,) = bot.render(Outbound("", buttons=(Button("a", "Так"),)), "a=")
    body = json.loads(alone.body)
    keyboard = KeyboardMessage(keyboard=body["keyboard"], min_api_version=1)
    assert keyboard.validate()
    assert keyboard.to_dict().items() <= body.items()


# ---- the library as a client of the simulator: it has the real one's shape ----


@pytest.fixture
async def client(viber: ViberServer, library: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    import viberbot.api.api  # type: ignore[import-untyped]
    from viberbot import Api

    monkeypatch.setattr(viberbot.api.api, "VIBER_BOT_API_URL", viber.api)
    return Api(library._bot_configuration)


async def test_the_library_talks_with_the_simulator(viber: ViberServer, client: Any) -> None:
    from viberbot.api.messages import KeyboardMessage, TextMessage
    from viberbot.api.messages.picture_message import PictureMessage  # type: ignore[import-untyped]

    heard: list[Any] = []

    async def hook(request: web.BaseRequest) -> web.Response:
        body = await request.read()
        assert client.verify_signature(body, request.headers["X-Viber-Content-Signature"])
        assert client.verify_signature(body, request.query["sig"])
        heard.append(client.parse_request(body))
        if heard[-1].event_type == "conversation_started":
            message = TextMessage(text=f"Вітаємо, {heard[-1].context}", min_api_version=1).to_dict()
            return web.json_response({**message, "sender": {"name": NAME}})
        return web.Response()

    async with listening(hook) as url:
        types = await asyncio.to_thread(client.set_webhook, url)
        assert set(types) >= {"message", "delivered", "seen"}
        olena = viber.person("Олена")
        with pytest.raises(Exception, match="status: 6"):
            await asyncio.to_thread(client.send_messages, olena.id, TextMessage(text="рано"))
        await olena.open("viber://pa?chatURI=dmsu&context=kyiv-01")
        assert olena.said == ["Вітаємо, kyiv-01"]
        await olena.write("Добрий день")
        key = {"Columns": 6, "Rows": 1, "Text": "Так", "ActionType": "reply", "ActionBody": "yes"}
        keyboard = {"Type": "keyboard", "Buttons": [key]}
        tokens = await asyncio.to_thread(
            client.send_messages,
            olena.id,
            [
                TextMessage(text="Так?", keyboard=keyboard),
                KeyboardMessage(keyboard=keyboard),
                PictureMessage(media="https://example.com/a.png", text="а"),
            ],
        )
        assert len(set(tokens)) == 3
        await olena.press("Так")
        await olena.see()
        await olena.unsubscribe()
        await olena.subscribe()
        info = await asyncio.to_thread(client.get_account_info)
        assert (info["name"], info["uri"], info["webhook"], info["subscribers_count"]) == (NAME, "dmsu", url, 4)
        details = await asyncio.to_thread(client.get_user_details, olena.id)
        assert details["name"] == "Олена"
        online = await asyncio.to_thread(client.get_online, [olena.id])
        assert online[0]["online_status"] == 0
        with pytest.raises(Exception, match="status: 3"):
            await asyncio.to_thread(client.send_messages, olena.id, TextMessage(text="а", keyboard={"Buttons": [key]}))
        await asyncio.to_thread(client.unset_webhook)
        await olena.write("є хто?")
    assert [one.event_type for one in heard] == [
        "webhook", "conversation_started", "message", "message", *["seen"] * 4, "unsubscribed", "subscribed",
    ]  # fmt: skip
    assert heard[3].message.text == "yes"


async def test_a_wrong_token_is_refused_by_the_simulator(viber: ViberServer, client: Any) -> None:
    viber.token = "another"
    with pytest.raises(Exception, match="status: 2"):
        await asyncio.to_thread(client.set_webhook, "https://example.com/")
    info = await asyncio.to_thread(client.get_account_info)
    assert info["status"] == 2


async def test_a_webhook_that_does_not_answer_is_refused(viber: ViberServer, client: Any) -> None:
    async def broken(_: web.BaseRequest) -> web.Response:
        return web.Response(status=500)

    async with listening(broken) as url:
        with pytest.raises(Exception, match="status: 1"):
            await asyncio.to_thread(client.set_webhook, url)
    with pytest.raises(Exception, match="status: 1"):
        await asyncio.to_thread(client.set_webhook, "nowhere")


def test_the_simulator_refuses_what_viber_does() -> None:
    said = {"sender": {"name": "a"}, "type": "text", "text": "a"}
    key = {"Columns": 6, "Rows": 1, "Text": "Так", "ActionType": "reply", "ActionBody": "yes"}

    def with_key(**changes: Any) -> dict[str, Any]:
        return {**said, "keyboard": {"Type": "keyboard", "Buttons": [{**key, **changes}]}}

    right = [
        said,
        with_key(),
        with_key(Text="<b>Так</b> &lt;"),
        {**with_key(ActionType="share-phone"), "min_api_version": 3},
    ]
    for body in right:
        assert fault(body, 100) is None, body
    wrong = [
        {**said, "text": "а" * 7001},
        {**said, "text": ""},
        {**said, "text": 5},
        {"type": "text", "text": "a"},
        {**said, "sender": {"name": "а" * 29}},
        {**said, "tracking_data": "а" * 4001},
        {**said, "keyboard": {"Buttons": [key]}},
        {**said, "keyboard": {"Type": "keyboard", "Buttons": []}},
        with_key(Columns=7),
        with_key(Rows=3),
        with_key(Text="а" * 251),
        with_key(Text="<script>"),
        with_key(ActionType="share-phone"),
        [],
    ]
    for bad in wrong:
        assert fault(bad, 100) is not None, bad
    assert fault(said, 40_000) is not None
