"""A server of a test in a thread with a loop of its own, so that clients which block can call it."""

from __future__ import annotations

import asyncio
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

import uvicorn


@dataclass
class Threaded(ABC):
    """Runs `_serve` from `start` to `stop`. It sets `_ready` once it answers, and keeps its `_server`."""

    _ready: threading.Event = field(default_factory=threading.Event, kw_only=True)
    _failed: BaseException | None = field(default=None, kw_only=True)
    _server: uvicorn.Server = field(init=False, kw_only=True)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(60)
        if self._failed:
            raise self._failed

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # noqa: BLE001 - told to whoever waits
            self._failed = error
            self._ready.set()

    @abstractmethod
    async def _serve(self) -> None: ...
