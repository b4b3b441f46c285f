"""Adding an address to one's page by proof: a code that comes by SMS, a link in a mail, a way into a messenger.

The mail's link shows a button first, since mail scanners open every link; and it says whose page it is, since whoever
has the page will read there what comes to the address.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vikno.domain.dialog.phrases import Phrases
from vikno.domain.errors import ViknoError
from vikno.portal.entry import language, unkept_page
from vikno.portal.inbox import ours
from vikno.portal.posted import from_here, household, posted
from vikno.portal.qr import qr_svg
from vikno.portal.site import Site
from vikno.usecases.channel import Outbound
from vikno.usecases.check_channels import Watch
from vikno.usecases.mask_address import masked, masked_on
from vikno.usecases.prove_address import CODE_LIVES_MS, LINK_LIVES_MS, Asked, Proving
from vikno.usecases.sign_links import Links

PHONES, MAILS = "sms/main", "email/main"
BY_PROOF = frozenset({"sms", "email", "whatsapp", "inbox"})
"""Kinds that no link of a messenger adds: a phone and a mailbox are proven here, a browser by its own button."""

PageWith = Callable[..., Awaitable[Response]]


class Reads(Protocol):
    """What people write, as an address: `vikno.wire.numbers`, by the country of this site."""

    def phone(self, written: str) -> str | None:
        """Its digits; None for what is no number that can be reached by SMS."""
        ...

    def email(self, written: str) -> str | None:
        """The mailbox; None for what is none."""
        ...


class Adding:
    """The forms that add an address, and the page that a mail leads to. `accounts`: those that are here."""

    def __init__(
        self,
        site: Site,
        links: Links,
        proving: Proving,
        watch: Watch,
        reads: Reads,
        accounts: Sequence[str],
        public: str,
    ) -> None:
        self.site, self._links, self._proving, self._watch = site, links, proving, watch
        self._reads, self._accounts, self._public = reads, frozenset(accounts), public

    def kinds(self) -> tuple[str, ...]:
        """What can be added here."""
        messengers = any(way.kind not in BY_PROOF for way in self._watch.ways("w"))
        found = (("phone", PHONES in self._accounts), ("email", MAILS in self._accounts), ("messenger", messengers))
        return tuple(kind for kind, here in found if here)

    async def known(self, conversation: str, lang: str) -> bool:
        """Whether anything can be kept for the one whose page it is."""
        return await self._proving.begin(conversation, lang)

    def routes(self, page_with: PageWith) -> list[Route]:
        """`page_with`: the page of wishes, with something more on it."""

        async def add(request: Request) -> Response:
            return await self._add(request, page_with)

        return [
            Route("/{lang}/inbox/{token}/add", add, methods=["POST"]),
            Route("/{lang}/prove/{asked}", self.ask),
            Route("/{lang}/prove/{asked}", self.prove, methods=["POST"]),
        ]

    async def _add(self, request: Request, page_with: PageWith) -> Response:
        """Begin with an address, or type the code of one."""
        lang, token = language(self.site, request), request.path_params["token"]
        opens = self._links.read("inbox", token, self._proving.clock())
        form = await posted(request)
        if opens is None or not ours(self._proving.vault, request, form.get("form", ""), token):
            return self.site.gone(request, lang, "link", 404)
        if not await self.known(opens.conversation, lang):  # erased meanwhile
            return self.site.gone(request, lang, "link", 404)
        words = self.site.words[lang]
        match form.get("do"):
            case "phone":
                return await self._phone(request, page_with, opens.conversation, form, words)
            case "code":
                return await self._code(request, page_with, opens.conversation, form, words)
            case "email":
                return await self._email(request, page_with, opens.conversation, form, words)
            case "messenger":
                doors = await self._doors(opens.conversation, words)
                return await page_with(request, {"doors": doors})
        return RedirectResponse(f"/{lang}/inbox/{token}/wishes", 303)

    async def _phone(
        self, request: Request, page_with: PageWith, conversation: str, form: Mapping[str, str], words: Phrases
    ) -> Response:
        digits = self._reads.phone(form.get("phone", "")[:80])
        if digits is None or PHONES not in self._accounts:
            return await page_with(request, _wrong("phone", words, "wishes.add.phone.wrong"), 400)
        asked = self._proving.ask(conversation, PHONES, digits)
        if not await self._proving.may_ask(asked, _household(request)):
            return await page_with(request, _wrong("phone", words, "wishes.add.many"), 429)
        said = Outbound(words.say("wishes.add.phone.sms", code=self._proving.code(asked)), words.language)
        self._proving.send(asked, said)
        more = {"code": self._proving.written(asked), "sent": masked_on("sms", digits)}
        return await page_with(request, more)

    async def _code(
        self, request: Request, page_with: PageWith, conversation: str, form: Mapping[str, str], words: Phrases
    ) -> Response:
        written = form.get("asked", "")
        asked = self._proving.read(written, CODE_LIVES_MS)
        if asked is None or asked.to != conversation or asked.account != PHONES:
            return await page_with(request, _wrong("phone", words, "wishes.add.code.old"), 400)
        if not await self._proving.typed(asked, form.get("code", "")[:20]):
            more = {"code": written, "sent": masked_on("sms", asked.address)}
            return await page_with(request, {**more, **_wrong("code", words, "wishes.add.code.wrong")}, 400)
        await self._proving.proven(asked, words.language)
        return RedirectResponse(f"{_wishes(request)}?done=added", 303)

    async def _email(
        self, request: Request, page_with: PageWith, conversation: str, form: Mapping[str, str], words: Phrases
    ) -> Response:
        mailbox = self._reads.email(form.get("email", "")[:1000])
        if mailbox is None or MAILS not in self._accounts:
            return await page_with(request, _wrong("email", words, "wishes.add.email.wrong"), 400)
        asked = self._proving.ask(conversation, MAILS, mailbox)
        if not await self._proving.may_ask(asked, _household(request)):
            return await page_with(request, _wrong("email", words, "wishes.add.many"), 429)
        link = f"{self._public}/{words.language}/prove/{self._proving.written(asked)}"
        text = words.say("wishes.add.email.mail", name=words.say("name"), link=link)
        self._proving.send(asked, Outbound(text, words.language, subject=words.say("wishes.add.email.subject")))
        return RedirectResponse(f"{_wishes(request)}?done=mailed", 303)

    async def _doors(self, conversation: str, words: Phrases) -> list[dict[str, Any]]:
        """The messengers that are here, each with a link that adds it to this page."""
        mine = next(
            (way for way in await self._proving.people.ways(conversation) if way.conversation == conversation), None
        )
        if mine is None:
            return []
        return [
            {
                "app": words.app(way.kind),
                "name": way.link.name, "url": way.link.url, "say": way.link.say,
                "qr": qr_svg(way.link.page or way.link.url),
            }
            for way in self._watch.ways(self._proving.token(mine.id))
            if way.kind not in BY_PROOF
        ]  # fmt: skip

    # ---- what a mail leads to ----

    async def ask(self, request: Request) -> Response:
        """Whether it was them; opening the page changes nothing."""
        lang = language(self.site, request)
        written = request.path_params["asked"]
        asked = self._proving.read(written, LINK_LIVES_MS)
        if asked is None or asked.account != MAILS:
            return self.site.gone(request, lang, "link", 404)
        return await self._page(request, lang, "prove", asked, f"/{lang}/prove/{written}")

    async def prove(self, request: Request) -> Response:
        """It was them: the address is theirs."""
        lang = language(self.site, request)
        await posted(request)
        asked = self._proving.read(request.path_params["asked"], LINK_LIVES_MS)
        if asked is None or asked.account != MAILS or not from_here(request):
            return self.site.gone(request, lang, "link", 404)
        await self._proving.proven(asked, lang)
        return await self._page(request, lang, "proven", asked, f"/{lang}/")

    async def _page(self, request: Request, lang: str, what: str, asked: Asked, here: str) -> Response:
        words = self.site.words[lang]
        whose = await self._whose(asked.to, words)
        frame = self.site.frame(request, lang, here)
        return unkept_page(
            self.site.pages.page(
                "prove.html", frame, words, title=words.say(f"asked.{what}"), what=what, here=here,
                text=words.say(f"asked.{what}.text", address=masked(asked.address), page=whose),
            )
        )  # fmt: skip

    async def _whose(self, conversation: str, words: Phrases) -> str:
        """Whose page it is: its address, masked, or the messenger that it was opened from."""
        channel = conversation.partition("/")[0].partition(":")[0]
        known = await self._proving.records.known(conversation)
        shown = ""
        if known is not None:
            with suppress(ViknoError):
                shown = masked_on(channel, self._proving.vault.unseal(known.sealed))
        if shown:
            return shown
        return words.app(channel)


def _wrong(field: str, words: Phrases, phrase: str) -> dict[str, Any]:
    return {"wrong": (field, words.say(phrase))}


def _household(request: Request) -> str:
    return household(request.client.host if request.client else "")


def _wishes(request: Request) -> str:
    return request.url.path.removesuffix("/add") + "/wishes"
