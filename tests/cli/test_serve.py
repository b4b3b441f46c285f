"""`vikno run`, `vikno demo` and `vikno talk` start what they name."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import Call
from tests.commands import ROOT, VIKNO
from tests.network import free_port


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def answers(port: int, patience_s: float = 30) -> str:
    """What the server says, as soon as it says something."""
    until = time.monotonic() + patience_s
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                text: str = page.read().decode()
                return text
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


@pytest.mark.parametrize("command", ["run", "demo"])
def test_an_address_that_is_taken_is_said_before_anything_is_read(call: Call, taken: int, command: str) -> None:
    ran = call(command, "--port", str(taken), "--json", "--countries", "/nowhere")
    assert (ran.code, ran.json["error"]["code"]) == (2, "address_taken")


@pytest.mark.parametrize("command", ["run", "demo"])
def test_a_store_that_cannot_be_opened_is_said_and_not_that_it_is_on(call: Call, command: str, tmp_path: Path) -> None:
    ran = call(command, "--port", str(free_port()), "--store", f"sqlite:///{tmp_path}/none/none.db")
    assert ran.code != 0
    assert "Vikno is on" not in ran.err
    assert "The file of the store cannot be opened" in ran.err


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_a_port_that_is_none_is_a_wrong_call(call: Call, port: str) -> None:
    ran = call("run", "--port", port)
    assert ran.code == 2
    assert "--port" in ran.err


@pytest.mark.slow
@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
def test_the_demo_says_where_it_is_serves_and_leaves_nothing_behind(tmp_path: Path, told: signal.Signals) -> None:
    port = free_port()
    demo = subprocess.Popen(
        [VIKNO, "demo", "--port", str(port)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    try:
        assert "Які документи" in answers(port) or "Lakeland" in answers(port)
        assert [path.name.startswith("vikno-demo-") for path in tmp_path.iterdir()] == [True]
    finally:
        demo.send_signal(told)
        _, said = demo.communicate(timeout=30)
    assert demo.returncode == 0
    assert f"Vikno is on http://127.0.0.1:{port}/" in said
    assert list(tmp_path.iterdir()) == []


def test_talk_holds_a_consultation_over_a_pipe(call: Call) -> None:
    ran = call("talk", "example/library-card", "--date", "2026-03-15", "--lang", "en", stdin="33\n")
    assert ran.code == 0
    assert "Any document with your name" in ran.out


def test_talk_knows_what_may_have_been_meant(call: Call) -> None:
    ran = call("talk", "example/library-cart", "--json")
    assert (ran.code, ran.json["error"]["nearest"]) == (2, "example/library-card")
