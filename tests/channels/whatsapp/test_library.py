"""A library that others wrote for the Cloud API (pywa) as reader, judge of signatures and client.

What it reads we read alike, what it would send we send, and it talks with our simulator as with the real one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

import vikno.channels.whatsapp as package
from tests.channels.whatsapp.conftest import NAME, SECRET, TOKEN
from tests.network import listening
from vikno.channels.whatsapp import WhatsApp
from vikno.testing.channel_examples import Driver, driver
from vikno.testing.whatsapp import BUSINESS, NUMBER, WhatsAppServer, signature
from vikno.usecases.channel import DeadAddress, Opened, Pressed, Raw, Reported, RetryAfter, Wrote
from vikno.wire.http import HttpAnswer, HttpRequest

# By name, since it declares none of its own as exported.
errors: Any = import_module("pywa.errors")
types: Any = import_module("pywa.types")
templates: Any = import_module("pywa.types.templates")
webhook_updates_validator: Any = import_module("pywa.utils").webhook_updates_validator
Library = Any

FOLDER = Path(package.__file__).parent
READERS: dict[str, Callable[..., Any]] = {
    "text": types.Message.from_update,
    "button_reply": types.CallbackButton.from_update,
    "list_reply": types.CallbackSelection.from_update,
}


@pytest.fixture(scope="module")
def examples() -> Driver:
    return driver(FOLDER)


@pytest.fixture
def library(meta: WhatsAppServer) -> Iterator[Library]:
    """A client of the simulator."""
    session = httpx.Client()
    client = import_module("pywa").WhatsApp(phone_id=NUMBER, token=TOKEN, session=session, waba_id=BUSINESS)
    session.base_url = httpx.URL(meta.api)
    yield client
    session.close()


def value_of(body: Any) -> Any:
    """What a body says, if it says one thing about somebody as Meta does; otherwise nothing."""
    if not isinstance(body, dict) or body.get("object") != "whatsapp_business_account":
        return {}
    changes = [change for entry in body["entry"] for change in entry["changes"]]
    return changes[0]["value"] if len(changes) == 1 and "id" in body["entry"][0] else {}


def test_what_we_believe_the_library_believes(examples: Driver) -> None:
    bot = WhatsApp(**examples.examples.account)
    believed = 0
    for one in examples.examples.came:
        raw = examples.raw(one)
        if not raw.body:
            continue
        given = raw.headers.get("x-hub-signature-256", "")
        theirs = webhook_updates_validator(SECRET, raw.body, given)
        assert (bot.verify(raw) is None) == theirs, one.name
        believed += theirs
    assert believed >= 15


def read_by(client: Any, value: dict[str, Any], body: Any) -> Any:
    (message,) = value["messages"]
    return READERS[message["interactive"]["type"] if message["type"] == "interactive" else message["type"]](
        client, body
    )


def alike(ours: Any, theirs: Any) -> None:
    """One message as both have read it."""
    assert ours.key == theirs.id
    assert ours.address == (theirs.from_user.bsuid or theirs.from_user.wa_id)
    assert ours.at_ms == int(theirs.timestamp.timestamp()) * 1000
    match ours.happened:
        case Pressed(button):
            assert button == theirs.data
        case Opened(token):
            assert f"‹{token}›" in theirs.text
        case Wrote(text):
            assert text == theirs.text


async def test_the_library_reads_our_examples_as_we_do(examples: Driver, library: Library) -> None:
    bot = WhatsApp(**examples.examples.account)
    read = 0
    for one in examples.examples.came:
        value = value_of(one.body)
        if not value.get("contacts") or one.refused or "user_id" not in value["contacts"][0]:
            continue
        (ours,) = bot.parse(examples.raw(one))
        alike(ours, read_by(library, value, one.body))
        read += 1
    assert read >= 4


async def test_the_library_reads_what_the_simulator_brings(
    meta: WhatsAppServer, library: Library, account: dict[str, Any]
) -> None:
    bot, bodies = WhatsApp(**account, phone=meta.phone), []

    async def hook(request: web.BaseRequest) -> web.Response:
        body = await request.read()
        assert webhook_updates_validator(SECRET, body, request.headers["X-Hub-Signature-256"])
        bodies.append(body)
        return web.Response()

    async with listening(hook) as url:
        meta.webhook = url
        olena, ivan = meta.person("Олена"), meta.person("Іван", hidden=True)
        link = bot.entry_link("kyiv-01")
        assert link is not None
        await olena.open(link.url)
        await ivan.write("добрий день")
        buttons = [types.Button("Так", "1.a"), types.Button("Ні", "1.b")]
        await asyncio.to_thread(library.send_message, ivan.user_id, "Так?", buttons=buttons)
        await ivan.press("Так")
        rows = [types.SectionRow("Посвідка…", "1.c", "Посвідка на постійне проживання")]
        listed = types.SectionList("Обрати", [types.Section("Усі", rows)])
        await asyncio.to_thread(library.send_message, olena.phone, "Яка?", buttons=listed)
        await olena.press("Посвідка на постійне проживання")
        await olena.see()
        meta.webhook = ""
    happened = []
    for raw in bodies:
        body = json.loads(raw)
        (ours,) = bot.parse(Raw(raw))
        happened.append(ours.happened)
        value = value_of(body)
        if "messages" in value:
            alike(ours, read_by(library, value, body))
        else:
            theirs = types.MessageStatus.from_update(library, {**body, "entry": [with_contact(body["entry"][0])]})
            assert ours.happened == Reported(theirs.id, theirs.status.value)
    assert happened[:4] == [Opened("kyiv-01"), Wrote("добрий день"), Pressed("1.a"), Pressed("1.c")]
    assert len(happened) == 5


def with_contact(entry: dict[str, Any]) -> dict[str, Any]:
    """With whom the library expects beside a receipt."""
    (change,) = entry["changes"]
    about = {"contacts": [{"profile": {"name": "?"}, "user_id": "UA.1"}], **change["value"]}
    return {**entry, "changes": [{**change, "value": about}]}


# ---- the library as a client ----


def sent_by(library: Library, body: dict[str, Any]) -> None:
    """The library says what we say."""
    to = body.get("to") or body["recipient"]
    match body["type"]:
        case "text":
            library.send_message(to, body["text"]["body"])
        case "template":
            about = body["template"]
            params = [templates.BodyText.params(*(one["text"] for one in about["components"][0]["parameters"]))]
            language = templates.TemplateLanguage(about["language"]["code"])
            library.send_template(to, name=about["name"], language=language, params=params)
        case _:
            about = body["interactive"]
            action, text = about["action"], about["body"]["text"]
            if "buttons" in action:
                replies = [one["reply"] for one in action["buttons"]]
                library.send_message(to, text, buttons=[types.Button(one["title"], one["id"]) for one in replies])
            else:
                rows = [
                    types.SectionRow(row["title"], row["id"], row.get("description"))
                    for row in action["sections"][0]["rows"]
                ]
                library.send_message(to, text, buttons=types.SectionList(action["button"], [types.Section("", rows)]))


def plain(body: dict[str, Any]) -> dict[str, Any]:
    """Without what makes no difference: a section's title where there is one section, capitals of a part's type."""
    for section in body.get("interactive", {}).get("action", {}).get("sections", ()):
        section.pop("title", None)
    for component in body.get("template", {}).get("components", ()):
        component["type"] = component["type"].lower()
    return body


async def test_the_library_says_what_we_say_in_the_same_json(
    meta: WhatsAppServer, examples: Driver, library: Library
) -> None:
    meta.templates |= {("case_news", language): "а {{1}}" for language in ("uk", "en_GB")}
    meta.late = True  # nobody of the examples has a phone here; it is what is sent that counts
    bodies = [request["body"] for one in examples.examples.said for request in one.requests]
    for body in bodies:
        await asyncio.to_thread(sent_by, library, body)
    theirs = [asked for call, asked, code in meta.called if call.endswith("/messages") and code == 0]
    assert len(theirs) == len(bodies) >= 9
    assert [plain(body) for body in theirs] == bodies


async def test_the_library_talks_with_the_simulator(meta: WhatsAppServer, library: Library) -> None:
    async def hook(request: web.BaseRequest) -> web.Response:
        return web.Response(text=request.query.get("hub.challenge", ""))

    async with listening(hook) as url:
        assert await asyncio.to_thread(library.override_phone_callback_url, url, "a token")
        about = await asyncio.to_thread(library.get_business_phone_number)
        assert (about.verified_name, about.webhook_configuration) == (NAME, {"phone_number": url})
        olena = meta.person("Олена")
        with pytest.raises(errors.ReEngagementMessage):
            await asyncio.to_thread(library.send_message, olena.phone, "рано")
        await olena.write("добрий день")
        sent = await asyncio.to_thread(library.send_message, olena.user_id, "а")
        assert sent.id == olena.lines[-1].id
        with pytest.raises(errors.MessageUndeliverable):
            await asyncio.to_thread(library.send_message, "380000000000", "а")
        too_many = [types.Button(f"{at}", f"{at}") for at in range(4)]
        with pytest.raises(errors.InvalidParameter):
            await asyncio.to_thread(library.send_message, olena.phone, "а", buttons=too_many)
        with pytest.raises(errors.TemplateNotExists):
            await asyncio.to_thread(
                library.send_template, olena.phone, "none", templates.TemplateLanguage.UKRAINIAN, []
            )
        meta.token = "another"
        with pytest.raises(errors.ExpiredAccessToken):
            await asyncio.to_thread(library.send_message, olena.phone, "а")


def test_the_codes_that_the_library_calls_throttling_are_tried_again(account: dict[str, Any]) -> None:
    bot = WhatsApp(**account)

    def outcome(code: int) -> Any:
        return bot.classify(
            HttpRequest("POST", "u"), HttpAnswer(400, {}, json.dumps({"error": {"code": code}}).encode())
        )

    for error in (errors.ToManyAPICalls, errors.RateLimitIssues, errors.RateLimitHit, errors.TooManyMessages):
        for code in error.__error_codes__:
            assert isinstance(outcome(code), RetryAfter), code
    for error in (errors.MessageUndeliverable, errors.ReEngagementMessage):
        for code in error.__error_codes__:
            assert isinstance(outcome(code), DeadAddress), code


def test_signatures_of_the_simulator_are_the_librarys() -> None:
    assert webhook_updates_validator(SECRET, b"{}", signature(SECRET, b"{}"))
    assert not webhook_updates_validator(SECRET, b"{ }", signature(SECRET, b"{}"))
