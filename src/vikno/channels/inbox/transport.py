"""Carries push requests, each on a line of its own, to no address within the network of this server."""

from __future__ import annotations

import ssl

from vikno.channels.inbox.address import SubscriptionWrong, check_endpoint
from vikno.usecases.channel import NotCarried
from vikno.wire.guarded import GuardedPost, Resolve, look_up
from vikno.wire.http import HttpAnswer, HttpRequest


class PushTransport:
    """To any push service (`usecases.channel.Transport`).

    `private`: also within a private network and on this machine, where there is a push service of one's own.
    """

    def __init__(
        self, *, private: bool = False, trust: ssl.SSLContext | None = None, resolve: Resolve = look_up
    ) -> None:
        self._private = private
        self._post = GuardedPost(private=private, context=trust, resolve=resolve)

    async def carry(self, request: HttpRequest) -> HttpAnswer | NotCarried:
        """The answer, or why there is none."""
        try:
            check_endpoint(request.url, private=self._private)
        except SubscriptionWrong:
            return NotCarried(False, "hook_address_wrong")
        return await self._post.ask(request.url, request.headers, request.body)

    async def close(self) -> None:
        """Nothing is kept open."""
