"""vk_api, a library of VK's users, as builder and client: the keyboards are the same, and it talks with our VK."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
import vk_api  # type: ignore[import-untyped]
from vk_api.keyboard import VkKeyboard  # type: ignore[import-untyped]

import vikno.channels.vk as package
from tests.channels.vk.conftest import GROUP, NAME, SECRET, TOKEN
from vikno.channels.vk import Vk
from vikno.domain.dialog.messages import Button
from vikno.testing.channel_examples import driver
from vikno.testing.vk import Refusal, VkServer, keyboard_of, plain
from vikno.usecases.channel import Outbound

COUNTRIES = tuple(Button(f"1.{at}", f"Країна {at}") for at in range(60))
SAID = (
    Outbound("Де?", buttons=COUNTRIES),
    Outbound("Де?", buttons=COUNTRIES, kept=True),
    Outbound("Де?", buttons=(*COUNTRIES[:7], Button("n", "Назад", "nav"), Button("k", "Далі", "action"))),
    Outbound("Де?", buttons=COUNTRIES[:3], link="https://vikno.example/s/1"),
)


def built(keyboard: dict[str, Any]) -> dict[str, Any]:
    """The same keyboard by the library, which refuses what has too many rows or keys in one."""
    board = VkKeyboard(one_time=keyboard["one_time"], inline=keyboard["inline"])
    for at, row in enumerate(keyboard["buttons"]):
        if at:
            board.add_line()
        for key in row:
            action = key["action"]
            match action["type"]:
                case "text":
                    board.add_button(action["label"], key["color"], action["payload"])
                case "callback":
                    board.add_callback_button(action["label"], key["color"], action["payload"])
                case "open_link":
                    board.add_openlink_button(action["label"], action["link"])
    made: dict[str, Any] = json.loads(board.get_keyboard())
    for row in made["buttons"]:
        for key in row:
            if key["action"].get("payload") is None:
                key["action"].pop("payload", None)
    return made


@pytest.mark.parametrize("quiet", [False, True])
def test_the_library_builds_the_keyboards_that_we_send(quiet: bool) -> None:
    community = Vk(token=TOKEN, secret=SECRET, group=GROUP, quiet=quiet)
    forms = [plain(one)["body"] for said in SAID for one in community.render(said, "100001")]
    boards = [form["keyboard"] for form in forms if "keyboard" in form]
    examples = driver(Path(package.__file__).parent).examples
    boards += [one["body"]["keyboard"] for said in examples.said for one in said.requests if "keyboard" in one["body"]]
    assert len(boards) >= 10
    for board in boards:
        assert built(board) == board


# ---- the library as a client of the simulator: it has the real one's shape ----


@pytest.fixture
async def client(vk: VkServer) -> Any:
    """The library, whose address of the API is led to the simulator."""
    session = vk_api.VkApi(token=TOKEN, api_version="5.199")
    session.RPS_DELAY = 0.0
    post = session.http.post
    session.http.post = lambda url, *given, **named: post(
        url.replace("https://api.vk.ru/method", vk.api), *given, **named
    )
    return session


async def asked(client: Any, method: str, **values: Any) -> Any:
    return await asyncio.to_thread(client.method, method, values)


async def test_the_library_talks_with_the_simulator(vk: VkServer, client: Any) -> None:
    olena = vk.person("Олена")
    with pytest.raises(vk_api.ApiError) as refused:
        await asked(client, "messages.send", peer_id=olena.id, random_id=1, message="рано")
    assert refused.value.code == 901
    olena.allowed = True
    board = VkKeyboard(inline=True)
    board.add_button("Так", payload={"b": "1.a"})
    about = {"peer_id": olena.id, "message": "Так?", "keyboard": board.get_keyboard()}
    first = await asked(client, "messages.send", random_id=7, **about)
    assert await asked(client, "messages.send", random_id=7, **about) == first
    assert await asked(client, "messages.send", random_id=8, **about) != first
    assert olena.said == ["Так?", "Так?"]
    for wrong, code in (({"message": ""}, 100), ({"message": "а" * 4097}, 914), ({"keyboard": "{}"}, 911)):
        with pytest.raises(vk_api.ApiError) as refused:
            await asked(client, "messages.send", random_id=9, **{**about, **wrong})
        assert refused.value.code == code
    with pytest.raises(vk_api.ApiError) as refused:
        await asked(client, "messages.sent", peer_id=olena.id)
    assert refused.value.code == 3


async def test_the_library_sets_up_a_community(vk: VkServer, client: Any) -> None:
    (group,) = (await asked(client, "groups.getById", group_id=GROUP))["groups"]
    assert (group["id"], group["name"], group["screen_name"]) == (GROUP, NAME, "dmsu")
    assert await asked(client, "groups.getCallbackConfirmationCode", group_id=GROUP) == {"code": vk.code}
    about = {"group_id": GROUP, "url": "http://127.0.0.1:1/", "title": "a", "secret_key": "b"}
    added = await asked(client, "groups.addCallbackServer", **about)
    (server,) = (await asked(client, "groups.getCallbackServers", group_id=GROUP))["items"]
    assert (server["id"], server["status"]) == (added["server_id"], "failed")
    assert await asked(client, "groups.setCallbackSettings", group_id=GROUP, server_id=1, message_new=1) == 1
    settings = await asked(client, "groups.getCallbackSettings", group_id=GROUP, server_id=1)
    assert settings["events"]["message_new"] == 1
    for wrong in ({"title": "a" * 15}, {"secret_key": "b" * 51}, {"url": "nowhere"}):
        with pytest.raises(vk_api.ApiError) as refused:
            await asked(client, "groups.editCallbackServer", server_id=1, **{**about, **wrong})
        assert refused.value.code == 100
    with pytest.raises(vk_api.ApiError) as refused:
        await asked(client, "groups.getCallbackServers", group_id=5)
    assert refused.value.code == 15


async def test_a_wrong_token_is_refused_by_the_simulator(vk: VkServer, client: Any) -> None:
    vk.token = "another"
    with pytest.raises(vk_api.ApiError) as refused:
        await asked(client, "groups.getById", group_id=GROUP)
    assert refused.value.code == 5


KEY: dict[str, Any] = {"action": {"type": "text", "label": "Так", "payload": '{"b":"1"}'}, "color": "secondary"}


def with_key(color: str | None = "secondary", **changes: Any) -> Any:
    key = {"action": {**KEY["action"], **changes}} | ({"color": color} if color else {})
    return {"buttons": [[key]]}


TAKEN = [
    {"buttons": []},
    {"buttons": [[KEY] * 5] * 8},
    {"inline": True, "buttons": [[KEY] * 5] * 2},
    {"one_time": True, "buttons": [[KEY]] * 10},
    with_key(label="а" * 40),
    with_key(payload='"' + "a" * 253 + '"'),
    with_key(None, type="open_link", link="https://a.example/"),
]
REFUSED = [
    [],
    {},
    {"buttons": {}},
    {"buttons": [[]]},
    {"buttons": [KEY]},
    {"buttons": [[KEY] * 6]},
    {"buttons": [[KEY]] * 11},
    {"buttons": [[KEY] * 5] * 8 + [[KEY]]},
    {"inline": True, "buttons": [[KEY]] * 7},
    {"inline": True, "buttons": [[KEY] * 4] * 3},
    {"inline": True, "one_time": True, "buttons": [[KEY]]},
    {"buttons": [[5]]},
    {"buttons": [[{"color": "primary"}]]},
    with_key("mauve"),
    with_key(type="share_phone"),
    with_key(label=""),
    with_key(label="а" * 41),
    with_key(payload='"' + "a" * 254 + '"'),
    with_key(payload="{"),
    with_key(payload={"b": "1"}),
    with_key(None, type="open_link"),
    with_key(None, type="open_link", link="javascript:1"),
    with_key("primary", type="open_link", link="https://a.example/"),
]


def test_the_simulator_refuses_what_vk_does() -> None:
    for keyboard in TAKEN:
        assert keyboard_of(json.dumps(keyboard)) == keyboard
    for keyboard in REFUSED:
        with pytest.raises(Refusal) as refused:
            keyboard_of(json.dumps(keyboard))
        assert refused.value.code == 911, keyboard
    with pytest.raises(Refusal):
        keyboard_of("{")


async def test_the_simulator_sends_to_nobody_whom_vk_would_not(vk: VkServer, client: Any) -> None:
    ivan = vk.person("Іван")
    ivan.allowed = ivan.blocked = True
    for peer, code in ((ivan.id, 900), (5, 901), (0, 917), (2_000_000_001, 917), ("x", 100)):
        with pytest.raises(vk_api.ApiError) as refused:
            await asked(client, "messages.send", peer_id=peer, random_id=1, message="а")
        assert refused.value.code == code
    with pytest.raises(vk_api.ApiError) as refused:
        await asked(client, "messages.send", peer_id=ivan.id, message="а")
    assert refused.value.code == 100
    ivan.blocked = False
    for _ in range(2):  # 0 is no number: nothing is compared
        await asked(client, "messages.send", peer_id=ivan.id, random_id=0, message="а")
    assert ivan.said == ["а", "а"]
