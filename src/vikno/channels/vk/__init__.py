"""VK: messages of a community, brought by its Callback API with the secret in the body (README.md)."""

from __future__ import annotations

import re
import secrets
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from vikno.channels.vk import checked
from vikno.channels.vk import inbound as came
from vikno.channels.vk import outbound as said
from vikno.channels.vk.transport import Lines, VkTransport
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
from vikno.wire.http import HttpAnswer, HttpRequest
from vikno.wire.limits import VK_RANDOM_ID, VK_REF_CHARACTERS, VK_REQUESTS_A_SECOND, VK_SECRET_CHARACTERS

API = "https://api.vk.ru/method"
MOST_PRESSES = 10_000
"""Presses that wait to be answered; VK itself forgets them after a minute."""
Carry = Callable[[Any], Awaitable[Any]]

_SECRET = re.compile(rf"[A-Za-z0-9_]{{1,{VK_SECRET_CHARACTERS}}}\Z")
_SCREEN = re.compile(r"[A-Za-z0-9_.]{1,64}\Z")
_REF = re.compile(rf"[A-Za-z0-9_-]{{0,{VK_REF_CHARACTERS}}}\Z")
_PLAIN = (("content-type", "text/plain; charset=utf-8"),)


class SecretMalformed(ViknoError):
    """A secret for VK's Callback API has 1 to 50 letters, digits and `_`. `openssl rand -hex 24` makes one."""

    code = "vk_secret_malformed"


class CommunityMalformed(ViknoError):
    """A community of VK is given by its number, and its short address by letters, digits, `_` and dots."""

    code = "vk_community_malformed"


class Vk:
    """A community of an authority on VK (`usecases.channel.Channel`). `transport` carries what it sends.

    `group`: the community's number. `screen`: its short address as it is printed; without one it is learnt from VK.
    `name`: as it is printed, to be compared. `confirmation`: what VK asks an address for, where `register` may not ask
    VK for it. `webhook`: where VK shall bring events, to be checked. `quiet`: a press writes nothing into the chat.
    """

    kind = "vk"
    capabilities = Capabilities(receipts=False, rate_per_s=VK_REQUESTS_A_SECOND, chat_gap_s=0.0)

    def __init__(  # noqa: PLR0913 - what an account is made of
        self,
        account: str = "main",
        *,
        token: str,
        secret: str,
        group: int,
        screen: str | None = None,
        name: str | None = None,
        confirmation: str | None = None,
        api: str = API,
        webhook: str | None = None,
        quiet: bool = False,
        draw: Callable[[], int] = lambda: 1 + secrets.randbelow(VK_RANDOM_ID),
    ) -> None:
        """`draw`: a number from 1 to `VK_RANDOM_ID` that has not been before.

        Raises SecretMalformed, CommunityMalformed.
        """
        if not _SECRET.match(secret):
            raise SecretMalformed(account)
        if group <= 0 or (screen is not None and not _SCREEN.match(screen)):
            raise CommunityMalformed(account)
        self.account, self.group, self.screen, self.name, self.webhook = account, group, screen, name, webhook
        self.confirmation = confirmation
        self._token, self._secret, self._api = token, secret, api.rstrip("/")
        self._press = "callback" if quiet else "text"
        if quiet:  # each press costs one request more
            self.capabilities = replace(self.capabilities, rate_per_s=VK_REQUESTS_A_SECOND / 2)
        self._numbers = said.Numbers(draw)
        self._presses: OrderedDict[str, str] = OrderedDict()
        self._asked = False

    def __repr__(self) -> str:
        return f"Vk({self.account!r}, group={self.group!r}, screen={self.screen!r})"

    # ---- in ----

    def verify(self, raw: Raw) -> Refused | None:
        """Whether it really comes from VK, and is of our community."""
        return came.verify(self._secret, self.group, raw)

    def parse(self, raw: Raw) -> Sequence[Inbound]:
        """What happened; nothing for what is of no interest.

        Raises Unreadable.
        """
        self._asked = False
        found = came.read(raw.body)
        self._asked = found is None  # `ack` follows at once: of this nothing is put on record in between
        return found or ()

    def ack(self, inbound: Sequence[Inbound], replies: Sequence[Outbound]) -> Ack:  # noqa: ARG002 - none go along
        """`ok`, which VK wants to the letter; or the confirmation string, if it has just asked for that."""
        for one in inbound:
            if isinstance(one.happened, Pressed) and one.handle:
                self._presses[one.address] = one.handle
                self._presses.move_to_end(one.address)
                while len(self._presses) > MOST_PRESSES:
                    self._presses.popitem(last=False)
        asked, self._asked = self._asked and not inbound, False
        return Ack(200, _PLAIN, (self.confirmation if asked and self.confirmation else "ok").encode())

    # ---- out ----

    def render(self, outbound: Outbound, address: str) -> Sequence[HttpRequest]:
        """One messages.send for each part; the keyboard comes with the last."""
        return [
            self._message(address, part, self._numbers.number(address, at, part))
            for at, part in enumerate(said.parts(outbound, self._press))
        ]

    def _message(self, address: str, part: said.Part, number: int) -> HttpRequest:
        about: dict[str, object] = {"peer_id": address, "random_id": number, "message": part.text}
        if part.keyboard is not None:
            about["keyboard"] = part.keyboard
        # A law's page beside a checklist would push it out of sight; and nobody is called by what stands in brackets.
        return self.call("messages.send", **about, dont_parse_links=1, disable_mentions=1)

    def classify(self, request: HttpRequest, answer: HttpAnswer | NotCarried) -> Outcome:
        """What an answer means."""
        outcome = said.classify(answer)
        self._numbers.settle(request, outcome)
        return outcome

    def call(self, method: str, **parameters: object) -> HttpRequest:
        """Any call of the API."""
        return said.call(self._api, method, self._token, parameters)

    def transport(self, lines: Lines) -> VkTransport:
        """What carries our requests over `lines`, and answers presses before the messages that follow them."""
        return VkTransport(lines, self.answer_before)

    def answer_before(self, request: HttpRequest) -> HttpRequest | None:
        """The answer to a press of whoever this message goes to, so that their key stops turning; once."""
        address = said.receiver(request)
        event = self._presses.pop(address, None) if address is not None else None
        if event is None:
            return None
        return self.call("messages.sendMessageEventAnswer", event_id=event, user_id=address, peer_id=address)

    # ---- the account ----

    def entry_link(self, token: str) -> EntryLink | None:
        """The link into the community's messages, which works in a browser too; None for a token VK may not carry."""
        if not _REF.match(token):
            return None
        screen = self.screen or f"club{self.group}"
        url = f"https://vk.me/{screen}" + (f"?ref={token}" if token else "")
        return EntryLink(self.name or f"@{screen}", url, url)

    async def register(self, carry: Carry, url: str) -> str | None:
        """Let VK bring events to `url`; what is wrong and what to do, or None when it will.

        VK calls it at once and must get the confirmation string, so the server is up before.
        """
        self.webhook = url
        return await checked.register(self, carry, url, self._secret)

    async def self_check(self, carry: Carry) -> Health:
        """Compare what is printed with what VK says of the community; learn its short address if none was given."""
        return await checked.check(self, carry)


__all__ = ["API", "Carry", "CommunityMalformed", "SecretMalformed", "Vk"]
