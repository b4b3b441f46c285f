"""The API for organisations that have something to tell people; each key belongs to one of them.

    POST   /api/messages                   one message               -> what is tried, where, and what is left out
    POST   /api/messages/batch             up to 1000                -> one answer for each
    POST   /api/messages/preview           what would become of one; nothing is kept
    GET    /api/messages                   ?reference= &status= &older_than=
    GET    /api/messages/{id}              a message with its tries
    GET    /api/messages/{id}/why          the plan, the rules, the tries and every decision
    GET    /api/batches/{id}               how a batch stands
    GET    /api/templates                  all templates
    GET    /api/templates/{slug}           one of them
    PUT    /api/templates/{slug}           a new version, which waits for its reviewer
    DELETE /api/templates/{slug}           nothing is sent with it any more, until it is put again
    GET    /api/figures                    ?since=  how many came to what
    GET    /api/sender                     who you are here
    …      /api/campaigns                  one message to many people (`vikno.api.campaigns`)
    GET    /api/callbacks                  where you hear what became of messages
    PUT    /api/callbacks                  one more address   -> its secret
    DELETE /api/callbacks/{id}             no more
    POST   /api/callbacks/{id}/replay      again, since a moment

`Idempotency-Key` on the first two: the same request again is answered as it was, and nothing goes twice.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from starlette.types import Receive, Scope

from vikno.api.answers import Answer, header, parameters, read_body, whole, wrong_method
from vikno.api.campaigns.app import CampaignDoor
from vikno.api.keys import Buckets
from vikno.api.messages import callbacks, reading, sending, templates
from vikno.api.messages.room import Caller, Room
from vikno.api.messages.shapes import CallbackBrought, Since, TemplateBrought
from vikno.api.organisation_keys import KeyRings, opened, read_key
from vikno.api.problems import Refused, problem, refused, shortened

MOST_MESSAGE_BYTES = 64 * 1024
"""Of the body of one message."""
ROOMS = frozenset({"messages", "batches", "templates", "figures", "sender", "callbacks", "campaigns"})
"""The addresses below /api/ that are answered here."""
IDEMPOTENCY = b"idempotency-key"


@dataclass(frozen=True)
class Door:
    """Finds out whose system asks for what."""

    room: Room
    rings: KeyRings
    buckets: Buckets = field(default_factory=Buckets)
    campaigns: CampaignDoor | None = None

    async def answer(self, scope: Scope, receive: Receive, parts: list[str]) -> Answer:
        """Raises Refused, and what the store raises."""
        caller = await self._caller(scope)
        match parts:
            case ["messages", *rest]:
                return await self._messages(scope, receive, caller, rest)
            case ["campaigns", *rest] if self.campaigns is not None:
                return await self.campaigns.answer(scope, receive, caller, rest)
            case ["templates", *rest] if len(rest) < 2:
                return await self._templates(scope, receive, caller, rest)
            case ["callbacks", *rest]:
                return await self._callbacks(scope, receive, caller, rest)
        if scope["method"] != "GET":
            return wrong_method("GET")
        match parts:
            case ["batches", written]:
                return await reading.batch(self.room, caller, written)
            case ["figures"]:
                return await reading.figures(self.room, caller, parameters(scope, reading.COUNTED))
            case ["sender"]:
                return await reading.sender(self.room, caller)
        raise _nowhere(parts)

    async def _messages(self, scope: Scope, receive: Receive, caller: Caller, rest: list[str]) -> Answer:
        method, room = scope["method"], self.room
        match rest:
            case []:
                if method == "GET":
                    return await reading.listed(room, caller, parameters(scope, reading.LISTED))
                if method != "POST":
                    return wrong_method("GET, POST")
                body = await whole(scope, receive, MOST_MESSAGE_BYTES)
                return await sending.send_one(room, caller, header(scope, IDEMPOTENCY), body)
            case ["batch" | "preview" as what]:
                if method != "POST":
                    return wrong_method("POST")
                if what == "preview":
                    return await sending.preview(room, caller, await whole(scope, receive, MOST_MESSAGE_BYTES))
                body = await whole(scope, receive, sending.MOST_BATCH_BYTES)
                return await sending.send_many(room, caller, header(scope, IDEMPOTENCY), body)
            case [written]:
                return await reading.show(room, caller, written) if method == "GET" else wrong_method("GET")
            case [written, "why"]:
                if method != "GET":
                    return wrong_method("GET")
                return await reading.why(room, caller, written, parameters(scope, reading.EXPLAINED))
        raise _nowhere(["messages", *rest])

    async def _templates(self, scope: Scope, receive: Receive, caller: Caller, rest: list[str]) -> Answer:
        method = scope["method"]
        if not rest:
            return await templates.templates(self.room, caller) if method == "GET" else wrong_method("GET")
        if method == "PUT":
            brought = await read_body(scope, receive, templates.MOST_TEMPLATE_BYTES, TemplateBrought)
            return await templates.put(self.room, caller, rest[0], brought)
        if method == "DELETE":
            return await templates.archive(self.room, caller, rest[0])
        if method != "GET":
            return wrong_method("GET, PUT, DELETE")
        return await templates.template(self.room, caller, rest[0])

    async def _callbacks(self, scope: Scope, receive: Receive, caller: Caller, rest: list[str]) -> Answer:
        method, room = scope["method"], self.room
        match rest:
            case []:
                if method == "PUT":
                    brought = await read_body(scope, receive, MOST_MESSAGE_BYTES, CallbackBrought)
                    return await callbacks.put(room, caller, brought)
                return await callbacks.callbacks(room, caller) if method == "GET" else wrong_method("GET, PUT")
            case [written]:
                return await callbacks.remove(room, caller, written) if method == "DELETE" else wrong_method("DELETE")
            case [written, "replay"]:
                if method != "POST":
                    return wrong_method("POST")
                since = await read_body(scope, receive, MOST_MESSAGE_BYTES, Since)
                return await callbacks.replay(room, caller, written, since)
        raise _nowhere(["callbacks", *rest])

    async def _caller(self, scope: Scope) -> Caller:
        """Who asks, if they may ask now. Raises Refused."""
        scheme, _, written = header(scope, b"authorization").partition(" ")
        if scheme.lower() != "bearer" or not written:
            without = "the header Authorization holds no Bearer key" if scheme else "there is no header Authorization"
            raise Refused(problem("key_missing", without), ((b"www-authenticate", b"Bearer"),))
        caller = await self._whose(written.strip())
        if caller is None:
            none = "`vikno senders key list` shows which are in force"
            raise Refused(problem("key_wrong", none), ((b"www-authenticate", b'Bearer error="invalid_token"'),))
        wait_s = self.buckets.wait_s(caller.key.id, self.room.clock() / 1000)
        if wait_s:
            raise Refused(problem("too_many_requests"), ((b"retry-after", b"%d" % math.ceil(wait_s)),))
        return caller

    async def _whose(self, written: str) -> Caller | None:
        read = read_key(self.room.vault, written)
        ring = await self.rings.of(read[0]) if read is not None else None
        key = opened(ring.keys, read[1]) if ring is not None and read is not None else None
        return Caller(ring.organisation, key) if ring is not None and key is not None else None


def _nowhere(parts: list[str]) -> Refused:
    return refused("address_unknown", f"“{shortened('/api/' + '/'.join(parts))}”")
