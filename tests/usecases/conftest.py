"""An office that sends, for each test that asks; on Python's event loop, and on the one that a server runs on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import pytest
import uvloop

from tests.usecases.dispatching import Exchange
from tests.usecases.sending import NOW_MS, Office, Paper, Post
from vikno.stores.sqlite import SqliteStore

BOTH = "test_send_messages"
"""What is tried on both: their timers differ."""


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """By name."""
    both = item.path.stem == BOTH
    return {"asyncio": asyncio.new_event_loop} | ({"uvloop": uvloop.new_event_loop} if both else {})


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    made = Office(SqliteStore(f"sqlite:///{tmp_path}/v.db?synchronous=off", lambda: NOW_MS), Post(), Paper(), [])
    running = asyncio.create_task(made.sender.run())
    yield made
    await made.sender.close(0.1)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await made.store.close()


@pytest.fixture
async def exchange(tmp_path: Path) -> AsyncIterator[Exchange]:
    made = Exchange(tmp_path)
    yield made
    await made.store.close()
