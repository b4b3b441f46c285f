"""`vikno run` and `vikno demo`: the portal, until the process is told to stop."""

from __future__ import annotations

import argparse
import sys
from tempfile import TemporaryDirectory

from vikno.bootstrap.web import STORE, serve


def run(options: argparse.Namespace) -> int:
    print(f"Vikno is on http://{_host(options.host)}:{options.port}/ (Ctrl-C ends it)", file=sys.stderr, flush=True)
    if options.demo and options.store is None:
        with TemporaryDirectory(prefix="vikno-demo-") as folder:  # a demo leaves nothing behind
            serve(options.host, options.port, countries=options.countries, store=f"sqlite:///{folder}/demo.db")
    else:
        serve(options.host, options.port, countries=options.countries, store=options.store or STORE)
    return 0


def _host(host: str) -> str:
    """A host as it stands in an address."""
    return f"[{host}]" if ":" in host else host
