"""“Tell me on this device”: a browser asks on the page of somebody's messages to be told of new ones, or not any more.

/{lang}/inbox/<signed link>/push takes a subscription by the form of that page, and answers its script (web/js/push.ts).
/push-worker.js is the service worker, under an address that never changes: browsers ask for it anew by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vikno.domain.errors import ViknoError
from vikno.portal.entry import language
from vikno.portal.inbox import ours
from vikno.portal.posted import posted
from vikno.portal.site import Site
from vikno.usecases.ports import Clock
from vikno.usecases.records import Access, Records, Vault
from vikno.usecases.sign_links import DAY_MS, Links
from vikno.usecases.tell_of_address import Telling

MOST_A_DAY = 20
"""Subscriptions by one link: somebody's few devices, each some times."""
WORKER = "push-worker.js"


class Way(Protocol):
    """One address of a person (of `usecases.people.Reached`)."""

    @property
    def conversation(self) -> str: ...
    @property
    def account(self) -> str: ...


class Linked(Protocol):
    """Who is whom (of `usecases.people.People`)."""

    async def ways(self, conversation: str) -> Sequence[Way]:
        """All addresses of the person whom this one reaches."""
        ...


class Told(Protocol):
    """The account by which browsers are told."""

    @property
    def kind(self) -> str:
        """inbox."""
        ...

    @property
    def account(self) -> str:
        """main."""
        ...

    @property
    def key(self) -> str:
        """What browsers subscribe with."""
        ...

    def address(self, endpoint: str, p256dh: str, auth: str) -> str:
        """The address of a browser; raises ViknoError for a subscription that is none."""
        ...


class Push:
    """Takes subscriptions, and ends them."""

    def __init__(  # noqa: PLR0913, PLR0917 - each a thing that only the caller knows
        self,
        site: Site,
        records: Records,
        people: Linked,
        vault: Vault,
        links: Links,
        told: Told,
        clock: Clock,
        telling: Telling,
        gone: Callable[[str], None] = lambda _: None,
    ) -> None:
        """`telling`: tells the person of a browser that was added. `gone`: told of a conversation that gets no more."""
        self.site, self._records, self._people, self._vault, self._links = site, records, people, vault, links
        self._told, self._clock, self._telling, self._gone = told, clock, telling, gone
        self._account = f"{told.kind}/{told.account}"
        assets = site.pages.assets
        self._worker = (assets.folder / assets.address(WORKER).rpartition("/")[2]).read_bytes()

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/{lang}/inbox/{token}/push", self.act, methods=["POST"]),
            Route(f"/{WORKER}", self.worker),
        ]

    @property
    def key(self) -> str:
        """What browsers subscribe with."""
        return self._told.key

    async def devices(self, conversation: str) -> list[str]:
        """The browsers that are told of what is said to this person, by their names on record."""
        ways = await self._people.ways(conversation)
        return [way.conversation for way in ways if way.account == self._account]

    async def act(self, request: Request) -> Response:
        """Tell on this device from now on, or no more. What to say to the person, as JSON."""
        lang, token = language(self.site, request), request.path_params["token"]
        opens = self._links.read("inbox", token, self._clock())
        form = await posted(request)
        if opens is None or not ours(self._vault, request, form.get("form", ""), token):
            return self._say(lang, "inbox.device.failed", 404)
        try:
            address = self._told.address(*(form.get(name, "") for name in ("endpoint", "p256dh", "auth")))
        except ViknoError:
            return self._say(lang, "inbox.device.failed", 400)
        browser = self._vault.name(self._account, address)
        match form.get("do"):
            case "on":
                now_ms = self._clock()
                if not await self._records.attempt(f"push:{opens.conversation}", MOST_A_DAY, DAY_MS, now_ms):
                    return self._say(lang, "inbox.device.failed", 429)
                await self._records.meet(browser, self._account, self._vault.seal(address), lang, now_ms)
                await self._telling.link(browser, self._account, address, opens.conversation, lang, now_ms)
                await self._note(opens.conversation, "push.on")
                return self._say(lang, "inbox.device.done")
            case "off":
                await self._records.mark(browser, "left")
                self._gone(browser)
                await self._note(opens.conversation, "push.off")
                return self._say(lang, "inbox.device.ended")
        return self._say(lang, "inbox.device.failed", 400)

    async def worker(self, _: Request) -> Response:
        """The service worker, as it is today."""
        headers = {"cache-control": "no-cache"}
        return Response(self._worker, media_type="text/javascript; charset=utf-8", headers=headers)

    def _say(self, lang: str, phrase: str, status: int = 200) -> JSONResponse:
        said = {"said": self.site.words[lang].say(phrase)}
        return JSONResponse(said, status, {"cache-control": "no-store"})

    async def _note(self, conversation: str, what: str) -> None:
        await self._records.note((Access(self._clock(), "self", what, conversation),))
