"""A consultation in the terminal: rich text for a person at a screen, plain lines through a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import TextIOWrapper
from typing import TYPE_CHECKING, TextIO

from vikno.console.page import shown
from vikno.domain.dialog.events import Event, Said, Started
from vikno.domain.dialog.messages import Button, Message
from vikno.domain.dialog.tidy import plain
from vikno.domain.dialog.turn import take_turn
from vikno.domain.dialog.world import World

if TYPE_CHECKING:
    from rich.console import Console

PROMPT = "> "
NUMBERED = ("choice", "chosen")
LONGEST_LINE = 10_000
"""Characters read of one line; the dialogue reads fewer still."""


def hold(world: World, service: str | None, language: str | None, source: TextIO, out: TextIO) -> int:
    """Talk until the person leaves (Ctrl-D, “exit”) or the pipe ends. Returns the exit code, always 0."""
    for stream in (source, out):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # bytes that are no text, or a terminal without these letters
    screen = _Rich(out) if out.isatty() else _Plain(out)
    state, event = None, _begin(service, language)
    lines = _typed(source, screen, out)
    while True:
        state, messages = take_turn(state, event, world)
        for message in messages:
            screen.show(message)
        words = world.words(state.lang)
        line = next(lines, None)
        if line is None or plain(line) in words.listed("words.leave"):
            if out.isatty():
                screen.line(words.say("bye"))
            return 0
        event = Said(line)


def _begin(service: str | None, language: str | None) -> Event:
    return Started(service, language)


def _typed(source: TextIO, screen: _Plain | _Rich, out: TextIO) -> Iterator[str]:
    """Lines as they come; a pipe's are written out too, so that what comes out reads as a conversation."""
    if source.isatty() and out.isatty():
        import readline  # noqa: F401 - arrow keys and history in input()

        ask: Callable[[], str] = lambda: input(PROMPT)  # noqa: E731
        while True:
            try:
                yield ask()
            except (EOFError, KeyboardInterrupt):
                screen.line("")
                return
    while line := source.readline(LONGEST_LINE):
        while line and not line.endswith("\n") and (rest := source.readline(LONGEST_LINE)):
            if rest.endswith("\n"):
                break
        screen.line(PROMPT + "".join(letter for letter in line[:200].rstrip("\n") if letter.isprintable()))
        yield line


class _Plain:
    """Lines of text, nothing more."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def line(self, text: str) -> None:
        self._out.write(text + "\n")
        self._out.flush()

    def show(self, message: Message) -> None:
        """The message, its options with their numbers, and what else can be typed."""
        parts = ["", shown(message.text)]
        parts += [f"  {number}) {mark(button)}{shown(button.label)}" for number, button in numbered(message)]
        side = [shown(button.label) for button in message.buttons if button.style not in NUMBERED]
        if side:
            parts.append(f"  [{' · '.join(side)}]")
        self.line("\n".join([*parts, ""]))


class _Rich:
    """For a person at a screen: what is asked stands out, what else can be typed stays back."""

    def __init__(self, out: TextIO) -> None:
        from rich.console import Console

        self._console: Console = Console(file=out, highlight=False, soft_wrap=False)

    def line(self, text: str) -> None:
        from rich.text import Text

        self._console.print(Text(text))

    def show(self, message: Message) -> None:
        from rich.padding import Padding
        from rich.text import Text

        self.line("")
        if message.checklist is not None:
            self._checklist(message)
        else:
            paragraphs = shown(message.text).split("\n\n")
            for paragraph in paragraphs[:-1]:
                self._console.print(Text(paragraph, style="dim" if message.kind == "question" else ""))
                self.line("")
            first, _, rest = paragraphs[-1].partition("\n")
            self._console.print(Text(first, style="bold" if message.kind in ("question", "choice") else ""))
            if rest:
                self._console.print(Text(rest))
        for number, button in numbered(message):
            label = Text.assemble((f"{number:>2} ", "cyan"), (mark(button), "green"), shown(button.label))
            self._console.print(Padding(label, (0, 0, 0, 1), expand=False))
        side = [shown(button.label) for button in message.buttons if button.style not in NUMBERED]
        if side:
            self._console.print(Padding(Text(" · ".join(side), style="dim"), (0, 0, 0, 1), expand=False))
        self.line("")

    def _checklist(self, message: Message) -> None:
        """Paragraphs of the outcome, their first lines as headings."""
        from rich.rule import Rule
        from rich.table import Table
        from rich.text import Text

        paragraphs = shown(message.text).split("\n\n")
        title = shown(message.checklist.title) if message.checklist else ""
        for paragraph in paragraphs:
            head, _, rest = paragraph.partition("\n")
            if head.startswith(title):
                self._console.print(Rule(Text(head, style="bold"), align="left", style="cyan"))
                continue
            self._console.print(Text(head, style="bold cyan" if rest and head.endswith(":") else ""))
            for line in rest.split("\n") if rest else []:
                bullet, _, words = line.partition(" ") if line.startswith("•") else ("", "", line)
                row = Table.grid(padding=(0, 1))
                row.add_row(Text(f"  {bullet}" if bullet else ""), Text(words))
                self._console.print(row if bullet else Text(words))
            self.line("")


def numbered(message: Message) -> Iterator[tuple[int, Button]]:
    """The options that can be typed as numbers, from 1."""
    return enumerate((button for button in message.buttons if button.style in NUMBERED), 1)


def mark(button: Button) -> str:
    return "✓ " if button.style == "chosen" else ""
