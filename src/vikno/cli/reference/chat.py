"""The chat over HTTP: its addresses, and the fields of what is sent and answered."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial, singledispatch
from typing import Any

import msgspec.inspect as shape

from vikno.cli.reference.markdown import code, numbers, remarks, table
from vikno.domain.dialog import messages
from vikno.portal import chat, streams
from vikno.wire import body

STRUCTS = (
    chat.Asked,
    chat.Head,
    messages.Message,
    messages.Button,
    messages.Checklist,
    messages.Section,
    messages.Line,
    messages.Citation,
    messages.Contact,
)


def parts() -> dict[str, Callable[[], str]]:
    fields = {f"chat {kind.__name__}": partial(_fields, kind) for kind in STRUCTS}
    kinds = {"kinds of message": partial(_said, "Kind"), "styles of button": partial(_said, "Style")}
    return {"chat addresses": _addresses, **fields, **kinds, "limits of the chat": lambda: numbers(chat, body, streams)}


def _addresses() -> str:
    about = inspect.cleandoc(chat.__doc__ or "").split("\n\n")[1]
    return f"```text\n{inspect.cleandoc(about)}\n```\n"


def _fields(kind: type[Any]) -> str:
    known, said = shape.type_info(kind), remarks(kind)
    fields = known.fields if isinstance(known, shape.StructType) else ()
    rows = [[code(field.name), takes(field.type), said.get(field.name, "")] for field in fields]
    about = (inspect.getdoc(kind) or "").partition("\n\n")[0]
    return f"{about}\n\n" + table(["field", "type", ""], rows)


def _said(name: str) -> str:
    """The words below a name in the module of messages."""
    _, _, after = inspect.getsource(messages).partition(f"\n{name} = ")
    rows = [entry.partition(": ") for entry in " ".join(after.split('"""')[1].rstrip(". \n").split()).split(" · ")]
    return table(["", ""], [[code(word), meaning] for word, _, meaning in rows])


@singledispatch
def takes(kind: shape.Type) -> str:
    """A type in words of JSON.

    Raises:
        TypeError: a field has a type that this page does not know.
    """
    raise TypeError(f"the reference does not know {type(kind).__name__}")


@takes.register
def _(kind: shape.UnionType) -> str:
    return " or ".join(takes(one) for one in kind.types)


@takes.register
def _(_: shape.NoneType) -> str:
    return "null"


@takes.register
def _(kind: shape.StrType) -> str:
    if kind.pattern:
        return f"string like {code(kind.pattern)}"
    return f"string, up to {kind.max_length} characters" if kind.max_length else "string"


@takes.register
def _(kind: shape.LiteralType) -> str:
    return " or ".join(code(value) for value in kind.values)


@takes.register
def _(kind: shape.VarTupleType) -> str:
    return f"list: {takes(kind.item_type)}"


@takes.register
def _(kind: shape.StructType) -> str:
    return kind.cls.__name__


@takes.register
def _(kind: shape.DictType) -> str:
    return f"mapping: {takes(kind.key_type)} to {takes(kind.value_type)}"


@takes.register
def _(_: shape.IntType) -> str:
    return "number"


@takes.register
def _(_: shape.BoolType) -> str:
    return "true or false"


@takes.register
def _(_: shape.DateType) -> str:
    return "day, `2026-01-31`"
