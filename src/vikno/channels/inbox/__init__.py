"""The inbox: the portal's own page of a person's messages, told on their devices by web push (README.md)."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from vikno.channels.inbox import address as subscribed
from vikno.channels.inbox import inbound as came
from vikno.channels.inbox import outbound as said
from vikno.channels.inbox.address import SubscriptionWrong
from vikno.channels.inbox.sealing import NewKey, Random, new_key, seal
from vikno.channels.inbox.transport import PushTransport
from vikno.channels.inbox.vapid import PushKeyWrong, Vapid, key_from, read_key
from vikno.usecases.channel import (
    Ack,
    Capabilities,
    EntryLink,
    Health,
    Inbound,
    NotCarried,
    Outbound,
    Outcome,
    Raw,
    Refused,
)
from vikno.wire.http import HttpAnswer, HttpRequest
from vikno.wire.limits import INBOX_PUSHES_A_SECOND

Carry = Callable[[Any], Awaitable[Any]]


class Inbox:
    """Web push to those who asked for it on the page of their messages (`usecases.channel.Channel`).

    `key`: ours, which browsers subscribe with; who changes it loses all subscriptions. `secret`: 32 bytes, for ids and
    receipts. `contact`: mailto: or https:, for push services. `name`: a language -> who writes, where a message has no
    title of its own. `private`: a push service may be in a private network, or on this machine.
    """

    kind = "inbox"
    capabilities = Capabilities(receipts=True, rate_per_s=INBOX_PUSHES_A_SECOND, chat_gap_s=0.0)

    def __init__(  # noqa: PLR0913 - what an account is made of
        self,
        account: str = "main",
        *,
        key: EllipticCurvePrivateKey,
        secret: bytes,
        contact: str | None = None,
        name: Callable[[str], str] = lambda _: "Vikno",
        private: bool = False,
        now_s: Callable[[], float] = time.time,
        random: Random = os.urandom,
        new: NewKey = new_key,
    ) -> None:
        self.account, self._secret, self._name, self._private = account, secret, name, private
        self._vapid = Vapid(key, contact)
        self._now_s, self._random, self._new = now_s, random, new

    def __repr__(self) -> str:
        return f"Inbox({self.account!r})"

    # ---- who wants to be told ----

    @property
    def key(self) -> str:
        """Our public key, as a browser's `applicationServerKey`."""
        return self._vapid.public

    def address(self, endpoint: str, p256dh: str, auth: str) -> str:
        """The address of a browser that subscribed, the same each time.

        Raises SubscriptionWrong.
        """
        return subscribed.written(endpoint, p256dh, auth, private=self._private)

    # ---- in ----

    def verify(self, raw: Raw) -> Refused | None:
        """By the signed token that came with the message."""
        return came.verify(self._secret, raw)

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        """That a message was shown or opened.

        Raises Unreadable.
        """
        return came.read(raw)

    def ack(self, inbound: Sequence[Inbound], replies: Sequence[Outbound]) -> Ack:  # noqa: ARG002 - nobody waits for it
        """Nothing to say."""
        return Ack()

    # ---- out ----

    def render(self, outbound: Outbound, address: str) -> Sequence[HttpRequest]:
        """One push request, sealed for this browser. Its `Topic` is the message's id: a repetition takes its place.

        Raises SubscriptionWrong.
        """
        to = subscribed.read(address)
        message = came.message_id(self._secret, address, outbound.text, outbound.link or "")
        receipt = came.receipt(self._secret, self.account, message)
        plain = said.payload(outbound, self._name(outbound.lang), message, receipt)
        body = seal(plain, to, padding=said.padding(len(plain)), random=self._random, new=self._new)
        headers = {
            "Authorization": self._vapid.authorization(said.origin(to.endpoint), self._now_s()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(said.TTL_S[outbound.purpose]),
            "Topic": message,
            "Urgency": said.URGENCY[outbound.purpose],
        }
        return [HttpRequest("POST", to.endpoint, headers, body)]

    def classify(self, request: HttpRequest, answer: HttpAnswer | NotCarried) -> Outcome:
        """What an answer means."""
        return said.classify(request, answer)

    # ---- the account ----

    def entry_link(self, token: str) -> EntryLink | None:  # noqa: ARG002
        """None: the inbox is opened by a person's own signed link."""
        return None

    async def self_check(self, carry: Carry) -> Health:  # noqa: ARG002
        """There is no platform to ask: each browser has its own push service."""
        return Health(self._name("en"))


__all__ = ["Inbox", "PushKeyWrong", "PushTransport", "SubscriptionWrong", "key_from", "read_key"]
