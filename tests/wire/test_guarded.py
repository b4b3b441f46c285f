"""Requests to addresses that others chose: what is checked is what is gone to, and the certificate is the name's."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator
from socket import gaierror
from typing import Any

import pytest
from aiohttp import web

from tests.network import certified, listening
from vikno.usecases.channel import NotCarried
from vikno.wire.guarded import (
    MOST_ANSWER_BYTES,
    GuardedPost,
    HookAddressWrong,
    LookUps,
    check_address,
    look_up,
    may_lead_to,
)

INSIDE = [
    "0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "192.168.0.1",  # noqa: S104
    "198.18.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fc00::1", "fe80::1", "ff02::1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "2002:a00:1::", "2001:db8::1",
]  # fmt: skip


async def test_a_name_server_that_hangs_holds_up_its_own_names_and_nobody_elses() -> None:
    hangs, asked = threading.Event(), list[str]()

    def ask(host: str, _: int, **__: Any) -> list[Any]:
        asked.append(host)
        if host == "gone.example":
            raise gaierror(-2, "Name or service not known")
        if host == "hangs.example":
            hangs.wait(20)
        return [(2, 1, 6, "", ("1.1.1.1", 443))]

    look_ups = LookUps(2, ask)
    waiting = [asyncio.create_task(look_ups.ask("hangs.example", 443)) for _ in range(8)]
    await asyncio.sleep(0.05)
    waiting.pop().cancel()
    assert await asyncio.wait_for(look_ups.ask("fine.example", 443), 5) == ["1.1.1.1"]
    with pytest.raises(OSError, match="not known"):
        await look_ups.ask("gone.example", 443)
    assert await asyncio.wait_for(look_up("::1", 443), 5) == ["::1"], "what is an address needs nobody"
    hangs.set()
    assert await asyncio.gather(*waiting) == [["1.1.1.1"]] * 7
    assert asked.count("hangs.example") == 1
    assert await look_ups.ask("hangs.example", 443) == ["1.1.1.1"]
    assert asked.count("hangs.example") == 2, "it is looked up anew each time"


@pytest.mark.parametrize("address", INSIDE)
def test_nothing_leads_inside(address: str) -> None:
    assert not may_lead_to(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101"])
def test_the_public_network_is_open(address: str) -> None:
    assert may_lead_to(address)


def test_a_private_network_is_opened_and_nothing_else() -> None:
    opened = {address for address in INSIDE if may_lead_to(address, private=True)}
    assert {"10.0.0.1", "172.16.0.1", "192.168.0.1", "fc00::1", "::ffff:10.0.0.1"} <= opened
    assert not opened & {INSIDE[0], "127.0.0.1", "169.254.169.254", "224.0.0.1", "::", "::1", "fe80::1", "ff02::1"}


@pytest.mark.parametrize(
    "url",
    [
        "", "hear", "https://", "https:///hear", "file:///etc/passwd", "http://dms.example/", "http://127.0.0.1.example/",
        "https://a:b@dms.example/", "https://dms.example/#x", "https://dms.example/\nx", "https://dms.example:99999/",
        "http://[::ffff:127.0.0.1]/", "https://10.0.0.1/", "https://[fe80::1]/",
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_gone_to_is_refused(url: str) -> None:
    with pytest.raises(HookAddressWrong):
        check_address(url)


async def test_a_name_is_looked_up_once_and_gone_to_as_it_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up, gone_to = list[str](), list[Any]()

    async def resolve(host: str, _: int) -> list[str]:
        looked_up.append(host)
        return ["1.1.1.1"] if len(looked_up) == 1 else ["127.0.0.1"]

    async def connect(_: Any, host: str, port: int, **options: Any) -> Any:
        gone_to.append((host, port, options["server_hostname"]))
        raise OSError

    monkeypatch.setattr(asyncio.get_running_loop(), "create_connection", connect)
    answer = await GuardedPost(resolve=resolve)("https://dms.example/hear", {}, b"{}")
    assert answer == NotCarried(False, "OSError")
    assert (looked_up, gone_to) == (["dms.example"], [("1.1.1.1", 443, "dms.example")])


# ---- with a certificate ----


@pytest.fixture
async def place() -> AsyncIterator[tuple[int, ssl.SSLContext]]:
    """A server whose certificate is for localhost, and who trusts it."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=202, body=b"x" * (2 * MOST_ANSWER_BYTES if request.path == "/large" else 1))

    shows, trusts = certified()
    async with listening(answer, shows) as url:
        yield int(url.rpartition(":")[2]), trusts


async def here(_: str, __: int) -> list[str]:
    return ["127.0.0.1"]


async def test_over_tls_the_name_is_proved(place: tuple[int, ssl.SSLContext]) -> None:
    port, context = place
    post = GuardedPost(resolve=here, context=context)
    assert await post(f"https://localhost:{port}/", {}, b"{}") == 202
    other = await post(f"https://127.0.0.1:{port}/", {}, b"{}")
    assert other == NotCarried(False, "SSLCertVerificationError")
    stranger = await GuardedPost(resolve=here)(f"https://localhost:{port}/", {}, b"{}")
    assert stranger == NotCarried(False, "SSLCertVerificationError")


async def test_of_several_addresses_the_first_that_answers_is_taken(place: tuple[int, ssl.SSLContext]) -> None:
    port, context = place

    async def several(_: str, __: int) -> list[str]:
        return ["127.0.0.2", "127.0.0.1"]  # nobody listens at the first, as where IPv6 leads nowhere

    assert await GuardedPost(resolve=several, context=context)(f"https://localhost:{port}/", {}, b"{}") == 202


async def test_a_large_answer_is_not_read_to_its_end(place: tuple[int, ssl.SSLContext]) -> None:
    port, context = place
    answer = await GuardedPost(resolve=here, context=context)(f"https://localhost:{port}/large", {}, b"{}")
    assert answer == NotCarried(True, "answer_too_large")
