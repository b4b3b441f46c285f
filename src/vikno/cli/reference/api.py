"""The API and the files by which an authority's system brings cases in; and its OpenAPI document."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import msgspec

from vikno.api import app, files, keys, registry
from vikno.api.encodings import ENCODINGS
from vikno.api.files import column_names
from vikno.api.messages import callbacks, door, reading, sending, shapes, templates
from vikno.api.openapi import document
from vikno.api.problems import PROBLEMS
from vikno.cli.reference.markdown import code, numbers, table
from vikno.usecases import bring_cases, check_templates, organisations, records, tell_subscribers
from vikno.usecases.import_cases import MOST_LETTERS, REASONS
from vikno.usecases.tell_subscribers import ENDED
from vikno.wire import body, guarded

OPENAPI = "openapi.json"


def parts() -> dict[str, Callable[[], str]]:
    return {
        "api addresses": _addresses,
        "addresses for organisations": _messages,
        "limits of messages": lambda: numbers(
            door, shapes, sending, reading, templates, callbacks, check_templates, organisations
        ),
        "events of messages": _events,
        "problems of the api": _problems,
        "limits of the api": lambda: numbers(app, body, keys),
        "columns of cases": _columns,
        "encodings": lambda: ", ".join(code(name) for name in ENCODINGS) + "\n",
        "refused rows": _reasons,
        "limits of hooks": lambda: numbers(tell_subscribers, guarded),
        "limits of cases": lambda: numbers(bring_cases, files),
        "verdicts": _verdicts,
        "declaration of a registry": _declaration,
    }


def openapi() -> bytes:
    """The OpenAPI document as it is kept."""
    return msgspec.json.format(msgspec.json.encode(document()), indent=2) + b"\n"


def _addresses() -> str:
    about = inspect.cleandoc(app.__doc__ or "").split("\n\n")[1]
    return f"```text\n{inspect.cleandoc(about)}\n```\n"


def _messages() -> str:
    about = inspect.cleandoc(door.__doc__ or "").split("\n\n")[1]
    return f"```text\n{inspect.cleandoc(about)}\n```\n"


def _events() -> str:
    rows = [[code(kind), ", ".join(code(status) for status, one in ENDED.items() if one == kind)]
            for kind in dict.fromkeys(ENDED.values())]  # fmt: skip
    return table(["type", "status"], rows)


def _declaration() -> str:
    about = inspect.cleandoc(registry.__doc__ or "").split("\n\n")[1]
    return f"```yaml\n{inspect.cleandoc(about)}\n```\n"


def _problems() -> str:
    rows = [[code(name), str(status), said] for name, (status, said) in PROBLEMS.items()]
    return table(["code", "status", "what it says"], rows)


def _columns() -> str:
    known = column_names()
    rows = [
        [code(column), ", ".join(name for name in known[column] if name != column), str(most)]
        for column, most in MOST_LETTERS.items()
    ]
    return table(["column", "other names", "characters"], rows)


def _reasons() -> str:
    return table(["code", "why the row is left out"], [[code(name), said] for name, said in REASONS.items()])


def _verdicts() -> str:
    """The words below `Verdict` in its module."""
    _, _, after = inspect.getsource(records).partition("\nVerdict = ")
    said = " ".join(after.split('"""')[1].split()).rstrip(".")
    rows = [entry.partition(": ") for entry in said.split(" · ")]
    return table(
        ["verdict", ""], [[", ".join(code(one) for one in names.split(", ")), text] for names, _, text in rows]
    )
