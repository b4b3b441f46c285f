"""Look at a version of a template before people get it: how it looks on each channel, where it leads, what rules say.

Everything a reviewer needs to say yes or no, as plain data. It is filled with what might stand in its places, and with
what somebody might put there who means harm: the reviewer sees, instead of believing, that nothing comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from vikno.domain.errors import ViknoError
from vikno.domain.notify.difference import Piece, difference
from vikno.domain.notify.fill import LinkRefused
from vikno.domain.notify.own_links import OwnLink, anybodys, links_in, own_links
from vikno.domain.notify.route import INBOX, POINTED, WEB
from vikno.domain.notify.template import Conditional, Placeholder, Template, key_of
from vikno.domain.policy import Decision
from vikno.usecases.channel import Outbound
from vikno.usecases.dispatch import Dispatch, Rendering, Sealed, parsed, read_rendering
from vikno.usecases.judge import About, Whereabouts
from vikno.usecases.notifications import NotificationKept
from vikno.usecases.organisations import Organisation, Organisations, TemplateKept, TemplateText, Words
from vikno.usecases.people import Consent, PersonKept

SMS, EMAIL = "sms", "email"
EVIL = "evil.example"
HARM = f"https://{EVIL}/pay [tap](https://{EVIL}) {EVIL}/x t.me/evil @evil # *x* <b>x</b>"
"""What somebody might give as their name."""
MOST_COMPARED = 40
"""Texts of two versions that are compared word by word."""
CONSENTS: tuple[Consent, ...] = ("none", "given", "written")
Example = Callable[[str, str], str]
"""In a language, for a placeholder of this name: what might stand there."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is seen on some kinds of channels that show it alike. `code`: why it cannot be filled; then nothing is."""

    channels: tuple[str, ...]
    look: str
    said: Outbound | None
    code: str = ""


@dataclass(frozen=True, slots=True)
class InLanguage:
    """One language: with what might stand in the places, and with what means harm."""

    lang: str
    fine: tuple[Seen, ...]
    harmed: tuple[Seen, ...]
    foreign: tuple[str, ...]
    """Links that the harm has brought; there must be none."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A placeholder. `within`: it stands in a link; `refuses`: a link to another host than those allowed was tried."""

    name: str
    example: str
    conditional: bool
    trusted: bool
    within: bool
    refuses: bool


@dataclass(frozen=True, slots=True)
class Ruled:
    """What rules say of one kind of channel, to an average person: by what they have agreed to, where that matters.

    `goes`: whole, pointer (only that there is something) or never, as such messages are usually brought.
    """

    channel: str
    goes: str
    said: tuple[tuple[Consent, Decision], ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A text that is not as it was. `part`: subject or body; `channel`: "" for all that have none of their own."""

    lang: str
    channel: str
    part: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """All of it. `before`: the version that was approved last before this one."""

    organisation: Organisation
    kept: TemplateKept
    text: TemplateText
    languages: tuple[InLanguage, ...]
    spots: tuple[Spot, ...]
    links: tuple[OwnLink, ...]
    rules: tuple[Ruled, ...]
    before: TemplateKept | None
    changed: tuple[Changed, ...]
    others: tuple[tuple[str, str, str], ...]
    """What else is not as it was: what, before, now."""

    @property
    def anybodys(self) -> tuple[str, ...]:
        """Hosts of its trusted links where anybody may have a page."""
        return tuple(host for host in self.text.links if anybodys(host))


async def look_at_template(dispatch: Dispatch, row: int, example: Example) -> Looked | None:
    """A version by its own number; None where there is no such, or it cannot be read."""
    kept = await dispatch.book.template_row(row)
    organisation = None if kept is None else await dispatch.book.organisation(kept.organisation)
    if kept is None or organisation is None:
        return None
    try:
        rendering = read_rendering(kept)
        before = await approved_before(dispatch.book, kept)
        earlier = None if before is None else read_rendering(before)
    except ValueError:  # msgspec's too: nobody can send with it either
        return None
    looking = _Looking(dispatch, organisation, rendering, example)
    return Looked(
        organisation,
        kept,
        rendering.text,
        tuple(looking.language(lang) for lang in _languages(rendering.text)),
        tuple(looking.spots()),
        looking.links,
        tuple(looking.rules()),
        before,
        () if earlier is None else tuple(compare(earlier.text, rendering.text))[:MOST_COMPARED],
        () if earlier is None else tuple(_others(earlier, rendering)),
    )


async def approved_before(book: Organisations, kept: TemplateKept) -> TemplateKept | None:
    """The version that people get until this one is approved."""
    every = await book.templates(kept.organisation, every_version=True)
    mine = [one for one in every if one.id == kept.id and one.version < kept.version and one.status == "approved"]
    return max(mine, key=lambda one: one.version, default=None)


def compare(before: TemplateText, now: TemplateText) -> Iterator[Changed]:
    """The texts that are not as they were."""
    was, are = dict(_texts(before)), dict(_texts(now))
    for place in dict.fromkeys([*are, *was]):
        old, new = was.get(place, ""), are.get(place, "")
        if old != new:
            yield Changed(*place, difference(old, new))


class _Looking:
    """One version while it is looked at."""

    def __init__(self, dispatch: Dispatch, organisation: Organisation, rendering: Rendering, example: Example) -> None:
        self.dispatch = replace(dispatch, links=None)  # nobody's inbox stands behind an example
        self.organisation, self.rendering, self.example = organisation, rendering, example
        self.text, self.kind = rendering.text, rendering.kept.kind
        self.templates = [parsed(said) for _, said in _texts(rendering.text)]
        found = dict.fromkeys(link for template in self.templates for link in own_links(template))
        self.links = tuple(found)

    @property
    def channels(self) -> tuple[str, ...]:
        """The kinds of channels on which it may be seen."""
        if self.kind != "message":
            return (self.kind,)
        named = [channel for variants in self.text.languages.values() for channel in variants if channel]
        here = [account.partition("/")[0] for account in self.dispatch.judge.accounts]
        return tuple(dict.fromkeys([*self.text.order, *here, *named]))

    def language(self, lang: str) -> InLanguage:
        fine = tuple(self._seen(lang, self.values(lang)))
        harmed = tuple(self._seen(lang, self.values(lang, harm=HARM)))
        own = {_bare(link) for one in fine for link in _links(one.said)}
        harm = {link.url for link in links_in(HARM)}
        foreign = {
            link.url for one in harmed for link in _links(one.said) if _bare(link) not in own or link.url in harm
        }
        return InLanguage(lang, fine, harmed, tuple(sorted(foreign)))

    def values(self, lang: str, harm: str = "") -> Mapping[str, str]:
        """A value for every place. `harm`: in each that may not be a link."""
        values: dict[str, str] = {}
        for key, (name, conditional) in self._names().items():
            if self._trusted(key):
                values[name] = f"https://{self.text.links[0]}/" if self.text.links else ""
            elif conditional:
                values[name] = "yes"
            else:
                values[name] = harm or self.example(lang, name)
        return values

    def spots(self) -> Iterator[Spot]:
        within = {key_of(name) for link in self.links for name in link.places}
        values = self.values(self.text.language)
        for key, (name, conditional) in self._names().items():
            trusted = self._trusted(key)
            refuses = trusted and self._refuses(name, values)
            yield Spot(name, values[name], conditional, trusted, key in within, refuses)

    def rules(self) -> Iterator[Ruled]:
        """At noon where the organisation's people are, to somebody it has not written to yet."""
        about = self.dispatch.about(self.organisation, self.rendering, "initiated")
        content, country = self.rendering.kept.content, self.organisation.audience
        noon_ms = self._noon_ms(country)
        manner = self.dispatch.judge.manner(content, country)
        for channel in dict.fromkeys([*self.channels, INBOX]):
            said: list[tuple[Consent, Decision]] = []
            for consent in CONSENTS:
                decision = self._decided(about, channel, consent, noon_ms)
                if not said or (decision.effect, decision.rules) != (said[-1][1].effect, said[-1][1].rules):
                    said.append((consent, decision))
            whole = channel in manner.carries or channel in (WEB, INBOX)
            goes = "whole" if whole else "pointer" if content in POINTED else "never"
            yield Ruled(channel, goes, tuple(said))

    def _decided(self, about: About, channel: str, consent: Consent, now_ms: int) -> Decision:
        return self.dispatch.judge.decide(about, channel, Whereabouts(), PersonKept(0, (), consent=consent), now_ms)

    def _noon_ms(self, country: str) -> int:
        zone = self.dispatch.quiet(country).zone
        today = datetime.fromtimestamp(self.dispatch.clock() / 1000, UTC).astimezone(zone)
        return int(today.replace(hour=12, minute=0, second=0, microsecond=0).timestamp() * 1000)

    def _seen(self, lang: str, values: Mapping[str, str]) -> Iterator[Seen]:
        """Kinds of channels that have the same words and the same looks together."""
        alike: dict[tuple[str, Words], list[str]] = {}
        for channel in self.channels:
            look = channel if channel in (SMS, EMAIL) else "chat"
            alike.setdefault((look, self.rendering.words(lang, channel)[1]), []).append(channel)
        for (look, _), channels in alike.items():
            try:
                yield Seen(tuple(channels), look, self._outbound(lang, channels[0], values))
            except ViknoError as error:
                yield Seen(tuple(channels), look, None, error.code)

    def _outbound(self, lang: str, channel: str, values: Mapping[str, str]) -> Outbound:
        """As it would leave."""
        row, kind = self.rendering.kept.row, self.kind
        kept = NotificationKept(
            0, self.organisation.id, 0, row, "", (), b"", b"", lang, "test", kind, "initiated", "", "created", "", -1,
            0, 0, None, None, 0, None, 0,
        )  # fmt: skip
        sealed = Sealed(personalisation=values)
        account = f"{channel}/main"
        return self.dispatch.outbound(
            self.organisation, self.rendering, kept, sealed, "", account, reduced=False, bulk=False
        )

    def _refuses(self, name: str, values: Mapping[str, str]) -> bool:
        """Whether a link to somebody else's host cannot be said there, in any of its texts."""
        bad = {**values, name: f"https://{EVIL}/"}
        for template in self.templates:
            if not any(isinstance(part, Placeholder) and part.key == key_of(name) for part in template.parts):
                continue
            try:
                self.rendering.fill(template.source, bad)
            except LinkRefused:
                continue
            return False
        return True

    def _trusted(self, key: str) -> bool:
        return key in {key_of(name) for name in self.text.trust}

    def _names(self) -> Mapping[str, tuple[str, bool]]:
        """Each placeholder by its key: its name, and whether only conditions ask for it."""
        found: dict[str, tuple[str, bool]] = {}
        for part in _parts(self.templates):
            name, conditional = found.get(part.key, (part.name, True))
            found[part.key] = name, conditional and isinstance(part, Conditional)
        return found


def _parts(templates: Iterable[Template]) -> Iterator[Placeholder | Conditional]:
    return (part for template in templates for part in template.parts if not isinstance(part, str))


def _texts(text: TemplateText) -> Iterator[tuple[tuple[str, str, str], str]]:
    for lang in _languages(text):
        for channel, words in text.languages[lang].items():
            if words.subject:
                yield (lang, channel, "subject"), words.subject
            yield (lang, channel, "body"), words.body


def _languages(text: TemplateText) -> list[str]:
    """Its own language first."""
    return sorted(text.languages, key=lambda lang: (lang != text.language, lang))


def _links(said: Outbound | None) -> tuple[OwnLink, ...]:
    return () if said is None else links_in(f"{said.subject or ''}\n{said.text}")


def _bare(link: OwnLink) -> str:
    """What decides where it leads; the rest are values within it."""
    return link.host or link.url


def _others(before: Rendering, now: Rendering) -> Iterator[tuple[str, str, str]]:
    was, are = before.text, now.text
    for what, old, new in (
        ("name", before.kept.name, now.kept.name),
        ("content", before.kept.content, now.kept.content),
        ("language", was.language, are.language),
        ("order", ", ".join(was.order), ", ".join(are.order)),
        ("trust", ", ".join(was.trust), ", ".join(are.trust)),
        ("links", ", ".join(was.links), ", ".join(are.links)),
        ("facts", told(was.facts), told(are.facts)),
    ):
        if old != new:
            yield what, old, new


def told(facts: Mapping[str, object]) -> str:
    """What a template says of its messages.

    >>> told({"registered": True, "purpose": "statutory"})
    'registered: true, purpose: statutory'
    """
    return ", ".join(f"{name}: {str(value).lower()}" for name, value in facts.items())
