"""Check templates: what is wrong in one is found when it is written, not when it is sent to a million people.

What can be said of a template alone is said here, whether it came as a file or over the API. Whether its words are
true and kind is for the reviewer.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from vikno.domain.notify.template import HostLeftOpen, Template, TemplateTooLong, key_of, parse
from vikno.domain.policy.examples import read_message
from vikno.domain.rules.answers import AnswerRefused
from vikno.domain.rules.findings import did_you_mean
from vikno.domain.rules.service import Fact
from vikno.usecases.organisations import TemplateKind, TemplateText, Words

MOST_LANGUAGES = 30
"""Of one template."""
MOST_HOSTS = 20
"""To which links of one template may lead."""
OURS = frozenset({
    "recipient_country", "sender_country", "channel", "sender", "direction", "content", "consent", "opted_out",
    "sent_unasked", "hour",
})  # fmt: skip
"""Facts that are known of every message without its template saying them."""
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
HOST = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{2,59})")
EMAIL, SMS = "email", "sms"


@dataclass(frozen=True, slots=True)
class Slip:
    """Something wrong. `where`: the way to it from the template's text; `code` is one of those of findings."""

    where: tuple[str, ...]
    code: str
    said: str


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What a template may name: facts of a message, its classes of content, and kinds of channels."""

    facts: tuple[Fact, ...]
    channels: tuple[str, ...]

    @property
    def contents(self) -> tuple[str, ...]:
        """Classes of content."""
        return next(fact.option_ids for fact in self.facts if fact.id == "content")

    @property
    def senders(self) -> tuple[str, ...]:
        """Categories of organisations."""
        return next(fact.option_ids for fact in self.facts if fact.id == "sender")

    @property
    def sayable(self) -> tuple[Fact, ...]:
        """Facts that a template may say of its messages."""
        return tuple(fact for fact in self.facts if fact.id not in OURS)


def check_template(kind: TemplateKind, text: TemplateText, known: Vocabulary, day: date) -> Iterator[Slip]:
    """All that is wrong in what a version says."""
    yield from _languages(text)
    yield from _variants(kind, text, known)
    names = yield from _placeholders(text)
    yield from _lists(text, known, names)
    for name in sorted(OURS & text.facts.keys()):
        yield Slip(("facts", name), "name_unknown", f"“{name}” is known of every message; a template does not say it")
    try:
        said = {name: value for name, value in text.facts.items() if name not in OURS}
        read_message(known.sayable, said, day)
    except AnswerRefused as refused:
        yield Slip(("facts",), "example_answer", refused.message)


def needed(text: TemplateText) -> tuple[str, ...]:
    """The placeholders of all its words, in order: what whoever sends has to give."""
    names: dict[str, str] = {}
    for variants in text.languages.values():
        for words in variants.values():
            for template in _readable(words):
                for name in template.placeholders:
                    names.setdefault(key_of(name), name)
    return tuple(names.values())


def _languages(text: TemplateText) -> Iterator[Slip]:
    if not 0 < len(text.languages) <= MOST_LANGUAGES:
        yield Slip(("languages",), "value_wrong", f"1 to {MOST_LANGUAGES} languages are expected")
    for lang in text.languages:
        if not LANGUAGE.fullmatch(lang):
            yield Slip(
                ("languages", lang), "value_wrong", f"“{lang[:20]}” is no language; it is written as uk or en-GB"
            )
    if text.language not in text.languages:
        near = did_you_mean(text.language, text.languages)
        yield Slip(("language",), "text_missing", f"there are no words in “{text.language[:20]}”{near}")


def _variants(kind: TemplateKind, text: TemplateText, known: Vocabulary) -> Iterator[Slip]:
    allowed = ("", *known.channels) if kind == "message" else ("", kind)
    for lang, variants in text.languages.items():
        for channel, words in variants.items():
            where = ("languages", lang, channel)
            if channel not in allowed:
                near = did_you_mean(channel, allowed[1:])
                yield Slip(where, "channel_unknown", f"this template has no words for “{channel[:20]}”{near}")
            if not words.body.strip():
                yield Slip((*where, "body"), "value_wrong", "there are no words here")
            if kind == EMAIL and not (words.subject or "").strip():
                yield Slip(where, "key_missing", "a mail has a subject")
        if "" not in variants and kind not in variants:
            said = 'the words for all channels that have none of their own are missing: ""'
            yield Slip(("languages", lang), "text_missing", said)


def _placeholders(text: TemplateText) -> Generator[Slip, None, dict[str, str]]:
    """The same values are needed whatever language somebody reads; the names of all, as they are compared."""
    sets: dict[tuple[str, str], dict[str, str]] = {}
    comparable = text.language in text.languages
    for lang, variants in text.languages.items():
        for channel, words in variants.items():
            mine = sets[lang, channel] = {}
            for part, said in (("subject", words.subject), ("body", words.body)):
                if said is None:
                    continue
                try:
                    mine |= {key_of(name): name for name in parse(said).placeholders}
                except (TemplateTooLong, HostLeftOpen) as error:
                    comparable = False
                    yield Slip(("languages", lang, channel, part), "value_wrong", str(error))
    every: dict[str, str] = {}
    for (lang, _), mine in sets.items():
        if lang == text.language:
            every |= mine
    for (lang, channel), mine in sets.items():
        if lang == text.language or not comparable:
            continue
        model = sets.get((text.language, channel))
        lacks = [f"(({name})) is missing here" for key, name in (model or {}).items() if key not in mine]
        fits = every if model is None else model
        more = [f"(({name})) does not stand in “{text.language}”" for key, name in mine.items() if key not in fits]
        if lacks or more:
            yield Slip(("languages", lang, channel), "text_placeholders", "; ".join([*lacks, *more]))
    return {key: name for mine in sets.values() for key, name in mine.items()}


def _lists(text: TemplateText, known: Vocabulary, names: Mapping[str, str]) -> Iterator[Slip]:
    for at, channel in enumerate(text.order):
        if channel not in known.channels:
            near = did_you_mean(channel, known.channels)
            yield Slip(("order", str(at)), "channel_unknown", f"there is no channel “{channel[:20]}”{near}")
        elif channel in text.order[:at]:
            yield Slip(("order", str(at)), "value_wrong", f"“{channel}” stands twice in the order")
    for at, name in enumerate(text.trust):
        if key_of(name) not in names:
            near = did_you_mean(name, names.values())
            yield Slip(("trust", str(at)), "placeholder_unknown", f"there is no place (({name[:60]})){near}")
    if text.trust and not text.links:
        yield Slip(("trust",), "key_missing", "say in “links” to which hosts these links may lead")
    if len(text.links) > MOST_HOSTS:
        yield Slip(("links",), "value_wrong", f"at most {MOST_HOSTS} hosts")
    for at, host in enumerate(text.links):
        if not HOST.fullmatch(host):
            said = f"“{host[:60]}” is no host: it is written in small letters, as pay.example.org"
            yield Slip(("links", str(at)), "value_wrong", said)


def _readable(words: Words) -> Iterable[Template]:
    for said in (words.subject, words.body):
        if said is not None:
            try:
                yield parse(said)
            except (TemplateTooLong, HostLeftOpen):
                continue
