"""`vikno cases` and `vikno keys`: files go in as far as they are good, and a kill in the middle does no harm."""

from __future__ import annotations

import contextlib
import csv
import fcntl
import json
import os
import pty
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call
from tests.commands import ROOT, VIKNO

HEADER = "number,service,code,office,opened,event,stage,at\n"
ROW = "A-1,ua/id-card,7K2P9M4R,Київ,2026-03-01,,accepted,2026-03-02\n"


@pytest.fixture
def store(tmp_path: Path) -> tuple[str, ...]:
    return "--store", f"sqlite:///{tmp_path}/cases.db"


@pytest.fixture
def mine(store: tuple[str, ...]) -> tuple[str, ...]:
    return "--authority", "ua/dms", *store


def written(folder: Path, rows: str, header: str = HEADER, name: str = "cases.csv") -> Path:
    path = folder / name
    path.write_text(header + rows, encoding="utf-8")
    return path


REFUSED = [
    (",ua/id-card,7K2P9M4R,,,,,", "number_missing"),
    ("A-1,,,,,,,", "nothing_given"),
    ("A-1,,7K2P9M4R,,,,,", "service_missing"),
    ("A-1,ua/id-crd,7K2P9M4R,,,,,", "service_unknown"),
    ("A-1,example/library-card,7K2P9M4R,,,,,", "service_unknown"),
    ("A-1,ua/id-card,1 - 2,,,,,", "code_missing"),
    ("A-1,ua/id-card,,,,,,", "code_missing"),
    ("A-1,ua/id-card,7K2P9M4R,,30.02.2026,,,", "time_wrong"),
    ("A-1,ua/id-card,7K2P9M4R,,03/02/2026,,,", "time_wrong"),
    ("A-1,ua/id-card,7K2P9M4R,,1970-01-01,,,", "time_unlikely"),
    ("A-1,,,,,,accepted,", "time_missing"),
    ("A-1,,,,,,accepted,soon", "time_wrong"),
    ("A-1,,,,,,accepted,2199-01-01", "time_unlikely"),
    ("A-1,,,,,,acepted,2026-03-02", "stage_unknown"),
    ("A-9,,,,,,accepted,2026-03-02", "no_case"),
    ("=A-1,,,,,,accepted,2026-03-02", "formula"),
    ("A-1,,,,,+1,accepted,2026-03-02", "formula"),
    ("A-1,,,-x,,,accepted,2026-03-02", "formula"),
    ("A-1,,,@x,,,accepted,2026-03-02", "formula"),
    ('A-1,,,"\n=x",,,accepted,2026-03-02', "formula"),
    ("A-1,,,\u202ex,,,accepted,2026-03-02", "not_printable"),
    ("A-1,,,\ufffd,,,accepted,2026-03-02", "encoding_broken"),
    (f"{'x' * 65},,,,,,accepted,2026-03-02", "too_long"),
    ("A-1,ua/id-card", "cells_wrong"),
]


@pytest.mark.parametrize(("row", "code"), REFUSED)
def test_a_wrong_row_is_left_out_alone(call: Call, mine: tuple[str, ...], tmp_path: Path, row: str, code: str) -> None:
    file = written(tmp_path, f"{row}\n{ROW}")
    ran = call("cases", "import", file, *mine, "--json")
    assert ran.code == 1
    assert [refused["code"] for refused in ran.json["refused"]] == [code]
    assert ran.json["counts"] == {"reached": 1, "refused": 1}
    report = list(csv.DictReader(Path(ran.json["report"]).read_text("utf-8-sig").splitlines()))
    assert [(one["row"], one["reason"]) for one in report] == [("2", ran.json["refused"][0]["reason"])]
    assert not any(str(cell).startswith(("=", "+", "-", "@")) for one in report for cell in one.values())


def test_the_report_of_refused_rows_is_mended_and_imported_as_it_is(
    call: Call, mine: tuple[str, ...], tmp_path: Path
) -> None:
    header = "Номер;ПІБ;Послуга;Код перевірки;Підрозділ;Стан;Дата стану\n"
    rows = (
        "A-1;Олена;ua/id-card;7K2P9M4R;Київ, вул. Прикладна, 1;accepted;2026-03-02\n"
        "A-2;Олена;ua/id-card;7K2P9M4R;Київ, вул. Прикладна, 1;aproved;2026-03-02\n"
        "A-3;Олена;ua/id-crd;7K2P9M4R;;accepted;2026-03-02\n"
        "=A-4;Олена;ua/id-card;7K2P9M4R;;accepted;2026-03-02\n"
    )
    ran = call("cases", "import", written(tmp_path, rows, header), *mine, "--ignore", "ПІБ", "--json")
    assert ran.json["counts"] == {"reached": 1, "refused": 3}
    report = Path(ran.json["report"])
    text = report.read_text("utf-8-sig")
    assert text.splitlines()[0] == "row;reason;Номер;Послуга;Код перевірки;Підрозділ;Стан;Дата стану"
    assert "Олена" not in text, "what is left out stays out"
    assert [(one["row"], one["Номер"], one["Стан"]) for one in csv.DictReader(text.splitlines(), delimiter=";")] == [
        ("3", "A-2", "aproved"),
        ("4", "A-3", "accepted"),
        ("5", "'=A-4", "accepted"),
    ]
    report.write_text(text.replace(";aproved;", ";approved;").replace(";ua/id-crd;", ";ua/id-card;"), "utf-8-sig")
    again = call("cases", "import", report, *mine, "--json")
    assert again.json["counts"] == {"reached": 2, "refused": 1}
    assert [(one["row"], one["code"]) for one in again.json["refused"]] == [(4, "formula")]
    assert call("cases", "show", "A-2", *mine, "--json").json["office"] == "Київ, вул. Прикладна, 1"
    third = Path(again.json["report"]).read_text("utf-8-sig").splitlines()
    assert third[0] == text.splitlines()[0]
    assert third[1].endswith(";'=A-4;ua/id-card;7K2P9M4R;;accepted;2026-03-02")


@pytest.mark.parametrize("row", ["A-1,ua/id-card", "A-1,ua/id-card,7K2P9M4R,Київ,вул. 1,,,,", '"A-1,ua/id-card'])
def test_a_row_with_wrong_cells_is_not_taken_for_a_mended_one(
    call: Call, mine: tuple[str, ...], tmp_path: Path, row: str
) -> None:
    ran = call("cases", "import", written(tmp_path, f"{row}\n{ROW}"), *mine, "--json")
    for _ in range(2):
        assert ran.json["counts"]["refused"] == 1
        report = Path(ran.json["report"])
        assert "ua/id-card" in report.read_text("utf-8-sig")
        ran = call("cases", "import", report, *mine, "--json")
        assert ran.json["counts"] == {"refused": 1}


def test_refused_lines_of_json_are_mended_as_a_table(call: Call, mine: tuple[str, ...], tmp_path: Path) -> None:
    row = {"number": "A-1", "service": "ua/id-crd", "code": "7K2P9M4R", "stage": "accepted", "at": "2026-03-02"}
    file = written(tmp_path, json.dumps(row) + '\n{"number": 1.5}\n', "", "cases.jsonl")
    report = Path(call("cases", "import", file, *mine, "--json").json["report"])
    report.write_text(report.read_text("utf-8-sig").replace("id-crd,", "id-card,"), "utf-8-sig")
    assert call("cases", "import", report, *mine, "--json").json["counts"] == {"reached": 1, "refused": 1}


def test_an_authority_brings_no_cases_of_what_another_serves(
    call: Call, store: tuple[str, ...], tmp_path: Path
) -> None:
    file = written(tmp_path, ROW)
    ran = call("cases", "import", file, "--authority", "ua/pfu", *store, "--json")
    assert (ran.code, ran.json["counts"]) == (1, {"refused": 1})
    assert ran.json["refused"][0]["code"] == "service_of_others"
    assert "“ua/id-card”, of ua/dms" in ran.json["refused"][0]["reason"]
    for host in ("ua/dms", "ua/mfa", "ua/cnap"):  # people come in at these, for others too
        assert call("cases", "import", file, "--authority", host, *store, "--dry-run", "--json").code == 0


def test_the_least_length_of_a_check_code_that_is_told_is_the_one_that_counts(
    call: Call, mine: tuple[str, ...], tmp_path: Path
) -> None:
    ran = call("cases", "import", written(tmp_path, "A-1,ua/id-card,7K2P9,,,,,\n"), *mine, "--dry-run", "--json")
    assert "at least 6 letters or digits" in ran.json["refused"][0]["reason"]
    longer = written(tmp_path, "A-1,ua/id-card,7K2P9M,,,,,\n")
    assert call("cases", "import", longer, *mine, "--dry-run", "--json").json["counts"] == {"ready": 1}


def test_a_file_goes_in_and_again_changes_nothing(call: Call, mine: tuple[str, ...], tmp_path: Path) -> None:
    file = written(tmp_path, ROW + "A-1,,,,,,approved,03.03.2026 10:00\nA-2,ua/id-card,7K2P9M4R,,,,,\n")
    first = call("cases", "import", file, *mine, "--json")
    assert (first.code, first.json["counts"], first.json["report"]) == (0, {"reached": 2, "new": 1}, None)
    again = call("cases", "import", file, *mine, "--json")
    assert (again.code, again.json["counts"]) == (0, {"repeated": 2, "known": 1})
    call("cases", "import", written(tmp_path, "A-1,ua/id-card,7K2P9M4R,Київ,,,,\n"), *mine)
    shown = call("cases", "show", "A-1", *mine, "--json").json
    assert shown["opened"] == "2026-02-28T22:00:00Z", "what a later row does not say stays"
    assert (shown["stage"], shown["office"]) == ("approved", "Київ")
    assert [one["at"] for one in shown["history"]] == ["2026-03-01T22:00:00Z", "2026-03-03T08:00:00Z"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cases.csv", "cases.db", "cases.key"]


def test_json_lines_and_another_time_zone(call: Call, mine: tuple[str, ...], tmp_path: Path) -> None:
    row = {"number": "A-1", "service": "ua/id-card", "code": "7K2P9M4R", "stage": "accepted", "at": "2026-03-02T10:00"}
    file = written(tmp_path, json.dumps(row) + "\n", "", "cases.jsonl")
    ran = call("cases", "import", file, *mine, "--json", "--time-zone", "UTC")
    assert (ran.code, ran.json["kind"]) == (0, "jsonl")
    assert call("cases", "show", "A-1", *mine, "--json").json["history"][0]["at"] == "2026-03-02T10:00:00Z"


def test_an_event_id_stands_for_one_report(call: Call, mine: tuple[str, ...], tmp_path: Path) -> None:
    first = "A-1,ua/id-card,7K2P9M4R,,,e-1,accepted,2026-03-02\n"
    rows = first + "A-1,,,,,e-1,accepted,2026-03-02\nA-1,,,,,e-1,approved,2026-03-03\n"
    ran = call("cases", "import", written(tmp_path, rows), *mine, "--json")
    assert ran.json["counts"] == {"reached": 1, "repeated": 1, "refused": 1}
    assert ran.json["refused"][0]["code"] == "event_twice"


def test_a_dry_run_changes_nothing(call: Call, mine: tuple[str, ...], tmp_path: Path) -> None:
    file = written(tmp_path, ROW + "=,,,,,,,\n")
    ran = call("cases", "import", file, *mine, "--dry-run", "--json")
    assert (ran.code, ran.json["counts"]) == (1, {"ready": 1, "refused": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["cases.csv"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("cases", "import", "none.csv", "--authority", "ua/dms"), "file_refused"),
        (("cases", "import", "Makefile", "--authority", "ua/dmz"), "authority_unknown"),
        (("cases", "import", "Makefile", "--authority", "dms"), "authority_unknown"),
        (("cases", "import", "Makefile", "--authority", "ua/dms", "--encoding", "zip"), "file_refused"),
        (("cases", "import", "Makefile", "--authority", "ua/dms", "--time-zone", "../x"), "time_zone_unknown"),
        (("keys", "add", "ua/dmz"), "authority_unknown"),
        (("keys", "add", "operators"), "authority_unknown"),
        (("hooks", "add", "operator", "https://dms.example/"), "authority_unknown"),
    ],
)
def test_a_wrong_call_says_what_to_do(
    call: Call, store: tuple[str, ...], arguments: tuple[str, ...], code: str
) -> None:
    ran = call(*arguments, *store, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, code)
    assert ran.json["error"]["message"]


def test_keys_are_shown_once_listed_and_ended(call: Call, store: tuple[str, ...], tmp_path: Path) -> None:
    made = call("keys", "add", "ua/dms", "--label", "Kyiv", *store).out.strip()
    assert made.startswith("vk_1_")
    (listed,) = call("keys", "list", *store, "--json").json
    assert (listed["id"], listed["authority"], listed["label"], listed["revoked"]) == (1, "ua/dms", "Kyiv", None)
    assert call("keys", "list", "ua/mfa", *store, "--json").json == []
    secret = made.split("_", 2)[2].encode()
    assert not any(secret in path.read_bytes() for path in tmp_path.iterdir())
    assert call("keys", "revoke", "1", *store).code == 0
    assert call("keys", "list", *store, "--json").json[0]["revoked"]
    assert call("keys", "revoke", "1", *store, "--json").json["error"]["code"] == "key_unknown"
    wrong = call("cases", "show", "A-1", "--authority", "ua/dms", *store, "--json")
    assert (wrong.code, wrong.json["error"]["code"]) == (2, "case_unknown")


def test_the_operator_of_the_server_has_a_key_of_their_own(call: Call, store: tuple[str, ...]) -> None:
    assert call("keys", "add", "operator", "--label", "Oleh", *store).out.startswith("vk_1_")
    (listed,) = call("keys", "list", "operator", *store, "--json").json
    assert (listed["authority"], listed["label"]) == ("operator", "Oleh")


def test_who_did_what_is_noted(call: Call, mine: tuple[str, ...], store: tuple[str, ...], tmp_path: Path) -> None:
    call("cases", "import", written(tmp_path, ROW), *mine)
    call("cases", "show", "A-1", *mine)
    call("keys", "add", "ua/dms", *store)
    call("keys", "revoke", "1", *store)
    with sqlite3.connect(tmp_path / "cases.db") as base:
        assert base.execute("SELECT who, what, about FROM access ORDER BY rowid").fetchall() == [
            ("cli", "import: 1 rows, 0 refused", "authority/ua/dms"),
            ("cli", "read", "case/1"),
            ("cli", "key 1 made", "authority/ua/dms"),
            ("cli", "key 1 revoked", "authority/ua/dms"),
        ]


def test_a_store_that_is_not_there_is_no_new_one(call: Call, mine: tuple[str, ...], store: tuple[str, ...]) -> None:
    for arguments in (("cases", "show", "A-1", *mine), ("keys", "list", *store), ("keys", "revoke", "1", *store)):
        ran = call(*arguments, "--json")
        assert (ran.code, ran.json["error"]["code"]) == (2, "store_unreadable")


def test_a_terminal_shows_how_far_it_has_got(mine: tuple[str, ...], tmp_path: Path) -> None:
    file = written(tmp_path, ROW + "A-1,,,,,,approved,2026-03-03\n" * 3000)
    ours, theirs = pty.openpty()
    command = [str(VIKNO), "cases", "import", str(file), *mine]
    env = {**os.environ, "TERM": "xterm", "COLUMNS": "80"}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=theirs) as started:
        os.close(theirs)
        shown = b""
        with contextlib.suppress(OSError):  # the other end is closed
            while part := os.read(ours, 65536):
                shown += part
        said = started.communicate(timeout=60)[0].decode()
    os.close(ours)
    assert "━" in shown.decode("utf-8", "replace")
    assert "3001 rows" in said
    assert "2 reached, 2999 repeated" in said


# ---- broken off ----

COUNT = 12_000


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with rows of every kind."""

    def rows() -> Iterator[str]:
        for at in range(COUNT // 3):
            yield f"B-{at},ua/id-card,7K2P9M4R,Київ,2026-03-01,,accepted,2026-03-02\n"
            yield f"B-{at - 7},,,,,,{'approved' if at % 5 else 'aproved'},2026-03-0{3 + at % 2}\n"
            yield f"B-{at},,,,,b-{at},at_printer,2026-03-05\n" if at % 11 else f"=B-{at},,,,,,,\n"

    return written(tmp_path_factory.mktemp("many"), "".join(rows()), name="many.csv")


def kept(folder: Path) -> Any:
    """What the store holds of cases, without when it was recorded."""
    with sqlite3.connect(folder / "cases.db") as base:
        cases = base.execute("SELECT number, service, code, office, opened_ms, stage, stage_ms FROM cases ORDER BY 1")
        history = base.execute(
            "SELECT number, r.stage, r.at_ms, r.verdict FROM report r JOIN cases c ON c.id = r.case_id "
            "ORDER BY 1, 2, 3, 4"
        )
        return cases.fetchall(), history.fetchall()


def brought(folder: Path, many: Path) -> tuple[list[str], Path]:
    """The command that imports a copy of the file into a store of its own, with a key of its own."""
    folder.mkdir()
    file = folder / "many.csv"
    file.write_bytes(many.read_bytes())
    store = f"sqlite:///{folder}/cases.db"
    return [str(VIKNO), "cases", "import", str(file), "--authority", "ua/dms", "--store", store, "--json"], file


def test_an_import_that_is_killed_and_taken_up_ends_the_same(tmp_path: Path, many: Path) -> None:
    env = {**os.environ, "VIKNO_KEY": "0" * 64}
    whole, whole_file = brought(tmp_path / "whole", many)
    subprocess.run(whole, cwd=ROOT, env=env, capture_output=True, check=False, timeout=120)

    broken, file = brought(tmp_path / "broken", many)
    mark, kills, before = file.with_name("many.csv.import"), 0, -1
    for _ in range(4):
        started = subprocess.Popen([*broken, "--resume"], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
        until = time.monotonic() + 60
        while started.poll() is None and time.monotonic() < until:
            done = rows_done(mark)
            if done > before:
                before = done
                started.send_signal(signal.SIGKILL)
                break
            time.sleep(0.005)
        kills += started.wait(60) == -signal.SIGKILL
    assert kills >= 3, "the file is long enough to be broken off in its middle"
    assert 0 < before < COUNT
    last = subprocess.run([*broken, "--resume"], cwd=ROOT, env=env, capture_output=True, check=False, timeout=120)
    assert json.loads(last.stdout)["rows"] == COUNT
    assert kept(tmp_path / "broken") == kept(tmp_path / "whole")
    reports = [one.with_name("many.csv.refused.csv").read_bytes() for one in (file, whole_file)]
    assert reports[0] == reports[1]
    assert reports[0].count(b"\n") > 1000
    assert not mark.exists()


def test_whoever_breaks_it_off_is_told_how_to_go_on(tmp_path: Path, many: Path) -> None:
    for attempt in range(5):  # on a busy machine it may be through before it is interrupted
        code, said, done = broken_off(tmp_path / f"stopped-{attempt}", many)
        assert "Traceback" not in said
        if code == 130:
            assert f"{done} rows are in. Go on with --resume" in said
            return
        assert "Go on with --resume" not in said, "interrupted, with another exit code"
    pytest.fail("it was never interrupted")


def broken_off(folder: Path, many: Path) -> tuple[int, str, int]:
    """An import that somebody ends as soon as something is in: its exit code, what it said, how much is in."""
    command, file = brought(folder, many)
    mark = file.with_name("many.csv.import")
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        until = time.monotonic() + 60
        while not rows_done(mark) and started.poll() is None and time.monotonic() < until:
            time.sleep(0.005)
        started.send_signal(signal.SIGINT)
        said = started.communicate(timeout=60)[1].decode()
    return started.returncode, said, rows_done(mark)


def rows_done(mark: Path) -> int:
    try:
        return int(json.loads(mark.read_bytes())["rows"])
    except (OSError, ValueError):  # not there yet, or just being written
        return 0


def test_what_does_not_fit_is_not_taken_up(call: Call, mine: tuple[str, ...], tmp_path: Path) -> None:
    file = written(tmp_path, ROW)
    mark = file.with_name("cases.csv.import")
    mark.write_text(json.dumps({"hash": "0" * 64, "settings": {}, "rows": 17}))
    ran = call("cases", "import", file, *mine, "--resume", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "file_refused")
    assert "has changed" in ran.json["error"]["message"]
    assert call("cases", "import", file, *mine).code == 0, "without --resume it begins anew"
    mark.write_text("{broken")
    assert call("cases", "import", file, *mine, "--resume", "--json").json["counts"] == {"repeated": 1}


def test_one_file_is_imported_by_one_process(call: Call, mine: tuple[str, ...], tmp_path: Path) -> None:
    file = written(tmp_path, ROW)
    with file.with_name("cases.csv.import").open("a+b") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        ran = call("cases", "import", file, *mine, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "file_refused")
    assert "another process" in ran.json["error"]["message"]
