"""What the how-to shows of the two clients works when it is copied."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from tests.api.notify.conftest import Service
from tests.commands import ROOT

HOW_TO = (ROOT / "docs" / "how-to" / "send-from-your-system.md").read_text("utf-8")
STARTS = {"python": [sys.executable, "-c"], "js": ["node", "-e"]}


@pytest.mark.parametrize("language", STARTS)
def test_the_example_sends_a_message(service: Service, language: str) -> None:
    (block,) = re.findall(rf"^```{language}\n(.*?)^```", HOW_TO, re.DOTALL | re.MULTILINE)
    written = block.replace("https://vikno.example.org", service.url)
    assert written != block
    command = [*STARTS[language], written]
    env = {"KEY": service.keys["test"], "PATH": os.environ["PATH"]}
    done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=ROOT, timeout=60, check=False)
    assert (done.stdout.strip(), done.stderr) == ("created", "")
