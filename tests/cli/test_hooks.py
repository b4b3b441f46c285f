"""`vikno hooks`: the secret is shown once, an address that may not be gone to is refused, what was done is noted."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Call

URL = "https://dms.example.gov/hear"


@pytest.fixture
def store(tmp_path: Path) -> tuple[str, ...]:
    return "--store", f"sqlite:///{tmp_path}/hooks.db"


def test_a_hook_is_added_listed_replayed_and_removed(call: Call, store: tuple[str, ...], tmp_path: Path) -> None:
    secret = call("hooks", "add", "ua/dms", URL, *store).out.strip()
    assert secret.startswith("whsec_")
    assert not any(secret[6:].encode() in path.read_bytes() for path in tmp_path.iterdir())
    assert secret not in call("hooks", "list", *store).out
    (listed,) = call("hooks", "list", *store, "--json").json
    assert (listed["id"], listed["authority"], listed["url"], listed["state"]) == (1, "ua/dms", URL, "fine")
    assert (listed["reason"], listed["tries"], listed["next"]) == (None, 0, None)
    assert call("hooks", "list", "ua/mfa", *store, "--json").json == []
    again = call("hooks", "replay", "1", "--since", "2026-03-15", *store, "--json").json
    assert again == {"replayed": 1, "since": "2026-03-15T00:00:00Z"}
    assert call("hooks", "list", *store, "--json").json[0]["upto"] == "2026-03-15T00:00:00Z"
    assert call("hooks", "remove", "1", *store).code == 0
    assert call("hooks", "list", *store, "--json").json == []
    with sqlite3.connect(tmp_path / "hooks.db") as base:
        noted = base.execute("SELECT who, what, about FROM access ORDER BY rowid").fetchall()
    assert noted == [("cli", f"hook 1 {what}", "authority/ua/dms") for what in ("added", "replayed", "removed")]


def test_one_that_fails_says_so(call: Call, store: tuple[str, ...], tmp_path: Path) -> None:
    call("hooks", "add", "ua/dms", URL, *store)
    with sqlite3.connect(tmp_path / "hooks.db") as base:
        base.execute("UPDATE subscriber SET tries = 3, reason = 'http 500'")
    assert "failing: http 500, 3 times, again " in call("hooks", "list", *store).out
    with sqlite3.connect(tmp_path / "hooks.db") as base:
        base.execute("UPDATE subscriber SET next_ms = NULL")
    assert "paused: http 500, 3 times\n" in call("hooks", "list", *store).out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "ua/dmz", URL), "authority_unknown"),
        (("add", "ua/dms", "ftp://dms.example.gov/"), "hook_address_wrong"),
        (("add", "ua/dms", "http://dms.example.gov/"), "hook_address_wrong"),
        (("add", "ua/dms", "https://me:secret@dms.example.gov/"), "hook_address_wrong"),
        (("add", "ua/dms", "https://192.168.1.4/"), "hook_address_wrong"),
        (("add", "ua/dms", "https://[::ffff:169.254.169.254]/"), "hook_address_wrong"),
        (("add", "ua/dms", "https://" + "a" * 2000), "hook_address_wrong"),
        (("remove", "7"), "hook_unknown"),
        (("replay", "7", "--since", "2026-03-15"), "hook_unknown"),
        (("replay", "1", "--since", "soon"), "date_wrong"),
        (("replay", "1", "--since", f"{time.gmtime().tm_year + 1}-01-02"), "date_wrong"),
    ],
)
def test_a_wrong_call_says_what_to_do(
    call: Call, store: tuple[str, ...], arguments: tuple[str, ...], code: str
) -> None:
    call("hooks", "add", "ua/dms", URL, *store)
    ran = call("hooks", *arguments, *store, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, code)
    assert ran.json["error"]["message"]


def test_a_private_network_is_a_decision(call: Call, store: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIKNO_WEBHOOKS_PRIVATE", "1")
    assert call("hooks", "add", "ua/dms", "https://192.168.1.4/", *store).code == 0
    for url in ("https://169.254.169.254/", "https://224.0.0.1/", "https://0.0.0.0/"):
        assert call("hooks", "add", "ua/dms", url, *store).code == 2
