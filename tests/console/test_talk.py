"""`vikno talk`, through a pipe and at a screen."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path

import pytest

from tests.commands import ROOT, VIKNO
from vikno.bootstrap.talking import NothingToTalkAbout, talk


class Screen(io.StringIO):
    """A terminal that remembers."""

    def isatty(self) -> bool:
        return True


def held(about: str | None, typed: str, *, language: str | None = None, out: io.StringIO | None = None) -> str:
    screen = out or io.StringIO()
    assert talk([ROOT / "countries"], about, language, "2026-03-15", io.StringIO(typed), screen) == 0
    return screen.getvalue()


def test_a_pipe_reads_as_a_conversation() -> None:
    said = held("example/library-card", "33\n")
    assert said.splitlines()[1:] == [
        "Service: Library card.", "", "How old are you?", "Write a number.", "  [Back · Why?]", "",
        "> 33", "", "Noted: 33 years.", "", "Library card: your list", "", "Bring:", "• Any document with your name",
        "", "To pay:", "• The card is free", "Total: nothing to pay", "",
        "As of March 15, 2026", *said.splitlines()[-3:],
    ]  # fmt: skip
    assert said.splitlines()[-3].startswith("Receipt: ")


def test_options_have_numbers_that_can_be_typed() -> None:
    said = held("example/fishing-permit", "2\n3\n")
    assert "  2) In a lake" in said
    assert "Moor Lake is a nature reserve" in said


def test_a_screen_shows_the_same_words_with_colour() -> None:
    said = held("example/fishing-permit", "1\n10\nexit\n", out=Screen())
    assert "\x1b[" in said
    for part in ("Where will you fish?", "In a lake", "A parent, who signs for you", "Goodbye!"):
        assert part in said


def test_control_characters_never_reach_the_terminal() -> None:
    said = held("example/fishing-permit", "\x1b[2J\x07hello\n")
    assert "\x1b" not in said
    assert "\x07" not in said


def test_a_line_without_end_is_read_in_bounded_pieces() -> None:
    said = held("example/library-card", "1" * 5_000_000)
    assert "A number from 0 to 120 fits here" in said or "write a number" in said
    assert len(said) < 5000


def test_bytes_that_are_no_text_are_only_not_understood() -> None:
    command = [str(VIKNO), "talk", "example/fishing-permit"]
    done = subprocess.run(command, input=b"\xff\xfe\x00\n1\n", capture_output=True, check=False, timeout=60, cwd=ROOT)
    assert (done.returncode, done.stderr) == (0, b"")
    assert "How old are you?" in done.stdout.decode()


def test_a_country_offers_its_services() -> None:
    assert "Читацький квиток" in held("example", "", language="uk")
    assert "Закордонний паспорт" not in held("example", "")


@pytest.mark.parametrize(
    ("about", "language", "near"),
    [("exampel", None, "example"), ("example/fishing", None, None), ("example", "xx", None)],
)
def test_what_does_not_exist_is_said(about: str, language: str | None, near: str | None, tmp_path: Path) -> None:
    with pytest.raises(NothingToTalkAbout) as raised:
        held(about, "", language=language)
    assert raised.value.nearest == near or near is None
