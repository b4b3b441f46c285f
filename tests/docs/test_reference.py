"""The reference says what the code says: its marked parts are new, complete, and true of what the commands print."""

import ast
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Command
from vikno.cli.reference import PartUnknown, named, parts, renewed, write
from vikno.cli.reference.commands import JSON, commands
from vikno.cli.reference.errors import CALLS
from vikno.cli.reference.items import MEANINGS
from vikno.domain.rules.service import KINDS


@pytest.fixture(scope="module")
def reference(root: Path) -> Path:
    return root / "docs/reference"


def test_every_page_is_as_the_code_has_it(reference: Path) -> None:
    for page in sorted(reference.glob("*.md")):
        text = page.read_text(encoding="utf-8")
        assert renewed(text) == text, f"{page.name} is out of date: run `make reference`"


def test_every_part_stands_on_one_page(reference: Path) -> None:
    found = [name for page in reference.glob("*.md") for name in named(page.read_text(encoding="utf-8"))]
    assert sorted(found) == sorted(parts())


def test_every_page_is_listed(reference: Path) -> None:
    listed = (reference / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in reference.glob("*.md") if page.name != "README.md" and page.name not in listed] == []


def test_a_page_that_fell_behind_is_noticed_and_renewed(reference: Path, tmp_path: Path) -> None:
    shutil.copytree(reference, tmp_path / "reference")
    page = tmp_path / "reference/findings.md"
    page.write_text(page.read_text(encoding="utf-8").replace("`item_never`", "`item_ever`"), encoding="utf-8")
    assert renewed(page.read_text(encoding="utf-8")) != page.read_text(encoding="utf-8")
    assert write(tmp_path / "reference") == ["findings.md"]
    assert write(tmp_path / "reference") == []


def test_a_part_that_nobody_writes_is_noticed() -> None:
    with pytest.raises(PartUnknown, match="no such part"):
        renewed("<!-- from the code: no such part -->\n<!-- end -->\n")


def test_every_kind_of_item_has_a_meaning() -> None:
    assert MEANINGS.keys() == set(KINDS)


def test_every_command_has_its_own_heading(reference: Path) -> None:
    text = (reference / "commands.md").read_text(encoding="utf-8")
    assert [name for name, _ in commands() if f"\n## vikno {name}\n" not in text] == []


# What the commands print has the keys that are listed, no more and no fewer.


@pytest.fixture(scope="module")
def printed(vikno: Command, tmp_path_factory: pytest.TempPathFactory, root: Path) -> dict[str, Any]:
    """One JSON result of each command, and one entry of each list in it."""
    folder = tmp_path_factory.mktemp("broken") / "example"
    shutil.copytree(root / "countries/example", folder)
    for slug in ("fishing-permit", "visitor-visa"):
        shutil.rmtree(folder / "services" / slug)
    rules = folder / "services/library-card/consultation.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("age < 14", "age < 16"), encoding="utf-8")
    before = tmp_path_factory.mktemp("before") / "example"
    shutil.copytree(folder, before)
    shutil.copy(root / "countries/example/services/library-card/consultation.yaml", before / "services/library-card")
    consult = vikno("consult", "example/library-card", "--answers", "-", "--json", stdin="{age: 9}").json
    check = vikno("check", folder, "--json").json
    (service,) = check["services"].values()
    diff = vikno("diff", before, folder, "--all-dates", "--json").json
    return {
        "consult": consult,
        "consult: items": consult["items"][0],
        "check": check,
        "check: services": service,
        "check: findings": service["findings"][0],
        "diff": diff,
        "diff: changed": diff["changed"][0],
        "paths": vikno("paths", "example/library-card", "--json").json,
        "texts: one file": vikno("texts", before, "--lang", "uk", "--json").json[0],
    }


@pytest.mark.parametrize("about", JSON)
def test_the_keys_of_a_result_are_those_listed(printed: dict[str, Any], about: str) -> None:
    assert list(printed[about]) == list(JSON[about])


def test_the_codes_of_wrong_calls_are_those_listed(root: Path) -> None:
    raised = {code for module in (root / "src/vikno").rglob("*.py") for code in _codes(module)}
    assert sorted(raised) == sorted(CALLS)


def _codes(module: Path) -> Iterator[str]:
    """The codes with which a module raises a wrong call or refuses an answer."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
            first = node.args[0]
            if node.func.id in ("WrongCall", "AnswerRefused") and isinstance(first, ast.Constant):
                yield str(first.value)
