"""The texts of this folder, read once."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

import yaml

_read: dict[str, Any] = yaml.safe_load(files(__package__ or "").joinpath("texts.yaml").read_text(encoding="utf-8"))

SAY: dict[str, dict[str, str]] = _read["say"]
WROTE: tuple[str, ...] = tuple(dict.fromkeys(_read["wrote"]))
ADVERTISING: tuple[str, ...] = tuple(_read["advertising"])


def say(lang: str, phrase: str, **about: str) -> str:
    """A phrase in a language, or in English where it has none yet."""
    return SAY.get(lang, SAY["en"])[phrase].format_map(about)
