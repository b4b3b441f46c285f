"""`vikno run` and `vikno demo`: the portal, until the process is told to stop."""

from __future__ import annotations

import argparse
import signal
import socket
import sys
from contextlib import suppress
from tempfile import TemporaryDirectory

from vikno.cli.shown import WrongCall


def run(options: argparse.Namespace) -> int:
    _check_free(options.host, options.port)
    from vikno.bootstrap.logs import log_to_stderr
    from vikno.bootstrap.settings import read_settings
    from vikno.bootstrap.web import STORE, serve

    settings = read_settings()
    log_to_stderr()

    # The server stops in order and then raises the signal again; what stands around it is to end in order too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    url = f"http://{_host(options.host)}:{options.port}/"
    play = options.demo and options.store is None

    def opened() -> None:
        print(f"Vikno is on {url} (Ctrl-C ends it)", file=sys.stderr, flush=True)
        if play:
            print(f"Phones and an office to play with: {url}demo/", file=sys.stderr, flush=True)

    with suppress(KeyboardInterrupt):
        if play:
            from vikno.testing.phones.run import demo

            with TemporaryDirectory(prefix="vikno-demo-") as folder:  # a demo leaves nothing behind
                store = f"sqlite:///{folder}/demo.db"
                demo(options.host, options.port, countries=options.countries, store=store, opened=opened)
        else:
            store = options.store or STORE
            serve(
                options.host,
                options.port,
                countries=options.countries,
                store=store,
                settings=settings,
                opened=opened,
            )
    return 0


def _check_free(host: str, port: int) -> None:
    """Say at once that the address cannot be had; the server itself would only find out after reading everything."""
    try:
        kind, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        with socket.socket(kind, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        where = f"{_host(host)}:{port}"
        raise WrongCall(
            "address_taken", f"{where} cannot be served on: {error.strerror}. Another: --port 9000"
        ) from None


def _host(host: str) -> str:
    """A host as it stands in an address."""
    return f"[{host}]" if ":" in host else host
