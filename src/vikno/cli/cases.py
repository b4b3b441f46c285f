"""`vikno cases`: bring an authority's cases in from a file, and look at one."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vikno.api.files import Rows, Surveyed, survey
from vikno.api.taken_up import Beside
from vikno.bootstrap.intake import Intake, authority_of, open_intake, open_records, others_of, stages_of
from vikno.bootstrap.worlds import now_ms
from vikno.cli.shown import WrongCall, print_json
from vikno.packs.load import Pack, load_country
from vikno.usecases.follow_case import code_digest
from vikno.usecases.import_cases import Imported, RowRefused, Rules, import_cases
from vikno.usecases.records import Access

SHOWN = 20
"""Refused rows that are listed on the screen; the report has them all."""


def run(options: argparse.Namespace) -> int:
    """Do what was asked for: 0 fine, 1 some rows were refused, or a registry did not answer."""
    if options.action == "watch":
        from vikno.cli.watching import watch

        return watch(options)
    return _import(options) if options.action == "import" else _show(options)


# ---- import ----


def _import(options: argparse.Namespace) -> int:
    began = time.perf_counter()
    path = Path(options.file)
    pack = load_country(authority_of(options.countries, options.authority))
    zone = _zone(options.time_zone or pack.country.time_zone)
    others = others_of(pack.country, pack.services.values(), options.authority)
    try:
        surveyed = survey(path, options.encoding, options.format)
        with path.open("rb") as file:
            rows = Rows(file, surveyed, options.ignore)
            if options.dry_run:
                rules = Rules(options.authority, stages_of(pack.processes), zone, lambda *_: "", others)
                done, refused = asyncio.run(_look(file, rows, rules, surveyed))
                report = None
            else:
                done, refused, report = _bring(options, file, rows, surveyed, pack, zone, others)
    except OSError as error:
        raise WrongCall("file_unreadable", f"{path}: {error.strerror}") from None
    _say(options, surveyed, done, refused, report, time.perf_counter() - began)
    return 1 if done.counts["refused"] else 0


async def _look(file: BinaryIO, rows: Rows, rules: Rules, surveyed: Surveyed) -> tuple[Imported, list[RowRefused]]:
    """Read it all and change nothing. What only the record knows (is there such a case?) is not looked at."""
    done, refused = Imported(0), list[RowRefused]()
    with _bar(surveyed.size) as advance:
        async for done in import_cases(rows, rules, now_ms, None):
            refused += done.refused[: SHOWN - len(refused)]
            advance(file.tell())
    return done, refused


def _bring(
    options: argparse.Namespace,
    file: BinaryIO,
    rows: Rows,
    surveyed: Surveyed,
    pack: Pack,
    zone: ZoneInfo,
    others: Mapping[str, str],
) -> tuple[Imported, list[RowRefused], Path | None]:
    settings = {
        "authority": options.authority,
        "store": options.store,
        "zone": zone.key,
        "encoding": surveyed.encoding,
        "ignore": "\n".join(sorted(options.ignore)),
    }

    async def bring(beside: Beside) -> tuple[Imported, list[RowRefused]]:
        done, refused = beside.so_far, list[RowRefused]()
        async with open_intake([pack], options.store) as intake:
            rules = Rules(options.authority, intake.stages, zone, _digest(intake, options.authority), others)
            with _bar(surveyed.size) as advance:
                keep = (intake.book, intake.record)
                async for done in import_cases(rows, rules, intake.clock, keep, beside.so_far):
                    beside.keep(done)
                    refused += done.refused[: SHOWN - len(refused)]
                    advance(file.tell())
            what = f"import: {done.rows} rows, {done.counts['refused']} refused"
            await intake.book.note((Access(intake.clock(), "cli", what, f"authority/{options.authority}"),))
        return done, refused

    with Beside(Path(options.file), surveyed, rows, settings, resume=options.resume) as beside:
        try:
            done, refused = asyncio.run(bring(beside))
        except BaseException:
            if beside.mark.rows:
                print(f"vikno: {beside.mark.rows} rows are in. Go on with --resume", file=sys.stderr)
            raise
    return done, refused, beside.report if done.counts["refused"] else None


def _digest(intake: Intake, authority: str) -> Callable[[str, str], str]:
    return lambda number, code: code_digest(intake.vault, authority, number, code)


@contextmanager
def _bar(size: int) -> Iterator[Callable[[int], None]]:
    """A progress bar on a terminal, nothing elsewhere; it is told how many bytes of the file have been read."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    with Progress(BarColumn(), DownloadColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as progress:
        task = progress.add_task("", total=size)
        yield lambda position: progress.update(task, completed=position)


def _say(
    options: argparse.Namespace,
    surveyed: Surveyed,
    done: Imported,
    refused: list[RowRefused],
    report: Path | None,
    seconds: float,
) -> None:
    counts = {name: count for name, count in sorted(done.counts.items()) if count}
    if options.json:
        print_json(
            {
                "file": str(options.file),
                "hash": surveyed.hash,
                "kind": surveyed.kind,
                "encoding": surveyed.encoding,
                "dry_run": options.dry_run,
                "rows": done.rows,
                "counts": counts,
                "refused": [row_json(one) for one in refused],
                "report": str(report) if report else None,
                "seconds": round(seconds, 3),
            }
        )
        return
    from vikno.console.page import shown

    told = ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing in it"
    dry = "Nothing was changed. " if options.dry_run else ""
    print(f"{dry}{done.rows} rows ({surveyed.kind}, {surveyed.encoding}): {told}")
    for one in refused:
        print(shown(f"  row {one.row}: {one.reason}"))
    if done.counts["refused"] > len(refused):
        print(f"  … and {done.counts['refused'] - len(refused)} more")
    if report:
        print(f"All refused rows: {report}")


def row_json(refused: RowRefused) -> dict[str, Any]:
    return {
        "row": refused.row,
        "line": refused.line,
        "code": refused.code,
        "reason": refused.reason,
        "number": refused.number,
    }


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise WrongCall("time_zone_unknown", f"“{name}” is no time zone: write it as Europe/Kyiv") from None


# ---- show ----


def _show(options: argparse.Namespace) -> int:
    authority_of(options.countries, options.authority)
    found = asyncio.run(_found(options))
    if found is None:
        raise WrongCall("case_unknown", f"{options.authority} has no case “{options.number}”")
    if options.json:
        print_json(found)
    else:
        from vikno.console.page import shown

        print(shown(f"{found['number']}  {found['service']}  {found['office']}"))
        print(f"opened {found['opened']}, {found['followers']} follow it")
        for passed in found["history"]:
            print(shown(f"  {passed['at']}  {passed['stage']}  {passed['verdict']}"))
    return 0


async def _found(options: argparse.Namespace) -> dict[str, Any] | None:
    async with open_records(options.store, make=False) as (book, _):
        case = await book.case(options.authority, options.number)
        if case is None:
            return None
        await book.note((Access(now_ms(), "cli", "read", f"case/{case.id}"),))
        history = await book.history(case.id)
        return {
            "number": case.number,
            "service": case.service,
            "office": case.office,
            "opened": written(case.opened_ms),
            "stage": case.stage or None,
            "followers": len(await book.followers(case.id)),
            "history": [
                {
                    "stage": one.stage,
                    "at": written(one.at_ms),
                    "recorded": written(one.recorded_ms),
                    "verdict": one.verdict,
                }
                for one in history
            ],
        }


def written(moment_ms: int) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
