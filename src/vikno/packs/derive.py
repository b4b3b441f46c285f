"""Derived values: a table by the value of a fact, written inline or in a CSV file, read and proved total."""

from __future__ import annotations

import csv
import io
import re
from bisect import bisect_left, bisect_right
from decimal import Decimal

from vikno.domain.rules.findings import Finding, did_you_mean
from vikno.domain.rules.service import Derived, Fact
from vikno.domain.values import Place
from vikno.packs.facts import Builder
from vikno.packs.shapes import Entries, Read
from vikno.packs.source import Scalar, read_text

MOST_ROWS = 2000
"""Of one table. The longest list there is, the countries, has 250."""


class Covered:
    """The numbers that ranges cover so far, as parts that do not meet, in order."""

    def __init__(self) -> None:
        self._lows: list[Decimal] = []
        self._highs: list[Decimal] = []

    def meets(self, low: Decimal, high: Decimal) -> bool:
        """Whether a range meets those before it; from now on it is one of them."""
        first, beyond = bisect_left(self._highs, low), bisect_right(self._lows, high)
        met = first < beyond
        if met:
            low, high = min(low, self._lows[first]), max(high, self._highs[beyond - 1])
        self._lows[first:beyond], self._highs[first:beyond] = [low], [high]
        return met


def read_derived(builder: Builder, entries: Entries) -> None:
    names = [name.text for name, _ in entries]
    for at, (name, record) in enumerate(entries):
        builder.unique(name)
        builder.broken.add(name.text)
        by = record.get("by")
        if by is None or "table" not in record:
            continue
        if by.text in names[at:]:
            builder.say(
                "cycle",
                by.place,
                f"“{by.text}” is {'itself' if by.text == name.text else 'defined below'}: "
                "a table is by something above it",
            )
            continue
        if by.text not in builder.facts and by.text not in builder.derived:
            known = [*builder.facts, *builder.derived]
            builder.say("name_unknown", by.place, f"there is no fact “{by.text}”{did_you_mean(by.text, known)}")
            continue
        if by.text in builder.facts and builder.facts[by.text].kind in ("choose_any", "date"):
            builder.say(
                "type_wrong", by.place, f"a table cannot be by “{by.text}”: it holds {builder.facts[by.text].kind}"
            )
            continue
        table = _table(builder, name, by, record)
        if table:
            builder.derived[name.text] = table
            builder.broken.discard(name.text)


def _table(builder: Builder, name: Scalar, by: Scalar, record: Read) -> Derived | None:
    rows = _rows(builder, by, record)
    if rows is None:
        return None
    values: dict[str, str] = {}
    ranges: list[tuple[Decimal, Decimal, str]] = []
    covered = Covered()
    fact = builder.facts.get(by.text)
    source = builder.derived.get(by.text)
    numbers = (fact is not None and fact.kind == "number") or (source is not None and source.numeric)
    known = (
        ("true", "false")
        if fact and fact.kind == "yes_no"
        else fact.option_ids
        if fact
        else source.cells
        if source
        else ()
    )
    for key, cell, place in rows:
        if not cell:
            builder.say("table_gap", place, f"the cell for “{key}” is empty")
            continue
        if numbers:
            found = re.fullmatch(r"(-?\d+(?:\.\d+)?)(?:\.\.(-?\d+(?:\.\d+)?))?", key)
            if not found:
                builder.say("table_broken", place, f"“{key}” is neither a number nor a range like 1..5")
                continue
            low, high = Decimal(found[1]), Decimal(found[2] or found[1])
            if covered.meets(low, high):
                builder.say("table_overlap", place, f"“{key}” meets a row above it")
            ranges.append((low, high, cell))
            continue
        if key not in known:
            builder.say("option_unknown", place, f"“{key}” is not an option of “{by.text}”{did_you_mean(key, known)}")
        elif key in values:
            builder.say("table_overlap", place, f"“{key}” has two rows")
        values.setdefault(key, cell)
    at = record.at("table")
    missing = [option for option in known if option not in values] if not numbers else _holes(fact, ranges)
    if missing:
        shown = ", ".join(missing[:8]) + (" …" if len(missing) > 8 else "")
        builder.report(Finding("table_gap", at, f"the table has no row for: {shown}", {by.text: missing[0]}))
    cells = [*values.values(), *(cell for _, _, cell in ranges)]
    numeric = bool(cells) and all(re.fullmatch(r"-?\d+(\.\d+)?", cell) for cell in cells)
    for cell in {*cells}:
        if not numeric and not re.fullmatch(r"[a-z0-9_]+", cell):
            builder.say(
                "id_bad",
                at,
                f"“{cell[:40]}” cannot be a value of a table: only a-z, 0-9 and _, or numbers throughout",
            )
    return Derived(name.text, by.text, values, tuple(ranges), numeric, name.place)


def _rows(builder: Builder, by: Scalar, record: Read) -> list[tuple[str, str, Place]] | None:
    """The rows of a table: the value, the cell, and where it stands."""
    rows = _written(builder, by, record)
    if rows is not None and len(rows) > MOST_ROWS:
        builder.say("table_broken", record.at("table"), f"the table has {len(rows)} rows; {MOST_ROWS} is the most")
        return None
    return rows


def _written(builder: Builder, by: Scalar, record: Read) -> list[tuple[str, str, Place]] | None:
    table = record.get("table")
    if not isinstance(table, Scalar):
        return [(key.text, value.text.strip(), key.place) for key, value in table]
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*\.csv", table.text):
        builder.say("value_wrong", table.place, "the name of a CSV file beside this one is expected here")
        return None
    file = f"{builder.shown}/{table.text}"
    if not (builder.folder / table.text).is_file():
        there = [path.name for path in sorted(builder.folder.glob("*.csv"))]
        builder.say(
            "table_broken", table.place, f"there is no file “{table.text}” here{did_you_mean(table.text, there)}"
        )
        return None
    text = read_text(builder.folder / table.text, file, builder.report)
    if text is None:
        return None
    try:
        lines = [
            (reader_line, [cell.strip() for cell in row])
            for reader_line, row in _csv_lines(text)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error as error:
        builder.say("table_broken", Place(file, 1, 1), f"the CSV cannot be read: {error}")
        return None
    if not lines:
        builder.say("table_broken", Place(file, 1, 1), "the table is empty")
        return None
    columns = _columns(builder, by, record, lines[0][1], file)
    if columns is None:
        return None
    key_at, value_at = columns
    width = max(columns) + 1
    return [
        (padded[key_at], padded[value_at], Place(file, line, 1))
        for line, row in lines[1:]
        for padded in [[*row, *[""] * width]]
    ]


def _columns(builder: Builder, by: Scalar, record: Read, header: list[str], file: str) -> tuple[int, int] | None:
    """Which columns hold the values of the fact and the cells: those named, else the fact's own (or the first)
    and the first other one."""
    named: dict[str, int] = {}
    for part in ("key", "column"):
        scalar = record.get(part)
        if scalar is None:
            continue
        if scalar.text not in header:
            hint = did_you_mean(scalar.text, header)
            builder.say("table_broken", scalar.place, f"there is no column “{scalar.text}”{hint}")
            return None
        named[part] = header.index(scalar.text)
    key_at = named.get("key", header.index(by.text) if by.text in header else 0)
    value_at = named.get("column", next((at for at in range(len(header)) if at != key_at), None))
    if value_at is None:
        builder.say("table_broken", Place(file, 1, 1), "the table has only one column")
        return None
    return key_at, value_at


def _csv_lines(text: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text), strict=True)
    return [(reader.line_num, row) for row in reader]


def _holes(fact: Fact | None, ranges: list[tuple[Decimal, Decimal, str]]) -> list[str]:
    """The values of a number fact that no range covers, as ranges."""
    if fact is None:
        return []
    out, at = [], fact.low
    for low, high, _ in sorted(ranges):
        if at > fact.high:
            break
        if low > at:
            end = min(low - fact.step, fact.high)
            out.append(str(at) if at == end else f"{at}..{end}")
        at = max(at, high + fact.step)
    if at <= fact.high:
        out.append(str(at) if at == fact.high else f"{at}..{fact.high}")
    return out
