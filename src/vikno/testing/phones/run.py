"""The demo: the real server, its bot on simulated platforms, phones and an office on one page."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterable
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from vikno.api.keys import SECRET_BYTES, add_key
from vikno.bootstrap.settings import Settings
from vikno.bootstrap.web import make_web
from vikno.portal.server import server
from vikno.testing.phones import Phones
from vikno.testing.phones.app import Demo
from vikno.testing.phones.counter import counter
from vikno.testing.phones.senders.clock import DemoClock
from vikno.testing.phones.senders.pages import Senders


class _Late:
    """An application that is put together after the one it is part of, with a key of the office that is made then."""

    demo: Demo | None = None
    app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.demo is not None  # noqa: S101 - nothing is served before
        if self.app is None:
            intake, secret = self.demo.intake, secrets.token_urlsafe(SECRET_BYTES)
            self.demo.key = await add_key(
                intake.book, intake.vault, self.demo.counter.authority, "demo", secret, intake.clock()
            )
            self.app = self.demo.app
        await self.app(scope, receive, send)


def demo(
    host: str,
    port: int,
    *,
    countries: Iterable[str | Path] = (),
    store: str,
    opened: Callable[[], None] = lambda: None,
) -> None:
    """Serve until the process is told to stop; `opened` as in `web.serve`. Raises what `make_web` raises."""
    phones = Phones()
    public = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    phones.start(_free_port(), public)
    try:
        late, clock, folders = _Late(), DemoClock(), tuple(countries)
        web = make_web(
            countries=folders,
            store=store,
            settings=Settings(public, phones.settings),
            mounts={"/demo/": late},
            clock=clock,
        )
        senders, orders = Senders(phones, web, clock, folders), counter(web.intake.desk.words)
        clock.begin(web.dispatch.quiet(orders.authority.partition("/")[0]))
        late.demo = Demo(phones, web.intake, public, orders, more=senders.routes)
        opened()
        server(web.app, host, port, web.stopping, web.quick, web.uploads).run()
    finally:
        phones.close()


def _free_port() -> int:
    """A port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
