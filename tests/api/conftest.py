"""The API as a server that programs reach, over the real store; and two authorities with a key each."""

from __future__ import annotations

import asyncio
import json
import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from tests.api.threaded import Threaded
from tests.commands import ROOT
from vikno.api.app import Api
from vikno.api.keys import SECRET_BYTES, Buckets, add_key
from vikno.bootstrap.intake import desk_of, stages_of
from vikno.bootstrap.settings import Settings
from vikno.bootstrap.worlds import now_ms
from vikno.packs.load import load_country
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.record_stage import Desk, record_stages
from vikno.usecases.records import Access, CaseKept, Follower, NoticeKept, StageGiven
from vikno.wire.vault import LocalVault

PUBLIC = "https://vikno.example"
VAULT = LocalVault(bytes(range(32)))


@pytest.fixture(scope="session")
def desk() -> Desk:
    return desk_of([load_country(ROOT / "countries/ua")], VAULT, Settings(PUBLIC))


@pytest.fixture(scope="session")
def stages(desk: Desk) -> dict[str, frozenset[str]]:
    return dict(stages_of(desk.words.processes))


@dataclass
class Office(Threaded):
    """A server with the API on it, in a thread with a loop of its own; and what a test may look up in the store."""

    folder: Path
    desk: Desk
    stages: dict[str, frozenset[str]]
    url: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    buckets: Buckets = field(default_factory=lambda: Buckets(rate_per_s=100_000, burst=100_000))

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.store = SqliteStore(f"sqlite:///{self.folder}/cases.db?synchronous=off", now_ms)
        for authority in ("ua/dms", "ua/mfa"):
            secret = secrets.token_urlsafe(SECRET_BYTES)
            self.keys[authority] = await add_key(self.store, VAULT, authority, "test", secret, now_ms())

        async def record(given: Any) -> Any:
            return await record_stages(self.store, self.desk, given, now_ms)

        self.api = Api(self.store, VAULT, record, lambda: self.stages, PUBLIC, now_ms, self.buckets)
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # whoever comes before the server is up waits
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        self._server = uvicorn.Server(uvicorn.Config(self.api, log_level="warning", lifespan="off", ws="none"))
        self._ready.set()
        await self._server.serve(sockets=[listening])
        await self.store.close()

    def ask(self, work: Any) -> Any:
        """Do something with the store, on its own loop."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = "ua/dms", **more: Any
    ) -> httpx.Response:
        """One request; `body` is JSON unless it is bytes."""
        headers = {"content-type": "application/json"} if body is not None else {}
        if key is not None:
            headers["authorization"] = f"Bearer {self.keys.get(key, key)}"
        headers.update(more.pop("headers", {}))
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        with httpx.Client(timeout=30) as client:
            return client.request(method, self.url + path, content=content, headers=headers, **more)

    def case(self, number: str, authority: str = "ua/dms") -> CaseKept | None:
        found: CaseKept | None = self.ask(self.store.case(authority, number))
        return found

    def follow(self, number: str, conversation: str) -> None:
        """Somebody on Telegram follows a case."""
        case = self.case(number)
        assert case is not None
        account = "telegram/main"
        self.ask(self.store.meet(conversation, account, b"sealed", "uk", now_ms()))
        self.ask(self.store.follow(case.id, Follower(conversation, account, "uk"), now_ms()))

    def inbox(self, conversation: str) -> tuple[NoticeKept, ...]:
        found: tuple[NoticeKept, ...] = self.ask(self.store.inbox(conversation))
        return found

    def accesses(self, about: str) -> tuple[Access, ...]:
        found: tuple[Access, ...] = self.ask(self.store.accesses(about))
        return found

    def record(self, *given: StageGiven) -> Any:
        return self.ask(self.api.record(given))


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, desk: Desk, stages: dict[str, frozenset[str]]) -> Iterator[Office]:
    made = Office(tmp_path_factory.mktemp("office"), desk, stages)
    made.start()
    yield made
    made.stop()
