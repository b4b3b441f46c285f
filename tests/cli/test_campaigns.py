"""`vikno campaigns`: made from a file, looked at, started, paused, stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import ROOT
from vikno.cli import main

SENDER = str(ROOT / "countries/example/senders/skyfen")
SET = ["--set", "flight=SF 1", "--set", "city=Львів", "--set", "planned=10:00", "--set", "time=12:00",
       "--set", "voucher=no"]  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setenv("VIKNO_KEY", "00" * 32)
    url = f"sqlite:///{tmp_path}/a.db"
    assert main(["senders", "put", SENDER, "--approve", "--store", url]) == 0
    (tmp_path / "people.csv").write_text("phone number,name\n067 123 45 67,Олена\n12,Іван\n", "utf-8")
    capsys.readouterr()
    return url


def asked(capsys: pytest.CaptureFixture[str], store: str, *words: str) -> Any:
    assert main(["campaigns", *words, "--json", "--store", store]) == 0, words
    return json.loads(capsys.readouterr().out)


def test_one_is_made_from_a_file_and_steered(tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    made = asked(capsys, store, "new", "skyfen", "delay", "--file", f"{tmp_path}/people.csv", *SET)
    assert (made["status"], made["rows"], made["refused"], made["name"]) == ("ready", 1, {"short": 1}, "people.csv")
    shown = asked(capsys, store, "show", "1")
    assert shown["refused_rows"] == [{"line": 3, "reason": "short"}]
    assert [asked(capsys, store, step, "1")["status"] for step in ("start", "pause", "resume", "stop")] == [
        "running", "paused", "running", "stopped",
    ]  # fmt: skip
    assert [one["id"] for one in asked(capsys, store, "list")["campaigns"]] == [1]
    assert asked(capsys, store, "list", "skyfen")["campaigns"][0]["sender"] == "skyfen"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["new", "skyfen", "dely", "--file", "people.csv"], "template_unknown"),
        (["new", "skyfin", "delay", "--file", "people.csv"], "organisation_unknown"),
        (["new", "skyfen", "delay", "--file", "people.csv"], "columns_missing"),
        (["new", "skyfen", "delay", "--file", "nobody.csv"], "file_unreadable"),
        (["new", "skyfen", "delay", "--file", "people.csv", "--set", "city"], "value_wrong"),
        (["show", "9"], "campaign_unknown"),
        (["list", "skyfin"], "organisation_unknown"),
    ],
)
def test_slips_are_told(
    tmp_path: Path,
    store: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    code: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["campaigns", *words, "--json", "--store", store]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == code
    assert asked(capsys, store, "list")["campaigns"] == []


def test_a_campaign_that_is_elsewhere_stays_as_it_is(
    tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    asked(capsys, store, "new", "skyfen", "delay", "--file", f"{tmp_path}/people.csv", *SET)
    assert main(["campaigns", "resume", "1", "--store", store]) == 2
    assert "ready" in capsys.readouterr().err
