"""A country folder read into a Country and its Services, with a finding for everything that is wrong in it.

    countries/ua/country.yaml, entries.yaml, delivery.yaml, texts/en.po, documents/<type>/document.yaml
    countries/ua/services/<slug>/service.yaml, consultation.yaml, process.yaml, examples.yaml, *.csv
                                 texts/<language>.po

Content never raises: what is wrong is a finding and the rest is read on. Only a folder that is no country does.
"""

from __future__ import annotations

import zoneinfo
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.numbers import list_currencies

from vikno.domain.cases import Process
from vikno.domain.catalog import Country, DocumentType, LegalResource, PublicOrganisation, SharedList
from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.rules.service import Example, Service
from vikno.domain.values import Place, Text
from vikno.packs.consultation import read_consultation
from vikno.packs.delivery import Delivery, read_delivery
from vikno.packs.entries import read_entries
from vikno.packs.forms import COUNTRY, DOCUMENT, EXAMPLES, SERVICE
from vikno.packs.process import read_process
from vikno.packs.shapes import NAME, Read
from vikno.packs.source import Mapped, Node, Report, Scalar, read_yaml
from vikno.packs.words import FolderTexts, Heard, same_in_all

KNOWN_CHANNELS = ("telegram", "viber", "web", "email", "sms", "whatsapp", "vk", "max", "inbox", "terminal")


class NoCountry(ViknoError):
    """This folder holds no country: a country.yaml is expected in it. Name a folder like countries/ua."""

    code = "no_country"
    retryable = False


@dataclass(frozen=True)
class Pack:
    """A country folder as read. A service whose files could not be understood is None."""

    folder: Path
    country: Country
    services: Mapping[str, Service | None]
    examples: Mapping[str, tuple[Example, ...]]
    findings: Mapping[str | None, tuple[Finding, ...]] = field(
        default_factory=dict
    )  # by service key; None: the country's own
    processes: Mapping[str, Process] = field(default_factory=dict)  # of those services that have one
    delivery: Delivery | None = None


def service_folders(folder: Path) -> list[Path]:
    """The folders of a country's services, in order of name."""
    services = folder / "services"
    return (
        sorted(path for path in services.iterdir() if path.is_dir() and not path.name.startswith("."))
        if services.is_dir()
        else []
    )


def load_country(folder: Path, only: str | None = None) -> Pack:
    """Read a country folder, or of its services only the one named.

    Raises:
        NoCountry: there is no country.yaml.
    """
    own: list[Finding] = []
    country = read_country(folder, own.append)
    delivery = read_delivery(folder, country, own.append)
    services: dict[str, Service | None] = {}
    examples: dict[str, tuple[Example, ...]] = {}
    findings: dict[str | None, tuple[Finding, ...]] = {None: tuple(own)}
    processes: dict[str, Process] = {}
    for path in service_folders(folder):
        if only is not None and path.name != only:
            continue
        key = f"{country.code}/{path.name}"
        found: list[Finding] = []
        if not NAME.fullmatch(path.name):  # it becomes an address, and the name of the file of a receipt
            found.append(Finding("id_bad", Place(str(path)), "a service's folder is named by letters, digits, - and _"))
            services[key], examples[key], findings[key] = None, (), tuple(found)
            continue
        services[key], process = read_matter(path, country, found.append)
        if process is not None:
            processes[key] = process
        examples[key] = read_examples(path, found.append)
        findings[key] = tuple(found)
    return Pack(folder, country, services, examples, findings, processes, delivery)


def read_country(folder: Path, report: Report, heard: Heard | None = None) -> Country:
    """country.yaml, its translations and its document types; `heard` is told every text of it."""
    path = folder / "country.yaml"
    if not path.is_file():
        raise NoCountry(f"there is no country.yaml in {folder}")
    file = str(path)
    node = read_yaml(path, file, report)
    read = COUNTRY.read(node, report) if isinstance(node, Mapped) else None
    if read is None:
        if node is not None:
            report(Finding("value_wrong", Place(file, 1, 1), "a mapping is expected here"))
        read = Read({}, {}, {}, Place(file, 1, 1))
    languages = tuple(known for scalar in read.get("languages", []) if (known := _language(scalar, report))) or ("en",)
    language = _word(read, "language", languages[0])
    if language not in languages:
        report(
            Finding(
                "value_wrong",
                read.at("language"),
                f"“{language}” is not among the languages{did_you_mean(language, languages)}",
            )
        )
    texts = FolderTexts(folder, str(folder), language, languages, report, heard=heard)
    code = _word(read, "code", folder.name)
    country = Country(
        code=code,
        languages=languages,
        language=language,
        currency=_currency(read, report),
        time_zone=_time_zone(read, report),
        channels=_channels(read, report),
        authorities={name.text: _authority(texts, name, entry) for name, entry in read.get("authorities", [])},
        dates={name.text: day for name, day in read.get("dates", [])},
        lists={name.text: _shared(texts, name, entry, report) for name, entry in read.get("lists", [])},
        law=read_law(texts, "law", read.get("law", [])),
        sources=read_law(texts, "source", read.get("sources", [])),
        documents=_documents(folder, languages, report),
        title=_title(read, texts, code, languages),
        holidays=frozenset(read.get("holidays", [])),
        place=Place(file, 1, 1),
        **_notices(read),
    )
    services = [path.name for path in service_folders(folder)]
    country = replace(country, entries=read_entries(folder, country, services, texts, report))
    texts.orphans()
    return country


def _notices(read: Read) -> dict[str, Any]:
    """When notices go out, as far as the country says it."""
    notices = read.get("notices")
    if notices is None:
        return {}
    out: dict[str, Any] = {"notice_days": days} if (days := notices.get("expire_days")) else {}
    quiet = notices.get("quiet")
    if quiet is not None and {"from", "to"} <= set(quiet.values):
        out["quiet"] = (quiet.get("from"), quiet.get("to"))
    return out


def _word(read: Read, key: str, otherwise: str) -> str:
    found = read.get(key)
    return found.text if isinstance(found, Scalar) else otherwise


def _language(scalar: Scalar, report: Report) -> str | None:
    try:
        Locale.parse(scalar.text, sep="-")
    except (UnknownLocaleError, ValueError):
        report(Finding("value_wrong", scalar.place, f"“{scalar.text[:20]}” is not a language that CLDR knows"))
        return None
    return str(scalar.text)


def _currency(read: Read, report: Report) -> str:
    currency = _word(read, "currency", "EUR")
    if currency not in list_currencies():
        report(Finding("value_wrong", read.at("currency"), f"“{currency}” is not a currency of ISO 4217"))
    return currency


def _time_zone(read: Read, report: Report) -> str:
    zone = _word(read, "time_zone", "UTC")
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = sorted(zoneinfo.available_timezones())
        report(Finding("value_wrong", read.at("time_zone"), f"“{zone}” is not a time zone{did_you_mean(zone, known)}"))
        return "UTC"
    return zone


def _channels(read: Read, report: Report) -> tuple[str, ...]:
    for scalar in read.get("channels", []):
        if scalar.text not in KNOWN_CHANNELS:
            report(
                Finding(
                    "channel_unknown",
                    scalar.place,
                    f"there is no channel “{scalar.text}”{did_you_mean(scalar.text, KNOWN_CHANNELS)}",
                )
            )
    return tuple(scalar.text for scalar in read.get("channels", [])) or ("web",)


def _authority(texts: FolderTexts, name: Scalar, read: Read) -> PublicOrganisation:
    title = read.get("name")
    words = texts.text(f"authority.{name.text}", title) if title else Text(f"authority.{name.text}", name.text)
    contact = {key: found.text if (found := read.get(key)) else None for key in ("url", "phone", "email")}
    return PublicOrganisation(name.text, words, **contact)


def _shared(texts: FolderTexts, name: Scalar, read: Read, report: Report) -> SharedList:
    options = {
        option.text: texts.text(f"list.{name.text}.{option.text}", label, shared=True)
        for option, label in read.get("options", [])
    }
    groups = {}
    for group, members in read.get("groups", []):
        for member in members:
            if member.text not in options:
                report(
                    Finding(
                        "option_unknown",
                        member.place,
                        f"“{member.text}” is not an option of this list{did_you_mean(member.text, options)}",
                    )
                )
        groups[group.text] = frozenset(member.text for member in members) & frozenset(options)
    return SharedList(name.text, options, groups)


def read_law(texts: FolderTexts, kind: str, entries: list[tuple[Scalar, Read]]) -> dict[str, LegalResource]:
    """Acts or pages. A citation may keep its own language: a missing translation of its title is no finding."""
    out = {}
    for name, read in entries:
        title = read.get("title")
        words = (
            texts.text(f"{kind}.{name.text}", title, required=False)
            if title
            else Text(f"{kind}.{name.text}", name.text)
        )
        url = read.get("url")
        out[name.text] = LegalResource(name.text, words, url.text if url else None, read.get("read"))
    return out


def _documents(folder: Path, languages: tuple[str, ...], report: Report) -> dict[str, DocumentType]:
    out = {}
    home = folder / "documents"
    for path in sorted(home.iterdir()) if home.is_dir() else []:
        file = path / "document.yaml"
        if not path.is_dir() or path.name.startswith("."):
            continue
        node = read_yaml(file, str(file), report)
        read = DOCUMENT.read(node, report) if node is not None else None
        if not isinstance(read, Read):
            continue
        if _word(read, "id", path.name) != path.name:
            report(
                Finding("value_wrong", read.at("id"), f"the id of a document type is its folder's name, “{path.name}”")
            )
        titles = {name.text: title.text for name, title in read.get("titles", [])}
        for language in languages:
            if language not in titles:
                report(Finding("text_missing", read.at("titles"), f"the document type has no {language} title"))
        out[path.name] = DocumentType(path.name, titles)
    return out


def _title(read: Read, texts: FolderTexts, code: str, languages: tuple[str, ...]) -> Text:
    title = read.get("title")
    if title:
        return texts.text("country.title", title)
    by_language = {
        language: Locale.parse(language, sep="-").territories.get(code.upper(), code) for language in languages
    }
    return same_in_all("country.title", by_language[languages[0]], by_language, read.place)


def read_service(folder: Path, country: Country, report: Report, heard: Heard | None = None) -> Service | None:
    """One service's folder; None when its main files could not be understood. `heard` is told every text of it."""
    return read_matter(folder, country, report, heard)[0]


def read_matter(
    folder: Path, country: Country, report: Report, heard: Heard | None = None
) -> tuple[Service | None, Process | None]:
    """A service and the process of its cases, which share their texts. A service may have none."""
    shown = str(folder)
    head_node = read_yaml(folder / "service.yaml", f"{shown}/service.yaml", report)
    body_node = read_yaml(folder / "consultation.yaml", f"{shown}/consultation.yaml", report)
    if head_node is None or body_node is None:
        return None, None
    head = SERVICE.read(head_node, report)
    if not isinstance(head, Read):
        return None, None
    language = _word(head, "language", country.language)
    if language not in country.languages:
        report(
            Finding(
                "value_wrong",
                head.at("language"),
                f"“{language}” is not a language of the country{did_you_mean(language, country.languages)}",
            )
        )
    texts = FolderTexts(folder, shown, language, country.languages, report, heard=heard)
    service = read_consultation(folder, country, head, body_node, texts, report)
    process = read_process(folder, country, service, texts, report) if service is not None else None
    texts.orphans()
    return service, process


def read_examples(folder: Path, report: Report) -> tuple[Example, ...]:
    """The examples of a service; none when it has no examples.yaml."""
    path = folder / "examples.yaml"
    if not path.is_file():
        return ()
    node: Node | None = read_yaml(path, str(path), report)
    if node is None or (isinstance(node, Mapped) and not node.entries):
        return ()
    read = EXAMPLES.read(node, report)
    return tuple(example for entry in read or [] if isinstance(entry, Read) and (example := _example(entry, report)))


def _example(read: Read, report: Report) -> Example | None:
    given, then = read.get("given"), read.get("then")
    for key, value in (("given", given), ("then", then)):
        if key in read and not isinstance(value, dict):
            report(Finding("value_wrong", read.at(key), "a mapping is expected here"))
    if not isinstance(given, dict) or not isinstance(then, dict):
        return None
    name = read.get("name")
    return Example(name.text if name else "", given, read.get("on"), then, read.place, _places(read))


def _places(read: Read) -> dict[str, Place]:
    out: dict[str, Place] = {"on": read.at("on")}
    for part in ("given", "then"):
        node: Any = read.nodes.get(part)
        out[part] = read.at(part)
        if isinstance(node, Mapped):
            for name, _ in node:
                out[f"{part}.{name.text}"] = name.place
    return out
