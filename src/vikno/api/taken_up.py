"""What an import keeps beside its file: how far it has got, and the rows it has refused. So it can be taken up again.

cases.csv.import         {"hash", "settings", "rows", "counts", "refused_bytes"}; gone when the import has ended
cases.csv.refused.csv    the refused rows, each after its row number and reason: mended, it is imported as it is
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Self

import msgspec

from vikno.api.files import TOLD, FileRefused, Rows, Surveyed
from vikno.usecases.bring_cases import FORMULA
from vikno.usecases.import_cases import Imported


class Mark(msgspec.Struct):
    """How far an import has got: the batches before it are on record."""

    hash: str
    settings: dict[str, str]
    rows: int = 0
    counts: dict[str, int] = msgspec.field(default_factory=dict)
    refused_bytes: int = 0


class Beside:
    """The two files beside an import. Entering begins or takes up; nobody else may import the same file meanwhile."""

    def __init__(
        self, path: Path, surveyed: Surveyed, rows: Rows, settings: Mapping[str, str], *, resume: bool
    ) -> None:
        """`settings`: what would make it another import if it changed."""
        self._rows = rows
        self._mark_file = path.with_name(path.name + ".import")
        self.report = path.with_name(path.name + ".refused.csv")
        self._begun = Mark(surveyed.hash, dict(settings))
        self._resume = resume

    def __enter__(self) -> Self:
        """Raises FileRefused: another process imports this file, or there is nothing that fits to take up."""
        self._locked = self._mark_file.open("a+b")
        try:
            fcntl.flock(self._locked, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have ended meanwhile and taken the file away: then this lock keeps nobody out.
            if not os.path.samestat(os.fstat(self._locked.fileno()), self._mark_file.stat()):
                raise BlockingIOError
        except OSError:
            self._locked.close()
            raise FileRefused("another process is importing this file just now") from None
        try:
            self.mark = self._taken_up() if self._resume else self._begun
            self._out = self.report.open("r+b" if self.mark.refused_bytes else "wb")
        except BaseException:
            self._locked.close()
            raise
        self._out.truncate(self.mark.refused_bytes)
        self._out.seek(self.mark.refused_bytes)
        if not self.mark.refused_bytes:
            self._out.write(b"\xef\xbb\xbf" + self._written([(*TOLD, *self._rows.header)]))  # the mark is for Excel
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._out.close()
        if kind is None:
            self._mark_file.unlink()
            if not self.mark.counts.get("refused"):
                self.report.unlink()
        self._locked.close()

    @property
    def so_far(self) -> Imported:
        """What an earlier run has finished."""
        return Imported(self.mark.rows, Counter(self.mark.counts))

    def keep(self, imported: Imported) -> None:
        """A batch is on record: keep its refused rows, then how far it has got."""
        self._out.write(self._written([one.row, one.reason, *self._rows.shown(one)] for one in imported.refused))
        self._out.flush()
        os.fsync(self._out.fileno())
        begun = self.mark
        self.mark = Mark(begun.hash, begun.settings, imported.rows, dict(imported.counts), self._out.tell())
        self._locked.seek(0)
        self._locked.truncate()
        self._locked.write(msgspec.json.encode(self.mark))
        self._locked.flush()
        os.fsync(self._locked.fileno())

    def _written(self, rows: Iterable[Iterable[object]]) -> bytes:
        out = io.StringIO()
        table = csv.writer(out, delimiter=self._rows.separator)
        table.writerows([_harmless(cell) for cell in row] for row in rows)
        return out.getvalue().encode("utf-8", "replace")

    def _taken_up(self) -> Mark:
        self._locked.seek(0)
        written = self._locked.read()
        if not written:  # killed before the first batch, or never begun
            return self._begun
        try:
            mark = msgspec.json.decode(written, type=Mark)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return self._begun  # killed amid writing it; every row can be brought twice
        if mark.hash != self._begun.hash:
            raise FileRefused("the file has changed since the import was broken off; import it anew, without --resume")
        if mark.settings != self._begun.settings:
            raise FileRefused("the import was begun with other options; use the same, or import it anew")
        if not self.report.exists() or self.report.stat().st_size < mark.refused_bytes:
            return self._begun
        return mark


def _harmless(cell: object) -> str:
    """A cell that no spreadsheet computes.

    >>> _harmless("=1+1"), _harmless(7)
    ("'=1+1", '7')
    """
    text = str(cell)
    return f"'{text}" if text.startswith(FORMULA) else text
