"""Webhooks: what an adapter cannot read, for whatever reason, is acknowledged and kept for an operator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.usecases.sending import NOW_MS, VAULT, Office, Paper, Post
from vikno.bootstrap.worlds import load_worlds
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.channel import Inbound, Raw, Unreadable
from vikno.usecases.receive_message import Desk
from vikno.wire.hooks import Hook


@dataclass
class Puzzled(Paper):
    """A channel whose platform brings what it has never seen."""

    error: Exception = field(default_factory=Unreadable)

    def parse(self, raw: Raw) -> Sequence[Inbound]:  # noqa: ARG002
        raise self.error


@pytest.mark.parametrize(
    "error", [Unreadable("torn"), ValueError("+380501112233"), KeyError("x"), AssertionError("x"), AttributeError("x")]
)
async def test_what_cannot_be_read_is_acknowledged_and_kept_aside(error: Exception, tmp_path: Path) -> None:
    store = SqliteStore(f"sqlite:///{tmp_path}/v.db?synchronous=off", lambda: NOW_MS)
    office = Office(store, Post(), Puzzled(error=error), [])
    hook = Hook(office.channel, Desk(store, store, VAULT, load_worlds().now, lambda: NOW_MS), office.sender, store)
    status, _, _ = await hook.answer([], "листівка".encode())
    aside = await office.aside()
    await store.close()
    assert status == 200
    assert VAULT.unseal(aside.sealed) == "листівка"
    assert "380501112233" not in aside.reason
