"""The examples of documents are really run, and a wrong one is noticed."""

import textwrap
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from sybil import Example

from tests.documents import Step, change_file, keep_file, run_console, steps


def example(desk: Path, text: str) -> Example:
    """A block of a document, as Sybil hands it over."""
    return cast(Example, SimpleNamespace(parsed=textwrap.dedent(text), namespace={"desk": desk}))


def test_a_console_block_is_commands_with_what_is_typed_and_said() -> None:
    block = "$ vikno talk \\\n    example/library-card\nHow old are you?\n> 12\nBring:\n$ vikno --version\n"
    assert steps(block) == [
        Step("vikno talk example/library-card", "12\n", "How old are you?\n> 12\nBring:\n"),
        Step("vikno --version", "", ""),
    ]


def test_a_named_block_is_kept_as_that_file(tmp_path: Path) -> None:
    assert keep_file(example(tmp_path, "# countries/xx/country.yaml\ncode: xx\n")) is None
    assert (tmp_path / "countries/xx/country.yaml").read_text().endswith("code: xx\n")


def test_a_block_without_a_name_is_prose(tmp_path: Path) -> None:
    assert keep_file(example(tmp_path, "code: xx\n")) is None
    assert list(tmp_path.iterdir()) == []


def test_no_block_is_kept_outside_of_the_desk(tmp_path: Path) -> None:
    desk = tmp_path / "desk"
    desk.mkdir()
    said = keep_file(example(desk, "# countries/../../odd.yaml\ncode: xx\n"))
    assert said is not None
    assert "outside" in said
    assert list(tmp_path.iterdir()) == [desk]


def test_a_table_is_kept_without_the_line_that_names_it(tmp_path: Path) -> None:
    assert keep_file(example(tmp_path, "# countries/xx/waits.csv\nplace,weeks\n")) is None
    assert (tmp_path / "countries/xx/waits.csv").read_text() == "place,weeks\n"


def test_a_block_of_changes_changes_its_file(tmp_path: Path) -> None:
    named = "# countries/xx/country.yaml\n"
    assert keep_file(example(tmp_path, f"{named}code: xx\nlanguages: [en]\n\ncurrency: EUR\n")) is None
    block = f"{named} code: xx\n-languages: [en]\n+languages: [en, uk]\n\n...\n currency: EUR\n+title: X\n"
    assert change_file(example(tmp_path, block)) is None
    kept = "code: xx\nlanguages: [en, uk]\n\ncurrency: EUR\ntitle: X\n"
    assert (tmp_path / "countries/xx/country.yaml").read_text().endswith(kept)


@pytest.mark.parametrize(
    ("block", "why"),
    [
        ("-code: xx\n", "names its file"),
        ("# countries/xx/none.yaml\n-code: xx\n", "there is no"),
        ("# countries/../../odd.yaml\n-code: xx\n", "outside"),
        ("# countries/xx/country.yaml\n-code: yy\n", "stand 0 times"),
        ("# countries/xx/country.yaml\n-code: xx\n", "stand 2 times"),
    ],
)
def test_a_change_that_does_not_fit_is_noticed(tmp_path: Path, block: str, why: str) -> None:
    path = tmp_path / "countries/xx/country.yaml"
    path.parent.mkdir(parents=True)
    path.write_text("code: xx\ncode: xx\n")
    said = change_file(example(tmp_path, block))
    assert said is not None
    assert why in said
    assert path.read_text() == "code: xx\ncode: xx\n"


def test_a_folder_is_copied_on_the_desk_only(tmp_path: Path) -> None:
    (tmp_path / "countries/xx").mkdir(parents=True)
    assert run_console(example(tmp_path, "$ cp -r countries/xx before\n")) is None
    assert (tmp_path / "before").is_dir()
    with pytest.raises(ValueError, match="outside"):
        run_console(example(tmp_path / "countries", "$ cp -r xx ../odd\n"))


def test_a_command_that_says_something_else_is_noticed(tmp_path: Path) -> None:
    said = run_console(example(tmp_path, "$ vikno no-such-command\nFine.\n"))
    assert said is not None
    assert "Expected:\nFine." in said
    assert "[exit 2]" in said


def test_a_command_of_another_program_is_for_the_reader(tmp_path: Path) -> None:
    assert run_console(example(tmp_path, "$ make demo\nanything\n")) is None
