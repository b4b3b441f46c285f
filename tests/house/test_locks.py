"""A fresh machine gets exactly what was tried: every package pinned, hashed, and named without an address."""

import json
import re
import tomllib
from pathlib import Path

import pytest

LOCKS = ("lock.txt", "dev-lock.txt")
PINNED = re.compile(r"^(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>\S+)(?: ; (?P<marker>[^\\]+))? \\$", re.MULTILINE)


def pins(lock: Path) -> dict[str, str]:
    """Package -> version."""
    return {pin["name"]: pin["version"] for pin in PINNED.finditer(lock.read_text())}


def wanted(requirements: list[str]) -> set[str]:
    names = (re.match(r"[\w-]+", requirement) for requirement in requirements)
    return {name[0].lower().replace("_", "-") for name in names if name}


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_pinned_and_hashed(root: Path, name: str) -> None:
    blocks = re.split(r"^(?=\S)", (root / "requirements" / name).read_text(), flags=re.MULTILINE)[1:]
    assert blocks
    for block in blocks:
        assert PINNED.match(block), block
        assert re.search(r"^    --hash=sha256:[0-9a-f]{64}", block, flags=re.MULTILINE), block


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_names_no_address(root: Path, name: str) -> None:
    assert not re.search(r"://|--(?:extra-)?index-url|--find-links", (root / "requirements" / name).read_text())


def test_the_locks_agree_and_cover_what_is_asked_for(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    run, develop = (pins(root / "requirements" / name) for name in LOCKS)
    assert run.items() <= develop.items()
    assert wanted(project["project"]["dependencies"]) <= run.keys()
    assert wanted(project["dependency-groups"]["dev"]) <= develop.keys()
    assert wanted(project["build-system"]["requires"]) <= develop.keys(), "setup installs without build isolation"


def test_the_npm_lock_is_hashed_and_names_no_address(root: Path) -> None:
    packages = json.loads((root / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []
    assert [name for name, package in packages.items() if "resolved" in package] == []
