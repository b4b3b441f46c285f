"""A process that plans and sends a campaign is killed again and again: nobody is lost, nobody is written to twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import apsw
import pytest

from tests.commands import ROOT
from tests.usecases.campaigner import VAULT
from vikno.bootstrap.worlds import now_ms
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.campaigns import CampaignGiven, Row, Terms, encode_terms
from vikno.usecases.organisations import OrganisationGiven, TemplateGiven, TemplateText, Words, encode_template
from vikno.usecases.read_audience import Slice, read_audience

PEOPLE = 20_000
KILLS = 8
SKY = OrganisationGiven("sky", "Sky", "airline", "ua", "ua", per_day=10**9)


def person(nth: int) -> str:
    return f"38067{nth:07d}"


async def rows() -> AsyncIterator[Slice]:
    for start in range(0, PEOPLE, 500):
        numbers = range(start, start + 500)
        yield Slice([(nth, Row("phone", person(nth), "", "ua", None, "", "", ())) for nth in numbers], (), start)


async def prepare(url: str) -> None:
    """A campaign that runs."""
    store = SqliteStore(url, now_ms)
    sky = await store.put_organisation(SKY, now_ms())
    await store.review_organisation(sky.id, "approved", "r", "")
    text = encode_template(TemplateText({"uk": {"": Words("Рейс затримується.")}}, "uk"))
    template = await store.put_template(
        TemplateGiven(sky.id, "late", "Late", "message", "service", text, "a"), now_ms()
    )
    await store.review_template(template.row, "approved", "r", "", now_ms())
    given = CampaignGiven(sky.id, template.row, "Late", "", "live", "file", encode_terms(Terms()))
    made = await store.make_campaign(given, now_ms())
    await read_audience(store, VAULT, made.id, (), rows(), now_ms, per_day=1_000_000)
    assert await store.change_campaign(made.id, ("ready",), "running", now_ms())
    await store.close()


def lived(url: str, life_s: float) -> list[str]:
    """To whom a process has sent until it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.usecases.campaigner", url], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begins\n"
    time.sleep(life_s)
    os.kill(process.pid, signal.SIGKILL)
    output, _ = process.communicate(timeout=60)
    return [line.strip() for line in output.splitlines(keepends=True) if line.endswith("\n")]


@pytest.mark.slow
def test_a_campaign_outlives_its_processes(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    url = f"sqlite:///{path}?synchronous=off"
    asyncio.run(prepare(url))
    chance, sent, partly = random.Random(7), Counter[str](), set[int]()  # noqa: S311 - any moments will do
    for kill in range(5 * KILLS):  # a busy machine needs longer for as much
        sent.update(lived(url, chance.uniform(0.02, 0.2 + 0.02 * kill)))
        partly.add(len(_planned(path)))
        if kill >= KILLS and len(partly - {0, PEOPLE}) >= 2:
            break
    assert len(partly - {0, PEOPLE}) >= 2, "it was killed amid planning"
    assert sent.total() > 0
    planned = _planned(path)
    for _ in range(60):
        if len(planned) == PEOPLE:
            break
        sent.update(lived(url, 2.0))
        planned = _planned(path)
    assert planned == Counter({person(nth): 1 for nth in range(PEOPLE)})
    assert {one for one, times in sent.items() if times > 1} == set()
    assert sent.keys() <= planned.keys()


def _planned(path: Path) -> Counter[str]:
    """Whom the record has a message for, read without the store."""
    connection = apsw.Connection(str(path), apsw.SQLITE_OPEN_READWRITE)
    assert connection.pragma("integrity_check") == "ok"
    found = connection.execute(
        "SELECT a.sealed, (SELECT count(*) FROM notice x WHERE x.notification = n.id)"
        " FROM notification n JOIN address a ON a.id = n.person"
    ).fetchall()
    connection.close()
    assert {tries for _, tries in found} <= {1}
    return Counter(VAULT.unseal(sealed) for sealed, _ in found if isinstance(sealed, bytes))
