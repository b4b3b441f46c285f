"""`vikno ledger`: who changes what people agreed to is found out, by the chain or by a head that was published."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from functools import partial
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from vikno.bootstrap.settings import open_vault, read_settings
from vikno.domain.notify.consent import seal, version_of
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.check_ledger import LEDGER_KEY
from vikno.usecases.people import AgreedGiven, Consent

NOW = 1_790_000_000_000
WORDS = "Я погоджуюся, щоб Sky Air надсилала мені рекламу."
SAID: tuple[Consent, ...] = ("written", "none")


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Four lines of two people."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    asyncio.run(_filled(url))
    return url


def agrees(name: str, consent: Consent) -> AgreedGiven:
    return AgreedGiven(name, "sky-air", "advertising", consent, "web", "uk", version_of(WORDS), WORDS)


async def _filled(url: str) -> None:
    vault = open_vault(read_settings(), url)
    kept = SqliteStore(url, lambda: NOW)
    chain = partial(seal, vault.key_for(LEDGER_KEY))
    for address in ("1", "2"):
        name = vault.name("telegram/main", address)
        await kept.meet(name, "telegram/main", vault.seal(address), "uk", NOW)
        for consent in SAID:
            await kept.agree(agrees(name, consent), chain, NOW)
    await kept.close()


def change(store: str, statement: str) -> None:
    with sqlite3.connect(store.removeprefix("sqlite:///")) as base:
        base.execute(statement)


def test_what_was_written_holds_and_its_head_is_printed(call: Call, store: str) -> None:
    said = call("ledger", "verify", "--store", store)
    assert said.code == 0
    assert "Every line is as it was written: 4 of them." in said.out
    head = said.out.splitlines()[-1].removeprefix("head ")
    assert call("ledger", "verify", "--store", store, "--head", head).code == 0
    as_json = call("ledger", "verify", "--store", store, "--json").json
    assert as_json == {"lines": 4, "head": head, "broken": None, "published": None}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE agreed SET consent = 'written' WHERE id = 2",
        "UPDATE agreed SET shown = shown || ' ' WHERE id = 2",
        "UPDATE agreed SET at_ms = at_ms + 1 WHERE id = 2",
        "UPDATE agreed SET person = 9 WHERE id = 2",
        "UPDATE agreed SET seal = x'00' WHERE id = 2",
    ],
)
def test_a_change_behind_its_back_is_found(call: Call, store: str, statement: str) -> None:
    change(store, statement)
    said = call("ledger", "verify", "--store", store)
    assert (said.code, "Line 2 is not as it was written" in said.out) == (1, True)


def test_a_cut_in_the_middle_is_found_by_itself_and_at_the_end_by_the_head(call: Call, store: str) -> None:
    head = call("ledger", "verify", "--store", store, "--json").json["head"]
    change(store, "DELETE FROM agreed WHERE id = 4")
    assert call("ledger", "verify", "--store", store).code == 0
    said = call("ledger", "verify", "--store", store, "--head", head)
    assert (said.code, "cut or written anew" in said.out) == (1, True)
    change(store, "DELETE FROM agreed WHERE id = 2")
    assert call("ledger", "verify", "--store", store, "--json").json["broken"] == 3


def test_all_lines_are_given_with_their_words_and_without_an_address(call: Call, store: str) -> None:
    said = call("ledger", "export", "--store", store)
    *lines, last = [json.loads(line) for line in said.out.splitlines()]
    assert [(line["id"], line["consent"], line["shown"]) for line in lines] == [
        (1, "written", WORDS), (2, "none", WORDS), (3, "written", WORDS), (4, "none", WORDS),
    ]  # fmt: skip
    assert last["head"] == f"4:{lines[-1]['seal']}"
    assert "telegram/main:" not in said.out


def test_a_head_that_is_none_is_a_wrong_call(call: Call, store: str) -> None:
    assert call("ledger", "verify", "--store", store, "--head", "17").code == 2
