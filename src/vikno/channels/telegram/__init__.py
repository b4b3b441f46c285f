"""Telegram: a bot of an authority, by webhook or by polling."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from vikno.channels.telegram import checked, inbound, outbound
from vikno.domain.errors import ViknoError
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
from vikno.wire.limits import (
    TELEGRAM_CHAT_GAP_S,
    TELEGRAM_MESSAGES_A_SECOND,
    TELEGRAM_SECRET_CHARACTERS,
    TELEGRAM_START_CHARACTERS,
)

OFFICIAL_API = "https://api.telegram.org"

Carry = Callable[[HttpRequest], Awaitable[HttpAnswer | NotCarried]]

_TOKEN = re.compile(r"[A-Za-z0-9:_-]{3,256}\Z")
_SECRET = re.compile(rf"[A-Za-z0-9_-]{{1,{TELEGRAM_SECRET_CHARACTERS}}}\Z")
_START = re.compile(rf"[A-Za-z0-9_-]{{0,{TELEGRAM_START_CHARACTERS}}}\Z")


class TokenMalformed(ViknoError):
    """This is no token of a Telegram bot. Copy it whole from @BotFather: digits, a colon, letters and digits."""

    code = "telegram_token_malformed"


class SecretMalformed(ViknoError):
    """A secret for Telegram's webhook has 1 to 256 letters, digits, `_` and `-`. `openssl rand -hex 32` makes one."""

    code = "telegram_secret_malformed"


BURST = 3
"""Messages to one person at once: "avoid sending more than one a second, short bursts are allowed" (Bots FAQ)."""


class Telegram:
    """One bot (`usecases.channel.Channel`). Without a secret it takes nothing by webhook, only by polling."""

    kind = "telegram"
    capabilities = Capabilities(
        receipts=False,
        rate_per_s=TELEGRAM_MESSAGES_A_SECOND,
        chat_gap_s=TELEGRAM_CHAT_GAP_S,
        chat_burst=BURST,
    )

    def __init__(
        self,
        account: str = "main",
        *,
        token: str,
        secret: str | None = None,
        username: str | None = None,
        api: str = OFFICIAL_API,
        webhook: str | None = None,
        chat_gap_s: float | None = None,
    ) -> None:
        """`username`: as it is printed, without @. `webhook`: our address that Telegram calls, "" when we poll.

        `chat_gap_s`: between two messages to one chat, where it is not Telegram that counts them.

        Raises TokenMalformed, SecretMalformed.
        """
        if not _TOKEN.match(token):
            raise TokenMalformed(account)
        if secret is not None and not _SECRET.match(secret):
            raise SecretMalformed(account)
        self.account = account
        self.username = username.removeprefix("@") if username else None
        self.webhook = webhook
        if chat_gap_s is not None:
            self.capabilities = replace(self.capabilities, chat_gap_s=chat_gap_s)
        self._secret = secret
        self._address = f"{api.rstrip('/')}/bot{token}/"
        self._send = self._address + "sendMessage"
        self._official = api.rstrip("/") == OFFICIAL_API

    def __repr__(self) -> str:
        return f"Telegram({self.account!r})"

    def verify(self, raw: Raw) -> Refused | None:
        """By the secret that `setWebhook` gave to Telegram, which it sends with every update."""
        return inbound.verify(raw, self._secret)

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        """One update. Raises Unreadable."""
        return inbound.parse(raw.body)

    def ack(self, inbound_: Sequence[Inbound], replies: Sequence[Outbound]) -> Ack:  # noqa: ARG002 - none go along
        """Empty, or a call that takes the clock off a pressed button; its result is of no interest.

        Replies do not go along: of a call in this answer nobody hears what became of it.
        """
        return inbound.ack(inbound_)

    def render(self, outbound_: Outbound, address: str) -> Sequence[HttpRequest]:
        """The `sendMessage` calls that say it, in order; buttons are on the last."""
        return outbound.render(outbound_, address, self._send)

    def classify(self, request: HttpRequest, answer: HttpAnswer | NotCarried) -> Outcome:
        """What the Bot API's answer means."""
        return outbound.classify(request, answer)

    def entry_link(self, token: str) -> EntryLink | None:
        """The link that opens the bot with a Start button; it works in a browser too. None for an unknown name."""
        if self.username is None or not _START.match(token):
            return None
        url = f"https://t.me/{self.username}" + (f"?start={token}" if token else "")
        return EntryLink(name=f"@{self.username}", url=url, page=url)

    def call(self, method: str, **parameters: Any) -> HttpRequest:
        """Any other call of the Bot API."""
        return outbound.call(self._address + method, parameters)

    async def self_check(self, carry: Carry) -> Health:
        """Compare the printed name, the webhook and its certificate with what Telegram says; learn an unknown name."""
        name, wrong, notes = await checked.check(self, carry)
        if self.username is None:
            self.username = name
        return Health(name=f"@{name}" if name else None, wrong=tuple(wrong), notes=tuple(notes))

    async def register(self, carry: Carry, url: str) -> str | None:
        """Tell Telegram to bring updates to `url`; what is wrong and what to do, or None when it will."""
        if self._secret is None:
            return "The account has no secret, so nothing brought to it could be believed. Set one and start again."
        if wrong := checked.unfit(url, official=self._official):
            return wrong
        self.webhook = url
        return await checked.register(self, carry, url, self._secret)


__all__ = ["OFFICIAL_API", "Carry", "SecretMalformed", "Telegram", "TokenMalformed"]
