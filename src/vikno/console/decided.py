"""What was decided about a message, for people at a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

COLOURS = {"permit": "green", "advise": "green", "deny": "red", "require": "red", "unknown": "yellow"}


def show(result: Mapping[str, Any]) -> None:
    """The decision, the rules with what made them apply, and what may go in its place."""
    console = Console(soft_wrap=True, highlight=False)
    bound = "" if result["level"] == "law" else " (nobody is bound by it)"
    console.print(Text.assemble((result["effect"], COLOURS[result["effect"]]), f"{bound} on {result['date']}"))
    if result["missing"]:
        console.print(f"it depends on: {', '.join(result['missing'])}")
    for rule in result["rules"]:
        _rule(console, rule)
    for rule in result["advice"]:
        if rule not in result["rules"]:
            _rule(console, rule)
    if result["instead"]:
        console.print(f"may go instead: {', '.join(result['instead'])}")
    if result["hours_until"] is not None:
        console.print(f"may go in {result['hours_until']} hours")


def _rule(console: Console, rule: Mapping[str, Any]) -> None:
    days = " ".join(f"{word} {rule[word]}" for word in ("from", "until") if rule[word])
    said = ", ".join([*rule["basis"], *rule["source"]])
    console.print(Text.assemble((rule["id"], "bold"), f" {rule['title']}"))
    console.print(Text(f"  {rule['status']} {days} [{said}, confidence {rule['confidence']}]"))
    for condition in rule["why"]:
        console.print(Text(f"  {condition}"))
