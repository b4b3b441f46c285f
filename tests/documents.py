"""Run the examples of Markdown documents: commands with their output, and files that a reader is told to write.

    ```yaml
    # countries/example/services/my-service/service.yaml      <- a first line like this: the block is kept as that file
    title: ...
    ```

    ```diff
    # countries/example/services/my-service/service.yaml      <- that file is changed: `-` goes, `+` comes
    -title: ...
    +title: ...
    ```

    ```console
    $ vikno consult example/my-service --answers -            <- run
    > {age: 33}                                               <- typed (or piped) into the command
    ...                                                       <- anything
    ```

A CSV file is kept without its first line, because CSV has no comments. In a block of changes the lines that stay or go
must stand in the file exactly once, in this order; a line `...` parts one change from the next.

Beside `vikno` only `cp -r` is run; every other `$` line is for the reader.

A document has a desk of its own: a folder with a copy of `countries/`. What a command says on standard error counts
too, after standard output. A command that ends with another code than 0 says so in the document: `[exit 1]`.
"""

import re
import shlex
import shutil
from dataclasses import dataclass
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from typing import cast

from sybil import Example

from tests.commands import Command

FILE_NAME = re.compile(r"(?:#|//) (?P<path>[\w.-]+(?:/[\w.-]+)+)\s*$")
TYPED_LINE = re.compile(r"^> ?(.*)\n?", re.MULTILINE)
FLAGS = ELLIPSIS | NORMALIZE_WHITESPACE


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a console block: what is typed, and what must come out."""

    command: str
    typed: str
    wanted: str


def steps(block: str) -> list[Step]:
    """The commands of a console block. The text between two commands belongs to the first, typed lines too."""
    found: list[Step] = []
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        command, _, rest = re.sub(r"\\\n\s*", "", part).partition("\n")
        typed = "".join(f"{line}\n" for line in TYPED_LINE.findall(rest))
        found.append(Step(command, typed, rest))
    return found


def run_console(example: Example) -> str | None:
    """Run the `vikno` commands of a console block; the difference, if what they say is not what the document says."""
    desk = cast(Path, example.namespace["desk"])
    vikno = Command(desk)
    differences = []
    for step in steps(str(example.parsed)):
        name, *arguments = shlex.split(step.command, comments=True)
        if [name, *arguments[:1]] == ["cp", "-r"]:
            shutil.copytree(_on(desk, arguments[1]), _on(desk, arguments[2]))
        if name != "vikno":
            continue
        ran = vikno(*arguments, stdin=step.typed)
        said = ran.out + ran.err + (f"[exit {ran.code}]\n" if ran.code else "")
        silent = TYPED_LINE.sub("", step.wanted)  # a conversation says what was typed, a file from a pipe is not said
        if not any(OutputChecker().check_output(wanted, said, FLAGS) for wanted in (step.wanted, silent)):
            differences.append(f"$ {step.command}\nExpected:\n{step.wanted}\nSaid:\n{said}")
    return "\n".join(differences) or None


def _on(desk: Path, name: str) -> Path:
    """A path on the desk.

    Raises:
        ValueError: it lies outside.
    """
    path = (desk / name).resolve()
    if not path.is_relative_to(desk.resolve()):
        raise ValueError(f"{name} lies outside of the document's desk")
    return path


def keep_file(example: Example) -> str | None:
    """Write a block to the file its first line names, on the document's desk; a block without such a line is prose."""
    text = str(example.parsed)
    named = FILE_NAME.match(text.partition("\n")[0])
    if named is None:
        return None
    try:
        path = _on(cast(Path, example.namespace["desk"]), named["path"])
    except ValueError as error:
        return str(error)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.partition("\n")[2] if path.suffix == ".csv" else text, encoding="utf-8")
    return None


def change_file(example: Example) -> str | None:
    """Change the file that a block of changes names; why not, if the file is not as the document says."""
    head, _, block = str(example.parsed).partition("\n")
    named = FILE_NAME.match(head)
    if named is None:
        return "a block of changes names its file in the first line"
    try:
        path = _on(cast(Path, example.namespace["desk"]), named["path"])
    except ValueError as error:
        return str(error)
    if not path.is_file():
        return f"there is no {named['path']} on the document's desk"
    text = path.read_text(encoding="utf-8")
    for change in re.split(r"^\.\.\.\n", block, flags=re.MULTILINE):
        lines = [line if line.strip() else " \n" for line in change.splitlines(keepends=True)]
        before = "".join(line[1:] for line in lines if line[0] in " -")
        after = "".join(line[1:] for line in lines if line[0] in " +")
        if text.count(before) != 1 or not before:
            return f"these lines stand {text.count(before)} times in {named['path']}:\n{before}"
        text = text.replace(before, after)
    path.write_text(text, encoding="utf-8")
    return None
