"""/inbox/<signed link>: what was sent to a person and what became of it, what they follow, their data in their hands.

/stop/<signed link>: a POST ends the messages, without cookies and without a question back (RFC 8058); a GET only shows
the page with the button, since mail scanners open every link.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from vikno.domain.errors import ViknoError
from vikno.domain.notify.route import WEB
from vikno.portal.clocks import clocks
from vikno.portal.entry import Processes, case_title, day_of, language, unkept_page
from vikno.portal.letters import MOST_EXPORTED, Letters, iso
from vikno.portal.posted import from_here, posted, whole
from vikno.portal.site import Site
from vikno.usecases.channel import Outbound, decode_outbound
from vikno.usecases.hold_conversation import read_state
from vikno.usecases.ports import Clock, ConversationStore, Effect, Outbox, Upkeep
from vikno.usecases.records import Access, CaseKept, NoticeKept, Records, Vault
from vikno.usecases.sign_links import Links, Opens

log = logging.getLogger("vikno.portal")

PAGE = 20
SHORT = 5
"""Letters of organisations on the first page; all of them have one of their own."""
STOPPED, ERASED, SET = "stopped", "erased", "set"
BY_COUNTRY = "-"
"""Chosen where night is to be that of the country."""


_DONE = {STOPPED: "inbox.stopped", SET: "inbox.clock.done"}


class Kept(ConversationStore, Outbox, Upkeep, Protocol):
    """Where conversations are."""


class Devices(Protocol):
    """The browsers in which people are told of what stands here (`portal.push.Push`)."""

    @property
    def key(self) -> str:
        """What browsers subscribe with."""
        ...

    async def devices(self, conversation: str) -> Sequence[str]:
        """Those of one person, by their names on record."""
        ...


@dataclass(frozen=True, slots=True)
class Letter:
    """A message as its person sees it. `status` is one of `records.NoticeStatus`."""

    text: str
    day: str
    status: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A case that somebody follows."""

    id: int
    title: str
    number: str
    stage: str


class Inbox:
    """The pages that a signed link opens for one person."""

    def __init__(  # noqa: PLR0913, PLR0917 - each a thing that only the caller knows
        self,
        site: Site,
        records: Records,
        kept: Kept,
        vault: Vault,
        links: Links,
        processes: Processes,
        clock: Clock,
        gone: Callable[[str], None] = lambda _: None,
        push: Devices | None = None,
        letters: Letters | None = None,
    ) -> None:
        """`gone`: told whose address is on record no more, so that it is kept again when they write again.

        `push`: what tells people on their devices (`portal.push`), where there is such a thing. `letters`: what
        organisations have written, where they do.
        """
        self.site, self._records, self._kept, self._vault, self._links = site, records, kept, vault, links
        self._processes, self._clock, self._gone, self._push = processes, clock, gone, push
        self._of_senders = letters

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/inbox/{token}", self.page),
            Route("/{lang}/inbox/{token}", self.page),
            Route("/{lang}/inbox/{token}", self.act, methods=["POST"]),
            Route("/{lang}/inbox/{token}/data.json", self.export),
            Route("/stop/{token}", self.ask),
            Route("/{lang}/stop/{token}", self.ask),
            Route("/stop/{token}", self.stop, methods=["POST"]),
            Route("/{lang}/stop/{token}", self.stop, methods=["POST"]),
        ]

    async def page(self, request: Request) -> Response:
        """What was sent, what is followed, and what may be done about it."""
        lang, token = language(self.site, request), request.path_params["token"]
        opens = self._links.read("inbox", token, self._clock())
        if opens is None:
            return self.site.gone(request, lang, "link", 404)
        before = request.query_params.get("before", "")
        notices = await self._records.inbox(opens.conversation, whole(before), PAGE)
        cases = await self._records.followed(opens.conversation)
        known = await self._records.known(opens.conversation)
        await self._note(opens.conversation, "inbox.read")
        done = request.query_params.get("done", "")
        words, senders = self.site.words[lang], self._of_senders
        told, more = await senders.listed(opens.conversation, lang) if senders is not None else ([], None)
        return unkept_page(
            self.site.pages.page(
                "inbox.html",
                self.site.frame(request, lang, f"/{lang}/inbox/{token}"),
                words,
                title=words.say("inbox.title"),
                letters=[self._letter(one, cases, lang) for one in notices],
                older=notices[-1].id if len(notices) == PAGE else None,
                later=bool(before),
                followed=[self._followed(one, lang) for one in cases],
                form=self._form(token),
                here=f"/{lang}/inbox/{token}",
                push=self._push.key if self._push else "",
                wishes=senders is not None,
                senders_letters=told[:SHORT],
                more=more is not None or len(told) > SHORT,
                done=words.say(_DONE[done]) if done in _DONE else "",
                clocks=clocks(lang) if known and known.account != WEB else (),
                zone=known.zone if known else None,
                people=self.site.people(lang, self._service(cases)),
            )
        )

    async def act(self, request: Request) -> Response:
        """Stop following one case or all; choose a clock; erase, after asking once more."""
        lang, token = language(self.site, request), request.path_params["token"]
        opens = self._links.read("inbox", token, self._clock())
        form = await posted(request)
        if opens is None or not self._ours(request, form.get("form", ""), token):
            return self.site.gone(request, lang, "link", 404)
        here = f"/{lang}/inbox/{token}"
        match form.get("do"):
            case "stop":
                number = whole(form.get("case"))
                if number is None and form.get("case") != "all":
                    return RedirectResponse(here, 303)
                await self._records.unfollow(opens.conversation, number)
                await self._note(opens.conversation, "follow.stop")
                return RedirectResponse(f"{here}?done={STOPPED}", 303)
            case "clock":
                zone = form.get("zone", "")
                if zone != BY_COUNTRY and zone not in dict(clocks(lang)):
                    return RedirectResponse(here, 303)
                await self._records.set_zone(opens.conversation, None if zone == BY_COUNTRY else zone)
                return RedirectResponse(f"{here}?done={SET}", 303)
            case "erase":
                return self._plain(request, lang, here, "erase", here=here, form=self._form(token))
            case "erase-yes":
                await self._note(opens.conversation, "erase")
                devices = await self._push.devices(opens.conversation) if self._push else ()
                for one in dict.fromkeys((*devices, opens.conversation)):  # the person last: who failed may try again
                    await self._records.erase(one)
                    await self._kept.forget(one)
                    self._gone(one)
                return self._plain(request, lang, f"/{lang}/", ERASED)
        return RedirectResponse(here, 303)

    async def export(self, request: Request) -> Response:
        """All that is kept of this person on this account, as JSON."""
        lang, token = language(self.site, request), request.path_params["token"]
        opens = self._links.read("inbox", token, self._clock())
        if opens is None:
            return self.site.gone(request, lang, "link", 404)
        await self._note(opens.conversation, "export")
        data = await export_person(self._records, self._kept, self._vault, opens.conversation, self._clock())
        if self._of_senders is not None:
            data |= await self._of_senders.exported(opens.conversation)
        headers = {"content-disposition": 'attachment; filename="vikno-data.json"', "cache-control": "no-store"}
        return Response(msgspec.json.format(msgspec.json.encode(data)), media_type="application/json", headers=headers)

    async def ask(self, request: Request) -> Response:
        """A page with the button; opening it changes nothing."""
        lang, token = language(self.site, request), request.path_params["token"]
        opens = self._links.read("stop", token, self._clock())
        if opens is None:
            return self.site.gone(request, lang, "link", 404)
        about = await self._about(opens, lang)
        return self._plain(request, lang, f"/{lang}/stop/{token}", "stop", here=f"/{lang}/stop/{token}", about=about)

    async def stop(self, request: Request) -> Response:
        """End the messages at once. The link alone is the proof, so that a mailbox's own button works."""
        lang, token = language(self.site, request), request.path_params["token"]
        opens = self._links.read("stop", token, self._clock())
        await posted(request)  # "List-Unsubscribe=One-Click", or nothing: both mean it
        if opens is None:
            return self.site.gone(request, lang, "link", 404)
        await self._records.unfollow(opens.conversation, opens.case)
        await self._note(opens.conversation, "follow.stop")
        return self._plain(request, lang, f"/{lang}/", STOPPED)

    async def _about(self, opens: Opens, lang: str) -> str:
        case = await self._records.case_by_id(opens.case) if opens.case is not None else None
        return case_title(self.site, self._processes, case, lang) if case else ""

    def _plain(self, request: Request, lang: str, canonical: str, what: str, **shown: Any) -> HTMLResponse:
        words = self.site.words[lang]
        given = {"here": "", "form": "", "about": "", **shown}
        frame = self.site.frame(request, lang, canonical)
        return unkept_page(
            self.site.pages.page(
                "asked.html",
                frame,
                words,
                title=words.say(f"asked.{what}"),
                text=words.say(f"asked.{what}.text"),
                what=what,
                **given,
            )
        )

    def _letter(self, notice: NoticeKept, cases: Sequence[CaseKept], lang: str) -> Letter:
        about = next((case.service for case in cases if notice.subject == f"case/{case.id}"), "")
        day = day_of(self.site, about, notice.created_ms, lang, "short")
        return Letter(outbound_of(notice).text, day, notice.status)

    def _followed(self, case: CaseKept, lang: str) -> Followed:
        process = self._processes(case.service)
        stage = process.stages.get(case.stage) if process else None
        title = case_title(self.site, self._processes, case, lang)
        return Followed(case.id, title, case.number, stage.text.text(lang) if stage else "")

    def _service(self, cases: Sequence[CaseKept]) -> str | None:
        """The service whose authority can be asked: that of what was followed last."""
        return next((case.service for case in cases if case.service in self.site.world().services), None)

    def _form(self, token: str) -> str:
        return form_of(self._vault, token)

    def _ours(self, request: Request, form: str, token: str) -> bool:
        return ours(self._vault, request, form, token)

    async def _note(self, conversation: str, what: str) -> None:
        await self._records.note((Access(self._clock(), "self", what, conversation),))


def form_of(vault: Vault, token: str) -> str:
    """What the forms of this page hold, which no other site knows."""
    return vault.digest("inbox form", token)


def ours(vault: Vault, request: Request, form: str, token: str) -> bool:
    """Whether a form stood on this page."""
    return from_here(request) and hmac.compare_digest(form.encode(), form_of(vault, token).encode())


async def export_person(records: Records, kept: Kept, vault: Vault, conversation: str, now_ms: int) -> dict[str, Any]:
    """All that is kept of one person on one account, but what is of organisations, in words that they can read."""
    known = await records.known(conversation)
    state, _ = read_state(await kept.read(conversation))
    notices: list[NoticeKept] = []
    while len(notices) < MOST_EXPORTED and (
        more := await records.inbox(conversation, notices[-1].id if notices else None)
    ):
        notices += more
    effects: list[Effect] = []
    position = 0
    while len(effects) < MOST_EXPORTED and (said := await kept.since(conversation, position)):
        effects += said
        position = said[-1].position
    # An address is marked once a minute at most (`records.HEARD_EXACT_MS`); an answer shows that they wrote just then.
    last_ms = effects[-1].created_ms if effects else 0
    return {
        "made": iso(now_ms),
        "account": known.account if known else conversation.rpartition(":")[0],
        "address": _unsealed(vault, known.sealed) if known else None,
        "status": known.status if known else None,
        "language": known.lang if known else None,
        "time_zone": known.zone if known else None,
        "last_wrote": iso(max(known.heard_ms, last_ms)) if known else None,
        "conversation": msgspec.to_builtins(state) if state else None,
        "said": [{"at": iso(one.created_ms), "text": _text(one.payload)} for one in effects],
        "follows": [
            {"authority": case.authority, "number": case.number, "service": case.service, "stage": case.stage}
            for case in await records.followed(conversation)
        ],
        "notices": [
            {
                "made": iso(one.created_ms), "changed": iso(one.changed_ms), "status": one.status,
                "text": outbound_of(one).text, "about": one.subject,
            }
            for one in notices
        ],
        "accesses": [
            {"at": iso(one.at_ms), "who": one.who, "what": one.what} for one in await records.accesses(conversation)
        ],
    }  # fmt: skip


def outbound_of(notice: NoticeKept) -> Outbound:
    """What a notice says; nothing for one that cannot be read any more."""
    try:
        return decode_outbound(notice.payload)
    except msgspec.DecodeError:
        return Outbound("")


def _text(payload: bytes) -> str:
    try:
        found = msgspec.json.decode(payload)
    except msgspec.DecodeError:
        return ""
    return str(found.get("text", "")) if isinstance(found, dict) else ""


def _unsealed(vault: Vault, sealed: bytes) -> str | None:
    try:
        return vault.unseal(sealed)
    except ViknoError:
        return None
