"""What git keeps belongs to the project: nothing of one machine, and every module says what it is for."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

OF_ONE_MACHINE = {
    "a path of one machine": re.compile(r"(?<![\w.:/*~-])/(?:home|root|tmp|Users|work|workspace|opt|mnt)/\w"),
    "a package registry": re.compile(r"pypi\.org|pythonhosted\.org|registry\.(?:npmjs|yarnpkg)|/simple[/]"),
}


def kept(root: Path) -> Iterator[tuple[str, str]]:
    """Every text file that git keeps or would keep: its name and its text."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    for name in filter(None, listed.stdout.split("\0")):
        try:
            yield name, (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
            continue


def found(text: str) -> list[str]:
    return [what for what, pattern in OF_ONE_MACHINE.items() if pattern.search(text)]


def test_no_file_names_a_machine(root: Path) -> None:
    named = [f"{name}: {what}" for name, text in kept(root) for what in found(text)]
    assert not named


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("see " + "/home/" + "ann/notes", ["a path of one machine"]),
        ("cd '" + "/root/" + "x'", ["a path of one machine"]),
        ("https://example.org/home/page", []),
        ("~/work/vikno", []),
        ("resolved https://registry" + ".npmjs.org/x", ["a package registry"]),
    ],
)
def test_a_machine_is_recognised(text: str, what: list[str]) -> None:
    assert found(text) == what


def test_every_module_says_what_it_is_for(root: Path) -> None:
    silent = []
    for module in (root / "src/vikno").rglob("*.py"):
        first, _, _ = (ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "").partition("\n")
        if not first.endswith((".", ":", "?")):
            silent.append(f"{module.relative_to(root)}: {first!r}")
    assert not silent, "the first line of a module is a sentence that says what it is for"
