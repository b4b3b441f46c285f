"""No statement of the store looks through a whole table, nor makes one in memory each time it is run."""

from __future__ import annotations

import re
from importlib.resources import files

import apsw
import pytest

from vikno.stores import sqlite
from vikno.stores.sqlite import queries
from vikno.stores.sqlite.migrations import found, migrate

FILES = sorted(path.name for path in files(sqlite).iterdir() if path.name.endswith(".sql"))
NAMED = {name: statement for file in FILES for name, statement in queries.statements(file).items()}
IN_ORDER = {
    "read_waiting": "outbox_waiting", "forget_keys": "inbox_age", "forget_effects": "outbox_done",
    "recover": "notice_sending", "read_all_letters": "notice_letters",
    "find_open_campaigns": "campaign_open",
}  # fmt: skip
"""Those that take the first few of an index that holds only what they look for."""
WHOLE = {
    "read_all_keys", "last_notice", "last_notification", "last_address", "read_subscribers", "read_organisations",
    "read_notify_callbacks",
}  # fmt: skip
"""Of a table that has as many rows as authorities have systems, or as there are tables that count."""
GIVEN = re.compile(r"SCAN (\w+ VIRTUAL TABLE|\(subquery-\d+\)|CONSTANT ROW)")
"""What comes with the statement, or was found by an index one step above."""
SELDOM = {
    "begin_address", "unfollow", "unfollow_all", "expire", "recover", "replay", "forget_notices", "forget_keys",
    "forget_effects", "forget_its_keys", "forget_old_asides", "forget_old_attempts", "add_key", "add_subscriber",
    "drop_waiting", "drop_waiting_of_case", "keep_flow", "keep_plan", "forget_old_requests", "forget_notifications",
    "keep_organisation_key", "keep_template", "keep_version", "link", "inherit", "make_campaign",
}  # fmt: skip
"""Those that are not run for each turn, report or notice, or once for many of them."""


def explained(name: str, how: str) -> list[tuple[apsw.SQLiteValue, ...]]:
    connection = apsw.Connection(":memory:")
    migrate(connection, found())
    numbered = {int(number) for number in re.findall(r"\?(\d+)", NAMED[name])}
    places = max(numbered) if numbered else NAMED[name].count("?")
    return connection.execute(f"{how} {NAMED[name]}", ["1"] * places).fetchall()


def sources() -> str:
    return "".join(path.read_text("utf-8") for path in files(sqlite).iterdir() if path.name.endswith(".py"))


def test_names_are_given_once_and_each_is_used() -> None:
    assert sum(len(queries.statements(file)) for file in FILES) == len(NAMED)
    used = set(re.findall(r'(?:_SQL|_STATEMENTS|\.sql"\))\["([a-z_]+)"\]', sources()))
    assert used == set(NAMED)


@pytest.mark.parametrize("name", NAMED)
def test_a_statement_finds_its_rows_by_an_index(name: str) -> None:
    plan = [str(row[-1]) for row in explained(name, "EXPLAIN QUERY PLAN")]
    assert not [step for step in plan if "TEMP B-TREE" in step], plan
    for step in plan:
        if step.startswith("SCAN") and not GIVEN.match(step) and name not in WHOLE:
            assert name in IN_ORDER, plan
            assert IN_ORDER[name] in step, plan


@pytest.mark.parametrize("name", NAMED)
def test_a_statement_that_is_often_run_makes_no_table_in_memory(name: str) -> None:
    """As `IN (…)` in the condition of an index, and RETURNING, do each time a row is written."""
    assert name in SELDOM or "OpenEphemeral" not in [row[1] for row in explained(name, "EXPLAIN")]
