"""What the tests of the commands share: running a command in this process, and a copy of a country to change."""

import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.commands import Ran
from vikno.cli import main

Call = Callable[..., Ran]


@pytest.fixture
def call(root: Path, monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Call:
    """Run `vikno …` in this process, from the root of the project: quick, and a traceback fails the test."""
    monkeypatch.chdir(root)
    monkeypatch.delenv("VIKNO_COUNTRIES", raising=False)

    def run(*arguments: str | Path, stdin: str | bytes = b"") -> Ran:
        raw = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw), encoding="utf-8"))
        capfdbinary.readouterr()
        try:
            code = main([str(argument) for argument in arguments])
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        sys.stdout.flush()
        said = capfdbinary.readouterr()
        return Ran(code, said.out.decode(), said.err.decode())

    return run


@pytest.fixture
def lakeland(root: Path, tmp_path: Path) -> Path:
    """A copy of countries/example, to be changed."""
    return Path(shutil.copytree(root / "countries" / "example", tmp_path / "example"))


def edited(folder: Path, file: str, old: str, new: str) -> None:
    """Replace a text that stands in a file exactly once."""
    path = folder / file
    text = path.read_text("utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
    path.write_text(text.replace(old, new), "utf-8")
