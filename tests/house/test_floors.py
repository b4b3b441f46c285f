"""The floor plan holds, and it would be noticed if it did not."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"

BROKEN = {
    "the domain reads the clock": ("domain/cases/__init__.py", "import time"),
    "the domain looks up to a use case": ("domain/dialog/__init__.py", "import vikno.usecases"),
    "two engines meet": ("domain/dialog/__init__.py", "import vikno.domain.cases"),
    "the rules know the dialogue": ("domain/rules/__init__.py", "import vikno.domain.dialog"),
    "a use case opens a database": ("usecases/keep_it.py", "import sqlite3"),
    "an adapter knows another": ("portal/__init__.py", "import vikno.stores"),
    "a channel knows its neighbour": ("channels/one/__init__.py", "import vikno.channels.two"),
    "an adapter chooses for itself": ("api/__init__.py", "import vikno.bootstrap"),
    "a floor that is on no plan": ("utils/__init__.py", ""),
    "a room of the domain that is on no plan": ("domain/helpers.py", ""),
}


def lint(root: Path, source: Path) -> subprocess.CompletedProcess[str]:
    """Hold the plan of pyproject.toml against a source folder."""
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache", "--config", root / "pyproject.toml"],
        cwd=source,
        env={**os.environ, "PYTHONPATH": str(source), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def empty_floors(root: Path, tmp_path: Path) -> Path:
    """The floors with nothing in them, and two channels."""
    for package in (root / "src/vikno").rglob("__init__.py"):
        copy = tmp_path / package.relative_to(root / "src")
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.touch()
    (tmp_path / "vikno/domain/errors.py").touch()
    for channel in ("one", "two"):
        shutil.copytree(tmp_path / "vikno/ui", tmp_path / "vikno/channels" / channel)
    return tmp_path


def test_the_floors_hold(root: Path) -> None:
    ran = lint(root, root / "src")
    assert ran.returncode == 0, ran.stdout


def test_empty_floors_hold(root: Path, empty_floors: Path) -> None:
    ran = lint(root, empty_floors)
    assert ran.returncode == 0, ran.stdout


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_floor_is_noticed(root: Path, empty_floors: Path, fault: str) -> None:
    path, line = BROKEN[fault]
    module = empty_floors / "vikno" / path
    module.parent.mkdir(exist_ok=True)
    module.write_text(line + "\n")
    ran = lint(root, empty_floors)
    assert ran.returncode == 1, f"{fault}: not noticed\n{ran.stdout}"
    assert "BROKEN" in ran.stdout or "exhaustive" in ran.stdout.lower(), ran.stdout + ran.stderr
