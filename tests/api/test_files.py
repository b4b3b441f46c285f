"""Files of cases are read in every dress that offices give them; what cannot be read is refused with row and reason."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.api.files import MOST_ROW, FileRefused, Rows, survey
from vikno.usecases.import_cases import Given, RowRefused

PLAIN = "number,stage,at,office\nA-1,accepted,2026-03-15,Київ\nA-2,approved,2026-03-16,Львів\n"
TWO = [
    {"number": "A-1", "stage": "accepted", "at": "2026-03-15", "office": "Київ"},
    {"number": "A-2", "stage": "approved", "at": "2026-03-16", "office": "Львів"},
]
UKRAINIAN = "Номер справи;Стан;Дата стану;Підрозділ\nA-1;accepted;15.03.2026;Відділ № 1 у місті Києві\n"


def read(raw: bytes, tmp_path: Path, name: str = "cases.csv", **said: str) -> list[Given | RowRefused]:
    path = tmp_path / name
    path.write_bytes(raw)
    with path.open("rb") as file:
        return list(Rows(file, survey(path, said.get("encoding")), filter(None, [said.get("ignore", "")])))


def cells(rows: list[Given | RowRefused]) -> list[object]:
    return [row.cells if isinstance(row, Given) else row.code for row in rows]


@pytest.mark.parametrize(
    "raw",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        b"\xfe\xff" + PLAIN.encode("utf-16-be"),
        PLAIN.replace("\n", "\r\n").encode(),
        PLAIN.replace("\n", "\r").encode(),
        PLAIN.replace(",", ";").encode(),
        PLAIN.replace(",", "\t").encode(),
        ("sep=;\n" + PLAIN.replace(",", ";")).encode(),
        ("\n\n" + PLAIN).encode(),
        PLAIN.rstrip("\n").encode(),
        PLAIN.replace("number,stage,at,office", " Case Number ,STAGE,Stage_At,Office").encode(),
        PLAIN.replace("number,stage,at,office", "Номер,Стан,Коли,Підрозділ").encode(),
        PLAIN.replace("A-2", '"A-2"').encode(),
        PLAIN.replace("2026-03-16,", "2026-03-16 ,\u00a0").encode(),
    ],
    ids=["utf-8", "bom", "utf-16", "utf-16 be", "crlf", "cr", "semicolon", "tab", "sep", "blank", "no last line end",
         "names", "Ukrainian names", "quoted", "spaces"],
)  # fmt: skip
def test_one_table_in_many_dresses(raw: bytes, tmp_path: Path) -> None:
    assert cells(read(raw, tmp_path)) == TWO


def test_windows_1251_is_read_where_it_is_plain(tmp_path: Path) -> None:
    (row,) = read(UKRAINIAN.encode("windows-1251"), tmp_path)
    assert isinstance(row, Given)
    assert row.cells["office"] == "Відділ № 1 у місті Києві"


@pytest.mark.parametrize("encoding", ["koi8-u", "cp1125", "iso-8859-5"])
def test_another_encoding_is_never_taken_for_windows_1251(encoding: str, tmp_path: Path) -> None:
    raw = UKRAINIAN.replace("№", "N").encode(encoding)
    with pytest.raises(FileRefused, match=f"--encoding {encoding}"):
        read(raw, tmp_path)
    (row,) = read(raw, tmp_path, encoding=encoding)
    assert isinstance(row, Given)
    assert row.cells["office"] == "Відділ N 1 у місті Києві"


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("number,office\nA-1,Café Ä Ö Ü\n".encode("windows-1252"), "leaves a doubt"),
        ("number,office\nA-1,Київ\n".encode("windows-1251"), "leaves a doubt"),
        (PLAIN.encode() + b"A-3,accepted,2026-03-15,\xff\n", "is not UTF-8"),
        (PLAIN.encode()[:-9] + b"\xd0", "is not UTF-8"),
        (PLAIN.encode("utf-16-le"), "--encoding utf-16-le"),
        (PLAIN.encode("utf-16-be"), "--encoding utf-16-be"),
        (b"PK\x03\x04...", "an Excel workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"", "must name the columns"),
        (b"\n\n", "must name the columns"),
        (b"A-1,accepted,2026-03-15\n", "no column “A-1”"),
        (b"stage,at\naccepted,2026-03-15\n", "the number of the case among them"),
        (b"nubmer,stage\n", "did you mean “number”"),
        ("номре,stage\n".encode(), "did you mean “номер”"),
        (b"number,number\n", "two columns are the number"),
        (b"number,phone\n", "To leave it out: --ignore “phone”"),
        (b'number,"stage\n' + b"x" * 100_000, "no header"),
        (b"number" + b",x" * 300, "columns"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_what_to_do(raw: bytes, why: str, tmp_path: Path) -> None:
    with pytest.raises(FileRefused) as refused:
        read(raw, tmp_path)
    assert why in refused.value.message


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-u", "cp1125"])
def test_a_file_that_is_not_utf_8_though_it_was_said_is_told_what_it_looks_like(encoding: str, tmp_path: Path) -> None:
    raw = UKRAINIAN.replace("№", "N").encode(encoding)
    with pytest.raises(FileRefused, match=f"not UTF-8 .* say --encoding {encoding}") as refused:
        read(raw, tmp_path, encoding="utf-8")
    assert refused.value.nearest == encoding
    with pytest.raises(FileRefused, match=f"is UTF-8, as the mark .* not {encoding}"):
        read(UKRAINIAN.encode("utf-8-sig"), tmp_path, encoding=encoding)
    with pytest.raises(FileRefused, match="not UTF-8"):
        read("Номер;Стан\nA-1;accepted\n".encode(encoding), tmp_path, encoding="utf-8")


def test_a_stray_byte_in_a_file_that_is_said_to_be_utf_8_refuses_its_row_alone(tmp_path: Path) -> None:
    first, second = read(PLAIN.encode().replace("Львів".encode(), b"\xcb"), tmp_path, encoding="utf-8")
    assert isinstance(first, Given)
    assert isinstance(second, Given)
    assert (first.cells["office"], second.cells["office"]) == ("Київ", "\ufffd")


def test_a_folder_and_an_unknown_encoding_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="is no file"):
        survey(tmp_path)
    with pytest.raises(FileRefused, match="did you mean “windows-1251”"):
        read(PLAIN.encode(), tmp_path, encoding="window-1251")


def test_columns_can_be_left_out(tmp_path: Path) -> None:
    raw = b"number,phone,\nA-1,0501234567,\n"
    assert cells(read(raw, tmp_path, ignore="Phone")) == [{"number": "A-1"}]


def test_rows_that_cannot_be_read_are_refused_alone(tmp_path: Path) -> None:
    raw = "\n".join(
        [
            "number,stage,office",
            'A-1,accepted,"line one',
            'line two"',
            'A-2,accepted,"never closed',
            "A-3,accepted,after it",
            'A-4,accepted,"closed" and more',
            "A-5,accepted",
            "A-6,accepted,x,y",
            "",
            f"A-7,accepted,{'x' * MOST_ROW}",
            f"A-8,accepted,{'x' * 10 * MOST_ROW}",
            "A-9,accepted,last,,",
        ]
    )
    rows = read(raw.encode(), tmp_path)
    assert [(row.row, row.line, row.cells.get("number") if isinstance(row, Given) else row.code) for row in rows] == [
        (2, 2, "A-1"),
        (3, 4, "quote_broken"),
        (4, 5, "A-3"),
        (5, 6, "quote_broken"),
        (6, 7, "cells_wrong"),
        (7, 8, "cells_wrong"),
        (9, 10, "row_too_long"),
        (10, 11, "row_too_long"),
        (11, 12, "A-9"),
    ]
    first = rows[0]
    assert isinstance(first, Given)
    assert first.cells["office"] == "line one line two"


def test_a_quote_that_swallows_a_long_file_costs_one_row(tmp_path: Path) -> None:
    raw = 'number,office\nA-0,"open\n' + "".join(f"A-{at},x\n" for at in range(1, 50_000))
    rows = read(raw.encode(), tmp_path)
    assert isinstance(rows[0], RowRefused)
    assert sum(isinstance(row, Given) for row in rows) == 49_999


def test_json_lines(tmp_path: Path) -> None:
    raw = "\n".join(
        [
            '{"number": "A-1", "stage": "accepted", "at": "2026-03-15", "office": null}',
            '{"number": 17, "номер події": "e-1"}',
            "",
            '{"nubmer": "A-2"}',
            '["A-3"]',
            '{"number": {"deep": []}}',
            "[" * 10_000,
            '{"number": "A-4"',
            '{"number": "' + "x" * MOST_ROW + '"}',
        ]
    )
    rows = read(raw.encode(), tmp_path, "cases.jsonl")
    assert cells(rows) == [
        {"number": "A-1", "stage": "accepted", "at": "2026-03-15"},
        {"number": "17", "event": "e-1"},
        "column_unknown",
        *["json_broken"] * 4,
        "row_too_long",
    ]
    assert [row.row for row in rows] == [1, 2, 4, 5, 6, 7, 8, 9]
    unknown = rows[2]
    assert isinstance(unknown, RowRefused)
    assert "did you mean “number”" in unknown.reason


def test_bytes_that_an_encoding_does_not_have_refuse_their_row(tmp_path: Path) -> None:
    (row,) = read(b"number,office\nA-1,\x98\n", tmp_path, encoding="windows-1251")
    assert isinstance(row, Given)
    assert row.cells["office"] == "\ufffd"  # which `understood` refuses


ANY = st.binary(max_size=2000) | st.lists(
    st.sampled_from([b"number", b",", b";", b'"', b"\n", b"\r", b"=1", b"A-1", b"\xff", b"\0", b"{", b"}",
                     b"\xef\xbb\xbf", b"x" * 40_000, b"sep=;", "стан".encode(), b"\xca\xe8\xbf\xe2", b'{"number":1}'])
).map(b"".join)  # fmt: skip


@given(
    ANY,
    st.sampled_from([None, "utf-8", "utf-16", "windows-1251", "utf-16-le"]),
    st.sampled_from([".csv", ".jsonl", ""]),
)
def test_no_bytes_raise_anything_but_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes, encoding: str | None, suffix: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"any{suffix}"
    for head in (b"", b"number,stage\n"):
        path.write_bytes(head + raw)
        try:
            surveyed = survey(path, encoding)
            rows = list(Rows(io.BytesIO(head + raw), surveyed))
        except FileRefused:
            continue
        assert all(isinstance(row, RowRefused) or row.row for row in rows)
