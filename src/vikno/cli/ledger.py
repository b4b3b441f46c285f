"""`vikno ledger`: whether the consent ledger is as it was written, its head to be published, and all its lines."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys

from vikno.bootstrap.intake import open_records
from vikno.cli.cases import written
from vikno.cli.shown import WrongCall, print_json
from vikno.domain.notify.consent import Head, read_head
from vikno.usecases.check_ledger import LEDGER_KEY, Checked, check_ledger
from vikno.usecases.people import Agreed

FOUND = 1


def run(options: argparse.Namespace) -> int:
    """Do what was asked for."""
    return asyncio.run({"verify": _verify, "export": _export}[options.action](options))


async def _verify(options: argparse.Namespace) -> int:
    published = None
    if options.head is not None and (published := read_head(options.head)) is None:
        raise WrongCall("head_wrong", "a head is written as `vikno ledger verify` prints it: 17:9f86d0…")
    async with open_records(options.store, make=False) as (book, vault):
        checked = await check_ledger(book, vault.key_for(LEDGER_KEY), published=published)
    if options.json:
        print_json({
            "lines": checked.head.id, "head": str(checked.head), "broken": checked.broken,
            "published": None if published is None else not checked.lost,
        })  # fmt: skip
    else:
        _say(checked, published)
    return 0 if checked.whole else FOUND


def _say(checked: Checked, published: Head | None) -> None:
    if checked.broken is not None:
        print(f"Line {checked.broken} is not as it was written, or a line before it is missing.")
    if checked.lost:
        print("The head that was published is not in this ledger: it was cut or written anew.")
    if checked.whole:
        print(f"Every line is as it was written: {checked.head.id} of them.")
        if published is not None:
            print(f"The head that was published is line {published.id}.")
    print(f"head {checked.head}")


async def _export(options: argparse.Namespace) -> int:
    """JSON lines on standard output; the head on the last one."""
    async with open_records(options.store, make=False) as (book, vault):
        checked = await check_ledger(book, vault.key_for(LEDGER_KEY), each=_print)
    print(json.dumps({"head": str(checked.head), "broken": checked.broken}))
    return 0 if checked.whole else FOUND


def _print(line: Agreed) -> None:
    said = {
        "id": line.id, "at": written(line.at_ms), "at_ms": line.at_ms, "person": line.person,
        "organisation": line.organisation, "content": line.content, "consent": line.consent, "channel": line.channel,
        "lang": line.lang, "version": line.version, "shown": line.shown, "seal": line.seal.hex(),
    }  # fmt: skip
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
