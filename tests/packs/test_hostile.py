"""A country folder of somebody who means harm: what is read, and that nothing else is."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from vikno.domain.rules.findings import Finding
from vikno.packs.load import load_country
from vikno.packs.po import read_translations
from vikno.packs.source import MAX_FILE, read_text
from vikno.packs.translate import NotTranslatable, write_translations

QUICK_S = 5


@pytest.fixture
def lakeland(root: Path, tmp_path: Path) -> Path:
    """A copy of countries/example, to be changed."""
    return Path(shutil.copytree(root / "countries" / "example", tmp_path / "example"))


def found(folder: Path) -> list[tuple[str, str]]:
    """Codes and messages of everything that was found in a country."""
    pack = load_country(folder)
    return [(finding.code, finding.message) for findings in pack.findings.values() for finding in findings]


def replaced(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), "utf-8")


def test_the_country_itself_is_fine(lakeland: Path) -> None:
    assert found(lakeland) == []


@pytest.mark.parametrize("file", ["service.yaml", "consultation.yaml", "texts/uk.po"])
def test_a_link_that_leads_out_of_the_folder_is_not_followed(lakeland: Path, file: str) -> None:
    secret = lakeland.parent / "secret"
    secret.write_text("key: hunter2", "utf-8")
    path = lakeland / "services" / "library-card" / file
    path.unlink()
    path.symlink_to(secret)
    told = found(lakeland)
    assert ("file_unreadable", "the file is a link that leads out of its folder") in told
    assert "hunter2" not in str(told)


def test_a_link_within_the_folder_is_followed(lakeland: Path) -> None:
    """Files that are mounted into a container often are such links."""
    folder = lakeland / "services" / "library-card"
    (folder / "..data").mkdir()
    (folder / "service.yaml").rename(folder / "..data" / "service.yaml")
    (folder / "service.yaml").symlink_to(Path("..data") / "service.yaml")
    assert found(lakeland) == []


@pytest.mark.parametrize("kind", ["pipe", "device", "folder", "circle", "large"])
def test_what_is_no_file_is_said_at_once(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "service.yaml"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            path = Path("/dev/zero")
        case "folder":
            path.mkdir()
        case "circle":
            path.symlink_to(path)
        case _:
            path.write_bytes(b"#" * (MAX_FILE + 1))
    told: list[Finding] = []
    begun = time.perf_counter()
    assert read_text(path, "service.yaml", told.append) is None
    assert [finding.code for finding in told] == ["file_unreadable"]
    assert time.perf_counter() - begun < QUICK_S


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "data:text/html,x", "//evil.example", "https://a b", 'https://a"b']
)
def test_a_link_that_a_browser_would_run_is_found_and_left_out(lakeland: Path, url: str) -> None:
    replaced(lakeland / "country.yaml", '"https://waters.example"', f"'{url}'")
    assert ("value_wrong", f"an address https://… is expected here, not “{url}”") in found(lakeland)
    assert load_country(lakeland).country.authorities["waters"].url is None


@pytest.mark.parametrize("letter", ["\x1b", "\x7f", "\x9b", "\u202e"])
def test_what_cannot_be_seen_is_found_in_texts_and_in_their_translations(lakeland: Path, letter: str) -> None:
    folder = lakeland / "services" / "library-card"
    replaced(folder / "texts" / "uk.po", 'msgstr "Читацький квиток"', f'msgstr "Читацький{letter}[2J квиток"')
    assert "text_control" in [code for code, _ in found(lakeland)]
    service = load_country(lakeland).services["example/library-card"]
    assert service is not None
    assert service.title.text("uk") == "Library card", "the translation is left out"
    replaced(folder / "consultation.yaml", "How old are you?", f'"How{ascii(letter)[1:-1]} old?"')
    assert [code for code, _ in found(lakeland)].count("text_control") == 2


@pytest.mark.parametrize("name", ['a"b', "a\r\nset-cookie: x=y", "послуга", "a b", "%2e%2e", "[red]"])
def test_a_service_cannot_be_named_by_what_is_no_address(lakeland: Path, name: str) -> None:
    (lakeland / "services" / "library-card").rename(lakeland / "services" / name)
    assert "id_bad" in [code for code, _ in found(lakeland)]
    assert load_country(lakeland).services[f"example/{name}"] is None


def test_a_day_of_endless_blanks_takes_no_time(lakeland: Path) -> None:
    path = lakeland / "services" / "visitor-visa" / "consultation.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("facts:\n", f"facts:\n  odd:\n    ask: When?\n    date: {{from: 'a{' ' * 200_000}x'}}\n", 1)
    )
    begun = time.perf_counter()
    assert "value_wrong" in [code for code, _ in found(lakeland)]
    assert time.perf_counter() - begun < QUICK_S


def test_one_key_for_fifty_thousand_texts_takes_no_time(tmp_path: Path) -> None:
    path = tmp_path / "uk.po"
    path.write_text("".join(f'msgctxt "a"\nmsgid "{at}"\nmsgstr "x"\n\n' for at in range(50_000)))
    begun = time.perf_counter()
    read = read_translations(path, "uk.po", "uk", lambda _: None)
    assert len(read.by_key["a"]) == 50_000
    assert time.perf_counter() - begun < 4 * QUICK_S


def test_translations_are_not_written_through_a_link(lakeland: Path) -> None:
    theirs = lakeland.parent / "profile"
    theirs.write_text("mine", "utf-8")
    texts = lakeland / "services" / "library-card" / "texts"
    (texts / ".de.po.new").symlink_to(theirs)
    write_translations(lakeland, "de")
    assert theirs.read_text("utf-8") == "mine"
    assert not (texts / "de.po").is_symlink()
    assert "Library card" in (texts / "de.po").read_text("utf-8")


def test_translations_are_not_written_into_another_folder(lakeland: Path) -> None:
    theirs = lakeland.parent / "theirs"
    theirs.mkdir()
    shutil.rmtree(lakeland / "services" / "library-card" / "texts")
    (lakeland / "services" / "library-card" / "texts").symlink_to(theirs)
    with pytest.raises(NotTranslatable, match="leads out"):
        write_translations(lakeland, "de")
    assert list(theirs.iterdir()) == []
    assert not list(lakeland.rglob("de.po")), "nothing was written at all"
