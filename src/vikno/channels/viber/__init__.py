"""Viber: webhooks signed over the raw body, one free welcome, keyboards, refusals inside a 200 (README.md)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from vikno.channels.viber import inbound as came
from vikno.channels.viber import outbound as said
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
    Sent,
)
from vikno.wire.http import HttpAnswer, HttpRequest
from vikno.wire.limits import VIBER_BROADCAST_WINDOW_S, VIBER_BROADCASTS, VIBER_PAGE_SUBSCRIBERS

API = "https://chatapi.viber.com/pa"
EVENTS = ("conversation_started", "subscribed", "unsubscribed", "delivered", "seen", "failed")
"""What we ask to hear of; `message` and `webhook` come always."""
_JSON = (("content-type", "application/json"),)
Carry = Callable[[Any], Awaitable[Any]]


class AccountInfo(Struct, frozen=True):
    """What Viber says of the account (get_account_info)."""

    status: int
    status_message: str = ""
    name: str = ""
    uri: str = ""
    webhook: str = ""
    event_types: tuple[str, ...] = ()
    subscribers_count: int = 0


_read_info = msgspec.json.Decoder(AccountInfo).decode


class Viber:
    """A bot of an authority on Viber.

    `name`: what people see, and stands above each message. `uri`: the bot's address in links; without one it is
    learnt from Viber by `self_check`. `webhook`: where Viber shall bring events, to be checked; None if that is not
    known here. `tap`: a language -> what asks for a tap or a word, without which Viber lets nothing follow the welcome.
    """

    kind = "viber"
    capabilities = Capabilities(
        receipts=True,
        rate_per_s=VIBER_BROADCASTS / VIBER_BROADCAST_WINDOW_S,
        chat_gap_s=0.0,
    )

    def __init__(
        self,
        account: str = "main",
        *,
        token: str,
        name: str,
        uri: str | None = None,
        api: str = API,
        webhook: str | None = None,
        tap: Callable[[str], str] = lambda _: "",
    ) -> None:
        self.account, self.name, self.uri, self.webhook = account, name, uri, webhook
        self._token, self._api = token, api.rstrip("/")
        self._headers: Mapping[str, str] = {"X-Viber-Auth-Token": token, "Content-Type": "application/json"}
        self._tap = tap
        self._listed = False

    def __repr__(self) -> str:
        return f"Viber({self.account!r}, name={self.name!r}, uri={self.uri!r})"

    # ---- in ----

    def verify(self, raw: Raw) -> Refused | None:
        """Whether it really comes from Viber."""
        return came.verify(self._token, raw)

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        """What happened; nothing for what is of no interest.

        Raises Unreadable.
        """
        return came.read(raw.body)

    def ack(self, inbound: Sequence[Inbound], replies: Sequence[Outbound]) -> Ack:
        """200. Somebody who is not subscribed yet can be answered only here: one message, with its keyboard."""
        if replies and any(one.handle == came.WELCOME for one in inbound):
            body, carried = said.welcome(replies, self.name, self._tap(replies[-1].lang))
            if carried:
                return Ack(200, _JSON, body, carried)
        return Ack()

    # ---- out ----

    def render(self, outbound: Outbound, address: str) -> Sequence[HttpRequest]:
        """One send_message for each part; the keyboard comes with the last."""
        return [self._post("send_message", one) for one in said.messages(outbound, self.name, address)]

    def classify(self, request: HttpRequest, answer: HttpAnswer | NotCarried) -> Outcome:  # noqa: ARG002
        """What an answer means."""
        return said.classify(answer)

    def _post(self, method: str, body: object) -> HttpRequest:
        return HttpRequest("POST", f"{self._api}/{method}", self._headers, said.encode(body))

    # ---- the account ----

    def entry_link(self, token: str) -> EntryLink | None:
        """A link into the app; None while the bot's address is unknown.

        The page in the browser is named only when Viber has it: below three subscribers it says that there is no
        such bot. It carries no token.
        """
        if self.uri is None:
            return None
        uri = quote(self.uri, safe="")
        url = f"viber://pa?chatURI={uri}" + (f"&context={quote(token, safe='')}" if token else "")
        return EntryLink(self.name, url, f"https://chats.viber.com/{uri}" if self._listed else None)

    async def register(self, carry: Carry, url: str) -> str | None:
        """Let Viber bring events to `url`; what is wrong and what to do, or None when it will.

        Viber calls it at once and must get 200, so the server is up before. Names and pictures of people are not
        asked for.
        """
        self.webhook = url
        asked = {"url": url, "event_types": EVENTS, "send_name": False, "send_photo": False}
        outcome = said.classify(await carry(self._post("set_webhook", asked)))
        if isinstance(outcome, Sent):
            return None
        return (
            f"Viber does not take the webhook ({outcome.reason}). It must answer 200 from outside, by https with the "
            "whole chain of a certificate that Java trusts; a self-signed one is refused."
        )

    async def self_check(self, carry: Carry) -> Health:
        """Compare what is printed with what Viber says of the account; learn its address if none was given."""
        answer = await carry(self._post("get_account_info", {}))
        outcome = said.classify(answer)
        if not isinstance(outcome, Sent):
            return Health(None, (f"Viber does not say who the bot is: {outcome.reason}",))
        try:
            info = _read_info(answer.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Health(None, ("What Viber says of the bot cannot be read.",))
        self._listed = info.subscribers_count >= VIBER_PAGE_SUBSCRIBERS
        wrong = tuple(self._wrong(info))
        if self.uri is None and info.uri:
            self.uri = info.uri
        return Health(info.name or None, wrong, tuple(_notes(info)))

    def _wrong(self, info: AccountInfo) -> Sequence[str]:
        wrong = []
        if info.name != self.name:
            wrong.append(f"The bot is called “{info.name}”, but “{self.name}” is printed: correct one of them.")
        if not info.uri:
            wrong.append("The bot has no address (uri): no link can lead to it.")
        elif self.uri is not None and info.uri != self.uri:
            wrong.append(
                f"Links lead to “{self.uri}”, but the bot is at “{info.uri}”: correct the setting, print anew."
            )
        if not info.webhook:
            wrong.append("Viber has no webhook for the bot: register it.")
        elif self.webhook is not None and info.webhook != self.webhook:
            wrong.append("Viber brings events to another address than ours: register the webhook again.")
        unheard = [event for event in EVENTS if event not in info.event_types]
        if info.webhook and unheard:
            wrong.append(f"Viber does not bring {', '.join(unheard)}: register the webhook again.")
        return wrong


def _notes(info: AccountInfo) -> Sequence[str]:
    if info.subscribers_count >= VIBER_PAGE_SUBSCRIBERS:
        return ()
    few = f"The bot has {info.subscribers_count} subscribers: below {VIBER_PAGE_SUBSCRIBERS} its page in the browser "
    few += "says that it does not exist, so only the link into the app is offered. Write to it from three phones."
    return (few,)
