"""Whatever a country folder says is text in a spreadsheet, with a comma between the cells or with a semicolon."""

from __future__ import annotations

import csv
import io
import re

import pytest

from vikno.console.paths.spreadsheet import safe

STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
COMPUTED = re.compile(r"[\s\"]*[=+\-@＝＋－＠]")


def cells(text: str, parted: str) -> list[str]:
    """What a spreadsheet makes of a row in which the text stands second."""
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow(["first", safe(text), "last"])
    return next(csv.reader(io.StringIO(out.getvalue(), newline=""), delimiter=parted))


@pytest.mark.parametrize("parted", [",", ";"])
@pytest.mark.parametrize("before", ["", " ", "Fee; ", "Fee;", "a;;", 'said "so";', '"', 'x;"'])
@pytest.mark.parametrize("start", STARTS)
def test_no_cell_is_computed(start: str, before: str, parted: str) -> None:
    text = f"{before}{start}HYPERLINK(1)"
    assert not [cell for cell in cells(text, parted) if COMPUTED.match(cell)]


@pytest.mark.parametrize("text", ["Fee: 10 + 5", "a=b", "2026-03-15", "ann@example.org", "one; two (2)", "−5"])
def test_what_means_no_harm_stays_as_it_is(text: str) -> None:
    assert safe(text) == text
