"""The arguments of every command. Commands themselves are imported when they are called, so that each starts fast."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any


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

    for name, words in (("run", "serve the portal"), ("demo", "serve the portal with the countries that come along")):
        serve = add(name, "serve", words)
        serve.add_argument("--host", default="127.0.0.1")
        serve.add_argument("--port", type=port, default=8080)
        serve.add_argument("--store", metavar="URL", default=None, help="for example sqlite:///vikno.db")
        serve.set_defaults(demo=name == "demo")
    return top


def port(written: str) -> int:
    number = int(written)
    if not 0 < number < 65536:
        raise ValueError(written)
    return number


def _day_and_language(made: argparse.ArgumentParser) -> None:
    made.add_argument("--date", metavar="DAY", help="as of this day, for example 2026-03-15 (default: today there)")
    made.add_argument("--lang", help="the language, for example uk (default: the country's first)")
