"""Tables by a number: which rows meet is found quickly, and a table has only so many rows."""

from __future__ import annotations

import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.domain.rules.findings import Finding
from vikno.packs.derive import MOST_ROWS, Covered
from vikno.packs.load import load_country

COUNTRY = "code: xx\nlanguages: [en]\ncurrency: EUR\ntime_zone: UTC\nauthorities: {a: {name: A}}\n"
CONSULTATION = """facts:
  age: {ask: How old?, number: {from: 0, to: 9999}}
derive:
  class: {by: age, table: classes.csv, column: class}
items:
  - bring: a
    text: A
    when: class == young
  - bring: b
    text: B
    when: class == old
"""
QUICK_S = 5
RANGES = st.lists(st.tuples(st.integers(-20, 20), st.integers(0, 6)), max_size=30)


@pytest.fixture
def country(tmp_path: Path) -> Path:
    folder = tmp_path / "services" / "s"
    folder.mkdir(parents=True)
    (tmp_path / "country.yaml").write_text(COUNTRY, "utf-8")
    (folder / "service.yaml").write_text("title: S\nauthority: a\n", "utf-8")
    (folder / "consultation.yaml").write_text(CONSULTATION, "utf-8")
    return tmp_path


def found(country: Path, rows: list[str]) -> list[Finding]:
    """What is found of the table with these rows."""
    (country / "services/s/classes.csv").write_text("\n".join(["age,class", *rows]), "utf-8")
    everything = [finding for findings in load_country(country).findings.values() for finding in findings]
    return [finding for finding in everything if finding.code.startswith("table_")]


@given(RANGES)
def test_a_row_meets_those_above_it_just_when_it_meets_one_of_them(pairs: list[tuple[int, int]]) -> None:
    ranges = [(Decimal(low), Decimal(low + length)) for low, length in pairs]
    covered = Covered()
    for at, (low, high) in enumerate(ranges):
        expected = any(low <= other_high and other_low <= high for other_low, other_high in ranges[:at])
        assert covered.meets(low, high) is expected


def test_every_row_that_meets_one_above_it_is_found_at_its_line(country: Path) -> None:
    told = found(country, ["5..9,young", "0..5,young", "10..9999,old", "7,old", "4,old"])
    assert [(one.code, one.place.line) for one in told] == [("table_overlap", line) for line in (3, 5, 6)]


def test_a_table_of_as_many_rows_as_may_be_is_read_quickly(country: Path) -> None:
    rows = [f"{at},{'young' if at < 30 else 'old'}" for at in range(MOST_ROWS - 1)]
    began = time.monotonic()
    assert found(country, [*reversed(rows), f"{MOST_ROWS - 1}..9999,old"]) == []
    assert time.monotonic() - began < QUICK_S


def test_a_longer_table_is_refused_with_its_length(country: Path) -> None:
    (told,) = found(country, [f"{at},young" for at in range(MOST_ROWS + 1)])
    assert told.code == "table_broken"
    assert told.message == f"the table has {MOST_ROWS + 1} rows; {MOST_ROWS} is the most"
    assert (Path(told.place.file).name, told.place.line) == ("consultation.yaml", 4)
