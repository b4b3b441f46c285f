"""The reference: the parts of docs/reference that are written from what is registered in the code.

A page is written by hand and holds marked parts:

    <!-- from the code: finding codes -->
    ...
    <!-- end -->

`make reference` writes the marked parts anew. A test holds every page against `renewed` and looks for every part on
some page, so the reference can neither fall behind the code nor leave something out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

from vikno.cli.reference import api, channels, chat, commands, conditions, errors, files, findings, items, settings
from vikno.domain.errors import ViknoError

MARKED = re.compile(
    r"(?P<begin><!-- from the code: (?P<name>[^>]+?) -->\n)(?P<text>.*?)(?P<end><!-- end -->)", re.DOTALL
)


class PartUnknown(ViknoError):
    """A page of the reference asks for a part that nothing in the code writes."""

    code = "part_unknown"


@cache
def parts() -> dict[str, Callable[[], str]]:
    """Name of a part -> who writes it."""
    out: dict[str, Callable[[], str]] = {}
    for module in (api, channels, chat, commands, conditions, errors, files, findings, items, settings):
        out.update(module.parts())
    return out


def renewed(page: str) -> str:
    """A page with its marked parts as the code has them now.

    Raises:
        PartUnknown: the page asks for a part that there is not.
    """

    def renew(found: re.Match[str]) -> str:
        write = parts().get(found["name"])
        if write is None:
            raise PartUnknown(found["name"])
        return f"{found['begin']}\n{write()}\n{found['end']}"

    return MARKED.sub(renew, page)


def named(page: str) -> list[str]:
    """The parts that a page holds."""
    return [found["name"] for found in MARKED.finditer(page)]


def write(folder: Path) -> list[str]:
    """Renew the pages of a folder; the names of those that have changed."""
    changed = []
    for path in sorted(folder.glob("*.md")):
        before = path.read_text(encoding="utf-8")
        after = renewed(before)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path.name)
    described = folder / api.OPENAPI
    if not described.is_file() or described.read_bytes() != api.openapi():
        described.write_bytes(api.openapi())
        changed.append(described.name)
    return changed
