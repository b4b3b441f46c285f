"""A browser names its push service: what is taken for an address, and what may never be gone to."""

from __future__ import annotations

import pytest

from vikno.channels.inbox import Inbox, SubscriptionWrong, key_from
from vikno.channels.inbox import address as subscribed
from vikno.testing.inbox import KEYS
from vikno.testing.push import text_of

POINT, AUTH = text_of(KEYS.point), text_of(KEYS.auth)
PUSH = "https://push.example/abc"


def test_the_same_subscription_is_the_same_text_however_it_is_written() -> None:
    channel = Inbox(key=key_from(bytes(48)), secret=bytes(32))
    address = channel.address(PUSH, POINT, AUTH)
    assert address == f'{{"auth":"{AUTH}","endpoint":"{PUSH}","p256dh":"{POINT}"}}'
    assert channel.address(PUSH, POINT + "=", AUTH + "==") == address
    read = subscribed.read(address)
    assert (read.endpoint, read.auth) == (PUSH, KEYS.auth)
    assert AUTH not in repr(read)
    assert PUSH not in repr(read)


@pytest.mark.parametrize(
    "endpoint",
    [
        "", "push", "http://push.example/a", "ftp://push.example/a", "https://", "https://127.0.0.1/a", "https://[::1]/a",
        "https://localhost/a", "http://localhost/a", "http://127.0.0.1:8080/a", "https://10.0.0.1/a", "https://169.254.169.254/a",
        "https://[::ffff:127.0.0.1]/a", "https://192.168.0.1:8443/a", "https://a:b@push.example/a", "https://push.example/a#b",
        "https://push.example/a\r\nX: y", "https://поштар.example/a", "https://push.example/" + "a" * 2000,
    ],
)  # fmt: skip
def test_an_endpoint_that_is_not_public_and_https_is_none(endpoint: str) -> None:
    with pytest.raises(SubscriptionWrong):
        subscribed.written(endpoint, POINT, AUTH)


@pytest.mark.parametrize("endpoint", ["https://10.0.0.1/a", "http://127.0.0.1:8080/a", "https://localhost/a"])
def test_a_push_service_of_ones_own_is_meant_by_a_setting(endpoint: str) -> None:
    assert endpoint in subscribed.written(endpoint, POINT, AUTH, private=True)
    with pytest.raises(SubscriptionWrong):
        subscribed.written("http://push.example/a", POINT, AUTH, private=True)


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", AUTH), (POINT, ""), (POINT[:-4], AUTH), (POINT, AUTH + "AAAA"), ("!" + POINT[1:], AUTH), (POINT, "ї" * 22),
        (text_of(b"\x04" + bytes(64)), AUTH), (text_of(b"\x02" + KEYS.point[1:33]), AUTH),
        (text_of(b"\x06" + KEYS.point[1:]), AUTH),
    ],
)  # fmt: skip
def test_keys_that_are_none_are_refused(p256dh: str, auth: str) -> None:
    with pytest.raises(SubscriptionWrong):
        subscribed.written(PUSH, p256dh, auth)


@pytest.mark.parametrize(
    "address", ["", "{}", "42", '{"auth":"a","endpoint":"b"}', '{"auth":"a","endpoint":"b","p256dh":"c"}', "\ud800"]
)
def test_an_address_that_is_none_is_told(address: str) -> None:
    with pytest.raises(SubscriptionWrong):
        subscribed.read(address)
