"""The arguments of `vikno senders`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

KEY_KINDS = ("live", "team", "test")
Add = Callable[[str, str], argparse.ArgumentParser]


def add_senders(
    commands: Any,
    kind: type[argparse.ArgumentParser],
    shared: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int],
    store: str,
) -> None:
    """`vikno senders` with all below it. `store`: the one that is meant where none is named."""
    words = "organisations that write to people, their keys, templates and reviews"
    below = _group(commands.add_parser("senders", help=words, description=words), kind, "action", shared, run)
    made = [*_senders(below), *_keys(below, kind, shared, run), *_reviews(below, kind, shared, run)]
    for one in (*made, *_callbacks(below, kind, shared, run)):
        one.add_argument("--store", metavar="URL", default=store, help="the store of the server")
    check = below("check", "read a sender's folder, and say what is wrong in it")
    check.add_argument("folder", metavar="DIR", help="for example countries/example/senders/skyfen")


def _group(
    parser: argparse.ArgumentParser,
    kind: type[argparse.ArgumentParser],
    dest: str,
    shared: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int],
) -> Add:
    actions = parser.add_subparsers(dest=dest, metavar=dest.upper(), parser_class=kind, required=True)

    def add(name: str, words: str, *, last: bool = True) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = actions.add_parser(
            name, help=words, description=words, parents=[shared] if last else []
        )
        if last:
            made.set_defaults(run=run)
        return made

    return add


def _senders(below: Add) -> list[argparse.ArgumentParser]:
    add = below("add", "an organisation by itself; with templates it is a folder, see `senders put`")
    _slug(add)
    add.add_argument("--name", required=True, help="as people know it; it stands above each message")
    add.add_argument("--category", required=True, help="what it is to rules about messages, for example airline")
    add.add_argument("--country", required=True, metavar="CODE", help="where it is established, for example ua")
    add.add_argument("--audience", metavar="CODE", help="where those live whose address does not tell")
    add.add_argument("--mark", default="", metavar="URL", help="its logo")
    put = below("put", "an organisation with its templates from a folder; what is new of it waits for its reviewer")
    put.add_argument("folder", metavar="DIR", help="for example countries/example/senders/skyfen")
    put.add_argument("--approve", action="store_true", help="approve all of it, as its reviewer")
    listed = below("list", "all organisations, and how each stands")
    show = below("show", "one organisation with its templates")
    _slug(show)
    archive = below("archive", "nothing is sent with a template any more, until it is put again")
    archive.add_argument("which", help="a template: skyfen/delay")
    return [add, put, listed, show, archive]


def _keys(below: Any, *shared: Any) -> list[argparse.ArgumentParser]:
    keys = _group(below("key", "the keys of an organisation's systems", last=False), shared[0], "what", *shared[1:])
    add = keys("add", "make a key; it is shown now and never again")
    _slug(add)
    add.add_argument("--kind", choices=KEY_KINDS, default="live", help="team: to guests only; test: nothing leaves")
    add.add_argument("--label", default="", help="what it is for, as people know it")
    listed = keys("list", "all keys, revoked ones too; never the secrets")
    _slug(listed)
    revoke = keys("revoke", "end a key, at once")
    _slug(revoke)
    revoke.add_argument("id", type=int, help="as `vikno senders key list` shows it")
    return [add, listed, revoke]


def _reviews(below: Any, *shared: Any) -> list[argparse.ArgumentParser]:
    words = "who may send, and with which words"
    reviews = _group(below("review", words, last=False), shared[0], "what", *shared[1:])
    listed = reviews("list", "organisations and templates that wait for a reviewer")
    made = [listed]
    for name, said in (
        ("approve", "an organisation may send, or a version of a template may be sent with"),
        ("refuse", "it may not, and why"),
        ("suspend", "an organisation sends nothing until it is approved again"),
    ):
        one = reviews(name, said)
        one.add_argument("which", help="an organisation, or a template: skyfen/delay, or one version: skyfen/delay@2")
        one.add_argument("--by", default="cli", help="who has looked at it")
        if name != "approve":
            one.add_argument("--reason", required=True, help="what is to be mended; the organisation reads it")
        made.append(one)
    return made


def _callbacks(below: Any, *shared: Any) -> list[argparse.ArgumentParser]:
    words = "the addresses where an organisation's system hears what became of its messages"
    callbacks = _group(below("callbacks", words, last=False), shared[0], "what", *shared[1:])
    add = callbacks("add", "send events there from now on; the secret that signs them is shown now and never again")
    _slug(add)
    add.add_argument("url", help="https://…, or http:// on this machine")
    listed = callbacks("list", "all of them, and how each fares; `vikno hooks` replays and removes them")
    _slug(listed)
    notify = callbacks("notify", "tell it there in the form of GOV.UK Notify, with a token read from standard input")
    _slug(notify)
    notify.add_argument("url", nargs="?", help="https://…, or http:// on this machine; none: nothing is told any more")
    return [add, listed, notify]


def _slug(made: argparse.ArgumentParser) -> None:
    made.add_argument("slug", help="the organisation, for example skyfen")
