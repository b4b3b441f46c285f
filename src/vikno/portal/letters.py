"""What organisations have told somebody: a list on their page of messages, each letter in full on a page of its own.

Opening one counts as its delivery, whichever channel got only a pointer or nothing. /off/<signed link> ends what one
organisation writes by a single POST (RFC 8058), with a page that asks for those who follow the link by hand.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vikno.domain.errors import ViknoError
from vikno.domain.notify.markup import as_plain
from vikno.domain.notify.route import INBOX, WEB, decode_plan
from vikno.portal.clocks import moment
from vikno.portal.entry import language, unkept_page, zone_of
from vikno.portal.posted import posted
from vikno.portal.site import Site
from vikno.usecases.dispatch import Dispatch, decode_sealed
from vikno.usecases.judge import zone_named
from vikno.usecases.notifications import NotificationKept
from vikno.usecases.people import EVERY, Chain
from vikno.usecases.records import Access, Records
from vikno.usecases.settle_wishes import Said, Settling
from vikno.usecases.sign_links import Links

PAGE, AT_ONCE = 20, 100
MOST_EXPORTED = 10_000
"""Messages in one export; nobody has been sent as many."""
LONGEST_LINE = 120
"""Letters of its first line that stand in a list."""
NUMBER = "n"
"""The kind of a notification's id for the outside."""
_LINK = re.compile(r"https?://(?=[^\W_])[^\s<>\"'«»“”]+[^\s<>\"'«»“”.,;:!?)\]]")


@dataclass(frozen=True, slots=True)
class Item:
    """A letter in a list. `unread`: its person has not opened it, and no channel has brought it."""

    id: str
    sender: str
    mark: str
    line: str
    day: str
    unread: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a letter: words, or a link."""

    text: str
    href: str = ""


class Letters:
    """Shows them to the person whom a signed link names."""

    def __init__(self, site: Site, dispatch: Dispatch, records: Records, links: Links, chain: Chain) -> None:
        self.site, self._dispatch, self._records, self._links = site, dispatch, records, links
        self._chain = chain

    @property
    def routes(self) -> list[Route]:
        return [
            Route("/{lang}/inbox/{token}/letters", self.page),
            Route("/{lang}/inbox/{token}/letters/{letter}", self.letter),
            Route("/off/{token}", self.ask),
            Route("/{lang}/off/{token}", self.ask),
            Route("/off/{token}", self.off, methods=["POST"]),
            Route("/{lang}/off/{token}", self.off, methods=["POST"]),
        ]

    async def listed(self, conversation: str, lang: str, before: int | None = None) -> tuple[list[Item], int | None]:
        """The latest ones, and where those before them begin."""
        found = await self._dispatch.book.letters_of(conversation, before, PAGE)
        items = [item for one in found if (item := await self._item(one, lang)) is not None]
        return items, found[-1].id if len(found) == PAGE else None

    async def exported(self, conversation: str) -> dict[str, Any]:
        """All that is kept of somebody because organisations write to them, in words that they can read."""
        book = self._dispatch.book
        letters: list[NotificationKept] = []
        while len(letters) < MOST_EXPORTED and (
            more := await book.letters_of(conversation, letters[-1].id if letters else None, AT_ONCE)
        ):
            letters += more
        chosen = await book.choices(conversation)
        off = [{"organisation": who, "content": what, "channel": where} for who, what, where in sorted(chosen.off)]
        return {
            "letters": [await self._exported(one) for one in letters],
            "wishes": {"order": chosen.order, "off": off, "quiet": chosen.quiet, "language": chosen.lang},
            "agreed": [
                {
                    "at": iso(line.at_ms), "organisation": line.organisation, "content": line.content,
                    "consent": line.consent, "channel": line.channel, "language": line.lang, "shown": line.shown,
                }
                for line in await book.agreed(conversation)
            ],
            "addresses": [
                {"account": way.account, "status": way.status} for way in await book.ways(conversation)
            ],
        }  # fmt: skip

    async def _exported(self, kept: NotificationKept) -> dict[str, Any]:
        organisation = await self._dispatch.organisation(kept.organisation)
        lang, subject, text = await self._said(kept)
        return {
            "made": iso(kept.created_ms), "changed": iso(kept.changed_ms), "status": kept.status,
            "sender": organisation.name if organisation is not None else None, "language": lang, "subject": subject,
            "text": text,
        }  # fmt: skip

    async def page(self, request: Request) -> Response:
        """All of them, a page at a time."""
        lang, token = language(self.site, request), request.path_params["token"]
        opens = self._links.read("inbox", token, self._dispatch.clock())
        if opens is None:
            return self.site.gone(request, lang, "link", 404)
        before = self._dispatch.vault.read_uuid(NUMBER, request.query_params.get("before", ""))
        letters, older = await self.listed(opens.conversation, lang, before)
        here, words = f"/{lang}/inbox/{token}", self.site.words[lang]
        return unkept_page(
            self.site.pages.page(
                "letters.html", self.site.frame(request, lang, f"{here}/letters"), words,
                title=words.say("letters.title"), senders_letters=letters, here=here, later=before is not None,
                older=None if older is None else self._dispatch.vault.uuid(NUMBER, older),
            )
        )  # fmt: skip

    async def letter(self, request: Request) -> Response:
        """One in full; it is read now."""
        lang, token = language(self.site, request), request.path_params["token"]
        now_ms = self._dispatch.clock()
        opens = self._links.read("inbox", token, now_ms)
        kept = await self._own(opens.conversation, request.path_params["letter"]) if opens is not None else None
        item = await self._item(kept, lang, "long") if kept is not None else None
        if opens is None or kept is None or item is None:
            return self.site.gone(request, lang, "link", 404)
        await self._dispatch.book.seen(kept.id, now_ms)
        await self._records.note((Access(now_ms, "self", "letter.read", opens.conversation),))
        self._dispatch.nudge()
        here, words = f"/{lang}/inbox/{token}", self.site.words[lang]
        spoken, subject, text = await self._said(kept)
        return unkept_page(
            self.site.pages.page(
                "letter.html", self.site.frame(request, lang, f"{here}/letters/{item.id}"), words,
                title=subject or words.say("letters.from", sender=item.sender), letter=item, parts=linked(text),
                spoken=spoken, here=here,
            )
        )  # fmt: skip

    async def _own(self, conversation: str, written: str) -> NotificationKept | None:
        """The letter of the address, if it is one of this person's."""
        number = self._dispatch.vault.read_uuid(NUMBER, written)
        if number is None:
            return None
        found = await self._dispatch.book.letters_of(conversation, number + 1, 1)
        return found[0] if found and found[0].id == number else None

    async def _item(self, kept: NotificationKept, lang: str, form: str = "short") -> Item | None:
        """As it is listed; nothing for one that its person wanted nowhere, or the law keeps out of here."""
        organisation = await self._dispatch.organisation(kept.organisation)
        if organisation is None or not decode_plan(kept.plan).inbox or kept.key == "test":
            return None
        _, subject, text = await self._said(kept)
        line = subject or next((line for line in text.splitlines() if line.strip()), "")
        short = line if len(line) <= LONGEST_LINE else f"{line[: LONGEST_LINE - 1].rstrip()}…"
        unread = kept.status != "delivered"
        day = self._day(kept, lang, form)
        return Item(
            self._dispatch.vault.uuid(NUMBER, kept.id),
            organisation.name,
            mark_of(organisation.name),
            short,
            day,
            unread,
        )

    async def _said(self, kept: NotificationKept) -> tuple[str, str, str]:
        """Its language, its subject and its words in full; nothing for what cannot be read any more."""
        rendering = await self._dispatch.rendering(kept.template)
        if rendering is None:
            return "", "", ""
        try:
            sealed = decode_sealed(self._dispatch.vault.unseal(kept.sealed))
            lang, words = rendering.words(kept.lang, INBOX)
            body = rendering.fill(words.body, sealed.personalisation)
            subject = rendering.fill(words.subject, sealed.personalisation).line if words.subject else ""
        except (ViknoError, msgspec.DecodeError):
            return "", "", ""
        return lang, subject, as_plain(body) if rendering.kept.kind == "email" else body.text

    def _day(self, kept: NotificationKept, lang: str, form: str) -> str:
        """By the clock of its recipient where that is known, else by that of this site."""
        return moment(kept.created_ms, self._zone(kept), lang, "long" if form == "long" else "short")

    def _zone(self, kept: NotificationKept) -> tzinfo:
        try:
            zone = decode_sealed(self._dispatch.vault.unseal(kept.sealed)).zone
        except (ViknoError, msgspec.DecodeError):
            zone = None
        # A sender has written it: what it cannot be must not keep the person from their letters.
        return (zone_named(zone) if zone else None) or zone_of(self.site, "")

    # ---- one click ----

    async def ask(self, request: Request) -> Response:
        """A page with the button; opening it changes nothing."""
        lang, token = language(self.site, request), request.path_params["token"]
        opens = self._links.read("off", token, self._dispatch.clock())
        organisation = await self._dispatch.book.organisation(opens.case) if opens and opens.case else None
        if opens is None or organisation is None:
            return self.site.gone(request, lang, "link", 404)
        return self._asked(request, lang, "off", f"/{lang}/off/{token}", organisation.name)

    async def off(self, request: Request) -> Response:
        """End it at once. The link alone is the proof, so that a mailbox's own button works."""
        lang, token = language(self.site, request), request.path_params["token"]
        await posted(request)  # "List-Unsubscribe=One-Click", or nothing: both mean it
        now_ms = self._dispatch.clock()
        opens = self._links.read("off", token, now_ms)
        organisation = await self._dispatch.book.organisation(opens.case) if opens and opens.case else None
        if opens is None or organisation is None:
            return self.site.gone(request, lang, "link", 404)
        words = self.site.words[lang]
        said = Said(WEB, lang, f"{words.say('asked.off', sender=organisation.name)}\n{words.say('asked.off.go')}")
        settling = Settling(self._dispatch.book, self._chain, opens.conversation, now_ms)
        await settling.kind(organisation.slug, EVERY, "off", said)
        await self._records.note((Access(now_ms, "self", "sender.off", opens.conversation),))
        return self._asked(request, lang, "gone", f"/{lang}/", organisation.name)

    def _asked(self, request: Request, lang: str, what: str, here: str, sender: str) -> Response:
        words, frame = self.site.words[lang], self.site.frame(request, lang, here)
        return unkept_page(
            self.site.pages.page(
                "off.html", frame, words, title=words.say(f"asked.{what}", sender=sender),
                text=words.say(f"asked.{what}.text", sender=sender), what=what, here=here,
            )
        )  # fmt: skip


def mark_of(name: str) -> str:
    """What stands in the circle before an organisation: the first letter of its name. Pictures of others are not
    loaded: they would tell the organisation that its letter was looked at.

    >>> mark_of("«Озерний банк»"), mark_of("sky air"), mark_of("…")
    ('О', 'S', '•')
    """
    return next((sign.upper() for sign in name if sign.isalnum()), "•")


def iso(at_ms: int) -> str:
    """As it stands in what somebody downloads."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds")


def linked(text: str) -> Sequence[Part]:
    """The words with their links. Only what a template says, or was trusted with, can be one.

    >>> linked("See https://vikno.example/a. Thanks")[1]
    Part(text='https://vikno.example/a', href='https://vikno.example/a')
    """
    parts, at = list[Part](), 0
    for found in _LINK.finditer(text):
        if found.start() > at:
            parts.append(Part(text[at : found.start()]))
        parts.append(Part(found[0], found[0]))
        at = found.end()
    if at < len(text):
        parts.append(Part(text[at:]))
    return parts
