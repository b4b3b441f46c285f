"""What goes to a browser: one sealed push request for each message (RFC 8030), and what push services answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from vikno.usecases.channel import (
    BadMessage,
    DeadAddress,
    Misconfigured,
    NotCarried,
    Outbound,
    Outcome,
    Purpose,
    RetryAfter,
    Sent,
    Unknown,
)
from vikno.wire.connection import place_of
from vikno.wire.http import HttpAnswer, HttpRequest
from vikno.wire.limits import INBOX_PLAIN_BYTES
from vikno.wire.text import split

MOST_TITLE = 80
"""Characters; phones show about forty."""
MOST_LINK = 1000
"""Characters; without a link a tap opens the site."""
PADDED_BYTES = 256
"""Lengths are rounded up to it, so that a push service does not learn from them which message it is."""
TTL_S: Mapping[Purpose, int] = {"reply": 3600, "notice": 7 * 24 * 3600, "bulk": 2 * 24 * 3600}
"""For so long a push service keeps what it cannot bring yet. All of it stands in the inbox anyway."""
URGENCY: Mapping[Purpose, str] = {"reply": "high", "notice": "normal", "bulk": "low"}
"""RFC 8030, section 5.3. What somebody waits for now, such as a code, is a reply."""


class Payload(Struct, frozen=True, omit_defaults=True):
    """What the service worker reads. `receipt`: where it says what became of it; `tag`: what it replaces."""

    title: str
    body: str
    lang: str
    tag: str
    receipt: str
    link: str | None = None


_encode = msgspec.json.Encoder().encode


def parted(outbound: Outbound, name: str) -> tuple[str, str]:
    """Title and body: the subject or a short first paragraph stands above the rest, otherwise the sender's name.

    >>> parted(Outbound("ID-картка, справа …4420\\n\\nПаспорт надруковано."), "Вікно")
    ('ID-картка, справа …4420', 'Паспорт надруковано.')
    >>> parted(Outbound("Паспорт надруковано."), "Вікно")
    ('Вікно', 'Паспорт надруковано.')
    """
    text = outbound.text.strip()
    if outbound.subject:
        return _shortened(" ".join(outbound.subject.split())), text
    first, _, rest = text.partition("\n\n")
    if rest.strip() and len(first) <= MOST_TITLE and "\n" not in first:
        return first, rest.strip()
    return _shortened(name), text


def _shortened(title: str) -> str:
    return title if len(title) <= MOST_TITLE else f"{split(title, MOST_TITLE - 1, len)[0]}…"


def payload(outbound: Outbound, name: str, tag: str, receipt: str) -> bytes:
    """The message as JSON of a size that every push service takes; a longer text ends with “…”, and is in the inbox."""
    title, body = parted(outbound, name)
    link = outbound.link if outbound.link and len(outbound.link) <= MOST_LINK else None
    whole = Payload(title, body, outbound.lang, tag, receipt, link)
    room = INBOX_PLAIN_BYTES - len(_encode(msgspec.structs.replace(whole, body="")))
    if _written_bytes(body) > room:
        whole = msgspec.structs.replace(whole, body=f"{split(body, room - _written_bytes('…'), _written_bytes)[0]}…")
    return _encode(whole)


def padding(size: int) -> int:
    """How many zeros go after a text of so many bytes."""
    return min(-size % PADDED_BYTES, INBOX_PLAIN_BYTES - size)


def _written_bytes(text: str) -> int:
    """Bytes of a text inside of JSON."""
    return len(_encode(text)) - 2


def origin(endpoint: str) -> str:
    """The push service, as its token names it (RFC 6454, section 6.1).

    >>> origin("https://Push.example:443/abc"), origin("https://push.example:8443/abc")
    ('https://push.example', 'https://push.example:8443')
    """
    place = place_of(endpoint)
    host = f"[{place.host}]" if ":" in place.host else place.host
    port = "" if place.port == (443 if place.tls else 80) else f":{place.port}"
    return f"{'https' if place.tls else 'http'}://{host}{port}"


# ---- what an answer means ----

BUSY_S = 5.0
LONGEST_BUSY_S = 3600.0
UNREACHED_S = 10.0
_KNOWN = re.compile(
    r"(?:fcm\.googleapis\.com|updates\.push\.services\.mozilla\.com|web\.push\.apple\.com"
    r"|(?:[a-z0-9-]+\.)*notify\.windows\.com)"
)
"""Push services of the browsers that most people have."""
_REASON = re.compile(rb'"reason"\s*:\s*"([A-Za-z]{1,40})"')
"""Apple names one in its body."""


def classify(request: HttpRequest, answer: HttpAnswer | NotCarried) -> Outcome:
    """What an answer means. Nothing that a stranger's server answers holds up anybody but the person who named it.

    So only a known push service can say that the account is at fault, and nobody that all have to wait.
    """
    if isinstance(answer, NotCarried):
        if answer.reason == "hook_address_wrong":
            return DeadAddress("the push service leads into a private network")
        return Unknown(answer.reason) if answer.left else RetryAfter(UNREACHED_S, "chat", answer.reason)
    found = _REASON.search(answer.body)
    reason = f"{answer.status} {found[1].decode()}" if found else str(answer.status)
    match answer.status:
        case 200 | 201 | 202 | 204:
            return Sent(request.headers["Topic"])
        case 404 | 410:
            return DeadAddress(reason)
        case 401 | 403 if _KNOWN.fullmatch(urlsplit(request.url).hostname or ""):
            return Misconfigured(
                f"{reason}: the push service does not take our key; did VIKNO_KEY or VIKNO_PUSH_KEY change?"
            )
        case 406 | 408 | 425 | 429:  # 406: too many, says Microsoft's
            return RetryAfter(_wait_s(answer), "chat", reason)
        case status if status >= 500:
            return RetryAfter(_wait_s(answer), "chat", reason)
    return BadMessage(reason)


def _wait_s(answer: HttpAnswer) -> float:
    again_s = answer.again_s(LONGEST_BUSY_S)
    return BUSY_S if again_s is None else max(again_s, 1.0)
