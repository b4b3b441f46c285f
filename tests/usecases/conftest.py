"""What runs on an event loop is tried on Python's and on the one that a server runs on: their timers differ."""

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

BOTH = "test_send_messages"


def pytest_asyncio_loop_factories(item: pytest.Item) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """By name."""
    both = item.path.stem == BOTH
    return {"asyncio": asyncio.new_event_loop} | ({"uvloop": uvloop.new_event_loop} if both else {})
