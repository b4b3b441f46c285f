"""Where country folders are: named in the call or in VIKNO_COUNTRIES, here, shipped with Vikno, or installed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path

import vikno
from vikno.packs.source import Mapped, Scalar, read_yaml

VARIABLE = "VIKNO_COUNTRIES"
"""Environment: folders, separated as PATH is."""


def country_folders(extra: Iterable[str | Path] = ()) -> dict[str, Path]:
    """Country code -> folder. The first place that has a code wins; `extra` comes before everything."""
    found: dict[str, Path] = {}
    for home in _homes(extra):
        for folder in _countries_in(home):
            found.setdefault(code_of(folder), folder)
    return found


def _homes(extra: Iterable[str | Path]) -> Iterator[Path]:
    yield from (Path(folder) for folder in extra)
    yield from (Path(folder) for folder in os.environ.get(VARIABLE, "").split(os.pathsep) if folder)
    yield Path("countries")
    package = Path(vikno.__file__).resolve().parent
    yield package / "countries"
    if package.parent.name == "src":
        yield package.parent.parent / "countries"
    for entry in entry_points(group="vikno.countries"):
        yield Path(str(files(entry.value)))


def _countries_in(home: Path) -> Iterator[Path]:
    if (home / "country.yaml").is_file():
        yield home
    elif home.is_dir():
        yield from sorted(folder for folder in home.iterdir() if (folder / "country.yaml").is_file())


def code_of(folder: Path) -> str:
    """The code a country folder says it has; its name if it says none."""
    node = read_yaml(folder / "country.yaml", str(folder / "country.yaml"), lambda _: None)
    code = node.get("code") if isinstance(node, Mapped) else None
    return code.text if isinstance(code, Scalar) else folder.name
