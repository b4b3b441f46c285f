"""What a document names is there: links lead somewhere, paths exist, the floors are those of the plan."""

import re
import tomllib
from inspect import signature
from pathlib import Path

import pytest

from vikno.domain.rules.people import SEARCHED, STATES, outcomes
from vikno.domain.rules.space import NODES

LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)#\s]+)(?:#[^)\s]*)?\)")
NAMED = re.compile(r"`(?P<path>(?:src|docs|tests|countries|web|bench|requirements)(?:/[\w.-]+)*/?)`")
FENCED = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LAYERS = re.compile(r"^```text\n(?P<text>.*?)^```", re.DOTALL | re.MULTILINE)
MADE_IN_A_DOCUMENT = {"countries/islands", "countries/example/services/boat-registration"}


def documents(root: Path) -> list[Path]:
    return [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").rglob("*.md"))]


def lost_links(document: Path) -> list[str]:
    """The links of a document that lead to no file."""
    prose = FENCED.sub("", document.read_text(encoding="utf-8"))
    targets = (found["target"] for found in LINK.finditer(prose))
    return [target for target in targets if "://" not in target and not (document.parent / target).exists()]


def lost_paths(document: Path, root: Path) -> list[str]:
    """The paths that a document names in the project and that are not there."""
    prose = FENCED.sub("", document.read_text(encoding="utf-8"))
    paths = {found["path"].rstrip("/") for found in NAMED.finditer(prose)} - MADE_IN_A_DOCUMENT
    return sorted(path for path in paths if not (root / path).exists())


def test_every_link_leads_to_a_file(root: Path) -> None:
    assert {str(one.relative_to(root)): lost for one in documents(root) if (lost := lost_links(one))} == {}


def test_every_path_that_is_named_is_there(root: Path) -> None:
    assert {str(one.relative_to(root)): lost for one in documents(root) if (lost := lost_paths(one, root))} == {}


def test_a_lost_link_or_path_is_noticed(tmp_path: Path) -> None:
    document = tmp_path / "one.md"
    document.write_text(
        "[there](one.md) [lost](two.md#x) [far](https://example.org/) `src/none.py`\n```\n[code](three.md)\n```\n"
    )
    assert lost_links(document) == ["two.md"]
    assert lost_paths(document, tmp_path) == ["src/none.py"]


def test_the_map_shows_the_floors_of_the_plan(root: Path) -> None:
    plan = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    planned = [contract["layers"] for contract in plan if contract["type"] == "layers"]
    drawn = LAYERS.findall((root / "docs/map.md").read_text(encoding="utf-8"))[: len(planned)]
    assert [[re.split(r"\s{2,}", line)[0] for line in text.splitlines()] for text in drawn] == planned


@pytest.mark.parametrize("name", ["README.md", "docs/words.md", "docs/map.md"])
def test_what_is_read_first_is_short(root: Path, name: str) -> None:
    assert len((root / name).read_text(encoding="utf-8").splitlines()) <= 120


def test_the_budgets_of_the_proof_are_those_of_the_code(root: Path) -> None:
    counted = signature(outcomes).parameters["states"].default
    text = (root / "docs/why/proof.md").read_text(encoding="utf-8")
    budgets = [f"{NODES:,} nodes", f"{STATES:,} states", f"{counted:,} when outcomes", f"{SEARCHED:,} states"]
    assert [budget for budget in budgets if budget not in text] == []


def test_every_dependency_has_a_reason(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [re.split(r"[^\w-]", wanted)[0].lower() for wanted in project["dependencies"]]
    text = (root / "docs/why/design.md").read_text(encoding="utf-8").lower()
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []
