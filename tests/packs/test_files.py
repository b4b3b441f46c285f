"""Files that are missing, empty, broken or far too large: findings with a place, no traceback and no long wait."""

from __future__ import annotations

import shutil
import time
from functools import partial
from pathlib import Path

import pytest

from tests.packs.test_faults import checked
from vikno.domain.rules import prove, space
from vikno.domain.rules.findings import Finding
from vikno.packs.load import NoCountry, load_country

SLUG = "fishing-permit"
YAML = (
    "country.yaml",
    f"services/{SLUG}/service.yaml",
    f"services/{SLUG}/consultation.yaml",
    f"services/{SLUG}/examples.yaml",
)
FILES = (*YAML, f"services/{SLUG}/texts/uk.po", "texts/uk.po", "documents/passport/document.yaml")


def codes(found: list[Finding]) -> set[str]:
    return {finding.code for finding in found}


def placed(found: list[Finding], code: str) -> list[tuple[str, int, int]]:
    return [
        (finding.place.file.partition("/example/")[2], finding.place.line, finding.place.column)
        for finding in found
        if finding.code == code
    ]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"\xff\xfe\x00t", "file_unreadable"),
        (bytes(range(256)), "file_unreadable"),
        (b"a" * (5 * 1024 * 1024), "file_unreadable"),
        ("title: Ä".encode("utf-16"), "file_unreadable"),
        ("title: Ä".encode("latin-1"), "file_unreadable"),
    ],
    ids=["binary", "every byte", "five megabytes", "utf-16", "latin-1"],
)
def test_what_is_no_text_is_said_to_be_unreadable(lakeland: Path, file: str, content: bytes, code: str) -> None:
    (lakeland / file).write_bytes(content)
    start = time.perf_counter()
    found = checked(lakeland, SLUG)
    assert (file, 0, 0) in placed(found, code)
    assert time.perf_counter() - start < 5


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize(
    "content", ["", "\n\n", "# nothing", "---\n", "...\n", "null", "~", "[]", "{}", "5", "word", "- 1", "''"]
)
def test_an_empty_or_odd_file_is_never_a_traceback(lakeland: Path, file: str, content: str) -> None:
    (lakeland / file).write_text(content, "utf-8")
    found = checked(lakeland, SLUG)
    assert found
    assert all(finding.place.file for finding in found)


@pytest.mark.parametrize("file", FILES)
def test_a_byte_order_mark_and_carriage_returns_change_nothing(lakeland: Path, file: str) -> None:
    path = lakeland / file
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert checked(lakeland, SLUG) == []


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_places_are_those_that_an_editor_shows_with_any_ends_of_lines(lakeland: Path, newline: str) -> None:
    path = lakeland / f"services/{SLUG}/consultation.yaml"
    text = path.read_text("utf-8").replace("when: lake == moor", "when: lake == mor")
    line = next(at for at, words in enumerate(text.splitlines(), 1) if "lake == mor" in words)
    path.write_bytes(text.replace("\n", newline).encode())
    found = checked(lakeland, SLUG)
    assert placed(found, "option_unknown") == [(f"services/{SLUG}/consultation.yaml", line, 19)]


@pytest.mark.parametrize("file", FILES)
def test_a_file_that_is_missing_or_a_folder_is_said_to_be_so(lakeland: Path, file: str) -> None:
    path = lakeland / file
    path.unlink()
    if file == "country.yaml":
        with pytest.raises(NoCountry):
            load_country(lakeland)
        return
    missing = checked(lakeland, SLUG)
    path.mkdir()
    folder = checked(lakeland, SLUG)
    if file.endswith("examples.yaml"):
        assert codes(missing) == {"example_missing"}
    elif file.endswith("uk.po"):
        assert codes(missing) == {"text_missing"}
    else:
        assert (file, 0, 0) in placed(missing, "file_unreadable")
    assert folder


def test_a_service_folder_with_nothing_in_it_is_two_findings(lakeland: Path) -> None:
    (lakeland / "services" / "new").mkdir()
    assert sorted(placed(checked(lakeland, "new"), "file_unreadable")) == [
        ("services/new/consultation.yaml", 0, 0),
        ("services/new/service.yaml", 0, 0),
    ]


def test_a_country_without_services_is_fine(lakeland: Path) -> None:
    shutil.rmtree(lakeland / "services")
    entries = lakeland / "entries.yaml"
    lines = entries.read_text("utf-8").splitlines(keepends=True)
    entries.write_text("".join(line for line in lines if "services:" not in line), "utf-8")
    assert checked(lakeland, None) == []
    (lakeland / "services").write_text("no folder")
    assert checked(lakeland, None) == []


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        "{a: " * 50_000,
        "- " * 50_000,
        "? " * 50_000,
        "".join(" " * depth + "a:\n" for depth in range(1500)),
        "a: " + "[" * 30 + "]" * 30,
        "a: " + "x" * 2_000_000,
        "a:\n" + "  b: c\n" * 20_000,
        "x" * 200_000 + ": 1",
        "&a [*a]",
        "a: &a\n  b: *a",
        "\x00",
        "a: \x07",
        "a: '\x1b[31m'",
        "a: \ufffe",
        "%YAML 3.0\n---\na: b",
        "%TAG ! tag:evil,2000:\n---\n!x y",
        "!!binary aGk=",
        "a: !!set {b}",
        "a: !!python/object/apply:os.system [id]",
        "<<: {facts: {}}",
        "a: 2026-01-01T00:00:00Z\nb: 0o17\nc: .inf\nd: .NaN\ne: 1_000\nf: 0x1F",
        "\u2028a: b\u0085c: d",
        "\U0001f41f: \U0001f41f",
        "a: b\n---\nc: d",
    ],
)
@pytest.mark.parametrize("file", YAML)
def test_no_yaml_ends_the_reading(lakeland: Path, file: str, text: str) -> None:
    (lakeland / file).write_text(text, "utf-8")
    start = time.perf_counter()
    found = checked(lakeland, SLUG)
    assert any(finding.place.file.endswith(file) for finding in found)
    assert time.perf_counter() - start < 10


@pytest.mark.parametrize(
    "condition",
    [
        "(" * 5000 + "rep" + ")" * 5000,
        "not " * 2000 + "boat",
        " and ".join(["boat"] * 1500),
        "age < " + "9" * 5000,
        "age < 0." + "9" * 5000,
        "age in 0.." + "9" * 4999,
        "age_on(age, today) > 3",
        "today + " + " + ".join(["99999 weeks"] * 300) + " > season_ends",
        "today - 99999 weeks - 99999 weeks < season_ends",
        "today > 9999-12-31 + 99999 days",
        "today > 0001-01-01 - 1 days",
        "today > 0000-00-00",
        "age in [" + ", ".join(["1"] * 2000) + "]",
        "boat and " * 1200 + "boat",
        "\U0001f41f == river",
        "water == ріка",
        "water == river\u00a0and boat",
        "age < -1",
        "age < ٣",
        "water in []",
        "[a] == [b]",
        "a" * 9000,
        "5",
        "()",
        "and",
        "not",
        "today",
        "age_on()",
        "age_on(age_on(age, today), today) > 1",
        "water == river # why not",
        "#",
    ],
)
def test_no_condition_ends_the_check(lakeland: Path, condition: str) -> None:
    path = lakeland / f"services/{SLUG}/consultation.yaml"
    text = path.read_text("utf-8")
    path.write_text(text.replace("when: lake == moor", f"when: |-\n      {condition}"), "utf-8")
    start = time.perf_counter()
    checked(lakeland, SLUG)
    assert time.perf_counter() - start < 10


def test_everything_wrong_is_said_at_once(lakeland: Path) -> None:
    path = lakeland / f"services/{SLUG}/consultation.yaml"
    text = path.read_text("utf-8")
    for old, new in (
        ("when: lake == moor", "when: lake == mor"),
        ("when: age < 6", "when: age < six"),
        ("when: boat and length > 8", "when: boat and lenght > 8"),
        ("amount: half", "amount: halve"),
        ("form: copy", "form: copied"),
        ("yes_no: true", "yes_no: ja"),
        ("  free: age < 14 or", "  free: age < 14 or boat and"),
        ("until: 2026-06-30", "until: 30.06.2026"),
        ("hint: Choose", "hnt: Choose"),
    ):
        assert text.count(old) == 1
        text = text.replace(old, new)
    path.write_text(text, "utf-8")
    service = lakeland / f"services/{SLUG}/service.yaml"
    service.write_text(
        service.read_text("utf-8").replace("authority: waters", "authority: woters\nlanguag: en"), "utf-8"
    )
    found = checked(lakeland, SLUG)
    names = "option_unknown name_unknown amount_unknown authority_unknown"
    assert codes(found) >= {*names.split(), "type_wrong", "value_wrong", "condition_mixed", "key_unknown"}
    assert len(found) >= 11
    assert all(finding.place.line for finding in found)
    assert [finding.place for finding in found if not finding.warning] == sorted(
        finding.place for finding in found if not finding.warning
    )


def test_a_text_longer_than_a_message_of_telegram_is_a_finding_in_its_worst_case(lakeland: Path) -> None:
    path = lakeland / f"services/{SLUG}/consultation.yaml"
    text = path.read_text("utf-8")
    longest = len(" X ") + len("Дзеркальне озеро")  # the longest lake, in the language in which it is longest
    for length, wanted in ((4096 - longest, []), (4096 - longest + 1, ["text_too_long"])):
        changed = text.replace("text: The papers of the boat", f"text: {'x' * length} X {{answer:lake}}")
        path.write_text(changed, "utf-8")
        found = checked(lakeland, SLUG)
        assert [finding.code for finding in found if finding.code == "text_too_long"] == wanted


def test_more_options_than_a_channel_has_buttons_are_a_finding(lakeland: Path) -> None:
    path = lakeland / f"services/{SLUG}/consultation.yaml"
    text = path.read_text("utf-8")
    for count, wanted in ((100, []), (101, ["buttons_too_many"])):
        options = "".join(f"      o{at}: Option {at}\n" for at in range(count - 2))
        path.write_text(text.replace("      day: One day\n", f"      day: One day\n{options}"), "utf-8")
        found = checked(lakeland, SLUG)
        assert [finding.code for finding in found if finding.code == "buttons_too_many"] == wanted


def test_a_proof_beyond_its_budget_says_so(lakeland: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prove, "Space", partial(space.Space, nodes=60))
    found = checked(lakeland, SLUG)
    assert "budget_exceeded" in codes(found)
