"""The arguments of `vikno campaigns`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

STEPS = {
    "show": "how one stands: what it has come to, which rows were left out",
    "start": "plan it and send it",
    "pause": "plan and send no more of it for now",
    "resume": "go on",
    "stop": "end it for good: what waits does not go",
}


def add_campaigns(
    commands: Any,
    kind: type[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int],
    store: str,
) -> None:
    """`vikno campaigns` with all below it. `store`: the one that is meant where none is named."""
    words = "one message to many people; a running server plans and sends it"
    below = commands.add_parser("campaigns", help=words, description=words)
    actions = below.add_subparsers(dest="action", metavar="ACTION", parser_class=kind, required=True)

    def add(name: str, words: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = actions.add_parser(name, help=words, description=words, parents=[shared])
        made.set_defaults(run=run)
        return made

    listed = add("list", "the latest first")
    listed.add_argument("sender", nargs="?", help="only those of this organisation, by its slug")
    new = add("new", "make one from a CSV file; it does not start by itself")
    new.add_argument("sender", help="the slug of an organisation")
    new.add_argument("template", help="the slug of its template")
    new.add_argument("--file", required=True, metavar="FILE", help="whom it is for, the names of columns first")
    new.add_argument("--name", help="of the campaign (default: the file's)")
    new.add_argument("--reference", default="", help="the organisation's own name for it")
    new.add_argument("--lang", help="for whoever has chosen none")
    new.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="the same for all (repeatable)")
    steps = [add(step, words) for step, words in STEPS.items()]
    for one in steps:
        one.add_argument("id", type=int, help="as `vikno campaigns list` shows it")
    for one in (listed, new, *steps):
        one.add_argument("--store", metavar="URL", default=store, help="the store of the server")
