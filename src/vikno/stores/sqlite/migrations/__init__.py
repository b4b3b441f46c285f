"""The store's tables as numbered steps: each `.sql` file here is one, in one transaction, and is never changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import apsw

from vikno.stores.sqlite.errors import StoreForeign, StoreTooNew, StoreTooOld

APPLICATION_ID = 0x56494B4E
"""“VIKN” in the header of the file: this database is ours."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the tables, `0001_conversations.sql`: from version `number - 1` to `number`."""

    number: int
    name: str
    script: str


def found() -> tuple[Migration, ...]:
    """The migrations of this version of Vikno, in order."""
    scripts = sorted((f for f in files(__package__).iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
    numbered = ((f.name.removesuffix(".sql").partition("_"), f.read_text("utf-8")) for f in scripts)
    return tuple(Migration(int(number), name, script) for (number, _, name), script in numbered)


def migrate(connection: apsw.Connection, steps: Sequence[Migration]) -> None:
    """Bring the tables to the version of the last step, each step in its transaction.

    Raises StoreTooNew for a file of a newer version and StoreForeign for one of another program; both unchanged.
    """
    check_ours(connection, steps)
    for step in steps:
        if step.number > version(connection):
            _take(connection, step)


def check_current(connection: apsw.Connection, steps: Sequence[Migration]) -> None:
    """For a reader, which changes nothing: raises StoreTooOld too."""
    check_ours(connection, steps)
    if version(connection) < len(steps):
        raise StoreTooOld(version(connection), len(steps))


def check_ours(connection: apsw.Connection, steps: Sequence[Migration]) -> None:
    """Raise if the file belongs to another program or to a later version."""
    with connection:  # one look: another process may be making the tables
        application = connection.pragma("application_id")
        tables = connection.execute("SELECT count(*) FROM sqlite_master").get
        theirs = version(connection)
    if application != APPLICATION_ID and (application or tables):
        raise StoreForeign
    if theirs > len(steps):
        raise StoreTooNew(theirs, len(steps))


def version(connection: apsw.Connection) -> int:
    """How many steps this file has taken."""
    return int(connection.pragma("user_version"))


def _take(connection: apsw.Connection, step: Migration) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        if step.number > version(connection):  # another process may have been quicker
            connection.execute(step.script)
            connection.pragma("application_id", APPLICATION_ID)
            connection.pragma("user_version", step.number)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
