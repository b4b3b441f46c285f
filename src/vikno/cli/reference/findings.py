"""The list of finding codes."""

from __future__ import annotations

from collections.abc import Callable

from vikno.cli.reference.markdown import code, table
from vikno.domain.rules.findings import CODES, WARNINGS


def parts() -> dict[str, Callable[[], str]]:
    return {"finding codes": _codes}


def _codes() -> str:
    rows = [[code(name), meaning, "warning" if name in WARNINGS else ""] for name, meaning in CODES.items()]
    return table(["code", "meaning", ""], rows)
