"""No statement of the store looks through a whole table."""

from __future__ import annotations

import apsw
import pytest

from vikno.stores.sqlite import queries
from vikno.stores.sqlite.migrations import found, migrate

NAMED = {name: value for name, value in vars(queries).items() if name.isupper() and isinstance(value, str)}
IN_ORDER = {"READ_WAITING": "outbox_waiting", "FORGET_KEYS": "inbox_age", "FORGET_EFFECTS": "outbox_done"}
"""Those that take the first few of an index that holds only what they look for."""


def test_each_statement_of_the_file_has_a_name_in_the_code() -> None:
    assert set(queries._STATEMENTS) == {name.lower() for name in NAMED}


@pytest.mark.parametrize("name", NAMED)
def test_a_statement_finds_its_rows_by_an_index(name: str) -> None:
    connection = apsw.Connection(":memory:")
    migrate(connection, found())
    places = NAMED[name].count("?")
    plan = [str(row[-1]) for row in connection.execute("EXPLAIN QUERY PLAN " + NAMED[name], ["1"] * places).fetchall()]
    assert not [step for step in plan if "TEMP B-TREE" in step], plan
    for step in plan:
        if step.startswith("SCAN") and step != "SCAN CONSTANT ROW":
            assert name in IN_ORDER, plan
            assert IN_ORDER[name] in step, plan
