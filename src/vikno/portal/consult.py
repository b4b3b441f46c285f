"""A consultation as pages: one question a page, the answers in the address, the outcome at the end."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.rules.ruleset import Consultation
from vikno.domain.rules.service import Fact
from vikno.portal import outcomes, questions
from vikno.portal.address import Address, AddressTooLong, pairs, read_address, write_address
from vikno.portal.days import TooManyDays
from vikno.portal.paper import Printer, PrinterBusy, PrinterFailed
from vikno.portal.site import Site
from vikno.portal.window import follow_address

log = logging.getLogger("vikno.portal")

Answering = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Here:
    """A request to a consultation, read: the service in a language on a day, the answers, and where they lead."""

    lang: str
    base: str
    at: Address
    sheet: Sheet
    found: Consultation

    @property
    def service(self) -> str:
        return self.sheet.service.key

    @property
    def canonical(self) -> str:
        """The address that says this and no more."""
        return write_address(self.base, pairs(self.sheet.service, self.at.answers, self.found.asked), self.at.day)


class Consultations:
    """The pages below /<lang>/<country>/<service>/."""

    def __init__(self, site: Site, printer: Printer) -> None:
        self.site, self.printer = site, printer

    def read(self, request: Request) -> Here | Response:
        """The request as a consultation, or the page that says why it is none."""
        lang = request.path_params["lang"]
        if lang not in self.site.languages:
            return self.site.gone(request, self.site.language_of(request), "page", 404)
        key = f"{request.path_params['country']}/{request.path_params['service']}"
        world = self.site.world()
        if key not in world.services:
            return self.site.gone(request, lang, "service", 404)
        try:
            at = read_address(world.services[key], request.scope["query_string"], world.today(key))
        except AddressTooLong:
            return self.site.gone(request, lang, "long", 414)
        try:
            sheet = self.site.sheet(key, lang, at.day)
        except TooManyDays:
            return self.site.gone(request, lang, "busy", 503)
        return Here(lang, f"/{lang}/{key}/", at, sheet, sheet.ruleset.consult(at.answers))

    async def page(self, request: Request) -> Response:
        """A question or the outcome."""
        here = self.read(request)
        if isinstance(here, Response):
            return here
        facts, words = here.sheet.service.fact, self.site.words[here.lang]
        if here.at.sent is not None:
            if here.at.sent in here.at.answers:
                return RedirectResponse(here.canonical, 303)
            fact = facts[here.at.sent]
            error = questions.error_text(here.sheet, fact, here.at.refused(fact.id), words)
            return self._question(request, here, fact, words, error)
        if here.at.ask is not None and (here.at.ask in here.found.asked or facts[here.at.ask] is here.found.next):
            return self._question(request, here, facts[here.at.ask], words)
        if here.found.next is not None:
            return self._question(request, here, here.found.next, words)
        return self._outcome(request, here, words)

    def _question(self, request: Request, here: Here, fact: Fact, words: Phrases, error: str = "") -> HTMLResponse:
        shown = questions.question(here.sheet, here.base, here.at, here.found, fact, words, error)
        title = words.say("question.wrong") + shown.ask if error else shown.ask
        return self.site.pages.page(
            "question.html",
            self.site.frame(request, here.lang, here.canonical, here.service, indexed=not here.at.typed),
            words,
            status=400 if error else 200,
            title=f"{title} – {here.sheet.title}",
            question=shown,
            talk=questions.talk(here.sheet, here.base, here.at, here.found, words),
            notes=questions.notes(here.sheet, here.at, here.found, words, but=fact.id if error else ""),
        )

    def _outcome(self, request: Request, here: Here, words: Phrases) -> HTMLResponse:
        shown = outcomes.outcome(here.sheet, here.base, here.at, here.found, words)
        heading = words.say(f"outcome.{shown.outcome}")
        return self.site.pages.page(
            "outcome.html",
            self.site.frame(request, here.lang, here.canonical, here.service),
            words,
            title=f"{heading} – {here.sheet.title}",
            heading=heading,
            outcome=shown,
            follow=follow_address(self.site, here.lang) if shown.outcome == "checklist" else "",
            talk=questions.talk(here.sheet, here.base, here.at, here.found, words),
            notes=questions.notes(here.sheet, here.at, here.found, words),
            people=self.site.people(here.lang, here.service),
        )

    async def receipt(self, request: Request) -> Response:
        """The receipt: what the hash was taken over, and the hash."""
        here = self.read(request)
        if isinstance(here, Response):
            return here
        if not here.found.complete:
            return self._unfinished(request, here)
        made = here.sheet.ruleset.receipt(here.found)
        name = f"{here.service.replace('/', '-')}-{made.hash[:12]}.json"
        return JSONResponse({"receipt": made.document, "sha256": made.hash}, headers=_saved_as(name))

    async def pdf(self, request: Request) -> Response:
        """The outcome on paper."""
        here = self.read(request)
        if isinstance(here, Response):
            return here
        if not here.found.complete:
            return self._unfinished(request, here)
        words = self.site.words[here.lang]
        try:
            made = await self.printer.checklist(
                outcomes.outcome(here.sheet, here.base, here.at, here.found, words),
                questions.talk(here.sheet, here.base, here.at, here.found, words),
                words,
                address=f"{request.url.scheme}://{request.url.netloc}{here.canonical}",
                people=self.site.people(here.lang, here.service),
            )
        except PrinterBusy:
            return self.site.gone(request, here.lang, "busy", 503)
        except PrinterFailed as error:
            log.error("printer_failed", extra={"service": here.service, "error": str(error)})
            return self.site.gone(request, here.lang, "failed", 500)
        name = f"{here.service.replace('/', '-')}-{here.sheet.day.isoformat()}.pdf"
        return Response(made, media_type="application/pdf", headers=_saved_as(name))

    def _unfinished(self, request: Request, here: Here) -> HTMLResponse:
        """Somebody asked for the outcome before there is one."""
        words = self.site.words[here.lang]
        return self.site.pages.page(
            "gone.html",
            self.site.frame(request, here.lang, here.canonical, here.service),
            words,
            404,
            title=words.say("gone.early"),
            text=words.say("gone.early.text"),
            on=here.canonical,
            people=self.site.people(here.lang, here.service),
        )


def _saved_as(name: str) -> dict[str, str]:
    """Headers of a file to keep. Names are of our making: letters, digits, hyphens."""
    return {"content-disposition": f'attachment; filename="{name}"'}


def unkept(answer: Answering) -> Answering:
    """The same, kept by no browser and no proxy: a person's answers stand in it, and others may use this computer."""

    async def answered(request: Request) -> Response:
        response = await answer(request)
        response.headers["cache-control"] = "no-store"
        return response

    return answered
