"""Lines for people at a terminal: with weight, colour and hanging indents there; plain text through a pipe."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console

NARROW = 100
"""Columns at the most: longer lines are hard to read on a wide screen too."""
SPACES = "\n\u00a0\u202f"


class Page:
    """Written top down: `title`, `heading`, `line`, `bullet`, `gap`. Styles are rich's (bold, dim, red …)."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out
        self._console = _console(self._out) if self._out.isatty() else None

    def title(self, text: str) -> None:
        self.line(text, style="bold underline")

    def heading(self, text: str) -> None:
        """A part begins: after a gap."""
        self.gap()
        self.line(text, style="bold")

    def gap(self) -> None:
        self._print("", 0, "", "")

    def line(self, text: str, *, indent: int = 0, style: str = "") -> None:
        self._print(text, indent, "", style)

    def bullet(self, text: str, *, indent: int = 2, mark: str = "•", style: str = "") -> None:
        """A line with a mark before it; what follows hangs under its first word."""
        self._print(text, indent, mark, style)

    def _print(self, text: str, indent: int, mark: str, style: str) -> None:
        text = shown(text)
        if self._console is None:
            first = " " * indent + (f"{mark} " if mark else "")
            self._out.write((first + text.replace("\n", "\n" + " " * len(first))).rstrip() + "\n")
            return
        from rich.padding import Padding
        from rich.table import Table
        from rich.text import Text

        words = Text(text, style=style)
        if not mark:
            self._console.print(Padding(words, (0, 0, 0, indent)))
            return
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_column()
        grid.add_column(overflow="fold")  # an address is not cut
        grid.add_row(Text(mark, style="dim"), words)
        self._console.print(Padding(grid, (0, 0, 0, indent)))


def shown(text: str) -> str:
    """A text without what a terminal would take for a command.

    >>> shown("558\\u00a0₴ \\x1b[2J")
    '558\\xa0₴ [2J'
    """
    return "".join(letter for letter in text if letter.isprintable() or letter in SPACES)


def _console(out: TextIO) -> Console:
    from rich.console import Console

    console = Console(file=out, highlight=False)
    console.width = min(console.width, NARROW)
    return console
