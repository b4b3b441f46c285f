"""`vikno check`: everything that is wrong in a country folder, with place, code and the answers that show it."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from vikno.cli.shown import WrongCall, answers_json, print_json, today_in
from vikno.domain.rules.findings import CODES, WARNINGS, Finding
from vikno.domain.rules.prove import count
from vikno.packs.load import Pack, load_country, service_folders
from vikno.packs.phrases import load_notice_phrases
from vikno.packs.policy import message_facts, read_policy
from vikno.packs.senders import read_senders
from vikno.usecases.check_country import Checked, check_service, provable, with_process
from vikno.usecases.check_policy import check_policy
from vikno.wire.limits import LIMITS


def run(options: argparse.Namespace) -> int:
    if options.codes:
        return _codes(options)
    if options.folder is None:
        raise WrongCall("folder_missing", "name a country folder, for example: vikno check countries/ua")
    folder = Path(options.folder)
    pack = load_country(folder, only="")  # the country itself; services are read where they are proved
    own = pack.findings[None]
    slugs = [path.name for path in service_folders(folder)]
    lost = _lost(options.store, folder, pack)
    own += lost.get(None, ())
    own += _policy(folder, pack)
    own += _senders(folder, pack)
    checked = _all(folder, slugs, options.jobs)
    checked = [replace(one, findings=(*lost.get(one.service, ()), *one.findings)) for one in checked]
    ok = all(finding.warning for finding in own) and all(one.ok for one in checked)
    if options.json:
        print_json(as_json(ok, own, checked))
    else:
        from vikno.console.checked import show

        show(str(pack.folder), pack.country.languages, own, checked, ok)
    return 0 if ok else 1


def _lost(url: str | None, folder: Path, pack: Pack) -> Mapping[str | None, tuple[Finding, ...]]:
    """People in the middle of a service whom the folder would strand, by service."""
    if url is None:
        return {}
    from vikno.bootstrap.stranded import stranded

    return stranded(url, folder, today_in(pack.country)).findings


def _policy(folder: Path, pack: Pack) -> tuple[Finding, ...]:
    """What is wrong with the country's rules about messages."""
    found: list[Finding] = []
    policy = read_policy(folder, pack.country, found.append)
    return check_policy(policy.rules, policy.examples, message_facts(), found, today_in(pack.country))


def _senders(folder: Path, pack: Pack) -> tuple[Finding, ...]:
    """What is wrong with the organisations of the folder, and with their templates."""
    found: list[Finding] = []
    read_senders(folder, pack.country, found.append, today_in(pack.country))
    return tuple(found)


def _all(folder: Path, slugs: list[str], jobs: int | None) -> list[Checked]:
    """Prove and count each service; the two go side by side where there is more than one core."""
    jobs = jobs or os.cpu_count() or 1
    if jobs <= 1 or not slugs:
        return [_with_counts(check_one(str(folder), slug), count_one(str(folder), slug)) for slug in slugs]
    with ProcessPoolExecutor(jobs) as pool:
        proofs = [pool.submit(check_one, str(folder), slug) for slug in slugs]
        counts = [pool.submit(count_one, str(folder), slug) for slug in slugs]
        return [_with_counts(proof.result(), counted.result()) for proof, counted in zip(proofs, counts, strict=True)]


def _with_counts(checked: Checked, counted: tuple[int | None, int | None]) -> Checked:
    return replace(checked, ways=counted[0], outcomes=counted[1])


def check_one(folder: str, slug: str) -> Checked:
    """Read and prove one service of a country."""
    pack: Pack = load_country(Path(folder), only=slug)
    key = f"{pack.country.code}/{slug}"
    checked = check_service(
        key,
        pack.services[key],
        pack.examples[key],
        pack.findings[key],
        pack.country,
        LIMITS,
        today_in(pack.country),
        time.perf_counter,
    )
    return with_process(checked, pack.processes.get(key), pack.country, LIMITS, load_notice_phrases())


def count_one(folder: str, slug: str) -> tuple[int | None, int | None]:
    """The ways to answer one service and its outcomes; None for a service that cannot be proved."""
    pack: Pack = load_country(Path(folder), only=slug)
    key = f"{pack.country.code}/{slug}"
    service = pack.services[key]
    if service is None or not provable(pack.findings[key]):
        return None, None
    return count(service, today_in(pack.country))


def as_json(ok: bool, own: tuple[Finding, ...], checked: list[Checked]) -> dict[str, Any]:
    """The contract's result; warnings stand apart, since they do not fail the check."""
    return {
        "ok": ok,
        "findings": [finding_json(finding) for finding in own if not finding.warning],
        "warnings": [finding_json(finding) for finding in own if finding.warning],
        "services": {
            one.service: {
                "ways": one.ways,
                "outcomes": one.outcomes,
                "items": one.items,
                "seconds": round(one.seconds, 3),
                "findings": [finding_json(finding) for finding in one.findings if not finding.warning],
                "warnings": [finding_json(finding) for finding in one.findings if finding.warning],
            }
            for one in checked
        },
    }


def finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "file": finding.place.file,
        "line": finding.place.line,
        "column": finding.place.column,
        "message": finding.message,
        "answers": answers_json(finding.answers),
        "date": finding.day.isoformat() if finding.day else None,
    }


def _codes(options: argparse.Namespace) -> int:
    if options.json:
        print_json([{"code": code, "meaning": meaning, "warning": code in WARNINGS} for code, meaning in CODES.items()])
    else:
        for code, meaning in CODES.items():
            print(f"{code:22} {meaning}{' (a warning)' if code in WARNINGS else ''}")
    return 0
