"""The settings of a server."""

from __future__ import annotations

from collections.abc import Callable

from vikno.bootstrap.settings import NAMES
from vikno.cli.reference.markdown import code, table


def parts() -> dict[str, Callable[[], str]]:
    return {
        "settings": lambda: table(["setting", "what it is for"], [[code(name), why] for name, why in NAMES.items()])
    }
