"""What can go wrong when a program calls Vikno, with the codes that never change."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from importlib import import_module
from pkgutil import walk_packages

import vikno
from vikno.cli.reference.markdown import code, table
from vikno.domain.errors import ViknoError

CALLS = {
    "address_taken": "the server cannot listen on this address",
    "answers_broken": "the answers cannot be read, or are no mapping {fact: value}",
    "case_unknown": "the authority has no case of this number",
    "category_unknown": "rules about messages know no such category of senders",
    "channel_wrong": "a channel is not what its settings say, so its name is not printed",
    "country_unknown": "no country folder has this code, or ISO 3166 knows none",
    "date_too_early": "the rules of the service begin later",
    "date_wrong": "this is no day of the calendar, written 2026-03-15",
    "draft_unknown": "no rule about messages with this id is a draft",
    "fact_unknown": "the service has no such fact",
    "file_unknown": "`vikno schema` knows no file of this name",
    "file_unreadable": "the file is not there, too large, or not UTF-8",
    "file_unwritable": "the result cannot be written there",
    "folder_missing": "`vikno check` needs a country folder, `vikno senders` that of a sender",
    "head_wrong": "a head of the consent ledger is written as `vikno ledger verify` prints it",
    "hook_unknown": "there is no hook of this id",
    "key_unknown": "no key of this id is in force",
    "label_wrong": "the label of a key is one short line",
    "language_unknown": "the service has no such language",
    "line_broken": "a line of --jsonl is not JSON, or not {answers, date}",
    "message_missing": "`vikno decide` needs to know something of the message",
    "name_wrong": "a name for a poster is written telegram=@your_bot; that of a sender is one line",
    "option_unknown": "the fact has no such option",
    "out_of_range": "the number or day lies outside of what the fact accepts",
    "sender_unknown": "there is no organisation of this slug",
    "service_broken": "the check finds something in the service that keeps it from being used",
    "service_unknown": "the country has no such service",
    "slug_wrong": "a slug is of small letters, digits and hyphens",
    "template_unknown": "the organisation has no such template, or no such version of it",
    "time_zone_unknown": "there is no time zone of this name",
    "value_wrong": "a value for all of a campaign is written --set city=Kyiv",
    "type_wrong": "the value is not of the kind that the fact takes",
    "url_missing": "a poster needs the address of the site",
    "which_wrong": "what is reviewed is written skyfen, skyfen/delay or skyfen/delay@2",
}
"""Codes of wrong calls of a command, beside those that are errors of their own."""


def parts() -> dict[str, Callable[[], str]]:
    return {"codes of wrong calls": _calls, "errors": _errors}


def _calls() -> str:
    return table(["code", "meaning"], [[code(name), meaning] for name, meaning in CALLS.items()])


def _errors() -> str:
    rows = [[code(kind.code), _text(kind), "yes" if kind.retryable else "no"] for kind in raised()]
    return table(["code", "what happened and what to do", "try again"], rows)


def raised() -> list[type[ViknoError]]:
    """Every error that Vikno raises on purpose, in order of code; not those of writing the reference itself."""
    found: dict[str, type[ViknoError]] = {}
    for module in walk_packages(vikno.__path__, "vikno."):
        if module.name.startswith("vikno.cli.reference") or module.name.endswith(".__main__"):
            continue
        for _, kind in inspect.getmembers(import_module(module.name), inspect.isclass):
            if issubclass(kind, ViknoError) and kind is not ViknoError and kind.__module__ == module.name:
                found[kind.code] = kind
    return [found[name] for name in sorted(found)]


def _text(kind: type[ViknoError]) -> str:
    return (inspect.getdoc(kind) or "").partition("\n\n")[0]
