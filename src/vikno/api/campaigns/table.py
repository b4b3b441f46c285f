"""An audience as a table: CSV as spreadsheets write it, read as it comes, in slices that hold nobody up.

UTF-8 with or without a byte order mark; commas, semicolons or tabs; quotes. The first line has the names of the
columns: `phone number`, `email address`, or `channel` and `id`; `country`, `zone`, `language`, `reference` where they
are known; and one for each place of the template. Case, blanks, `_` and `-` do not matter, as in GOV.UK Notify. Other
columns are not read, and not kept.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from vikno.domain.errors import ViknoError
from vikno.domain.notify.template import key_of
from vikno.usecases.campaign_rows import EMAIL, PHONE
from vikno.usecases.campaigns import Row
from vikno.usecases.read_audience import Slice
from vikno.wire.numbers import Phone, Wrong, as_mobile, read_email, read_phone

MOST_BYTES = 4 * 2**30
"""Of a file."""
LONGEST_RECORD = 64 * 1024
"""Characters of one row."""
LONGEST_CELL = 10_000
LONGEST_ID = 255
MOST_COLUMNS = 200
AT_A_TIME = 32 * 1024
"""Bytes that are read before others are served: some hundred rows, some milliseconds."""
SEPARATORS = ",;\t"

PHONES = ("phonenumber", "phone", "mobile")
EMAILS = ("emailaddress", "email")
COUNTRY, ZONE, CHANNEL, ID, REFERENCE = "country", "zone", "channel", "id", "reference"
LANGUAGES = ("language", "lang")


class TableUnreadable(ViknoError):
    """The file cannot be read as a table. Save it as CSV in UTF-8, with the names of the columns in its first line."""

    code = "table_unreadable"


class ColumnsMissing(ViknoError):
    """The table lacks columns. It needs one that says to whom, and one for each place of the template."""

    code = "columns_missing"


class ColumnTwice(ViknoError):
    """The table has the same column twice. Which of them is meant?"""

    code = "column_twice"


class FileTooLarge(ViknoError):
    """The file is larger than one campaign's may be. Make two campaigns of it."""

    code = "file_too_large"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a table is read for. `places`: of the template, as it spells them; `given`: those that are given for all.

    `country`: where numbers without a country's code belong; `chats`: kinds of messengers that are here; `fits`:
    whether the values may stand in the template, where that depends on them.
    """

    places: tuple[str, ...]
    country: str
    given: Collection[str] = ()
    chats: Collection[str] = ()
    languages: Collection[str] = ()
    kind: str = "message"
    fits: Callable[[Mapping[str, str]], bool] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The places whose values are in the table."""
        given = {key_of(name) for name in self.given}
        return tuple(name for name in self.places if key_of(name) not in given)


@dataclass
class Table:
    """A file while it comes."""

    stream: AsyncIterator[bytes]
    wanted: Wanted
    _text: str = ""
    _line: int = 1
    _looked: int = 0
    _separator: str = ","
    _ended: bool = False
    _decode: codecs.IncrementalDecoder = field(default_factory=codecs.getincrementaldecoder("utf-8-sig"))
    _places: dict[str, int] = field(default_factory=dict)

    async def begin(self) -> None:
        """Read the names of the columns. Raises TableUnreadable, ColumnsMissing, ColumnTwice, FileTooLarge."""
        while not (end := _first_end(self._text)):
            if len(self._text) > LONGEST_RECORD:
                raise self._endless()
            if self._ended:
                end = len(self._text)
                break
            await self._more()
        head, self._text = self._text[:end], self._text[end:]
        self._separator = max(SEPARATORS, key=_outside_quotes(head).count)
        names = [cells for _, cells in self._records(head)]
        if not names:
            raise TableUnreadable("its first line is empty")
        self._name(names[0])

    def _name(self, names: Sequence[str]) -> None:
        if len(names) > MOST_COLUMNS:
            raise TableUnreadable(f"more than {MOST_COLUMNS} columns")
        for at, name in enumerate(names):
            key = key_of(name.strip())
            if not key:
                continue
            if key in self._places:
                if self._read(key):
                    raise ColumnTwice(name.strip()[:80])
                continue
            self._places[key] = at
        lacking = [name for name in self.wanted.columns if key_of(name) not in self._places]
        if not any(name in self._places for name in (*PHONES, *EMAILS)) and not {CHANNEL, ID} <= self._places.keys():
            lacking.insert(0, "phone number")
        if lacking:
            raise ColumnsMissing(*lacking)

    def _read(self, key: str) -> bool:
        """Whether a column of this name is read."""
        ours = {*PHONES, *EMAILS, COUNTRY, ZONE, CHANNEL, ID, REFERENCE, *LANGUAGES}
        return key in ours or key in {key_of(name) for name in self.wanted.columns}

    async def slices(self) -> AsyncIterator[Slice]:
        """The rows, some at a time. Raises TableUnreadable, FileTooLarge."""
        read = _Reading(self.wanted, self._places).row
        while True:
            end = _record_end(self._text, self._ended)
            if end:
                part, self._text = self._text[:end], self._text[end:]
                rows, refused = list[tuple[int, Row]](), list[tuple[int, str]]()
                for line, cells in self._records(part):
                    found = read(cells)
                    if isinstance(found, Row):
                        rows.append((line, found))
                    elif found:
                        refused.append((line, found))
                yield Slice(rows, refused, self._looked)
            elif self._ended:
                return
            if not self._ended:
                await self._more()

    def _records(self, part: str) -> Iterator[tuple[int, list[str]]]:
        """Whole records, each with the line that it begins in."""
        reader = csv.reader(io.StringIO(part, newline=""), delimiter=self._separator, strict=True)
        first = self._line
        line = first
        try:
            for cells in reader:
                if cells:
                    yield line, cells
                line = first + reader.line_num
        except csv.Error as error:
            raise TableUnreadable(f"line {first + reader.line_num - 1}: {error}") from None
        self._line = line

    async def _more(self) -> None:
        """Some more of the file."""
        pieces, size = [], 0
        while size < AT_A_TIME:
            piece = await anext(self.stream, None)
            if piece is None:
                self._ended = True
                break
            pieces.append(piece)
            size += len(piece)
        self._looked += size
        if self._looked > MOST_BYTES:
            raise FileTooLarge(f"at most {MOST_BYTES} bytes")
        try:
            self._text += self._decode.decode(b"".join(pieces), self._ended)
        except UnicodeDecodeError:
            raise TableUnreadable(f"it is not UTF-8, in or after line {self._line}") from None
        if "\0" in self._text:
            raise TableUnreadable(f"it is no text, in or after line {self._line}")
        if len(self._text) > LONGEST_RECORD + 2 * size and not _record_end(self._text, self._ended):
            raise self._endless()

    def _endless(self) -> TableUnreadable:
        return TableUnreadable(f"line {self._line} does not end: is there a quote too much?")


class _Reading:
    """Reads rows, by the places of the columns."""

    def __init__(self, wanted: Wanted, places: Mapping[str, int]) -> None:
        self._wanted = wanted
        at = places.get
        phone = next((places[name] for name in PHONES if name in places), None)
        email = next((places[name] for name in EMAILS if name in places), None)
        if wanted.kind == EMAIL:
            phone = None if email is not None else phone
        elif wanted.kind == "sms":
            email = None if phone is not None else email
        self._phone, self._email, self._channel, self._id = phone, email, at(CHANNEL), at(ID)
        self._country, self._zone, self._reference = at(COUNTRY), at(ZONE), at(REFERENCE)
        self._lang = next((places[name] for name in LANGUAGES if name in places), None)
        self._values = [places[key_of(name)] for name in wanted.columns]
        self._most = max(places.values(), default=0) + 1

    def row(self, cells: list[str]) -> Row | str:
        """A row, the reason why it is none, or "" for an empty one."""
        if len(cells) < self._most:
            if not any(cells):
                return ""
            cells = [*cells, *[""] * (self._most - len(cells))]
        values = tuple([cells[at] for at in self._values])
        if not all(values) and not any(cells):
            return ""
        found = self._whom(cells)
        if isinstance(found, str):
            return found
        for value in values:
            if not value or value.isspace():
                return "missing"
            if len(value) > LONGEST_CELL:
                return "value"
        kind, address, written, country, zone = found
        wanted = self._wanted
        lang = cells[self._lang].strip().lower() if self._lang is not None else ""
        reference = cells[self._reference].strip()[:LONGEST_ID] if self._reference is not None else ""
        if wanted.fits is not None and not wanted.fits(dict(zip(wanted.columns, values, strict=True))):
            return "value"
        return Row(kind, address, written, country, zone, lang if lang in wanted.languages else "", reference, values)

    def _whom(self, cells: list[str]) -> tuple[str, str, str, str | None, str | None] | str:
        """Kind, address, how it was written, country and zone; or the reason why nobody can be written to."""
        country = cells[self._country].strip().lower() or None if self._country is not None else None
        zone = cells[self._zone].strip() or None if self._zone is not None else None
        if country is not None and not (len(country) == 2 and country.isascii() and country.isalpha()):
            return "country"
        if self._phone is not None and (written := cells[self._phone]):
            phone = read_phone(written, country or self._wanted.country)
            phone = as_mobile(phone) if isinstance(phone, Phone) else phone
            if isinstance(phone, Wrong):
                return phone.reason
            shown = "" if written == phone.number else written.strip()
            return PHONE, phone.digits, shown, country or phone.country, zone or phone.zone
        if self._email is not None and (written := cells[self._email]):
            email = read_email(written)
            if isinstance(email, Wrong):
                return email.reason
            return EMAIL, email, "" if written == email else written.strip(), country, zone
        if self._channel is not None and self._id is not None and (address := cells[self._id].strip()):
            channel = cells[self._channel].strip().lower()
            if channel not in self._wanted.chats:
                return "channel"
            if len(address) > LONGEST_ID or not address.isprintable():
                return "symbols"
            return f"{channel}/main", address, "", country, zone
        return "nowhere"


def _record_end(text: str, ended: bool) -> int:
    """Where the last whole record of the text ends: behind a line's end that stands in no quotes; 0 for none.

    >>> _record_end('a,b\\n"c\\nd', False), _record_end('a,b', False), _record_end('a,b', True)
    (4, 0, 3)
    """
    if ended:
        return len(text)
    end = text.rfind("\n") + 1
    quotes = text.count('"', 0, end)
    while quotes % 2:  # the line's end stands in a cell that began with the last quote
        before = text.rfind("\n", 0, text.rfind('"', 0, end)) + 1
        quotes -= text.count('"', before, end)
        end = before
    return end


def _first_end(text: str) -> int:
    """Where the first record ends; 0 where its end has not come.

    >>> _first_end('"a\\nb",c\\nd\\n'), _first_end("a,b")
    (8, 0)
    """
    end = quotes = 0
    while (found := text.find("\n", end) + 1) and found <= LONGEST_RECORD:
        quotes += text.count('"', end, found)
        end = found
        if quotes % 2 == 0:
            return end
    return 0


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])
