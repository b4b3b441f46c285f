"""`vikno cases watch`: ask an authority's own service for the stages of its cases, beside a server on one store."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from pathlib import Path

from vikno.api.registry import HttpRegistry, read_declared
from vikno.bootstrap.intake import Intake, load_packs, open_intake, stages_of
from vikno.bootstrap.worlds import now_ms
from vikno.cli.cases import written
from vikno.cli.shown import print_json
from vikno.console.page import shown
from vikno.usecases.bring_cases import of_country
from vikno.usecases.watch_registry import Ended, Health, Round, ask_once
from vikno.usecases.watch_registry import watch as watch_it
from vikno.wire.http import HttpTransport


def watch(options: argparse.Namespace) -> int:
    """Until it is told to stop, or once. Raises RegistryWrong, and what the store raises."""
    return asyncio.run(_watch(options))


async def _watch(options: argparse.Namespace) -> int:
    asking = asyncio.create_task(_ask(options))
    for told in (signal.SIGINT, signal.SIGTERM):  # also in the middle of a round, which may be long
        asyncio.get_running_loop().add_signal_handler(told, asking.cancel)
    try:
        return await asking
    except asyncio.CancelledError:
        return 1 if options.once else 0


async def _ask(options: argparse.Namespace) -> int:
    packs = load_packs(options.countries)
    every = stages_of({key: process for pack in packs for key, process in pack.processes.items()})
    declared = read_declared(Path(options.file), every)
    packs = tuple(pack for pack in packs if of_country(stages_of(pack.processes), declared.authority))
    carrier = HttpTransport(at_once=1)
    registry = HttpRegistry.of(declared, os.environ, carrier, now_ms)
    try:
        async with open_intake(packs, options.store) as intake:
            if options.once:
                done = await ask_once(
                    registry, intake.book, intake.record, Health(), declared.patience, now_ms, _ended(intake)
                )
                _say(options, declared.authority, done)
                return 0 if done.health.state == "live" else 1
            await watch_it(
                registry,
                intake.book,
                intake.record,
                declared.patience,
                now_ms,
                _ended(intake),
                _tell,
                lambda done: _say(options, declared.authority, done),
            )
    finally:
        await carrier.close()


def _ended(intake: Intake) -> Ended:
    processes = intake.desk.words.processes

    def ended(service: str, stage: str) -> bool:
        process = processes.get(service)
        return process is None or (stage in process.stages and process.stages[stage].final)

    return ended


async def _tell(authority: str, health: Health) -> None:
    """On standard error, which whoever runs it reads or forwards."""
    if health.told:
        since = written(health.failing_ms or 0)
        print(f"vikno: the registry of {authority} has not answered since {since}: {health.reason}", file=sys.stderr)
    else:
        print(f"vikno: the registry of {authority} answers again", file=sys.stderr)


def _say(options: argparse.Namespace, authority: str, done: Round) -> None:
    health = done.health
    as_of = written(health.answered_ms) if health.answered_ms is not None else None
    if options.json:
        print_json(
            {
                "authority": authority,
                "state": health.state,
                "as_of": as_of,
                "reason": health.reason,
                "counts": done.counts,
                "odd": list(done.odd),
            }
        )
        return
    counts = ", ".join(f"{count} {name}" for name, count in sorted(done.counts.items())) or "nothing new"
    why = f" ({health.reason})" if health.reason else ""
    print(shown(f"{authority}: {health.state}{why}, as of {as_of or 'never'}: {counts}"), flush=True)
    for one in done.odd:
        print(shown(f"  not understood: {one}"), flush=True)
