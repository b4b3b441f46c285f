"""A step of a conversation carried to the web: what an SMS or a mail cannot show, opened once by its short link.

Messengers fetch what is linked in a message, so that opening the link by itself uses nothing up: a button does. The
link leads to the consultation it was sent under, wherever the conversation is by then. Of that consultation only the
last answers are on record; if they are no longer those of the message, the page says so before it opens anything.

The browser that opened a link may open it again, by a signed cookie: its history holds the answers anyway. Anybody
else to whom the link was passed on is told how its owner gets a new one.
"""

from __future__ import annotations

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from vikno.domain.dialog.state import State, Talk, full_answers
from vikno.portal.address import pairs, write_address
from vikno.portal.posted import from_here
from vikno.portal.site import Site
from vikno.usecases.hold_conversation import read_state
from vikno.usecases.ports import Clock, ConversationStore
from vikno.usecases.records import Sidings
from vikno.usecases.sign_links import DAY_MS, STEP_DAYS, Links, Opens

TIMES = 1
"""So often a link opens in a browser that did not open it before."""
OPENED = "opened"
"""The cookie of a browser that has opened a link."""


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
        _, state, talk, changed = found
        lang = state.lang if state.lang in self.site.languages else self.site.language_of(request)
        service = talk.service if talk else None
        words = self.site.words[lang]
        frame = self.site.frame(request, lang, f"/{lang}/", service, indexed=False)
        title = self.site.world().title(service, lang) if service else ""
        return self.site.pages.page(
            "carried.html",
            frame,
            words,
            title=words.say("carried"),
            about=title,
            text=words.say("carried.changed" if changed else "carried.text"),
            action=request.url.path,
            people=self.site.people(lang, service),
        )

    async def open(self, request: Request) -> Response:
        """Go on, and use the link up for everybody else."""
        found = await self._found(request)
        if isinstance(found, Response):
            return found
        opens, state, talk, _ = found
        key, seconds = f"step/{opens.conversation}/{opens.case}", (STEP_DAYS + 1) * DAY_MS // 1000
        now_ms = self.clock()
        again = self.links.read("opened", request.cookies.get(OPENED, ""), now_ms) == opens
        if not from_here(request):
            return self._gone(request, "used")
        if not again and not await self.records.attempt(key, TIMES, seconds * 1000, now_ms):
            return self._gone(request, "used")
        response = RedirectResponse(self._address(state, talk), 303)
        response.set_cookie(
            OPENED,
            self.links.token("opened", opens, now_ms // DAY_MS + STEP_DAYS),
            max_age=seconds,
            path=request.url.path,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    async def _found(self, request: Request) -> tuple[Opens, State, Talk | None, bool] | Response:
        """What the link opens, the conversation, the consultation it was sent under, whether its answers changed."""
        opens = self.links.read("step", request.path_params["token"], self.clock())
        if opens is None:
            return self._gone(request, "link")
        state, _ = read_state(await self.store.read(opens.conversation))
        stood = self.links.stood(opens)
        talk = next((talk for talk in state.talks if talk.number == stood.talk), None) if state else None
        if state is None or (stood.talk and (talk is None or talk.service not in self.site.world().services)):
            return self._gone(request, "talk")
        return opens, state, talk, talk is not None and self.links.mark(talk) != stood.mark

    def _gone(self, request: Request, what: str) -> Response:
        return self.site.gone(request, self.site.language_of(request), what, 404)

    def _address(self, state: State, talk: Talk | None) -> str:
        """The consultation as a page; the list of services if the link was sent under none."""
        world = self.site.world()
        lang = state.lang if state.lang in self.site.languages else self.site.languages[0]
        if talk is None:
            return f"/{lang}/"
        sheet = world.sheet(talk.service, lang)
        answers = full_answers(talk.answers, sheet.unlike)
        asked = sheet.ruleset.consult(answers).asked
        return write_address(f"/{lang}/{talk.service}/", pairs(sheet.service, answers, asked))
