"""`vikno campaigns`: one message to many people: made from a file, looked at, started, paused, stopped."""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

from vikno.api.campaigns.table import ColumnsMissing, ColumnTwice, FileTooLarge, Table, TableUnreadable, Wanted
from vikno.bootstrap.intake import open_records
from vikno.bootstrap.worlds import now_ms
from vikno.cli.cases import written
from vikno.cli.shown import WrongCall, print_json
from vikno.domain.rules.findings import did_you_mean
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.campaigns import (
    STEPS,
    CampaignElsewhere,
    CampaignGiven,
    CampaignKept,
    CampaignStatus,
    CampaignUnknown,
    Terms,
    encode_terms,
)
from vikno.usecases.check_templates import needed
from vikno.usecases.dispatch import read_rendering
from vikno.usecases.organisations import Organisation, OrganisationUnknown, TemplateKept
from vikno.usecases.read_audience import read_audience
from vikno.usecases.records import Access
from vikno.wire.vault import LocalVault

DO: Mapping[str, tuple[tuple[CampaignStatus, ...], CampaignStatus]] = {"start": (("ready",), "running"), **STEPS}
PIECE = 64 * 1024
LISTED = 200
SHOWN = 10
"""Refused rows that are shown."""


def run(options: argparse.Namespace) -> int:
    """Do what was asked for."""
    do = {"list": _list, "show": _show, "new": _new}
    return asyncio.run(do.get(options.action, _step)(options))


async def _list(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        only = None if options.sender is None else (await _organisation(book, options.sender)).id
        found = await book.campaigns(only, limit=LISTED)
        names = {one.id: one.slug for one in await book.organisations()}
    if options.json:
        print_json({"campaigns": [campaign_json(one, names[one.organisation]) for one in found]})
        return 0
    for one in found:
        print(f"{one.id:>5}  {one.status:<8} {one.rows:>10,}  {names[one.organisation]}  {one.name}")
    if not found:
        print("There are no campaigns.")
    return 0


async def _show(options: argparse.Namespace) -> int:
    async with open_records(options.store, make=False) as (book, _):
        kept = await _campaign(book, options.id)
        sender = await book.organisation(kept.organisation)
        counts, after = Counter[tuple[str, str]](), 0
        while kept.flow:
            some, after = await book.count_flow(kept.flow, after)
            counts.update(some)
            if not after:
                break
        refused = (await book.refusals(kept.id))[:SHOWN]
    shown = campaign_json(kept, sender.slug if sender else "")
    shown["statuses"] = {f"{status} {why}".strip(): count for (status, why), count in sorted(counts.items())}
    shown["refused_rows"] = [{"line": line, "reason": reason} for line, reason in refused]
    if options.json:
        print_json(shown)
        return 0
    print(f"{kept.id}  {kept.name}: {kept.status}")
    print(f"{kept.rows:,} recipients, {shown['planned']:,} of them planned")
    for status, count in shown["statuses"].items():
        print(f"  {count:>10,}  {status}")
    for reason, count in sorted(kept.refused.items()):
        print(f"  {count:>10,}  left out: {reason}")
    for line, reason in refused:
        print(f"  line {line}: {reason}")
    return 0


async def _step(options: argparse.Namespace) -> int:
    before, to = DO[options.action]
    async with open_records(options.store, make=False) as (book, _):
        kept = await _campaign(book, options.id)
        if not await book.change_campaign(kept.id, before, to, now_ms()):
            raise CampaignElsewhere(kept.status)
        await _note(book, options.action, kept.id)
        kept, sender = await _campaign(book, kept.id), await book.organisation(kept.organisation)
    if options.json:
        print_json(campaign_json(kept, sender.slug if sender else ""))
    else:
        print(f"Campaign {kept.id} is {kept.status}." + (" A server plans and sends it." if to == "running" else ""))
    return 0


async def _new(options: argparse.Namespace) -> int:
    path = _file(options.file)
    async with open_records(options.store, make=False) as (book, vault):
        sender = await _organisation(book, options.sender)
        template = await _template(book, sender, options.template)
        terms = encode_terms(Terms(_values(options.set), options.lang or ""))
        name = options.name or path.name
        given = CampaignGiven(sender.id, template.row, name[:120], options.reference, "live", "file", terms)
        made = await book.make_campaign(given, now_ms())
        try:
            kept = await _read(book, vault, sender, template, made, path, _values(options.set))
        except (TableUnreadable, ColumnsMissing, ColumnTwice, FileTooLarge):
            await book.forget_campaign(made.id)
            raise
        await _note(book, f"make {kept.rows}", kept.id)
    if options.json:
        print_json(campaign_json(kept, sender.slug))
    else:
        left = sum(kept.refused.values())
        print(f"Campaign {kept.id}: {kept.rows:,} recipients, {left:,} rows left out. It is {kept.status}.")
        print(f"vikno campaigns show {kept.id}, then vikno campaigns start {kept.id}")
    return 0


def _file(named: str) -> Path:
    path = Path(named)
    if not path.is_file():
        raise WrongCall("file_unreadable", f"there is no file “{named}”")
    return path


async def _read(
    book: SqliteStore,
    vault: LocalVault,
    sender: Organisation,
    template: TemplateKept,
    made: CampaignKept,
    path: Path,
    values: dict[str, str],
) -> CampaignKept:
    rendering = read_rendering(template)
    wanted = Wanted(needed(rendering.text), sender.audience, values, (), rendering.text.languages, template.kind)
    table = Table(_pieces(path), wanted)
    await table.begin()
    per_day = sender.per_day
    return await read_audience(book, vault, made.id, wanted.columns, table.slices(), now_ms, per_day=per_day)


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def _values(written_: list[str]) -> dict[str, str]:
    values = {}
    for one in written_:
        name, found, value = one.partition("=")
        if not found or not name.strip():
            raise WrongCall("value_wrong", f"“{one}” is no value: write it as --set city=Kyiv")
        values[name.strip()] = value
    return values


async def _organisation(book: SqliteStore, slug: str) -> Organisation:
    found = await book.organisation(slug)
    if found is None:
        raise OrganisationUnknown(slug)
    return found


async def _template(book: SqliteStore, sender: Organisation, slug: str) -> TemplateKept:
    found = await book.template(sender.id, slug)
    if found is None or found.archived:
        known = [one.slug for one in await book.templates(sender.id) if not one.archived]
        raise WrongCall("template_unknown", f"{sender.slug} has no template “{slug}”{did_you_mean(slug, known)}")
    return found


async def _campaign(book: SqliteStore, number: int) -> CampaignKept:
    found = await book.campaign(number)
    if found is None:
        raise CampaignUnknown(number)
    return found


async def _note(book: SqliteStore, what: str, campaign: int) -> None:
    await book.note((Access(now_ms(), "cli", f"campaign.{what}", f"campaign/{campaign}"),))


def campaign_json(kept: CampaignKept, sender: str) -> dict[str, Any]:
    """A campaign for other programs."""
    return {
        "id": kept.id,
        "sender": sender,
        "name": kept.name,
        "reference": kept.reference,
        "status": kept.status,
        "rows": kept.rows,
        "refused": dict(kept.refused),
        "planned": kept.planned,
        "begins": None if kept.begins_ms is None else written(kept.begins_ms),
        "created": written(kept.created_ms),
        "began": None if kept.began_ms is None else written(kept.began_ms),
        "ended": None if kept.ended_ms is None else written(kept.ended_ms),
    }
