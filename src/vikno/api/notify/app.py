"""The API of GOV.UK Notify over HTTP: its clients in any language work here, given another address and a key.

    POST /v2/notifications/sms | email | letter
    GET  /v2/notifications[?template_type=&status=&reference=&older_than=&include_jobs=]
    GET  /v2/notifications/{id}[/pdf]
    GET  /v2/templates[?type=]
    GET  /v2/template/{id}[/version/{n}]
    POST /v2/template/{id}/preview
    GET  /v2/received-text-messages[?older_than=]
    GET  /service/{id}/template/{id}/versions      which the Python client still asks for

It has to stand at the root of a host: the Python client drops whatever else an address has. The Node client may bring
two slashes where there is one.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
from starlette.types import ASGIApp, Receive, Scope, Send

from vikno.api.notify.answers import Answers
from vikno.api.notify.auth import Caller, Doorkeeper
from vikno.api.notify.errors import BUSY, FAILED, Headers, Refused, body_of, nothing_found
from vikno.api.notify.limits import Rates
from vikno.api.notify.sending import Body, Sending
from vikno.api.notify.showing import Showing
from vikno.api.notify.templates import Catalogue
from vikno.api.organisation_keys import KeyRings
from vikno.domain.errors import ViknoError
from vikno.usecases.dispatch import Dispatch
from vikno.usecases.organisations import Organisation
from vikno.wire.body import whole_body
from vikno.wire.numbers import read_phone

log = logging.getLogger("vikno.notify")

MOST_BYTES = 10 * 1024 * 1024
"""Of a body: a PDF of 5 MB as base64, and as much again."""
BUSY_S = 1
HEAD = (
    (b"content-type", b"application/json"),
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
)
SLASHES = re.compile("/{2,}")
OURS = re.compile("/{2,}(v2|service)/")
_encode = msgspec.json.Encoder().encode
Answer = tuple[int, bytes, Headers]


class Notify:
    """The API, a plain ASGI application for /v2/… and /service/…; `quick` answers its commonest requests."""

    def __init__(
        self,
        dispatch: Dispatch,
        public_url: str,
        sms_parts: Callable[[str], int],
        *,
        currency: str = "EUR",
        mailbox: str | None = None,
        abroad: bool = True,
        rates: Rates | None = None,
    ) -> None:
        """`public_url`: where systems reach it. `sms_parts`: how many SMS a text takes. `currency`: what messages are
        paid in. `mailbox`: where mails come from. `abroad`: whether text messages go to numbers of other countries than
        the organisation's audience.
        """
        host = urlsplit(public_url).hostname or "localhost"
        answers = Answers(dispatch.vault, f"{public_url.rstrip('/')}/", currency)
        catalogue = Catalogue(dispatch)
        self.doors = Doorkeeper(KeyRings(dispatch.book, dispatch.vault, dispatch.clock))

        def from_email(organisation: Organisation) -> str:
            return mailbox or f"{organisation.slug}@{host}"

        self.sending = Sending(
            dispatch,
            answers,
            catalogue,
            from_email,
            lambda: str(uuid4()),
            rates or Rates(),
            abroad,
        )
        self.showing = Showing(dispatch, answers, catalogue, from_email, sms_parts)
        posts = {f"/v2/notifications/{kind}".encode(): partial(self._quick, kind) for kind in ("sms", "email")}
        self.quick: Mapping[bytes, Any] = posts

    @staticmethod
    def prepare() -> None:
        """Read what the first text message would have to wait for: a third of a second of tables of numbers."""
        for written in ("07900 900123", "+447900900123"):
            read_phone(written, "gb")

    def before(self, app: ASGIApp) -> ASGIApp:
        """The same application, but for our addresses behind two slashes: it is Notify's Node client that asks."""

        async def parted(scope: Scope, receive: Receive, send: Send) -> None:
            ours = scope["type"] == "http" and OURS.match(scope["path"]) is not None
            await (self if ours else app)(scope, receive, send)

        return parted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        status, body, headers = await self._answer(scope, receive)
        head = [*HEAD, (b"content-length", b"%d" % len(body)), *headers]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def _quick(
        self, kind: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """A short POST (`portal.server.Quick`)."""

        async def whole() -> bytes:
            return body

        header = next((value for name, value in headers if name == b"authorization"), b"")
        try:
            caller = await self.doors.caller(header)
            said = _encode(await self.sending.post(kind, caller, whole))
        except Exception as error:  # noqa: BLE001 - told in the words of this API
            status, answer, more = _failed(error)
            return status, [*HEAD, *more], answer
        return 201, [*HEAD], said

    async def _answer(self, scope: Scope, receive: Receive) -> Answer:
        async def whole() -> bytes:
            body = await whole_body(receive, MOST_BYTES)
            if body is None:
                raise Refused(413, "BadRequestError", (f"A request may have {MOST_BYTES} bytes",))
            return body

        try:
            header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
            caller = await self.doors.caller(header)
            path = SLASHES.sub("/", scope["path"]).strip("/").split("/")
            allowed = _methods(path)
            if not allowed:
                raise nothing_found()
            if scope["method"] not in allowed:
                return _wrong_method(allowed)
            if scope["method"] == "POST":
                return await self._post(caller, path, whole)
            return 200, _encode(await self._get(caller, path, scope["query_string"])), ()
        except Exception as error:  # noqa: BLE001 - told in the words of this API
            return _failed(error)

    async def _post(self, caller: Caller, path: list[str], body: Body) -> Answer:
        match path:
            case ["v2", "notifications", kind]:
                return 201, _encode(await self.sending.post(kind, caller, body)), ()
            case ["v2", "template", number, "preview"]:
                return 200, _encode(await self.showing.preview(caller, number, await body())), ()
        raise nothing_found()

    async def _get(self, caller: Caller, path: list[str], query: bytes) -> dict[str, Any]:
        showing = self.showing
        match path:
            case ["v2", "notifications"]:
                return await showing.notifications(caller, query)
            case ["v2", "notifications", number]:
                return await showing.notification(caller, number)
            case ["v2", "notifications", number, "pdf"]:
                return await showing.pdf(caller, number)
            case ["v2", "templates"]:
                return await showing.templates(caller, query)
            case ["v2", "template", number]:
                return await showing.template(caller, number)
            case ["v2", "template", number, "version", version]:
                return await showing.template(caller, number, version)
            case ["v2", "received-text-messages"]:
                return showing.received(query)
            case ["service", service, "template", number, "versions"]:
                return await showing.versions(caller, service, number)
        raise nothing_found()


def _methods(path: list[str]) -> tuple[str, ...]:
    """What may be done there; nothing where no address of this API is. A HEAD is a GET without its body."""
    look = ("GET", "HEAD")
    match path:
        case ["v2", "notifications", _]:
            return (*look, "POST")
        case ["v2", "template", _, "preview"]:
            return ("POST",)
        case ["v2", "notifications" | "templates" | "received-text-messages"] | ["v2", "template", _]:
            return look
        case ["v2", "notifications", _, "pdf"] | ["v2", "template", _, "version", _]:
            return look
        case ["service", _, "template", _, "versions"]:
            return look
    return ()


def _wrong_method(allowed: tuple[str, ...]) -> Answer:
    said = "The method is not allowed for the requested URL."
    return 405, body_of(405, "MethodNotAllowed", (said,)), ((b"allow", ", ".join(allowed).encode()),)


def _failed(error: Exception) -> Answer:
    """What is answered in place of what was asked for."""
    if isinstance(error, Refused):
        return error.status, error.body, error.headers
    if isinstance(error, ViknoError) and error.retryable:
        return 503, body_of(503, "ServiceUnavailable", (BUSY,)), ((b"retry-after", b"%d" % BUSY_S),)
    # What it says may be of a person; where it was raised is not.
    place = traceback.extract_tb(error.__traceback__)[-1]
    log.error("request_failed", extra={"error": type(error).__name__, "at": f"{place.name}:{place.lineno}"})
    return 500, body_of(500, "InternalServerError", (FAILED,)), ()
