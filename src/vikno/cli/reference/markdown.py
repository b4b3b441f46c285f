"""Pieces of Markdown: tables, code words, and what a source file says of its constants and fields."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from types import ModuleType
from typing import Any


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars and line ends inside a cell are made harmless.

    >>> print(table(["a", "b"], [["x|y", "1"]]), end="")
    | a | b |
    |---|---|
    | x\\|y | 1 |
    """
    shown = ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in (heads, *rows)]
    return "\n".join([shown[0], "|" + "---|" * len(heads), *shown[1:]]) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(word: object) -> str:
    """A word as code.

    >>> code("age < 14")
    '`age < 14`'
    """
    return f"`{word}`"


def numbers(*modules: ModuleType) -> str:
    """A table of the constants of modules that are numbers and carry a docstring."""
    rows = [
        [code(name), str(value), said]
        for module in modules
        for name, value, said in constants(module)
        if isinstance(value, int)
    ]
    return table(["constant", "value", "of what"], rows)


def constants(module: ModuleType) -> Iterator[tuple[str, Any, str]]:
    """The constants of a module that carry a docstring: name, value, docstring."""
    for statement, following in pairwise(ast.parse(inspect.getsource(module)).body):
        name = _assigned(statement)
        if name is None or not isinstance(following, ast.Expr) or not isinstance(following.value, ast.Constant):
            continue
        said = following.value.value
        if isinstance(said, str):
            yield name, getattr(module, name), " ".join(said.split())


def _assigned(statement: ast.stmt) -> str | None:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    return target.id if isinstance(target, ast.Name) and target.id.isupper() else None


def remarks(kind: type[Any]) -> dict[str, str]:
    """What stands behind the fields of a class in its source, as `# ...` at the end of the line."""
    source = inspect.getsource(kind)
    lines = source.splitlines()
    (definition,) = ast.parse(source).body
    return {
        statement.target.id: lines[(statement.end_lineno or 1) - 1].partition("  # ")[2]
        for statement in ast.iter_child_nodes(definition)
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name)
    }
