"""What a browser brings back: that a message was shown on its device, or opened there.

The service worker posts it to the address that came with the message. The address is signed, so nobody can report on
messages that were not sent to them, and it holds the message's id and nothing of its person.
"""

from __future__ import annotations

import hmac
from hashlib import sha256
from typing import Literal
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from vikno.channels.inbox.base64url import unwritten, written
from vikno.usecases.channel import Inbound, Raw, Refused, Reported, Unreadable

ID_BYTES = 16
MAC_BYTES = 16
ASKED = "receipt"
"""The name of the token in the query."""
MOST_BYTES = 256
"""Of a report; it is one word."""


def message_id(secret: bytes, address: str, *said: str) -> str:
    """The id of a message to this browser: the same words have the same id, so that a repetition shows only once.

    22 characters base64url, which `Topic` can hold (RFC 8030, section 5.4).
    """
    what = "\0".join((address, *said)).encode("utf-8", "surrogatepass")
    return written(hmac.digest(secret, b"id\0" + what, sha256)[:ID_BYTES])


def receipt(secret: bytes, account: str, message: str) -> str:
    """Where this server hears what became of a message; a browser finds it on the site that its worker is from."""
    raw = _token(message)
    return f"/hooks/inbox/{account}?{urlencode({ASKED: written(raw + _mac(secret, raw))})}"


def verify(secret: bytes, raw: Raw) -> Refused | None:
    """Whether the token was signed here, in constant time."""
    given = raw.query.get(ASKED)
    if not given:
        return Refused(401, "no_receipt")
    whole = _token(given)
    message, mac = whole[:ID_BYTES], whole[ID_BYTES:]
    if not hmac.compare_digest(mac, _mac(secret, message)) or len(message) != ID_BYTES:
        return Refused(403, "wrong_receipt")
    return None


class Report(Struct, frozen=True):
    """What a service worker says."""

    happened: Literal["shown", "opened"]


_decode = msgspec.json.Decoder(Report).decode
_STATES: dict[str, Literal["delivered", "read"]] = {"shown": "delivered", "opened": "read"}


def read(raw: Raw) -> tuple[Inbound, ...]:
    """What became of a message. It comes from no address: the token names the message, and nobody.

    Raises Unreadable.
    """
    if len(raw.body) > MOST_BYTES:
        raise Unreadable("too_large")
    try:
        state = _STATES[_decode(raw.body).happened]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Unreadable(str(error) if isinstance(error, msgspec.DecodeError) else type(error).__name__) from None
    message = written(_token(raw.query.get(ASKED, ""))[:ID_BYTES])
    return (Inbound(f"{state}:{message}", "", Reported(message, state)),)


def _mac(secret: bytes, message: bytes) -> bytes:
    return hmac.digest(secret, b"receipt\0" + message, sha256)[:MAC_BYTES]


def _token(text: str) -> bytes:
    """What it stands for; nothing for what is none."""
    try:
        return unwritten(text)
    except ValueError:
        return b""
