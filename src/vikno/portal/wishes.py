"""/{lang}/inbox/<signed link>/wishes: who may write, about what, where and when; one's own addresses; what was agreed.

Each change is one tap, and its way back is one tap on the same page; no scripts are needed. What somebody agrees to, or
takes back, is written down in the very words that stand here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.errors import ViknoError
from vikno.domain.notify.route import WEB
from vikno.portal.addresses import Adding
from vikno.portal.clocks import clocks, moment
from vikno.portal.entry import language, unkept_page, zone_of
from vikno.portal.inbox import form_of, ours
from vikno.portal.letters import mark_of
from vikno.portal.posted import posted, whole
from vikno.portal.site import Site
from vikno.ui.frame import language_name
from vikno.usecases.mask_address import masked_on
from vikno.usecases.people import EVERY, Agreed, Chain, Reached
from vikno.usecases.ports import Clock
from vikno.usecases.records import Access, Records, Vault
from vikno.usecases.settle_wishes import (
    ASKED_FIRST,
    CONTENTS,
    Book,
    Kind,
    Said,
    SenderWishes,
    Settled,
    Settling,
    State,
    TooManyWishes,
    agreed_to,
    of_all,
    turned_off,
    wishes_of,
)
from vikno.usecases.sign_links import Links

MOST_LINES = 50
"""Of the ledger, on one page; all of them are in the data that can be downloaded."""
MOST_A_DAY = 300
"""Taps of one person's link on one day."""
DAY_MS = 86_400_000
LONGEST_SLUG = 100
Change = Callable[[Settling, Mapping[str, str], str], Awaitable[str]]


class Wishes:
    """The page, and what its forms do."""

    def __init__(  # noqa: PLR0913, PLR0917 - each a thing that only the caller knows
        self,
        site: Site,
        book: Book,
        records: Records,
        vault: Vault,
        links: Links,
        chain: Chain,
        adding: Adding,
        clock: Clock,
    ) -> None:
        self.site, self._book, self._records, self._vault = site, book, records, vault
        self._links, self._chain, self._adding, self._clock = links, chain, adding, clock
        self._changes: dict[str, Change] = {
            "kind": self._kind, "all": self._all, "sender": self._sender, "back": self._back, "channel": self._channel,
            "up": self._moved, "down": self._moved, "quiet": self._quiet, "language": self._language,
            "remove": self._remove,
        }  # fmt: skip

    @property
    def routes(self) -> list[Route]:
        own = "/{lang}/inbox/{token}/wishes"
        return [Route(own, self.page), Route(own, self.act, methods=["POST"]), *self._adding.routes(self.page_with)]

    async def page(self, request: Request) -> Response:
        """Everything, as it stands."""
        return await self.page_with(request, {})

    async def page_with(self, request: Request, more: Mapping[str, Any], status: int = 200) -> Response:
        """The same, in the middle of something: an address that is being added."""
        lang, token = language(self.site, request), request.path_params["token"]
        opens = self._links.read("inbox", token, self._clock())
        if opens is None:
            return self.site.gone(request, lang, "link", 404)
        conversation, words = opens.conversation, self.site.words[lang]
        settled = await wishes_of(self._book, conversation)
        known = await self._records.known(conversation)
        await self._note(conversation, "wishes.read")
        done = request.query_params.get("done", "")
        inbox = f"/{lang}/inbox/{token}"
        given: dict[str, Any] = {
            "title": words.say("wishes.title"), "here": f"{inbox}/wishes", "inbox": inbox,
            "form": form_of(self._vault, token),
            "done": words.say(f"wishes.done.{done}") if words.knows(f"wishes.done.{done}") else "",
            "wrong": "", "code": "", "sent": "", "doors": (),
            "senders": [self._shown(one, words) for one in settled.senders],
            "kinds": self._kinds(settled, words),
            "channels": self._channels(settled, words),
            "quiet": settled.choices.quiet,
            "zone": dict(clocks(lang)).get(known.zone or "", "") if known else "",
            "languages": [(code, language_name(code)) for code in self.site.languages], "chosen": settled.choices.lang,
            "ways": [await self._way(one, conversation, words) for one in settled.ways],
            "adds": self._adding.kinds(),
            "lines": [self._line(one, settled, lang) for one in settled.agreed[:MOST_LINES]],
            **more,
        }  # fmt: skip
        frame = self.site.frame(request, lang, f"{inbox}/wishes")
        return unkept_page(self.site.pages.page("wishes.html", frame, words, status, **given))

    async def act(self, request: Request) -> Response:
        """One tap."""
        lang, token = language(self.site, request), request.path_params["token"]
        now_ms = self._clock()
        opens = self._links.read("inbox", token, now_ms)
        form = await posted(request)
        if opens is None or not ours(self._vault, request, form.get("form", ""), token):
            return self.site.gone(request, lang, "link", 404)
        here, what = f"/{lang}/inbox/{token}/wishes", form.get("do", "")
        change = self._changes.get(what)
        if change is None:
            return RedirectResponse(here, 303)
        if not await self._adding.known(opens.conversation, lang):  # erased meanwhile
            return self.site.gone(request, lang, "link", 404)
        settling = Settling(self._book, self._chain, opens.conversation, now_ms)
        try:
            if not await self._records.attempt(f"wishes:{opens.conversation}", MOST_A_DAY, DAY_MS, now_ms):
                raise TooManyWishes  # lines of the ledger stay for ever
            done = await change(settling, form, lang)
        except TooManyWishes:
            done = "many"
        except ViknoError:
            done = "failed"
        if done:
            await self._note(opens.conversation, f"wishes.{what}")
        return RedirectResponse(f"{here}?done={done}" if done else here, 303)

    # ---- what the forms do ----

    async def _kind(self, settling: Settling, form: Mapping[str, str], lang: str) -> str:
        """A kind of message of one organisation."""
        found = await self._book.organisation(form.get("sender", "")[:LONGEST_SLUG])
        content = form.get("content", "")
        if found is None or content not in CONTENTS:
            return ""
        state: State = "on" if form.get("to") == "on" else turned_off(content)
        shown = self._words_of_kind(self.site.words[lang], found.name, content, state)
        await settling.kind(found.slug, content, state, Said(WEB, lang, shown))
        return "agreed" if state == "on" and content in ASKED_FIRST else state

    async def _all(self, settling: Settling, form: Mapping[str, str], lang: str) -> str:
        """A kind of message of all organisations."""
        content, words = form.get("content", ""), self.site.words[lang]
        if content not in CONTENTS:
            return ""
        state: State = "on" if form.get("to") == "on" else turned_off(content)
        shown = f"{words.say('wishes.all')}: {words.say(f'wishes.kind.{content}')}. {self._button(words, state)}"
        await settling.kind(EVERY, content, state, Said(WEB, lang, shown))
        return state

    async def _sender(self, settling: Settling, form: Mapping[str, str], lang: str) -> str:
        """All that one organisation sends."""
        found = await self._book.organisation(form.get("sender", "")[:LONGEST_SLUG])
        if found is None:
            return ""
        state: State = "on" if form.get("to") == "on" else "off"
        words = self.site.words[lang]
        shown = f"{found.name}. {words.say('wishes.sender.off' if state == 'off' else 'wishes.sender.on')}"
        await settling.kind(found.slug, EVERY, state, Said(WEB, lang, shown))
        return state

    async def _back(self, settling: Settling, form: Mapping[str, str], lang: str) -> str:
        """Take back what was agreed to."""
        slug, content = form.get("sender", "")[:LONGEST_SLUG], form.get("content", "")[:LONGEST_SLUG]
        words = self.site.words[lang]
        shown = f"{await self._about(slug, content, words)}. {words.say('wishes.back')}"
        return "back" if await settling.take_back(slug, content, Said(WEB, lang, shown)) else ""

    async def _channel(self, settling: Settling, form: Mapping[str, str], _lang: str) -> str:
        channel = form.get("channel", "")
        if channel not in {way.account.partition("/")[0] for way in await self._book.ways(settling.conversation)}:
            return ""
        await settling.channel(channel, on=form.get("to") == "on")
        return "channel"

    async def _moved(self, settling: Settling, form: Mapping[str, str], _lang: str) -> str:
        await settling.move(form.get("channel", ""), -1 if form.get("do") == "up" else 1)
        return "order"

    async def _quiet(self, settling: Settling, form: Mapping[str, str], _lang: str) -> str:
        if form.get("by") == "country":
            await settling.quiet(None)
            return "quiet"
        begins, ends = whole(form.get("from")), whole(form.get("until"))
        if begins is None or ends is None or not (0 <= begins < 24 and 0 <= ends < 24):
            return ""
        await settling.quiet((begins, ends))
        return "quiet"

    async def _language(self, settling: Settling, form: Mapping[str, str], _lang: str) -> str:
        chosen = form.get("language", "")
        if chosen and chosen not in self.site.languages:
            return ""
        await settling.language(chosen)
        return "language"

    async def _remove(self, settling: Settling, form: Mapping[str, str], _lang: str) -> str:
        """An address of theirs, though not the one whose page this is."""
        number = whole(form.get("way"))
        for way in await self._book.ways(settling.conversation):
            if way.id == number and way.conversation != settling.conversation:
                await self._book.unlink(way.conversation)
                return "removed"
        return ""

    # ---- what the page shows ----

    def _shown(self, one: SenderWishes, words: Phrases) -> dict[str, Any]:
        name = one.organisation.name
        return {
            "slug": one.organisation.slug, "name": name, "mark": mark_of(name), "state": one.state,
            "kinds": [self._kind_shown(name, kind, words) for kind in one.kinds if kind.content in CONTENTS],
        }  # fmt: skip

    def _kind_shown(self, name: str, kind: Kind, words: Phrases) -> dict[str, Any]:
        to: State = "on" if kind.state != "on" else turned_off(kind.content)
        asks = to == "on" and kind.content in ASKED_FIRST
        return {
            "content": kind.content, "name": words.say(f"wishes.kind.{kind.content}"),
            "about": _of_kind(words, kind, name), "state": kind.state, "to": to,
            "everywhere": kind.everywhere, "asks": words.say("wishes.consent", sender=name) if asks else "",
            "button": words.say("wishes.consent.go") if asks else self._button(words, to),
        }  # fmt: skip

    @staticmethod
    def _button(words: Phrases, to: State) -> str:
        return words.say(f"wishes.to.{to}")

    def _words_of_kind(self, words: Phrases, name: str, content: str, to: State) -> str:
        """What stands at the button that was tapped."""
        if to == "on" and content in ASKED_FIRST:
            return f"{words.say('wishes.consent', sender=name)}\n{words.say('wishes.consent.go')}"
        return f"{name}. {words.say(f'wishes.kind.{content}')}. {self._button(words, to)}"

    def _kinds(self, settled: Settled, words: Phrases) -> list[dict[str, Any]]:
        """Kinds of message of all organisations together: those that come, and those that were turned off."""
        sent = {kind.content for one in settled.senders for kind in one.kinds if kind.state != "off"}
        sent |= {content for who, content, _ in settled.choices.off if who == EVERY}
        found = []
        for content in CONTENTS:
            if content in sent:
                state = of_all(settled.choices, content)
                to: State = "on" if state != "on" else turned_off(content)
                name = words.say(f"wishes.kind.{content}")
                found.append(
                    {"content": content, "name": name, "state": state, "button": self._button(words, to), "to": to}
                )
        return found

    @staticmethod
    def _channels(settled: Settled, words: Phrases) -> list[dict[str, Any]]:
        last = len(settled.channels) - 1
        return [
            {
                "kind": channel, "name": words.app(channel), "first": at == 0, "last": at == last,
                "on": (EVERY, EVERY, channel) not in settled.choices.off,
            }
            for at, channel in enumerate(settled.channels)
        ]  # fmt: skip

    async def _way(self, way: Reached, here: str, words: Phrases) -> dict[str, Any]:
        """An address, masked; of a messenger only which it is."""
        channel = way.account.partition("/")[0]
        known = await self._records.known(way.conversation)
        shown = masked_on(channel, self._unsealed(known.sealed)) if known is not None else ""
        return {
            "id": way.id, "app": words.app(channel), "shown": shown, "own": way.conversation == here,
            "alive": way.status == "alive", "met": way.met,
        }  # fmt: skip

    def _unsealed(self, sealed: bytes) -> str:
        try:
            return self._vault.unseal(sealed)
        except ViknoError:
            return ""

    def _line(self, line: Agreed, settled: Settled, lang: str) -> dict[str, Any]:
        words = self.site.words[lang]
        names = {one.organisation.slug: one.organisation.name for one in settled.senders}
        named = self.site.words.get(line.lang)
        lasts = line.consent != "none" and agreed_to(
            (*_since(settled.agreed, line), line), line.organisation, line.content
        )
        return {
            "at": moment(line.at_ms, zone_of(self.site, ""), lang, "long"), "given": line.consent != "none",
            "about": _about(names.get(line.organisation, line.organisation), line.organisation, line.content, words),
            "shown": line.shown, "lang": line.lang if named is not None else "", "version": line.version,
            "where": words.say("wishes.page") if line.channel == WEB else words.app(line.channel),
            "lasts": lasts, "sender": line.organisation, "content": line.content,
        }  # fmt: skip

    async def _about(self, slug: str, content: str, words: Phrases) -> str:
        found = await self._book.organisation(slug) if slug != EVERY else None
        return _about(found.name if found is not None else slug, slug, content, words)

    async def _note(self, conversation: str, what: str) -> None:
        await self._records.note((Access(self._clock(), "self", what, conversation),))


def _since(agreed: tuple[Agreed, ...], line: Agreed) -> tuple[Agreed, ...]:
    """What was said after a line, the latest first."""
    return agreed[: agreed.index(line)]


def _about(name: str, slug: str, content: str, words: Phrases) -> str:
    """What a line of the ledger is about, in words."""
    kind = words.say(f"wishes.kind.{content}") if words.knows(f"wishes.kind.{content}") else ""
    sender = words.say("wishes.all") if slug == EVERY else name
    return f"{sender}: {kind}" if kind else sender


def _of_kind(words: Phrases, kind: Kind, sender: str) -> str:
    """What the setting means, kindly."""
    phrase = f"wishes.kind.{kind.content}.{kind.state}"
    return words.say(phrase if words.knows(phrase) else "wishes.off.about", sender=sender)
