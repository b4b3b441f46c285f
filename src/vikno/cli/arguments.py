"""The arguments of every command. Commands themselves are imported when they are called, so that each starts fast."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any

from vikno.cli.campaigns_arguments import add_campaigns
from vikno.cli.senders_arguments import add_senders

STORE = "sqlite:///vikno.db"
"""Where a server keeps its records that is told nothing else (`vikno.bootstrap.web.STORE`)."""


def command(module: str) -> Callable[[argparse.Namespace], int]:
    """The `run` of a command's module, imported when it is called."""

    def run(options: argparse.Namespace) -> int:
        found: Callable[[argparse.Namespace], int] = import_module(f"vikno.cli.{module}").run
        return found(options)

    return run


class _Version(argparse.Action):
    """Print the version; reading it takes a look at the installed package, so only when asked."""

    def __init__(self, **given: Any) -> None:
        super().__init__(nargs=0, **given)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"vikno {version('vikno')}")
        parser.exit()


def parser(kind: type[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """All commands and their options."""
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--countries",
        action="append",
        default=[],
        metavar="DIR",
        help="a country folder, or a folder of them (repeatable)",
    )
    shared.add_argument("--json", action="store_true", help="print JSON, for other programs")
    top = kind(prog="vikno", description="One window to public services, on every channel.")
    top.add_argument("--version", action=_Version, help="print the version")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", parser_class=kind)

    def add(name: str, module: str, words: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=words, description=words, parents=[shared])
        made.set_defaults(run=command(module))
        return made

    talk = add("talk", "talk", "hold a consultation in the terminal")
    talk.add_argument("service", nargs="?", help="for example ua/id-card; a country (ua) or nothing: choose one there")
    _day_and_language(talk)

    check = add("check", "check", "prove a country folder: every person, every day, every language, every channel")
    check.add_argument("folder", nargs="?", metavar="DIR", help="a country folder, for example countries/ua")
    check.add_argument("--codes", action="store_true", help="print the closed list of finding codes")
    check.add_argument(
        "--store", metavar="URL", help="also look for people in the middle of a service, for example sqlite:///vikno.db"
    )
    check.add_argument(
        "--jobs", type=int, default=None, metavar="N", help="processes to prove in (default: one a core)"
    )

    consult = add("consult", "consult", "the outcome for given answers")
    consult.add_argument("service", help="for example ua/id-card")
    consult.add_argument("--answers", metavar="FILE", help="JSON or YAML {fact: value}; - is standard input")
    consult.add_argument(
        "--jsonl", action="store_true", help="each line in is {answers, date}; each line out one result"
    )
    _day_and_language(consult)

    diff = add("diff", "diff", "who is affected by a change of the rules")
    diff.add_argument("old", metavar="OLD", help="the country folder before")
    diff.add_argument("new", metavar="NEW", help="the country folder after")
    diff.add_argument("--date", metavar="DAY", help="on this day (default: today there)")
    diff.add_argument("--lang", help="the language of the report (default: the country's own)")
    diff.add_argument("--all-dates", action="store_true", help="on every day on which something changes")
    diff.add_argument(
        "--what-if",
        action="append",
        metavar="RULE",
        help="suppose in NEW that this draft about messages is law (repeatable)",
    )

    _of_messages(add("decide", "decide", "whether a message may go, by the rules of its day, and why"))

    paths = add("paths", "paths", "the decision table for the lawyer who signs, and the graph")
    paths.add_argument("service", help="for example ua/id-card")
    paths.add_argument("--format", choices=["html", "csv", "svg"], default="html")
    paths.add_argument("--out", metavar="FILE", help="write here instead of standard output")
    _day_and_language(paths)

    schema = add("schema", "schema", "the JSON Schema of a pack's file, for editors")
    schema.add_argument("file", help="service.yaml, consultation.yaml, examples.yaml, country.yaml or document.yaml")

    texts = add("texts", "texts", "write what is to be translated into texts/<language>.po, keeping what is there")
    texts.add_argument("folder", metavar="DIR", help="a country folder")
    texts.add_argument("--lang", required=True, help="the language to translate into")

    _printed_and_looked_after(add)
    _of_authorities(commands, kind, shared)
    add_senders(commands, kind, shared, command("senders"), STORE)
    add_campaigns(commands, kind, shared, command("campaigns"), STORE)

    for name, words in (("run", "serve the portal"), ("demo", "serve the portal with the countries that come along")):
        serve = add(name, "serve", words)
        serve.add_argument("--host", default="127.0.0.1")
        serve.add_argument("--port", type=port, default=8080)
        serve.add_argument("--store", metavar="URL", default=None, help="for example sqlite:///vikno.db")
        serve.set_defaults(demo=name == "demo")
    return top


def _printed_and_looked_after(add: Callable[[str, str, str], argparse.ArgumentParser]) -> None:
    """The paper on the wall, and whether what it says is true."""
    poster = add("poster", "poster", "an A4 poster of an office or a campaign, with one code and all the names")
    poster.add_argument("entry", help="for example ua/cnap; countries/ua/entries.yaml lists them")
    poster.add_argument("--url", help="where the site is: https://vikno.example.org (default: VIKNO_PUBLIC_URL)")
    poster.add_argument("--out", metavar="DIR", default=".", help="the folder to write to (default: here)")
    poster.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="CHANNEL=NAME",
        help="what to print, such as telegram=@your_bot (repeatable; default: what the platforms say of our accounts)",
    )
    poster.add_argument("--lang", action="append", help="a language of the poster (repeatable; default: the country's)")
    doctor = add("doctor", "doctor", "whether every bot, sender, link, webhook, certificate, store and key is right")
    for one in (poster, doctor):
        one.add_argument("--store", metavar="URL", default=STORE, help="the store of the server")


def _of_messages(decide: argparse.ArgumentParser) -> None:
    decide.add_argument("--message", metavar="FILE", help="JSON or YAML {fact: value}; - is standard input")
    decide.add_argument("--date", metavar="DAY", help="on this day (default: today, UTC)")
    decide.add_argument("--known-on", metavar="DAY", help="as somebody who knew what was known on that day")
    decide.add_argument(
        "--what-if", action="append", metavar="RULE", help="suppose that this draft is law (repeatable)"
    )
    decide.add_argument("--lang", default="en", help="the language of the words")


def _of_authorities(commands: Any, kind: type[argparse.ArgumentParser], shared: argparse.ArgumentParser) -> None:
    """What an authority's own people do."""

    def group(name: str, words: str) -> Callable[[str, str], argparse.ArgumentParser]:
        """A command of several: `vikno keys add`."""
        made = commands.add_parser(name, help=words, description=words)
        actions = made.add_subparsers(dest="action", metavar="ACTION", parser_class=kind, required=True)

        def add(action: str, words: str) -> argparse.ArgumentParser:
            made: argparse.ArgumentParser = actions.add_parser(action, help=words, description=words, parents=[shared])
            made.set_defaults(run=command(name))
            return made

        return add

    cases = group("cases", "bring an authority's cases in from a file, and look at one")
    bring = cases("import", "bring cases and their stages in from a file: CSV or JSON lines")
    bring.add_argument(
        "file", metavar="FILE", help="its first row names the columns; number is needed, the rest as it is"
    )
    _authority(bring)
    bring.add_argument("--dry-run", action="store_true", help="read and check every row, and change nothing")
    bring.add_argument("--resume", action="store_true", help="go on where an import of this file was broken off")
    bring.add_argument("--encoding", help="for example windows-1251, where the file itself leaves a doubt")
    bring.add_argument("--format", choices=["csv", "jsonl"], help="where the name of the file does not say it")
    bring.add_argument("--time-zone", metavar="ZONE", help="of times that name none (default: the country's own)")
    bring.add_argument(
        "--ignore", action="append", default=[], metavar="COLUMN", help="leave a column out (repeatable)"
    )
    show = cases("show", "one case with its history; that somebody looked is noted")
    show.add_argument("number", help="as the authority writes it")
    _authority(show)

    asked = cases("watch", "ask an authority's own service for the stages of its cases, again and again")
    asked.add_argument(
        "file", metavar="FILE", help="what declares the service; docs/how-to/connect-your-case-system.md"
    )
    asked.add_argument("--once", action="store_true", help="ask once; exit code 1 if it did not answer")

    keys = group("keys", "the keys by which an authority's system, or whoever runs the server, may come in")
    new = keys("add", "make a key; it is shown now and never again")
    new.add_argument("authority", help="for example ua/dms; operator: the pages of the office about the whole server")
    new.add_argument("--label", default="", help="what it is for, as people know it")
    listed = keys("list", "all keys, revoked ones too; never the secrets")
    listed.add_argument("authority", nargs="?", help="only those of this authority")
    revoke = keys("revoke", "end a key, at once")
    revoke.add_argument("id", type=int, help="as `vikno keys list` shows it")

    hooks = group("hooks", "the addresses where an authority's system hears what became of notices")
    hook = hooks("add", "send events there from now on; the secret that signs them is shown now and never again")
    hook.add_argument("authority", help="for example ua/dms")
    hook.add_argument("url", help="https://…, or http:// on this machine")
    hooked = hooks("list", "all of them, and how each fares; never the secrets")
    hooked.add_argument("authority", nargs="?", help="only those of this authority")
    unhook = hooks("remove", "send nothing there any more")
    replayed = hooks("replay", "send again what happened since a day; this also ends a pause")
    replayed.add_argument("--since", required=True, metavar="DAY", help="for example 2026-03-15, or with a time")
    for one in (unhook, replayed):
        one.add_argument("id", type=int, help="as `vikno hooks list` shows it")

    ledger = group("ledger", "what people agreed to and took back: whether it stands as it was written")
    proof = ledger("verify", "look through all lines and print the head, to be published; exit code 1 if one is wrong")
    proof.add_argument("--head", metavar="HEAD", help="a head that was published: whether it still stands there")
    lines = ledger("export", "all lines as JSON, with the words that were shown; no address is in them")
    for one in (bring, show, asked, new, listed, revoke, hook, hooked, unhook, replayed, proof, lines):
        one.add_argument("--store", metavar="URL", default=STORE, help="the store of the server")


def _authority(made: argparse.ArgumentParser) -> None:
    made.add_argument("--authority", required=True, metavar="NAME", help="whose cases they are, for example ua/dms")


def port(written: str) -> int:
    number = int(written)
    if not 0 < number < 65536:
        raise ValueError(written)
    return number


def _day_and_language(made: argparse.ArgumentParser) -> None:
    made.add_argument("--date", metavar="DAY", help="as of this day, for example 2026-03-15 (default: today there)")
    made.add_argument("--lang", help="the language, for example uk (default: the country's first)")
