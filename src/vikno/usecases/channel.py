"""The port of a channel: what an adapter must answer so that people can be served on it.

A channel is pure but for `self_check`: it reads what came, and writes what shall go. Who carries it there and when is
decided by `vikno.usecases.send_messages`. docs/why/bot.md tells the whole path.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

import msgspec
from msgspec import Struct

from vikno.domain.dialog.messages import Button
from vikno.domain.errors import ViknoError

MOST_TOKEN_CHARACTERS = 22
"""Of an entry link's payload, base64url: what every channel can carry (Telegram allows 64, others more)."""


# ---- what comes in ----


@dataclass(frozen=True, slots=True)
class Raw:
    """A request, a mail or a packet as it came, of bounded size. Names of headers are in lower case."""

    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """Why something that came is not believed. Nothing of it is stored; that it came is in the log."""

    status: Literal[401, 403]
    reason: str


class Unreadable(ViknoError):
    """This is no update that the channel knows. It is acknowledged, and kept aside for an operator."""

    code = "update_unreadable"


class Wrote(Struct, frozen=True, tag="wrote"):
    """Words of any length and content."""

    text: str


class Pressed(Struct, frozen=True, tag="pressed"):
    """A button by its id, as `Button` gave it. It may be old or made up."""

    button: str


class Opened(Struct, frozen=True, tag="opened"):
    """The person came by an entry link, or anew: its token, or ""."""

    token: str = ""


class Left(Struct, frozen=True, tag="left"):
    """The person blocked the bot, unsubscribed, or wrote STOP. `said`: by a word, which is answered once."""

    said: bool = False


class Returned(Struct, frozen=True, tag="returned"):
    """The person unblocked the bot or subscribed again."""


class Reported(Struct, frozen=True, tag="reported"):
    """A receipt: what became of a message. `message` is the id that `Sent` gave."""

    message: str
    state: Literal["sent", "delivered", "read", "failed"]
    reason: str = ""


class Unsupported(Struct, frozen=True, tag="unsupported"):
    """Something that is not read here: a sticker, a voice message, a photo. The person is told kindly."""

    kind: str


Happened = Wrote | Pressed | Opened | Left | Returned | Reported | Unsupported


class Inbound(Struct, frozen=True):
    """One thing that happened on a channel. `key` is the channel's own dedupe key, `address` who it was.

    `lang`: what the platform says of the person's language, two letters. `handle`: what `ack` needs of it.
    """

    key: str
    address: str
    happened: Happened
    at_ms: int | None = None
    lang: str | None = None
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Ack:
    """The answer to whoever brought it. `carried`: so many of the replies went along in it."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    carried: int = 0


# ---- what goes out ----

Purpose = Literal["reply", "notice", "bulk"]


class Outbound(Struct, frozen=True, omit_defaults=True):
    """One message for one person. `text` is plain and says everything: paragraphs, lists with “• ”, no markup.

    `subject`: of a mail. `link`: the same step on the web, for what a channel cannot show. `stop`: the address that
    ends such notices with one POST (RFC 8058). `kept`: buttons offered before stay in force (a notice in between).
    """

    text: str
    lang: str = "uk"
    buttons: tuple[Button, ...] = ()
    purpose: Purpose = "reply"
    subject: str | None = None
    link: str | None = None
    stop: str | None = None
    kept: bool = False


encode_outbound = msgspec.json.Encoder().encode
decode_outbound = msgspec.json.Decoder(Outbound).decode


@dataclass(frozen=True, slots=True)
class Sent:
    """The platform has taken it. `message`: its id there, for receipts; "" where there is none."""

    message: str = ""


@dataclass(frozen=True, slots=True)
class RetryAfter:
    """Not taken; try again after so many seconds. `scope`: who has to wait."""

    seconds: float
    scope: Literal["chat", "account"] = "chat"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DeadAddress:
    """This person cannot be reached here any more, until they write."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class BadMessage:
    """The platform refuses this message, and would refuse it again."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """The account is at fault: a wrong token, no money, a blocked bot. An operator is told; others wait."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It left, and nobody knows whether it arrived: no answer came after the request was sent."""

    reason: str = ""


Outcome = Sent | RetryAfter | DeadAddress | BadMessage | Misconfigured | Unknown


@dataclass(frozen=True, slots=True)
class NotCarried:
    """No answer. `left`: the request may have reached the other side; otherwise it certainly has not."""

    left: bool
    reason: str


Request = TypeVar("Request")
Answer = TypeVar("Answer")
Request_contra = TypeVar("Request_contra", contravariant=True)
Answer_co = TypeVar("Answer_co", covariant=True)


class Transport(Protocol[Request_contra, Answer_co]):
    """Brings a request to the other side. The only part of a channel that touches the network."""

    async def carry(self, request: Request_contra) -> Answer_co | NotCarried:
        """Its answer, or why there is none; never raises for what the network does."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


# ---- what is known ----


@dataclass(frozen=True, slots=True)
class Capabilities:
    """How fast the channel may go, and what it tells; what a message may hold is in `vikno.wire.limits`."""

    receipts: bool
    """It says what became of a message."""
    rate_per_s: float
    """Of one account."""
    chat_gap_s: float
    """Between two messages to one person."""
    at_once: int = 32
    """Requests in flight."""
    chat_burst: int = 1
    """So many messages to one person may follow each other at once, as long as the gap holds on average."""


@dataclass(frozen=True, slots=True)
class EntryLink:
    """How to come in. `url` opens the app, `page` works in every browser, `name` is what is visible to people.

    `say`: what to write first, where a link carries no token (an SMS).
    """

    name: str
    url: str
    page: str | None = None
    say: str | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the account is what its papers say. `wrong` lists what is not, each with what to do.

    `notes`: what is worth knowing, and no reason to take the channel off the page.
    """

    name: str | None
    wrong: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.wrong


class Channel(Protocol):
    """An account of an authority on one channel."""

    @property
    def kind(self) -> str:
        """The folder's name: telegram, viber, email, sms."""
        ...

    @property
    def account(self) -> str:
        """Which of the authority's accounts: main."""
        ...

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def verify(self, raw: Raw) -> Refused | None:
        """Whether it really comes from the platform: on the raw bytes, in constant time."""
        ...

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        """What happened; nothing for what is of no interest.

        Raises Unreadable.
        """
        ...

    def ack(self, inbound: Sequence[Inbound], replies: Sequence[Outbound]) -> Ack:
        """The answer to the platform, when all of it is on record."""
        ...

    def render(self, outbound: Outbound, address: str) -> Sequence[Any]:
        """The requests that say it, in order: each at most what the platform takes."""
        ...

    def classify(self, request: Any, answer: Any) -> Outcome:
        """What an answer means, or that there was none (`NotCarried`)."""
        ...

    def entry_link(self, token: str) -> EntryLink | None:
        """How a person comes in with this token; None before the account's name is known."""
        ...

    async def self_check(self, carry: Callable[[Any], Awaitable[Any]]) -> Health:
        """Compare what is printed with what the platform says of the account."""
        ...
