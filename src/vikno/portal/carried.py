"""A step of a conversation carried to the web: what an SMS or a mail cannot show, opened once by its short link.

Messengers fetch what is linked in a message, so that opening the link by itself uses nothing up: a button does.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vikno.domain.dialog.state import State, full_answers
from vikno.portal.address import pairs, write_address
from vikno.portal.posted import from_here
from vikno.portal.site import Site
from vikno.usecases.hold_conversation import read_state
from vikno.usecases.ports import Clock, ConversationStore
from vikno.usecases.records import Sidings
from vikno.usecases.sign_links import DAY_MS, STEP_DAYS, Links, Opens

TIMES = 1
"""So often a link opens what it names; who needs it again gets a new one by writing."""


@dataclass(frozen=True, slots=True)
class Carried:
    """The pages at /s/<token>."""

    site: Site
    links: Links
    store: ConversationStore
    records: Sidings
    clock: Clock

    async def page(self, request: Request) -> Response:
        """Ask whether to go on here."""
        found = await self._found(request)
        if isinstance(found, Response):
            return found
        _, state = found
        lang = state.lang if state.lang in self.site.languages else self.site.language_of(request)
        words = self.site.words[lang]
        frame = self.site.frame(request, lang, f"/{lang}/", indexed=False)
        return self.site.pages.page(
            "carried.html",
            frame,
            words,
            title=words.say("carried"),
            text=words.say("carried.text"),
            action=request.url.path,
            people=self.site.people(lang),
        )

    async def open(self, request: Request) -> Response:
        """Go on, and use the link up."""
        found = await self._found(request)
        if isinstance(found, Response):
            return found
        opens, state = found
        key = f"step/{opens.conversation}/{opens.case}"
        window_ms = (STEP_DAYS + 1) * DAY_MS
        if not from_here(request) or not await self.records.attempt(key, TIMES, window_ms, self.clock()):
            return self._gone(request, "used")
        return RedirectResponse(self._address(state), 303)

    async def _found(self, request: Request) -> tuple[Opens, State] | Response:
        opens = self.links.read("step", request.path_params["token"], self.clock())
        if opens is None:
            return self._gone(request, "page")
        state, _ = read_state(await self.store.read(opens.conversation))
        return (opens, state) if state is not None else self._gone(request, "used")

    def _gone(self, request: Request, what: str) -> Response:
        return self.site.gone(request, self.site.language_of(request), what, 404)

    def _address(self, state: State) -> str:
        """The consultation that is open, as a page; the list of services if there is none."""
        world = self.site.world()
        talk = next((talk for talk in state.talks if talk.number == state.open), None)
        lang = state.lang if state.lang in self.site.languages else self.site.languages[0]
        if talk is None or talk.service not in world.services:
            return f"/{lang}/"
        sheet = world.sheet(talk.service, lang)
        answers = full_answers(talk.answers, sheet.unlike)
        asked = sheet.ruleset.consult(answers).asked
        return write_address(f"/{lang}/{talk.service}/", pairs(sheet.service, answers, asked))
