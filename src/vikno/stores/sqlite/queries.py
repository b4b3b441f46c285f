"""The statements of the `.sql` files, each under its name; below, those of `queries.sql`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

import apsw


def statements(file: str) -> Mapping[str, str]:
    """The statements of one file, `cases.sql`, by their names."""
    return dict(_read(files(__package__).joinpath(file).read_text("utf-8")))


def rows(writing: apsw.Cursor, statement: str, *values: apsw.SQLiteValue) -> list[Any]:
    """What a statement gives, read to its end; our tables say what is in it."""
    return writing.execute(statement, values).fetchall()


def change(writing: apsw.Cursor, statement: str, *values: apsw.SQLiteValue) -> int:
    """How many rows a statement has changed; told without RETURNING, which makes a table in memory."""
    return writing.execute(statement, values).connection.changes()


def _read(text: str) -> Iterator[tuple[str, str]]:
    for part in text.split("\n-- name: ")[1:]:
        name, _, statement = part.partition("\n")
        lines = (line for line in statement.splitlines() if not line.startswith("--"))
        yield name, " ".join(" ".join(lines).split()).removesuffix(";")


_STATEMENTS = statements("queries.sql")

FIND = _STATEMENTS["find"]
FIND_KEY = _STATEMENTS["find_key"]
READ_ANSWER = _STATEMENTS["read_answer"]
LAST_CONVERSATION = _STATEMENTS["last_conversation"]
BEGIN_CONVERSATION = _STATEMENTS["begin_conversation"]
CHANGE_CONVERSATION = _STATEMENTS["change_conversation"]
KEEP_KEY = _STATEMENTS["keep_key"]
KEEP_EFFECT = _STATEMENTS["keep_effect"]
MARK_DONE = _STATEMENTS["mark_done"]
FORGET_KEYS = _STATEMENTS["forget_keys"]
FORGET_EFFECTS = _STATEMENTS["forget_effects"]
FORGET_IF_EMPTY = _STATEMENTS["forget_if_empty"]
FORGET_ITS_KEYS = _STATEMENTS["forget_its_keys"]
FORGET_ITS_EFFECTS = _STATEMENTS["forget_its_effects"]
FORGET_CONVERSATION = _STATEMENTS["forget_conversation"]
READ_STATE = _STATEMENTS["read_state"]
READ_PAGE = _STATEMENTS["read_page"]
READ_SINCE = _STATEMENTS["read_since"]
READ_WAITING = _STATEMENTS["read_waiting"]
