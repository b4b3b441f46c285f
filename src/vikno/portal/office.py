"""/office/: the staff of an authority see its cases, move one to its next stage, and look after what went wrong.

The operator of the server has pages of their own: messages and senders of all organisations. Neither sees what is the
other's: a case is nobody's business who only keeps the server running, and an authority has no say about others.
They come in with an API key, posted once; what the browser keeps is a sealed cookie of short life, HttpOnly and
SameSite=Strict. Every look and every change is in the access log.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from vikno.domain.errors import ViknoError
from vikno.portal.accesses import what_they_did, who_did
from vikno.portal.entry import case_title, day_of, language, unkept_page, zone_of
from vikno.portal.inbox import outbound_of
from vikno.portal.posted import from_here, household, posted, whole
from vikno.portal.site import Site
from vikno.usecases.bring_cases import Record, unlikely
from vikno.usecases.check_channels import Watch
from vikno.usecases.ports import Clock
from vikno.usecases.record_stage import Desk
from vikno.usecases.records import (
    OPERATOR,
    Access,
    ApiKey,
    Aside,
    CaseKept,
    NoticeKept,
    Passed,
    Records,
    StageGiven,
    Vault,
)

COOKIE = "vikno_office"
IDLE_MS = 30 * 60_000
"""So long without a click, and the key is asked for again."""
LONGEST_MS = 8 * 3_600_000
"""A working day: after it the key is asked for again in any case."""
ATTEMPTS, WINDOW_MS = 10, 600_000
"""Wrong keys that one address may try in ten minutes; a right one has 43 random characters."""
PAGE = 50
SCANNED = 10_000
"""Cases looked through for those that outstay; the page says so when there are more."""
MOST_LATE = 200
REPLAYED_MS = 3 * 86_400_000
"""A message that is tried again may wait so long."""
MOST_ASIDE = 4_000
"""Characters of an update that are shown."""
Whose = Callable[[str], Awaitable[ApiKey | None]]
"""The key in force that somebody has typed; None for any other."""


class Session(msgspec.Struct, frozen=True, array_like=True):
    """Who is in. `nonce` binds the forms to this session."""

    key: int
    authority: str
    label: str
    nonce: str
    began_ms: int
    seen_ms: int

    @property
    def operates(self) -> bool:
        """Whether it is whoever looks after the whole server."""
        return self.authority == OPERATOR


Page = Callable[[Request, str, Session], Awaitable[Response]]
_encode, _decode = msgspec.json.Encoder().encode, msgspec.json.Decoder(Session).decode


@dataclass(frozen=True, slots=True)
class Row:
    """A case in a list."""

    id: int
    number: str
    title: str
    stage: str
    since: str
    office: str
    late: bool


@dataclass(frozen=True, slots=True)
class Line:
    """One report in a case's history, with what it came to."""

    stage: str
    at: str
    recorded: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Choice:
    """A stage that the form offers. `ahead`: the case would move there."""

    id: str
    text: str
    ahead: bool


@dataclass(frozen=True, slots=True)
class Fallen:
    """A message that did not go out."""

    id: int
    account: str
    text: str
    status: str
    reason: str
    at: str
    tries: int


@dataclass(frozen=True, slots=True)
class Laid:
    """Something that came and could not be read."""

    id: int
    account: str
    reason: str
    at: str
    text: str


class Office:
    """The pages of the staff. `whose` and `record`: how the API itself looks a key up and records a stage."""

    def __init__(  # noqa: PLR0913, PLR0917 - each a thing that only the caller knows
        self,
        site: Site,
        records: Records,
        vault: Vault,
        desk: Desk,
        watch: Watch,
        clock: Clock,
        whose: Whose,
        record: Record,
        refused: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        """`refused`: of each account with a webhook, how many requests did not prove whose they are."""
        self.site, self._records, self._vault, self._desk = site, records, vault, desk
        self._watch, self._clock, self._whose, self._record = watch, clock, whose, record
        self._refused = refused
        self.tabs: list[str] = []
        """The pages that others add for the operator, below /office/, in order."""

    @property
    def routes(self) -> list[Route]:
        own = "/{lang}/office/"
        return [
            Route("/office", self.root),
            Route("/office/", self.root),
            Route("/{lang}/office", self.root),
            Route(own, self.inside(self.first)),
            Route(own, self.enter, methods=["POST"]),
            Route(own + "leave", self.leave, methods=["POST"]),
            Route(own + "late", self.of_authority(self.late)),
            Route(own + "letters", self.inside(self.letters)),
            Route(own + "letters", self.inside(self.replay), methods=["POST"]),
            Route(own + "aside", self.inside(self.aside)),
            Route(own + "channels", self.inside(self.channels)),
            Route(own + "cases/{case}", self.of_authority(self.case)),
            Route(own + "cases/{case}", self.of_authority(self.move), methods=["POST"]),
        ]

    def inside(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """A page for those who have come in; others are asked for their key."""

        async def inside(request: Request) -> Response:
            lang, session = language(self.site, request), await self._session(request)
            return self._door(request, lang) if session is None else await page(request, lang, session)

        return inside

    def of_authority(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """A page for the staff of an authority: cases are no business of the operator's."""

        async def of_authority(request: Request, lang: str, session: Session) -> Response:
            if session.operates:
                return await self._not_theirs(request, lang, session, "authority")
            return await page(request, lang, session)

        return self.inside(of_authority)

    def of_operator(self, page: Page) -> Callable[[Request], Awaitable[Response]]:
        """A page about the whole server, which no authority may look into."""

        async def of_operator(request: Request, lang: str, session: Session) -> Response:
            if not session.operates:
                return await self._not_theirs(request, lang, session, "operator")
            return await page(request, lang, session)

        return self.inside(of_operator)

    async def root(self, request: Request) -> Response:
        """/office/ leads to the page in a language the person reads."""
        return RedirectResponse(f"/{language(self.site, request)}/office/", 302, {"vary": "accept-language, cookie"})

    # ---- coming in and going out ----

    async def enter(self, request: Request) -> Response:
        """Take a key, once; answer alike for every wrong one."""
        lang, now_ms = language(self.site, request), self._clock()
        form = await posted(request)
        if not from_here(request):
            return self._door(request, lang, "wrong", 403)
        key = await self._whose(form.get("key", "").strip())
        if key is None:
            # Only wrong ones are counted: a whole office may come in from one address every morning.
            who = self._vault.digest("attempt", household(request.client.host if request.client else ""))
            may = await self._records.attempt(f"office/{who}", ATTEMPTS, WINDOW_MS, now_ms)
            return self._door(request, lang, "wrong", 403) if may else self._door(request, lang, "many", 429)
        session = Session(key.id, key.authority, key.label, secrets.token_urlsafe(9), now_ms, now_ms)
        await self.note(session, "office.enter", f"authority/{key.authority}")
        return self.keeping(request, RedirectResponse(f"/{lang}/office/", 303), session)

    async def leave(self, request: Request) -> Response:
        """Forget the cookie."""
        lang, session = language(self.site, request), await self._session(request)
        form = await posted(request)
        response = RedirectResponse(f"/{lang}/office/", 303)
        if session is not None and self.ours(request, session, form):
            response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return response

    async def _session(self, request: Request) -> Session | None:
        """Whoever is in, if their cookie is ours, young enough, and their key still in force."""
        sealed, now_ms = request.cookies.get(COOKIE, ""), self._clock()
        try:
            whole = base64.urlsafe_b64decode(sealed[:2000] + "=" * (-len(sealed) % 4))
            proof, _, kept = self._vault.unseal(whole).partition(" ")
            session = _decode(kept)
        except (ViknoError, ValueError, binascii.Error, msgspec.DecodeError):
            return None
        fresh = now_ms - session.seen_ms <= IDLE_MS and now_ms - session.began_ms <= LONGEST_MS
        # Other things are sealed with the same key, some in the words of strangers: the seal alone proves nothing.
        if not hmac.compare_digest(proof.encode(), self._proof(kept).encode()):
            return None
        if not fresh or await self._key(session) is None:
            return None
        return msgspec.structs.replace(session, seen_ms=now_ms)

    async def _key(self, session: Session) -> ApiKey | None:
        keys = await self._records.keys(session.authority)
        return next((key for key in keys if key.id == session.key and key.revoked_ms is None), None)

    def keeping(self, request: Request, response: Response, session: Session) -> Response:
        kept = _encode(session).decode()
        sealed = self._vault.seal(f"{self._proof(kept)} {kept}")
        response.set_cookie(
            COOKIE,
            base64.urlsafe_b64encode(sealed).decode().rstrip("="),
            max_age=IDLE_MS // 1000,
            path="/",
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )
        return response

    def _proof(self, kept: str) -> str:
        return self._vault.digest("office session", kept)

    def _door(self, request: Request, lang: str, wrong: str = "", status: int = 200) -> HTMLResponse:
        words = self.site.words[lang]
        shown = {"title": words.say("office.title"), "wrong": words.say(f"office.enter.{wrong}") if wrong else ""}
        frame = self.site.frame(request, lang, f"/{lang}/office/")
        return unkept_page(self.site.pages.page("office-door.html", frame, words, status, **shown))

    # ---- cases ----

    async def first(self, request: Request, lang: str, session: Session) -> Response:
        """Where they begin: with the cases, or with what waits for the operator."""
        if not session.operates:
            return await self.cases(request, lang, session)
        page = self.tabs[0] if self.tabs else "channels"
        return self.keeping(request, RedirectResponse(f"/{lang}/office/{page}", 303), session)

    async def cases(self, request: Request, lang: str, session: Session) -> Response:
        """The authority's cases, the oldest number of ours first; one of them by its number."""
        wanted = request.query_params.get("number", "").strip()[:64]
        found: Sequence[CaseKept] = ()
        after = whole(request.query_params.get("after")) or 0
        if wanted:
            one = await self._records.case(session.authority, wanted)
            if one is not None:
                return self.keeping(request, RedirectResponse(f"/{lang}/office/cases/{one.id}", 303), session)
        else:
            found = await self._records.listed(session.authority, after, PAGE)
        await self.note(session, "cases.read", f"authority/{session.authority}")
        return await self.shown(
            request, lang, session, "office-cases.html", "", wanted=wanted, after=after,
            rows=[self._row(case, lang) for case in found], next=found[-1].id if len(found) == PAGE else None,
        )  # fmt: skip

    async def late(self, request: Request, lang: str, session: Session) -> Response:
        """Cases that have been at their stage for longer than usual, those that wait longest first."""
        now_ms, after, seen = self._clock(), 0, 0
        found: list[CaseKept] = []
        while seen < SCANNED and (page := await self._records.listed(session.authority, after, 500)):
            found += [case for case in page if self._desk.outstays(case, now_ms)]
            seen, after = seen + len(page), page[-1].id
        found.sort(key=lambda case: case.stage_ms)
        await self.note(session, "cases.read", f"authority/{session.authority}")
        return await self.shown(
            request, lang, session, "office-late.html", "late",
            rows=[self._row(case, lang) for case in found[:MOST_LATE]], more=len(found) > MOST_LATE or seen >= SCANNED,
        )  # fmt: skip

    async def case(self, request: Request, lang: str, session: Session) -> Response:
        """A case with its history, and the form that moves it."""
        case = await self._own(session, request)
        if case is None:
            return await self.none(request, lang, session)
        passed = await self._records.history(case.id)
        await self.note(session, "case.read", f"case/{case.id}")
        said, words = request.query_params.get("said", ""), self.site.words[lang]
        told = words.say(f"verdict.{said}") if words.knows(f"verdict.{said}") else ""
        return await self.shown(
            request, lang, session, "office-case.html", "", case=self._row(case, lang), title=case.number,
            lines=[self._line(case, one, lang) for one in reversed(passed)], choices=self._choices(case, lang),
            event=f"office-{secrets.token_hex(12)}", told=told, said=said, accesses=await self._accesses(case, lang),
            followers=len(await self._records.followers(case.id)), here=f"/{lang}/office/cases/{case.id}",
            now=self._now(case),
        )  # fmt: skip

    async def move(self, request: Request, lang: str, session: Session) -> Response:
        """Record a stage. The form's own event id makes a second click harmless."""
        form = await posted(request)
        case = await self._own(session, request)
        if case is None or not self.ours(request, session, form):
            return await self.none(request, lang, session)
        event, stage = form.get("event", ""), form.get("stage", "")[:64]
        at_ms = self._at(case, form.get("at", ""))
        if not event.startswith("office-") or len(event) > 64 or at_ms is None or not stage:
            return RedirectResponse(f"/{lang}/office/cases/{case.id}?said=no_stage", 303)
        if unlikely(at_ms, self._clock()):
            return RedirectResponse(f"/{lang}/office/cases/{case.id}?said=no_time", 303)
        given = StageGiven(case.authority, case.number, event, stage, at_ms)
        [verdict] = await self._record([given])
        await self.note(session, f"case.stage {stage[:40]} {verdict}", f"case/{case.id}")
        back = RedirectResponse(f"/{lang}/office/cases/{case.id}?said={verdict}", 303)
        return self.keeping(request, back, session)

    async def _own(self, session: Session, request: Request) -> CaseKept | None:
        """The case of the address, if it is one of this authority's."""
        number = whole(request.path_params["case"])
        case = await self._records.case_by_id(number) if number is not None else None
        return case if case is not None and case.authority == session.authority else None

    def _at(self, case: CaseKept, written: str) -> int | None:
        """A moment as a form gives it, by the clock of the case's country; now where none is given."""
        if not written:
            return self._clock()
        try:
            here = datetime.fromisoformat(written[:19])
        except ValueError:
            return None
        return int(here.replace(tzinfo=zone_of(self.site, case.service)).timestamp() * 1000)

    def _now(self, case: CaseKept) -> str:
        """Now, as a form takes it."""
        return datetime.fromtimestamp(self._clock() / 1000, zone_of(self.site, case.service)).strftime("%Y-%m-%dT%H:%M")

    def _row(self, case: CaseKept, lang: str) -> Row:
        stage = self._stage(case.service, case.stage, lang)
        since = day_of(self.site, case.service, case.stage_ms or case.opened_ms, lang)
        title = case_title(self.site, self._desk.words.processes.get, case, lang) or case.service
        return Row(case.id, case.number, title, stage, since, case.office, self._desk.outstays(case, self._clock()))

    def _stage(self, service: str, name: str, lang: str) -> str:
        process = self._desk.words.processes.get(service)
        stage = process.stages.get(name) if process else None
        return stage.text.text(lang) if stage else name

    def _line(self, case: CaseKept, passed: Passed, lang: str) -> Line:
        at = day_of(self.site, case.service, passed.at_ms, lang, "short")
        recorded = day_of(self.site, case.service, passed.recorded_ms, lang, "short")
        return Line(self._stage(case.service, passed.stage, lang), at, recorded, passed.verdict)

    def _choices(self, case: CaseKept, lang: str) -> list[Choice]:
        process = self._desk.words.processes.get(case.service)
        if process is None:
            return []
        ahead = process.ahead.get(case.stage, frozenset(process.stages))
        found = [Choice(name, stage.text.text(lang), name in ahead) for name, stage in process.stages.items()]
        return sorted(found, key=lambda choice: not choice.ahead)

    async def _accesses(self, case: CaseKept, lang: str) -> list[Mapping[str, str]]:
        labels, words = {str(key.id): key.label for key in await self._records.keys()}, self.site.words[lang]
        return [
            {
                "at": day_of(self.site, case.service, one.at_ms, lang, "short"),
                "who": who_did(one.who, labels, words),
                "what": what_they_did(one.what, lambda name: self._stage(case.service, name, lang), words),
            }
            for one in await self._records.accesses(f"case/{case.id}", 20)
        ]

    # ---- what went wrong ----

    async def letters(self, request: Request, lang: str, session: Session) -> Response:
        """Messages that did not go out, and the way to try again."""
        after = whole(request.query_params.get("after")) or 0
        all_ = await self._records.letters(None, after, PAGE)
        every = await self._looks_after(session)
        found = [one for one in all_ if await self._may_see(session, one, every)]
        await self.note(session, "letters.read", f"authority/{session.authority}")
        again = whole(request.query_params.get("again"))
        words = self.site.words[lang]
        return await self.shown(
            request, lang, session, "office-letters.html", "letters",
            letters=[self._fallen(one, lang) for one in found], here=f"/{lang}/office/letters",
            next=all_[-1].id if len(all_) == PAGE else None,
            told=words.say("office.letters.again", count=again) if again is not None else "",
        )  # fmt: skip

    async def replay(self, request: Request, lang: str, session: Session) -> Response:
        """Try one of them again."""
        form = await posted(request)
        wanted, now_ms = whole(form.get("letter")), self._clock()
        count = 0
        if wanted is not None and self.ours(request, session, form):
            shown = await self._records.letters(None, wanted - 1, 1)
            every = await self._looks_after(session)
            if shown and shown[0].id == wanted and await self._may_see(session, shown[0], every):
                count = await self._records.replay((wanted,), now_ms, now_ms + REPLAYED_MS)
                await self.note(session, "letters.replay", f"notice/{wanted}")
        return self.keeping(request, RedirectResponse(f"/{lang}/office/letters?again={count}", 303), session)

    async def aside(self, request: Request, lang: str, session: Session) -> Response:
        """What came and could not be read: for whoever looks after the whole server."""
        if not await self._looks_after(session):
            return await self._not_theirs(request, lang, session, "operator")
        after = whole(request.query_params.get("after")) or 0
        found = await self._records.asides(None, after, PAGE)
        await self.note(session, "aside.read", f"authority/{session.authority}")
        return await self.shown(
            request, lang, session, "office-aside.html", "aside", laid=[self._laid(one, lang) for one in found],
            next=found[-1].id if len(found) == PAGE else None,
        )  # fmt: skip

    async def channels(self, request: Request, lang: str, session: Session) -> Response:
        """Whether each channel is what its papers say, and whether their own systems take what they are told."""
        refused = self._refused()
        shown: list[dict[str, Any]] = [
            {"account": one.account, "name": one.shown or "", "state": one.state, "wrong": one.wrong,
             "refused": refused.get(one.account, 0),
             "at": day_of(self.site, "", one.at_ms, lang, "short")}
            for one in self._watch.found
        ]  # fmt: skip
        all_ = await self._looks_after(session)
        shown += [
            {"account": f"webhook {one.id}", "name": urlsplit(one.url).hostname or "", "refused": 0,
             "state": "paused" if one.next_ms is None else "failing" if one.tries else "fine",
             "wrong": (one.reason,) if one.reason else (), "at": day_of(self.site, "", one.taken.at_ms, lang, "short")}
            for one in await self._records.subscribers() if all_ or one.authority == session.authority
        ]  # fmt: skip
        return await self.shown(request, lang, session, "office-channels.html", "channels", channels=shown)

    async def _may_see(self, session: Session, notice: NoticeKept, every: bool) -> bool:
        """Whether a message is about a case of theirs; `every`: one that is about none is theirs too."""
        kind, _, case = notice.subject.partition("/")
        number = whole(case) if kind == "case" else None
        about = await self._records.case_by_id(number) if number is not None else None
        return about.authority == session.authority if about else every

    async def _looks_after(self, session: Session) -> bool:
        """Whether what broke is theirs to mend: the operator's, or, while nobody has a key of the operator, that of the
        staff where there is one authority only."""
        if session.operates:
            return True
        return {key.authority for key in await self._records.keys() if key.revoked_ms is None} == {session.authority}

    def _fallen(self, one: NoticeKept, lang: str) -> Fallen:
        at = day_of(self.site, "", one.changed_ms, lang, "short")
        return Fallen(one.id, one.account, outbound_of(one).text, one.status, one.reason, at, one.tries)

    def _laid(self, one: Aside, lang: str) -> Laid:
        at = day_of(self.site, "", one.at_ms, lang, "short")
        try:
            text = self._vault.unseal(one.sealed)[:MOST_ASIDE]
        except ViknoError:
            text = ""
        return Laid(one.id, one.account, one.reason, at, text)

    # ---- what all pages share ----

    async def shown(
        self, request: Request, lang: str, session: Session, template: str, tab: str, status: int = 200, **shown: Any
    ) -> Response:
        """A page of the staff's, with their tabs."""
        words = self.site.words[lang]
        path = request.url.path.removeprefix(f"/{lang}")
        given: dict[str, Any] = {
            "title": words.say(f"office.tab.{tab}") if words.knows(f"office.tab.{tab}") else words.say("office.title"),
            "tab": tab, "session": session, "form": self._form(session), "home": f"/{lang}/office/",
            "after_all": await self._looks_after(session), "tabs": self.tabs if session.operates else (),
            "who": words.say("office.operator") if session.operates else session.authority, **shown,
        }  # fmt: skip
        page = self.site.pages.page(template, self.site.frame(request, lang, f"/{lang}{path}"), words, status, **given)
        return self.keeping(request, unkept_page(page), session)

    async def none(self, request: Request, lang: str, session: Session) -> Response:
        """There is no such case of this authority, or it is not theirs to see: said among their own tabs."""
        text = self.site.words[lang].say("gone.case")
        return await self.shown(request, lang, session, "office-none.html", "none", 404, title=text)

    async def _not_theirs(self, request: Request, lang: str, session: Session, whose: str) -> Response:
        """It is there, for others: said among their own tabs, with what opens it."""
        words = self.site.words[lang]
        await self.note(session, "not theirs", f"authority/{session.authority}")
        return await self.shown(
            request, lang, session, "office-only.html", "none", 403, title=words.say("office.only"),
            text=words.say(f"office.only.{whose}"),
        )  # fmt: skip

    def _form(self, session: Session) -> str:
        return self._vault.digest("office form", session.nonce)

    def ours(self, request: Request, session: Session, form: Mapping[str, str]) -> bool:
        """Whether a form was made for this session and sent from this site."""
        return from_here(request) and hmac.compare_digest(form.get("form", "").encode(), self._form(session).encode())

    async def note(self, session: Session, what: str, about: str) -> None:
        """That they looked, or did something."""
        await self._records.note((Access(self._clock(), f"office/{session.key}", what, about),))
