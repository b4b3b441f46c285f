"""MAX: webhooks proved by a secret, keyboards as attachments, presses that are answered, its own CA (README.md)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from vikno.channels.max import checked
from vikno.channels.max import inbound as came
from vikno.channels.max import outbound as said
from vikno.channels.max.errands import A_SECOND, Errands
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
    Pressed,
    Raw,
    Refused,
)
from vikno.wire.connection import trusting
from vikno.wire.http import HttpAnswer, HttpRequest, HttpTransport
from vikno.wire.limits import (
    MAX_CHAT_MESSAGES_A_SECOND,
    MAX_REQUESTS_A_SECOND,
    MAX_SECRET_CHARACTERS,
    MAX_SECRET_FEWEST_CHARACTERS,
    MAX_START_CHARACTERS,
)

API = "https://platform-api2.max.ru"
Carry = Callable[[Any], Awaitable[Any]]

_TOKEN = re.compile(r"[!-~]{1,512}\Z")
_SECRET = re.compile(rf"[A-Za-z0-9_-]{{{MAX_SECRET_FEWEST_CHARACTERS},{MAX_SECRET_CHARACTERS}}}\Z")
_START = re.compile(rf"[A-Za-z0-9_-]{{0,{MAX_START_CHARACTERS}}}\Z")


class TokenMalformed(ViknoError):
    """This is no token of a bot on MAX. Copy it whole from the bot's settings in MAX's cabinet for organisations."""

    code = "max_token_malformed"


class SecretMalformed(ViknoError):
    """A secret for MAX's webhook has 5 to 256 letters, digits, `_` and `-`. `openssl rand -hex 32` makes one."""

    code = "max_secret_malformed"


class BundleUnreadable(ViknoError):
    """The file of the authority that signs MAX's certificate cannot be read. It holds certificates in PEM."""

    code = "max_bundle_unreadable"


def transport(bundle: str | None = None, *, answer_s: float = 20.0) -> HttpTransport:
    """What carries to MAX. `bundle`: a PEM file of authorities that are believed here, and nowhere else.

    Raises BundleUnreadable.
    """
    if bundle is None:
        return HttpTransport(answer_s=answer_s)
    try:
        return HttpTransport(answer_s=answer_s, trust=trusting(bundle))
    except OSError as error:
        raise BundleUnreadable(bundle, type(error).__name__) from error


class Max:
    """A bot of an authority on MAX (`usecases.channel.Channel`).

    `name`: what people see, `username`: the bot's name in links, both as printed; what is not given is learnt from MAX
    by `self_check`. `secret`: what MAX sends with every update; without one nothing is believed. `webhook`: where MAX
    shall bring updates, to be checked; None if that is not known here. `errand`: takes a request whose outcome nobody
    needs (`errands.Errands`); without one presses are not answered, which a person hardly notices.
    """

    kind = "max"
    capabilities = Capabilities(
        receipts=False,
        rate_per_s=MAX_REQUESTS_A_SECOND - A_SECOND,
        chat_gap_s=1 / MAX_CHAT_MESSAGES_A_SECOND,
    )

    def __init__(  # noqa: PLR0913 - what an account is made of
        self,
        account: str = "main",
        *,
        token: str,
        secret: str | None = None,
        name: str | None = None,
        username: str | None = None,
        api: str = API,
        webhook: str | None = None,
        errand: Callable[[HttpRequest], None] | None = None,
    ) -> None:
        """Raises TokenMalformed, SecretMalformed."""
        if not _TOKEN.match(token):
            raise TokenMalformed(account)
        if secret is not None and not _SECRET.match(secret):
            raise SecretMalformed(account)
        self.account, self.name, self.webhook = account, name, webhook
        self.username = username.removeprefix("@") if username else None
        self._secret, self._errand = secret, errand
        self._api = api.rstrip("/")
        self._official = self._api == API
        # The token as it is: no "Bearer" before it, and in no address.
        self._headers: Mapping[str, str] = {"Authorization": token, "Content-Type": "application/json"}

    def __repr__(self) -> str:
        return f"Max({self.account!r})"

    # ---- in ----

    def verify(self, raw: Raw) -> Refused | None:
        """By the secret of the subscription, which MAX sends with every update."""
        return came.verify(raw, self._secret)

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        """What happened; nothing for what is of no interest.

        Raises Unreadable.
        """
        return came.read(raw.body)

    def ack(self, inbound: Sequence[Inbound], replies: Sequence[Outbound]) -> Ack:  # noqa: ARG002 - none go along
        """Exactly 200, and empty: MAX reads nothing of it. A press is answered by a request of its own, an errand."""
        if self._errand is not None:
            for one in inbound:
                if isinstance(one.happened, Pressed) and one.handle:
                    self._errand(self.answer_to(one.handle))
        return Ack()

    # ---- out ----

    def render(self, outbound: Outbound, address: str) -> Sequence[HttpRequest]:
        """One `POST /messages` for each part; the keyboard comes with the last."""
        to = f"messages?user_id={quote(address, safe='')}"
        return [self.call("POST", to, one) for one in said.messages(outbound)]

    def classify(self, request: HttpRequest, answer: HttpAnswer | NotCarried) -> Outcome:  # noqa: ARG002
        """What an answer means."""
        return said.classify(answer)

    def answer_to(self, callback: str) -> HttpRequest:
        """The answer to a press, by its `callback_id`."""
        return self.call("POST", f"answers?callback_id={quote(callback, safe='')}", said.CallbackAnswer())

    def call(self, method: str, path: str, body: object | None = None) -> HttpRequest:
        """Any call of the API."""
        sent = b"" if body is None else said.encode(body)
        return HttpRequest(method, f"{self._api}/{path}", self._headers, sent)

    # ---- the account ----

    def entry_link(self, token: str) -> EntryLink | None:
        """The link that opens the bot with its Start button; it works in a browser too. None for an unknown name."""
        if self.username is None or not _START.match(token):
            return None
        url = f"https://max.ru/{quote(self.username, safe='')}" + (f"?start={token}" if token else "")
        return EntryLink(self.name or f"@{self.username}", url, url)

    async def register(self, carry: Carry, url: str) -> str | None:
        """Let MAX bring updates to `url`; what is wrong and what to do, or None when it will."""
        if self._secret is None:
            return "The account has no secret, so nothing brought to it could be believed. Set one and start again."
        if self._official and urlsplit(url).scheme != "https":
            return "MAX brings updates by https only, with a certificate of a known authority: set such an address."
        self.webhook = url
        return await checked.register(self, carry, url, self._secret)

    async def self_check(self, carry: Carry) -> Health:
        """Compare what is printed and where updates go with what MAX says; learn the names that were not given."""
        me, wrong, notes = await checked.check(self, carry)
        if me is not None:
            self.username = self.username or me.username
            self.name = self.name or me.shown
        return Health(me.shown if me else None, tuple(wrong), tuple(notes))


__all__ = ["API", "BundleUnreadable", "Carry", "Errands", "Max", "SecretMalformed", "TokenMalformed", "transport"]
