"""The store's tables as numbered steps: each `.sql` file here is one, in one transaction, and is never changed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files

from vikno.stores.sqlite.errors import StoreForeign, StoreTooNew, StoreTooOld

APPLICATION_ID = 0x56494B4E
"""“VIKN” in the header of the file: this database is ours."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the tables, `0001_conversations.sql`: from version `number - 1` to `number`."""

    number: int
    name: str
    script: str

    def statements(self) -> Iterator[str]:
        """The statements one by one: `executescript` would end the transaction that they share."""
        statement = ""
        for piece in self.script.split(";"):
            statement += piece + ";"
            if sqlite3.complete_statement(statement):
                yield statement.removesuffix(";")
                statement = ""


def found() -> tuple[Migration, ...]:
    """The migrations of this version of Vikno, in order."""
    scripts = sorted((f for f in files(__package__).iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    numbered = ((f.name.removesuffix(".sql").partition("_"), f.read_text("utf-8")) for f in scripts)
    return tuple(Migration(int(number), name, script) for (number, _, name), script in numbered)


def migrate(connection: sqlite3.Connection, migrations: Sequence[Migration] | None = None) -> None:
    """Bring the tables to this version, each step in its transaction.

    Raises StoreTooNew for a file of a newer version and StoreForeign for one of another program; both unchanged.
    """
    steps = found() if migrations is None else migrations
    check_ours(connection, steps)
    for step in steps:
        if step.number > _version(connection):
            _take(connection, step)


def check_current(connection: sqlite3.Connection) -> None:
    """For a reader, which changes nothing: raises StoreTooOld too."""
    steps = found()
    check_ours(connection, steps)
    if _version(connection) < len(steps):
        raise StoreTooOld(_version(connection), len(steps))


def check_ours(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Raise if the file belongs to another program or to a later version."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (objects,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if application != APPLICATION_ID and (application or objects):
        raise StoreForeign
    if (version := _version(connection)) > len(steps):
        raise StoreTooNew(version, len(steps))


def _take(connection: sqlite3.Connection, step: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if step.number > _version(connection):  # another process may have been quicker
            for statement in step.statements():
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {step.number}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
