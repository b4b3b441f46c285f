"""Files of cases: CSV and JSON lines of any size, read row by row in the encodings that offices really use.

A row that cannot be read is a `RowRefused`; a file that cannot be read as a whole is a `FileRefused` that says what to
do. Nothing else is raised for what a file contains, and memory does not grow with it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec
import yaml

from vikno.api.encodings import ENCODINGS, LOOKS, looks_like
from vikno.api.problems import shortened
from vikno.domain.errors import ViknoError
from vikno.domain.rules.findings import did_you_mean, nearest
from vikno.usecases.import_cases import MOST_LETTERS, Given, RowRefused

MOST_ROW = 32 * 1024
"""Characters of one row."""
MOST_LINES = 100
"""Lines of one row, where quoted cells have lines of their own."""
MOST_COLUMNS = 200
"""Of a header."""
CHUNK = 256 * 1024
SAMPLE = 1024 * 1024
SEPARATORS = ",;\t"
BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NO_TEXT = {b"PK\x03\x04": "an Excel workbook", b"\xd0\xcf\x11\xe0": "an Excel workbook", b"%PDF": "a PDF"}

TOLD = ("row", "reason")
"""Columns of the report of refused rows: once these are mended, it is imported as it is, and they are passed over."""

UNREAD = ("row_too_long", "quote_broken", "cells_wrong", "json_broken", "column_unknown")
"""Reasons for which no cell of a row is known to stand under its column."""

Kind = Literal["csv", "jsonl"]


class FileRefused(ViknoError):
    """This file cannot be imported as it is; nothing was changed. `nearest` is what may have been meant."""

    code = "file_refused"

    def __init__(self, why: str, near: str | None = None) -> None:
        super().__init__(why)
        self.message, self.nearest = why, near


@dataclass(frozen=True, slots=True)
class Surveyed:
    """What a first look at the whole file has found."""

    kind: Kind
    encoding: str
    size: int
    hash: str
    """SHA-256, by which an import is taken up again."""


def survey(path: Path, encoding: str | None = None, kind: Kind | None = None) -> Surveyed:
    """Look through a file once: its hash, its kind and its encoding. Raises FileRefused and OSError."""
    if not path.is_file():
        raise FileRefused(f"{path.name} is no file")
    wanted = None if encoding is None else _encoding(encoding)
    if wanted == "utf-16" and path.stat().st_size >= 2 and _mark(path) != "utf-16":
        raise FileRefused("UTF-16 without a mark at its beginning: say --encoding utf-16-le or utf-16-be", "utf-16-le")
    hashed, size, sample, broken = sha256(), 0, b"", None
    utf8 = codecs.getincrementaldecoder("utf-8")()
    head = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            head = head or chunk
            hashed.update(chunk)
            if broken is None:
                try:
                    utf8.decode(chunk)
                except UnicodeDecodeError as error:
                    broken = size + error.start
            if len(sample) < SAMPLE and not chunk.isascii():
                sample += chunk
            size += len(chunk)
    if broken is None:
        try:
            utf8.decode(b"", final=True)
        except UnicodeDecodeError:
            broken = size - 1
    for magic, what in NO_TEXT.items():
        if head.startswith(magic):
            raise FileRefused(f"this is {what}, no text. Save it as CSV (UTF-8)")
    found = _found(head, sample, broken) if wanted is None else _said(wanted, head, sample, broken)
    return Surveyed(kind or _kind(path, head, found), found, size, hashed.hexdigest())


def _encoding(wanted: str) -> str:
    name = wanted.lower().replace("_", "-")
    if name not in ENCODINGS:
        raise FileRefused(f"no encoding {_quoted(wanted)}{did_you_mean(name, ENCODINGS)}", nearest(name, ENCODINGS))
    return ENCODINGS[name]


def _mark(path: Path) -> str | None:
    with path.open("rb") as file:
        return _marked(file.read(3))


def _marked(head: bytes) -> str | None:
    """The encoding that a mark at the beginning names."""
    return next((name for mark, name in BOMS if head.startswith(mark)), None)


def _found(head: bytes, sample: bytes, broken: int | None) -> str:
    """The encoding that a file shows. Raises FileRefused where it leaves a doubt."""
    if (marked := _marked(head)) is not None:
        return marked
    if b"\0" in head:
        odd = head[1:1000:2].count(0) > head[0:1000:2].count(0)
        near = "utf-16-le" if odd else "utf-16-be"
        raise FileRefused(f"this is no text, or UTF-16 without a mark at its beginning; then say --encoding {near}")
    if broken is None:
        return "utf-8"
    likely = looks_like(sample)
    if likely == "windows-1251":
        return likely
    doubt = f"byte {broken + 1} is not UTF-8, and what it is instead leaves a doubt"
    raise FileRefused(f"{doubt}; {_instead(likely)}", likely)


def _said(wanted: str, head: bytes, sample: bytes, broken: int | None) -> str:
    """The encoding that was said. Raises FileRefused where the file as a whole is not in it; a stray byte is a row's.

    Only UTF-8 shows when it is none: the others have a letter for every byte.
    """
    if wanted != "utf-8":
        if head.startswith(codecs.BOM_UTF8):
            raise FileRefused(f"this file is UTF-8, as the mark at its beginning says, not {wanted}", "utf-8")
        return wanted
    likely = None if broken is None else _marked(head) or looks_like(sample)
    if broken is not None and (likely not in (None, "utf-8") or broken < len(head.partition(b"\n")[0])):
        raise FileRefused(f"this file is not UTF-8 (byte {broken + 1} is none of it); {_instead(likely)}", likely)
    return wanted


def _instead(likely: str | None) -> str:
    return f"it looks like {likely}: say --encoding {likely}" if likely else f"say --encoding {' or '.join(LOOKS)}"


def _kind(path: Path, head: bytes, encoding: str) -> Kind:
    if path.suffix.lower() in (".jsonl", ".ndjson", ".json"):
        return "jsonl"
    if path.suffix.lower() in (".csv", ".tsv"):
        return "csv"
    return "jsonl" if head.decode(encoding, "replace").lstrip("\ufeff \r\n\t").startswith("{") else "csv"


# ---- rows ----


class Rows:
    """The rows of a file, in order; `position` says how many bytes of it were read, for a progress bar."""

    def __init__(self, file: BinaryIO, surveyed: Surveyed, ignore: Iterable[str] = ()) -> None:
        """Reads the header. `ignore`: columns to leave out. Raises FileRefused."""
        self._file, self.position, self._row = file, 0, 1
        self._left_out = {_plain(name) for name in ignore}
        self._ignored = self._left_out | set(TOLD)
        self._lines = _Lines(self._text(surveyed.encoding))
        self._read: Sequence[int] = range(len(MOST_LETTERS))
        self._told = 0
        self.separator, self.header = ",", tuple(MOST_LETTERS)
        """How the columns that are read are parted and called in the file."""
        self._rows = self._csv() if surveyed.kind == "csv" else self._jsonl()

    def __iter__(self) -> Iterator[Given | RowRefused]:
        return self._rows

    def shown(self, refused: RowRefused) -> list[str]:
        """What may be shown of a refused row: the cells of the columns that are read, under `header`.

        Where the number of cells is wrong, it stays wrong, so that the row is not taken for a mended one; then nobody
        can say which of them were to be left out, and if some were, none is shown.
        """
        own = refused.own
        if refused.code not in UNREAD:
            return [_clean(own[at]) for at in self._read if at < len(own)]
        told = self._told if refused.code == "cells_wrong" else 0
        return [] if self._left_out else [_clean(cell) for cell in own[told:]]

    def _text(self, encoding: str) -> Iterator[str]:
        decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)("replace"), translate=True)
        first = True
        while chunk := self._file.read(CHUNK):
            self.position += len(chunk)
            text = decoder.decode(chunk)
            yield text.removeprefix("\ufeff") if first else text
            first = False
        yield decoder.decode(b"", final=True)

    def _csv(self) -> Iterator[Given | RowRefused]:
        lines = self._lines
        separator, header = self._header(lines)
        columns = _columns(header, self._ignored)
        self._told = sum(_plain(name) in TOLD for name in header)
        self._read = [at for at, column in enumerate(columns) if column is not None]
        self.separator, self.header = separator, tuple(_clean(header[at]) for at in self._read)
        return self._records(csv.reader(lines, delimiter=separator, strict=True), columns, len(header))

    def _header(self, lines: _Lines) -> tuple[str, list[str]]:
        """The separator and the header; the separator is the one that finds most columns."""
        try:
            first = "\n"
            while first and not first.strip():
                lines.begin()
                first = next(lines, "")
            if (named := re.fullmatch(r"sep=([,;\t])\n?", first)) is not None:  # Excel writes it for itself
                lines.begin()
                return named[1], next(csv.reader(lines, delimiter=named[1], strict=True), [])
            self._row = lines.first
            lines.back([first], 0)
            ways = {separator: next(csv.reader([first], delimiter=separator), []) for separator in SEPARATORS}
            best = max(ways, key=lambda one: (_known(ways[one]), len(ways[one])))
            lines.begin()
            return best, next(csv.reader(lines, delimiter=best, strict=True), [])
        except (csv.Error, _TooLong):
            raise FileRefused(
                "its first row is no header of columns: a quote is not closed, or it is too long"
            ) from None

    def _records(
        self, reader: Iterator[list[str]], columns: Sequence[str | None], width: int
    ) -> Iterator[Given | RowRefused]:
        lines, row = self._lines, self._row
        while True:
            lines.begin()
            row += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except (csv.Error, _TooLong) as error:
                code = "row_too_long" if isinstance(error, _TooLong) else "quote_broken"
                own = lines.taken[:1]
                yield RowRefused(row, lines.one_is_lost(), code, own=own)
                continue
            if not any(cells):  # an empty line, or one of nothing but separators
                continue
            line = lines.first
            if len(cells) != width and any(cells[width:] or (len(cells) < width,)):
                yield RowRefused(row, line, "cells_wrong", f"{len(cells)}, not {width}", own=cells)
                continue
            named = {name: cell for name, cell in zip(columns, cells, strict=False) if name is not None and cell}
            yield Given(row, line, {name: _clean(cell) for name, cell in named.items()}, cells)

    def _jsonl(self) -> Iterator[Given | RowRefused]:
        lines = self._lines
        while True:
            lines.begin()
            try:
                text = next(lines)
            except StopIteration:
                return
            except _TooLong:
                line = lines.one_is_lost()
                yield RowRefused(line, line, "row_too_long")
                continue
            if text.strip():
                yield self._object(text, lines.first)

    def _object(self, text: str, line: int) -> Given | RowRefused:
        try:
            read = _object(text.strip())
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return RowRefused(line, line, "json_broken", own=(text,))
        cells = {}
        for name, value in read.items():
            plain = _plain(name)
            if plain in self._ignored or value is None:
                continue
            column = _names().get(plain)
            if column is None:
                meant = did_you_mean(name, MOST_LETTERS)
                return RowRefused(line, line, "column_unknown", f"{_quoted(name)}{meant}", own=(text,))
            cells[column] = _clean(str(value))
        return Given(line, line, cells)


_object = msgspec.json.Decoder(dict[str, str | int | None]).decode


def _clean(cell: str) -> str:
    """A cell on one line, without the spaces around it; a space that breaks no line is a space."""
    return cell.replace("\u00a0", " ").replace("\n", " ").strip(" ")


def _columns(header: Sequence[str], ignored: set[str]) -> tuple[str | None, ...]:
    """The column of each cell; None for what is ignored. Raises FileRefused."""
    if len(header) > MOST_COLUMNS:
        raise FileRefused(f"the header has {len(header)} columns; at most {MOST_COLUMNS} are read")
    out: list[str | None] = []
    for written in header:
        plain = _plain(written)
        column = None if plain in ignored or not plain else _names().get(plain)
        if column is None and plain and plain not in ignored:
            known = [*MOST_LETTERS, *_names()]
            meant = did_you_mean(plain, known) if nearest(plain, known) else did_you_mean(plain, MOST_LETTERS)
            name = _quoted(written)
            raise FileRefused(f"no column {name}{meant}. To leave it out: --ignore {name}", nearest(plain, known))
        if column is not None and column in out:
            raise FileRefused(f"two columns are the {column}: {_quoted(written)} is the second")
        out.append(column)
    if "number" not in out:
        raise FileRefused("the first row must name the columns, the number of the case among them")
    return tuple(out)


def _known(header: Sequence[str]) -> int:
    return sum(_plain(name) in _names() for name in header)


@cache
def _names() -> Mapping[str, str]:
    """Every name of a column -> the column."""
    return {_plain(name): column for column, names in column_names().items() for name in names}


@cache
def column_names() -> Mapping[str, Sequence[str]]:
    """Column -> the names it is known by, of columns.yaml."""
    known: dict[str, list[str]] = yaml.safe_load((files(__package__) / "columns.yaml").read_text("utf-8"))
    return known


def _plain(name: str) -> str:
    """A column's name as it is compared.

    >>> _plain(" Case_Number ")
    'case number'
    """
    return " ".join(re.sub(r"[\s_\-\ufeff]+", " ", name.lower()).split())


def _quoted(name: str) -> str:
    """A name that was given, as a message shows it."""
    return f"“{shortened(name.strip(), 40)}”"


class _TooLong(Exception):
    """A row grows beyond what is read of one."""


class _Lines:
    """The lines of a text, each with its end; it remembers those of the present row, so that it can go back."""

    def __init__(self, text: Iterator[str]) -> None:
        self._text, self._rest, self._ready = text, "", deque[str | None]()
        self._taken: list[str] = []
        self._weight, self._line = 0, 0
        self.first = 1

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if not self._ready:
            self._fill()
        line = self._ready.popleft()
        self._line += 1
        if line is None:
            raise _TooLong
        self._taken.append(line)
        self._weight += len(line)
        if self._weight > MOST_ROW or len(self._taken) > MOST_LINES:
            raise _TooLong
        return line

    @property
    def taken(self) -> tuple[str, ...]:
        """Those of the present row."""
        return tuple(self._taken)

    def begin(self) -> None:
        """The next line begins a row."""
        self._taken.clear()
        self._weight, self.first = 0, self._line + 1

    def one_is_lost(self) -> int:
        """Give up the first line of the present row, whose number this is; those after it are read again."""
        self.back(self._taken[1:], 1)
        return self.first

    def back(self, lines: Sequence[str], kept: int) -> None:
        """Let lines be read again; so many of the present row stay read."""
        self._ready.extendleft(reversed(lines))
        self._line = self.first - 1 + kept

    def _fill(self) -> None:
        """Have at least one line ready; None stands for one that is too long. Raises StopIteration."""
        while not self._ready:
            piece = next(self._text, None)
            if piece is None:
                last, self._rest = self._rest, ""
                if not last:
                    raise StopIteration
                self._ready.append(last if len(last) <= MOST_ROW else None)
                return
            *whole, rest = (self._rest + piece).split("\n")
            self._ready.extend(line + "\n" if len(line) < MOST_ROW else None for line in whole)
            self._rest = rest if len(rest) <= MOST_ROW else rest[: MOST_ROW + 1]
