"""process.yaml: the stages of a service's cases, what each says, and how long it lasts. A service may have none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vikno.domain.cases import Lasting, Process, Stage, WorkingDays
from vikno.domain.catalog import Country
from vikno.domain.notify import Quiet
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.service import Service
from vikno.domain.values import Text
from vikno.packs.forms import PROCESS
from vikno.packs.names import read_names
from vikno.packs.shapes import Read
from vikno.packs.source import Report, Scalar, read_yaml
from vikno.packs.words import FolderTexts


def read_process(
    folder: Path, country: Country, service: Service, texts: FolderTexts, report: Report
) -> Process | None:
    """The process of a service, its texts among those of the service; None when it has none, or it makes no sense."""
    path = folder / "process.yaml"
    if not path.is_file():
        return None
    node = read_yaml(path, f"{texts.shown}/process.yaml", report)
    read = PROCESS.read(node, report) if node is not None else None
    if not isinstance(read, Read) or "stages" not in read:
        return None
    return _Reader(country, service, texts, report).process(read)


def working_days(country: Country) -> WorkingDays:
    """The country's own calendar."""
    return WorkingDays(ZoneInfo(country.time_zone), country.holidays)


@lru_cache(1024)
def zone_named(name: str) -> ZoneInfo | None:
    """The time zone of this name; None where this machine knows none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def quiet_hours(country: Country) -> Quiet:
    """When nobody in this country is written to."""
    start, end = country.quiet
    return Quiet(ZoneInfo(country.time_zone), start, end, country.notice_days)


class _Reader:
    """Reads one process.yaml."""

    def __init__(self, country: Country, service: Service, texts: FolderTexts, report: Report) -> None:
        self.service, self.texts, self.report = service, texts, report
        self.law: Mapping[str, Any] = {**country.law, **service.law}
        self.sources: Mapping[str, Any] = {**country.sources, **service.sources}

    def process(self, read: Read) -> Process | None:
        entries: list[tuple[Scalar, Read]] = read.get("stages", [])
        if not entries:
            self.report(Finding("value_wrong", read.at("stages"), "at least one stage is expected here"))
            return None
        names = [name.text for name, _ in entries]
        title, whole = read.get("title"), read.get("legal")
        return Process(
            service=self.service.key,
            title=self.texts.text("process.title", title) if title else self.service.title,
            stages={name.text: self.stage(name, stage, names[:at], names) for at, (name, stage) in enumerate(entries)},
            legal=self.lasting(read, "legal", "process"),
            until=self.stages(whole, "until", names) if isinstance(whole, Read) else (),
            place=read.place,
        )

    def stage(self, name: Scalar, read: Read, above: Sequence[str], names: Sequence[str]) -> Stage:
        key = f"stage.{name.text}"
        return Stage(
            id=name.text,
            text=self.words(read, "text", key) or Text(f"{key}.text", name.text, place=name.place),
            next=self.words(read, "next", key),
            sms=self.words(read, "sms", key),
            after=self.stages(read, "after", names) if "after" in read else tuple(above[-1:]),
            usual=self.lasting(read, "usual", key),
            legal=self.lasting(read, "legal", key),
            basis=read_names(read.get("basis", []), self.law, "law", self.report),
            sources=read_names(read.get("source", []), self.sources, "source", self.report),
            final=read.get("final", False),
            announce=read.get("announce", True),
            place=name.place,
        )

    def words(self, read: Read, name: str, key: str) -> Text | None:
        scalar = read.get(name)
        return self.texts.text(f"{key}.{name}", scalar) if scalar else None

    def stages(self, read: Read, key: str, names: Sequence[str]) -> tuple[str, ...]:
        return tuple(name for name in read_names(read.get(key, []), names, "stage", self.report) if name in names)

    def lasting(self, read: Read, name: str, key: str) -> Lasting | None:
        given = read.get(name)
        if not isinstance(given, Read) or "to" not in given:
            return None
        text = given.get("text")
        return Lasting(
            low=given.get("from", 0),
            high=given.get("to"),
            basis=read_names(given.get("basis", []), self.law, "law", self.report),
            sources=read_names(given.get("source", []), self.sources, "source", self.report),
            confidence=given.get("confidence", "C"),
            text=self.texts.text(f"{key}.{name}", text) if text else None,
            place=read.at(name),
        )
