"""`vikno senders`: a folder becomes an organisation, a reviewer lets it send, a key is shown once, all is noted."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.cli.conftest import Call, edited
from vikno.packs.load import read_country

SKYFEN = "countries/example/senders/skyfen"


@pytest.fixture
def store(tmp_path: Path) -> tuple[str, ...]:
    return "--store", f"sqlite:///{tmp_path}/senders.db"


def noted(tmp_path: Path) -> list[str]:
    with sqlite3.connect(tmp_path / "senders.db") as base:
        found = base.execute("SELECT who, what, about FROM access ORDER BY rowid").fetchall()
    assert {(who, about) for who, _, about in found} == {("cli", "organisation/skyfen")}
    return [what for _, what, _ in found]


def test_a_sender_is_put_looked_at_and_let_send(call: Call, store: tuple[str, ...], tmp_path: Path) -> None:
    put = call("senders", "put", SKYFEN, *store, "--json").json
    assert (put["slug"], put["standing"], put["templates"][0]["status"]) == ("skyfen", "submitted", "submitted")
    waits = call("senders", "review", "list", *store, "--json").json
    assert [one["which"] for one in waits] == ["skyfen", "skyfen/delay@1"]
    assert call("senders", "review", "approve", "skyfen", *store).out == "skyfen is approved.\n"
    refused = call("senders", "review", "refuse", "skyfen/delay", "--reason", "too long", "--by", "olena", *store)
    assert refused.out == "skyfen/delay@1 is refused.\n"
    shown = call("senders", "show", "skyfen", *store)
    assert "refused: too long" in shown.out
    assert call("senders", "review", "approve", "skyfen/delay@1", *store, "--json").json == {
        "which": "skyfen/delay@1", "status": "approved",
    }  # fmt: skip
    assert call("senders", "review", "list", *store, "--json").json == []
    assert call("senders", "put", SKYFEN, *store, "--json").json["templates"][0]["status"] == "approved"
    suspended = call("senders", "review", "suspend", "skyfen", "--reason", "complaints", *store)
    assert suspended.code == 0
    (listed,) = call("senders", "list", *store, "--json").json
    assert (listed["standing"], listed["reason"]) == ("suspended", "complaints")
    assert noted(tmp_path) == [
        "put", "approved skyfen by cli", "refused skyfen/delay@1 by olena", "approved skyfen/delay@1 by cli", "put",
        "suspended skyfen by cli",
    ]  # fmt: skip


def test_a_whole_sender_can_be_approved_at_once(call: Call, store: tuple[str, ...]) -> None:
    put = call("senders", "put", SKYFEN, "--approve", *store, "--json").json
    assert (put["standing"], put["templates"][0]["status"]) == ("approved", "approved")


def test_a_template_is_put_away_and_comes_back(call: Call, store: tuple[str, ...], tmp_path: Path) -> None:
    call("senders", "put", SKYFEN, "--approve", *store)
    said = call("senders", "archive", "skyfen/delay", *store)
    assert (said.code, said.out) == (0, "Nothing is sent with skyfen/delay any more.\n")
    assert "delay  version 1  service  archived" in call("senders", "show", "skyfen", *store).out
    assert call("senders", "archive", "skyfen/delay", *store, "--json").json == {"archived": "skyfen/delay"}
    (back,) = call("senders", "put", SKYFEN, *store, "--json").json["templates"]
    assert (back["version"], back["status"], back["archived"]) == (1, "approved", False)
    assert noted(tmp_path) == ["put", "approved", "skyfen/delay put away", "skyfen/delay put away", "put"]


def test_a_key_is_shown_once_and_ended(call: Call, store: tuple[str, ...], tmp_path: Path) -> None:
    call("senders", "put", SKYFEN, *store)
    key = call("senders", "key", "add", "skyfen", "--kind", "test", *store).out.strip()
    assert key.startswith("skyfen-test-")
    secret = key[-36:]
    assert not any(secret.encode() in path.read_bytes() for path in tmp_path.iterdir())
    assert secret not in call("senders", "key", "list", "skyfen", *store).out
    (listed,) = call("senders", "key", "list", "skyfen", *store, "--json").json
    assert (listed["id"], listed["kind"], listed["label"], listed["revoked"]) == (1, "test", "skyfen-test", None)
    assert call("senders", "key", "revoke", "skyfen", "1", *store).out == "Key 1 opens nothing any more.\n"
    assert "revoked" in call("senders", "key", "list", "skyfen", *store).out
    assert noted(tmp_path) == ["put", "test key made", "key 1 revoked"]


def test_an_organisation_can_be_added_by_itself(call: Call, store: tuple[str, ...]) -> None:
    given = ("--name", "Tram Company", "--category", "business", "--country", "ua")
    assert "submitted" in call("senders", "add", "tram", *given, *store).out
    (listed,) = call("senders", "list", *store, "--json").json
    assert (listed["slug"], listed["audience"]) == ("tram", "ua")


def test_events_of_an_organisation_have_an_address(call: Call, store: tuple[str, ...]) -> None:
    call("senders", "put", SKYFEN, *store)
    url = "https://systems.skyfen.example/hear"
    assert call("senders", "callbacks", "add", "skyfen", url, *store).out.startswith("whsec_")
    assert url in call("senders", "callbacks", "list", "skyfen", *store).out
    (hook,) = call("hooks", "list", *store, "--json").json
    assert hook["authority"] == "org/skyfen"
    assert call("hooks", "replay", "1", "--since", "2026-03-15", *store).code == 0


def test_a_folder_is_checked(call: Call, lakeland: Path) -> None:
    folder = lakeland / "senders/skyfen"
    assert call("senders", "check", folder).out == "skyfen: 1 template, nothing to mend\n"
    edited(lakeland, "senders/skyfen/templates/delay.yaml", "content: service", "content: servise")
    ran = call("senders", "check", folder)
    assert ran.code == 1
    assert "delay.yaml:3:10: value_wrong: “servise” is not allowed here — did you mean “service”?" in ran.out
    assert call("senders", "check", folder, "--json").json["findings"][0]["code"] == "value_wrong"
    for path in lakeland.glob("services/*"):
        shutil.rmtree(path)
    (lakeland / "entries.yaml").unlink()
    found = call("check", lakeland, "--json").json
    assert [(one["code"], one["line"]) for one in found["findings"]] == [("value_wrong", 3)]
    assert read_country(lakeland, lambda _: None).code == "example"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("show", "skyfenn"), "sender_unknown"),
        (("key", "add", "skyfenn"), "sender_unknown"),
        (("key", "add", "skyfen", "--label", "a\nb"), "label_wrong"),
        (("key", "revoke", "skyfen", "7"), "key_unknown"),
        (("review", "approve", "skyfen/dely"), "template_unknown"),
        (("review", "approve", "skyfen/delay@2"), "template_unknown"),
        (("review", "approve", "skyfen@2"), "which_wrong"),
        (("review", "suspend", "skyfen/delay", "--reason", "x"), "which_wrong"),
        (("archive", "skyfen"), "which_wrong"),
        (("archive", "skyfen/delay@1"), "which_wrong"),
        (("archive", "skyfen/dely"), "template_unknown"),
        (("callbacks", "add", "skyfen", "http://a.example.org/"), "hook_address_wrong"),
        (("put", "countries/example"), "folder_missing"),
        (("add", "Tram", "--name", "x", "--category", "business", "--country", "ua"), "slug_wrong"),
        (("add", "tram", "--name", " ", "--category", "business", "--country", "ua"), "name_wrong"),
        (("add", "tram", "--name", "x", "--category", "busines", "--country", "ua"), "category_unknown"),
        (("add", "tram", "--name", "x", "--category", "business", "--country", "uq"), "country_unknown"),
    ],
)
def test_a_wrong_call_says_what_to_do(
    call: Call, store: tuple[str, ...], arguments: tuple[str, ...], code: str
) -> None:
    call("senders", "put", SKYFEN, *store)
    ran = call("senders", *arguments, *store, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, code)


def test_what_is_wrong_is_not_put(call: Call, store: tuple[str, ...], lakeland: Path) -> None:
    edited(lakeland, "senders/skyfen/templates/delay.yaml", "language: uk", "language: pl")
    ran = call("senders", "put", lakeland / "senders/skyfen", *store)
    assert (ran.code, "text_missing" in ran.out) == (1, True)
    assert call("senders", "list", *store).code == 2, "there is no store yet"
