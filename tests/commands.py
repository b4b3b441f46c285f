"""Start the `vikno` command as a person would, and look at what it said."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
VIKNO = Path(sys.executable).parent / "vikno"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def jsonl(self) -> list[Any]:
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass(frozen=True, slots=True)
class Command:
    """`vikno`, started in a folder: `vikno("check", "countries/ua")`."""

    folder: Path = ROOT

    def __call__(self, *arguments: str | Path, stdin: str = "", timeout_s: float = 120, **env: str) -> Ran:
        """Run it to its end. Never a terminal, never colours, always 100 columns."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("VIKNO_", "PYTEST_", "COV_"))}
        done = subprocess.run(
            [VIKNO, *map(str, arguments)],
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            timeout=timeout_s,
            env={**kept, "NO_COLOR": "1", "COLUMNS": "100", "TERM": "dumb", "PYTHONUTF8": "1", **env},
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)
