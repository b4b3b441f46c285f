"""`vikno cases watch` ends when it is told to, also while a registry keeps it waiting."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from tests.commands import ROOT, VIKNO

FILE = """\
authority: ua/dms
url: http://127.0.0.1:{port}/orders?changed_since={{since}}
items: /orders
number: /number
stage: /stage
at: /at
stages: {{10: accepted}}
"""


@pytest.mark.parametrize("told", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("once", [(), ("--once",)], ids=["again and again", "once"])
def test_a_registry_that_does_not_answer_keeps_nobody_from_stopping(
    tmp_path: Path, told: signal.Signals, once: tuple[str, ...]
) -> None:
    declaration = tmp_path / "registry.yaml"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(30)
        declaration.write_text(FILE.format(port=silent.getsockname()[1]))
        command = [str(VIKNO), "cases", "watch", str(declaration), *once, "--store", f"sqlite:///{tmp_path}/cases.db"]
        with subprocess.Popen(command, cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as ran:
            line, _ = silent.accept()
            with line:
                assert line.recv(1)
                ran.send_signal(told)
                try:
                    out, complained = ran.communicate(timeout=5)
                finally:
                    ran.kill()
    assert (ran.returncode, out, complained) == (1 if once else 0, b"", b"")
