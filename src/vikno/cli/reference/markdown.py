"""Pieces of Markdown: tables, code words, and what a source file says of its constants and fields."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterable, Iterator, Sequence
from types import ModuleType
from typing import Any


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; bars and line ends inside a cell are made harmless.

    >>> print(table(["a", "b"], [["x|y", "1"]]), end="")
    | a | b |
    |---|---|
    | x\\|y | 1 |
    """
    lines = [heads, *rows]
    shown = ["| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines]
    return "\n".join([shown[0], "|" + "---|" * len(heads), *shown[1:]]) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def code(word: object) -> str:
    """A word as code.

    >>> code("age < 14")
    '`age < 14`'
    """
    return f"`{word}`"


def constants(module: ModuleType) -> Iterator[tuple[str, Any, str]]:
    """The constants of a module that carry a docstring: name, value, docstring."""
    body = ast.parse(inspect.getsource(module)).body
    for statement, following in zip(body, body[1:], strict=False):
        name = _assigned(statement)
        if name is None or not isinstance(following, ast.Expr) or not isinstance(following.value, ast.Constant):
            continue
        said = following.value.value
        if isinstance(said, str):
            yield name, getattr(module, name), " ".join(said.split())


def _assigned(statement: ast.stmt) -> str | None:
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    return target.id if isinstance(target, ast.Name) and target.id.isupper() else None


def fields(kind: type[Any]) -> Iterator[tuple[str, str, str]]:
    """The fields of a class as its source has them: name, type, and the remark at the end of the line."""
    source = inspect.getsource(kind)
    lines = source.splitlines()
    (definition,) = ast.parse(source).body
    if not isinstance(definition, ast.ClassDef):  # pragma: no cover - getsource of a class is a class
        return
    for statement in definition.body:
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            _, _, remark = lines[(statement.end_lineno or 1) - 1].partition("  # ")
            yield statement.target.id, ast.unparse(statement.annotation), remark
