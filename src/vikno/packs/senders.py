"""senders/<slug>/ of a country folder: an organisation that writes to people, and its templates, as data.

    senders/<slug>/sender.yaml           what it is
    senders/<slug>/templates/<slug>.yaml what it has to say, in each language

What is wrong in a template is found by what finds it everywhere (`usecases.check_templates`); here it gets its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from vikno.domain.catalog import Country
from vikno.domain.notify.template import HostLeftOpen, TemplateTooLong, parse
from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.values import Place
from vikno.packs.forms import CHANNELS, SENDER, TEMPLATE
from vikno.packs.iso3166 import ALPHA2
from vikno.packs.policy import message_facts
from vikno.packs.shapes import Read
from vikno.packs.source import Listed, Mapped, Node, Report, read_yaml
from vikno.usecases.check_templates import SMS, Vocabulary, check_template
from vikno.usecases.organisations import MOST_GUESTS, OrganisationGiven, TemplateText
from vikno.usecases.organisations import Words as Said
from vikno.usecases.put_senders import Sender, TemplateDraft
from vikno.wire.limits import SMS_PART_SEPTETS, SMS_PART_UNITS

HOME, FILE, TEMPLATES = "senders", "sender.yaml", "templates"
MOST_SMS_PARTS = 3
"""Of a text for SMS, before anybody's values are in it. What is longer is told: each part is paid for."""


@cache
def vocabulary() -> Vocabulary:
    """What senders and templates may name."""
    return Vocabulary(message_facts(), CHANNELS)


def country_known(code: str) -> bool:
    """Whether ISO 3166 has such a country."""
    return code in ALPHA2


def sender_folders(folder: Path) -> list[Path]:
    """The senders of a country folder, in order of name."""
    home = folder / HOME
    return sorted(path for path in home.iterdir() if path.is_dir() and path.name[0] != ".") if home.is_dir() else []


def read_senders(folder: Path, country: Country, report: Report, day: date) -> tuple[Sender, ...]:
    """All of a country folder, as far as they can be read; what is wrong is reported."""
    found = (read_sender(path, country.code, report, day) for path in sender_folders(folder))
    return tuple(sender for sender in found if sender is not None)


def read_sender(folder: Path, country: str, report: Report, day: date) -> Sender | None:
    """One sender; None where its file cannot be read. `country`: where it is established if it does not say."""
    given = _organisation(folder, country, report)
    files = sorted((folder / TEMPLATES).glob("*.yaml"))
    drafts = [draft for path in files if (draft := read_template(path, report, day)) is not None]
    return Sender(given, tuple(drafts)) if given is not None else None


def _organisation(folder: Path, country: str, report: Report) -> OrganisationGiven | None:
    path = folder / FILE
    node = read_yaml(path, str(path), report)
    read = SENDER.read(node, report) if node is not None else None
    if not isinstance(read, Read) or not {"slug", "name", "category"} <= read.values.keys():
        return None
    _named_as(read, folder.name, "folder", report)
    category, known = read.get("category").text, vocabulary().senders
    if category not in known:
        near = did_you_mean(category, known)
        report(Finding("option_unknown", read.at("category"), f"“{category[:60]}” is no category of senders{near}"))
        return None
    home = _country(read, "country", report) or country
    if not home:
        report(Finding("key_missing", read.place, "“country” is missing here: this folder is in no country's"))
        return None
    guests = tuple(one.text for one in read.get("guests", []))
    if len(guests) > MOST_GUESTS:
        report(Finding("value_wrong", read.at("guests"), f"at most {MOST_GUESTS} guests"))
    caps = read.get("caps")
    more: Mapping[str, Any] = dict(caps.values) if isinstance(caps, Read) else {}
    mark = read.get("mark")
    return OrganisationGiven(
        read.get("slug").text,
        read.get("name").text,
        category,
        home,
        _country(read, "audience", report) or home,
        mark=mark.text if mark else "",
        weight=read.get("weight", 1),
        guests=guests[:MOST_GUESTS],
        **more,
    )


def _named_as(read: Read, name: str, what: str, report: Report) -> None:
    slug = read.get("slug").text
    if slug != name:
        report(Finding("id_bad", read.at("slug"), f"“{slug}” stands in a {what} called “{name}”: give both one name"))


def _country(read: Read, key: str, report: Report) -> str | None:
    said = read.get(key)
    if said is None or country_known(said.text):
        return said.text if said else None
    near = did_you_mean(said.text, ALPHA2)
    report(Finding("value_wrong", said.place, f"“{said.text[:20]}” is no country of ISO 3166{near}"))
    return None


def read_template(path: Path, report: Report, day: date) -> TemplateDraft | None:
    """One template; None where there is something wrong in it, which is reported."""
    node = read_yaml(path, str(path), report)
    found: list[Finding] = []
    read = TEMPLATE.read(node, found.append) if node is not None else None
    if node is None or not isinstance(read, Read) or any(not one.warning for one in found):
        _tell(found, report)
        return None
    _named_as(read, path.stem, "file", found.append)
    facts = {name.text: value for name, value in read.get("facts", [])}
    for name, value in facts.items():
        if isinstance(value, Decimal) or not isinstance(value, str | bool | int):
            found.append(Finding("value_wrong", _place(node, ("facts", name)), "a word, true, false or a whole number"))
    text = TemplateText(
        {
            lang.text: {
                channel.text: Said(words.get("body").text.rstrip("\n"), _text(words.get("subject")))
                for channel, words in variants
            }
            for lang, variants in read.get("languages")
        },
        read.get("language").text,
        order=tuple(one.text for one in read.get("order", [])),
        trust=tuple(one.text for one in read.get("trust", [])),
        links=tuple(one.text for one in read.get("links", [])),
        facts=facts,
    )
    kind = read.get("kind", "message")
    if not found:
        slips = check_template(kind, text, vocabulary(), day)
        found += (Finding(slip.code, _place(node, slip.where), slip.said) for slip in slips)
        found += _long(node, kind, text)
    _tell(found, report)
    if any(not one.warning for one in found):
        return None
    return TemplateDraft(read.get("slug").text, read.get("name").text, kind, read.get("content"), text)


def _tell(found: Iterable[Finding], report: Report) -> None:
    for one in found:
        report(one)


def _text(said: Any) -> str | None:
    return None if said is None else str(said.text)


def _long(node: Node, kind: str, text: TemplateText) -> Iterable[Finding]:
    """Texts that are written for SMS, and of which many would be made."""
    for lang, variants in text.languages.items():
        for channel, words in variants.items():
            parts = sms_parts(words.body) if SMS in (channel, kind) else 0
            if parts > MOST_SMS_PARTS:
                said = f"before anybody's values are in it, this takes {parts} SMS, and each is paid for"
                yield Finding("sms_long", _place(node, ("languages", lang, channel, "body")), said)


def sms_parts(body: str) -> int:
    """How many SMS at least, without its values; any letter beyond ASCII makes them shorter.

    >>> sms_parts("Your parcel ((number)) is here."), sms_parts("Ваша посилка " * 12)
    (1, 3)
    """
    try:
        said = "".join(part for part in parse(body).parts if isinstance(part, str))
    except (TemplateTooLong, HostLeftOpen):
        return 1
    return max(1, -(-len(said) // (SMS_PART_SEPTETS if said.isascii() else SMS_PART_UNITS)))


def _place(node: Node, where: tuple[str, ...]) -> Place:
    """Where that stands; where there is nothing, the place around it."""
    for step in where:
        if isinstance(node, Mapped) and (below := node.get(step)) is not None:
            node = below
        elif isinstance(node, Listed) and step.isdigit() and int(step) < len(node.nodes):
            node = node.nodes[int(step)]
        else:
            break
    return node.place
