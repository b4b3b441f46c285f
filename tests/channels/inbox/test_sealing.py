"""What is sealed and signed is read by others' libraries, and by nobody for whom it was not meant."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vikno.channels.inbox import PushKeyWrong, address, key_from, read_key
from vikno.channels.inbox.base64url import unwritten, written
from vikno.channels.inbox.sealing import seal, whole_point
from vikno.channels.inbox.vapid import FRESH_S, LIVES_S, MOST_KEPT, Vapid
from vikno.testing.inbox import KEYS, RFC_AUTH
from vikno.testing.push import Keys, claims, text_of

RFC_KEY = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
RFC_SALT = "DGv6ra1nlYgDCS1FRnbzlw"
RFC_PLAIN = b"When I grow up, I want to be a watermelon"
RFC_BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A"
    "_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
"""RFC 8291, section 5 and appendix A."""


def subscription(keys: Keys) -> address.Subscription:
    return address.read(address.written("https://push.example/a", text_of(keys.point), text_of(keys.auth)))


def test_the_example_of_the_rfc_comes_out_byte_for_byte() -> None:
    body = seal(
        RFC_PLAIN, subscription(KEYS), random=lambda size: unwritten(RFC_SALT)[:size], new=lambda: read_key(RFC_KEY)
    )
    assert written(body) == RFC_BODY
    assert written(KEYS.auth) == RFC_AUTH
    assert KEYS.unseal(body) == RFC_PLAIN


@settings(max_examples=40)
@given(plain=st.binary(max_size=3993), padding=st.integers(0, 255))
def test_http_ece_reads_what_we_seal(plain: bytes, padding: int) -> None:
    import http_ece  # type: ignore[import-untyped]

    keys = Keys.new()
    padding = min(padding, 3993 - len(plain))
    body = seal(plain, subscription(keys), padding=padding)
    assert len(body) == len(plain) + padding + 103 <= 4096
    read = http_ece.decrypt(body, private_key=keys.private, auth_secret=keys.auth, version="aes128gcm")
    assert read == plain == keys.unseal(body)


@settings(max_examples=20)
@given(plain=st.binary(min_size=1, max_size=300), record=st.integers(18, 200))
def test_our_push_service_reads_what_http_ece_seals(plain: bytes, record: int) -> None:
    import http_ece

    keys, own = Keys.new(), Keys.new()
    body = http_ece.encrypt(
        plain, private_key=own.private, dh=keys.point, auth_secret=keys.auth, rs=record, version="aes128gcm"
    )
    assert keys.unseal(body) == plain


def test_nobody_else_reads_it_and_nothing_broken_is_read() -> None:
    keys = Keys.new()
    body = seal(b"x", subscription(keys), padding=40)
    broken = [bytes([*body[:at], body[at] ^ 1, *body[at + 1 :]]) for at in (0, 15, 30, 90, len(body) - 1)]
    for one in (*broken, body[:-1], body[:21], b""):
        with pytest.raises(ValueError, match=r"."):
            keys.unseal(one)
    for other in (Keys.new(), Keys(keys.private, bytes(16))):
        with pytest.raises(ValueError, match="another browser"):
            other.unseal(body)


def test_the_same_words_are_never_sealed_alike() -> None:
    to = subscription(Keys.new())
    assert len({seal(b"x", to) for _ in range(20)}) == 20


def test_py_vapid_believes_what_we_sign() -> None:
    from py_vapid import Vapid02  # type: ignore[import-untyped]

    vapid = Vapid(key_from(bytes(range(48))), "mailto:vikno@dms.example")
    said = vapid.authorization("https://push.example", 1_800_000_000.0)
    assert Vapid02.verify(said)
    claimed, key = claims(said)
    assert claimed == {"aud": "https://push.example", "exp": 1_800_000_000 + LIVES_S, "sub": "mailto:vikno@dms.example"}
    assert key == vapid.public
    assert len(unwritten(key)) == 65
    head, what, signature = said.partition("t=")[2].partition(",")[0].split(".")
    forged = f"vapid t={head}.{written(json.dumps({**claimed, 'aud': 'https://x'}).encode())}.{signature},k={key}"
    with pytest.raises(ValueError, match="another key"):
        claims(forged)
    assert what != forged.split(".")[1]


def test_a_token_serves_until_it_grows_old_and_for_one_push_service_only() -> None:
    vapid, now_s = Vapid(key_from(bytes(48)), None), 1_800_000_000.0
    first = vapid.authorization("https://a.example", now_s)
    assert vapid.authorization("https://a.example", now_s + LIVES_S - FRESH_S) == first
    assert vapid.authorization("https://a.example", now_s + LIVES_S - FRESH_S + 1) != first
    assert vapid.authorization("https://a.example", now_s - 3600) != first, "the clock was set back"
    assert claims(vapid.authorization("https://b.example", now_s))[0]["aud"] == "https://b.example"
    for number in range(2 * MOST_KEPT):
        vapid.authorization(f"https://{number}.example", now_s)
    assert len(vapid._tokens) == MOST_KEPT


def test_a_key_follows_from_its_seed_and_can_be_brought_along() -> None:
    assert whole_point(key_from(bytes(48)).public_key()) == whole_point(key_from(bytes(48)).public_key())
    assert whole_point(key_from(bytes(48)).public_key()) != whole_point(key_from(b"\1" * 48).public_key())
    assert written(whole_point(read_key(RFC_KEY).public_key())) in written(unwritten(RFC_BODY)[21:86])
    with pytest.raises(ValueError, match="47"):
        key_from(bytes(47))


@pytest.mark.parametrize(
    "text", ["", "AAAA", "A" * 43, "_" * 43, "ї" * 43, RFC_KEY + "AAAA", "-----BEGIN PRIVATE KEY-----"]
)
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(PushKeyWrong):
        read_key(text)
