"""Webhooks: what a platform brings is verified, read, answered in a turn, and acknowledged when it is on record."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Sequence
from urllib.parse import parse_qsl

from vikno.domain.errors import ViknoError
from vikno.usecases.channel import Channel, Inbound, Left, Raw, Unreadable
from vikno.usecases.ports import Outbox
from vikno.usecases.receive_message import Desk, Reply
from vikno.usecases.send_messages import Sender
from vikno.wire.failures import note_failure

log = logging.getLogger("vikno.hooks")

MOST_BYTES = 1_000_000
"""Of an update; the largest that a platform sends are a tenth of it."""
MOST_FIELDS = 50
"""Of a query; a gateway that brings an SMS by GET has ten."""
MOST_TRIES = 5
"""So often what meets a fault of ours is asked for again: perhaps a new version is on its way."""
MOST_FAILED = 1000
"""Of them are remembered."""
Headers = list[tuple[bytes, bytes]]
_PLAIN = [(b"content-type", b"text/plain; charset=utf-8")]
TOO_LARGE: tuple[int, Headers, bytes] = 413, _PLAIN, b"too large\n"


class NotTaken(ViknoError):
    """Something failed on our side while this was taken. It is asked for again."""

    code = "update_not_taken"
    retryable = True


class Hook:
    """Takes what comes for one account, by webhook, by polling or from a line that is kept."""

    def __init__(self, channel: Channel, desk: Desk, sender: Sender, outbox: Outbox) -> None:
        self.channel, self._desk, self._sender, self._outbox = channel, desk, sender, outbox
        self._tasks: set[asyncio.Task[None]] = set()
        self._failed: OrderedDict[str, int] = OrderedDict()
        self.refused = 0
        """Requests since the start that did not prove whose they are."""

    async def answer(self, headers: Headers, body: bytes | None, query: bytes = b"") -> tuple[int, Headers, bytes]:
        """From a request's headers (names in lower case) and body to status, headers and body.

        None is a body of more than `MOST_BYTES`, of which nothing was kept. Where the headers alone prove whose it is,
        it is put aside and acknowledged like anything else that cannot be read.
        """
        try:
            said = dict(parse_qsl(query.decode("latin-1"), max_num_fields=MOST_FIELDS)) if query else {}
        except ValueError:
            return 400, _PLAIN, b"too many fields\n"
        raw = Raw(body or b"", {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}, said)
        refused = self.channel.verify(raw)
        if refused is not None:
            self.refused += 1
            if self.refused & (self.refused - 1) == 0:  # the 1st, 2nd, 4th, 8th …: nobody may fill the log
                about = {"account": self._sender.name, "reason": refused.reason, "times": self.refused}
                log.warning("webhook_refused", extra=about)
            return refused.status, _PLAIN, b"refused\n"
        try:
            status, lines, answer = await (self.take(raw) if body is not None else self._unread(raw))
        except ViknoError as error:
            if not error.retryable:
                raise
            return 503, [*_PLAIN, (b"retry-after", b"2")], b"busy\n"
        return status, [(name.encode("latin-1"), value.encode("latin-1")) for name, value in lines], answer

    async def take(self, raw: Raw) -> tuple[int, Sequence[tuple[str, str]], bytes]:
        """What was verified, or came by a way that needs no proof: status, headers and body of the acknowledgement.

        Raises what the store raises when it cannot keep anything now, and NotTaken: whoever brought it shall bring it
        again.
        """
        try:
            inbound: Sequence[Inbound] = self.channel.parse(raw)
        except Unreadable as error:
            await self._set_aside(raw, str(error) or error.code)
            inbound = ()
        except Exception as error:  # noqa: BLE001 - reading is pure, so it would fail every time it is brought again
            await self._set_aside(raw, type(error).__name__)
            inbound = ()
        replies: list[Reply] = []
        for one in inbound:
            try:
                replies += await self._desk.receive(self.channel, one)
            except ViknoError as error:
                if error.retryable:
                    await self._offer(replies)  # these are on record, and no acknowledgement will carry them
                    raise
                await self._set_aside(raw, error.code)
            except Exception as error:
                note_failure(log, "update_failed", error, account=self._sender.name)
                if not self._tried_enough(one.key):
                    await self._offer(replies)
                    raise NotTaken(type(error).__name__) from error
                await self._set_aside(raw, type(error).__name__)
            if isinstance(one.happened, Left):
                self._sender.left(self._desk.vault.name(self._sender.name, one.address))
        ack = self.channel.ack(inbound, [reply.outbound for reply in replies])
        if ack.carried:
            task = asyncio.get_running_loop().create_task(self._carried(replies[: ack.carried]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await self._offer(replies[ack.carried :])
        return ack.status, ack.headers, ack.body

    def _tried_enough(self, key: str) -> bool:
        tried = self._failed.pop(key, 0) + 1
        if tried >= MOST_TRIES:
            return True
        self._failed[key] = tried
        while len(self._failed) > MOST_FAILED:
            self._failed.popitem(last=False)
        return False

    async def _unread(self, raw: Raw) -> tuple[int, Sequence[tuple[str, str]], bytes]:
        await self._set_aside(raw, "too_large")
        ack = self.channel.ack((), ())
        return ack.status, ack.headers, ack.body

    async def _offer(self, replies: Sequence[Reply]) -> None:
        """A repeated one too: whoever brought it first may have gone before it was offered."""
        for reply in replies:
            if reply.repeated:
                await self._sender.offer_again(reply.conversation, reply.address, reply.position, reply.outbound)
            else:
                self._sender.offer(reply.conversation, reply.address, reply.position, reply.outbound)

    async def _carried(self, replies: Sequence[Reply]) -> None:
        try:
            for reply in replies:
                await self._outbox.done(reply.conversation, reply.position)
        except ViknoError as error:  # after a restart it is said once more
            log.error("outcome_not_kept", extra={"account": self._sender.name, "error": error.code})

    async def _set_aside(self, raw: Raw, reason: str) -> None:
        """Keep it for an operator, sealed: it is acknowledged, or the platform would bring it for ever."""
        log.warning("update_set_aside", extra={"account": self._sender.name, "reason": reason[:100]})
        desk = self._desk
        sealed = desk.vault.seal(raw.body[:65536].decode("utf-8", "replace"))
        await desk.records.put_aside(self._sender.name, reason[:200], sealed, desk.clock())
