"""The page of the chat over HTTP: three addresses, and the fields of what is sent and answered."""

from __future__ import annotations

import inspect
from typing import Any

from vikno.cli.reference.markdown import code, constants, fields, table
from vikno.domain.dialog import messages
from vikno.portal import chat, streams

SENT = (chat.Asked,)
ANSWERED = (
    chat.Head,
    messages.Message,
    messages.Button,
    messages.Checklist,
    messages.Section,
    messages.Line,
    messages.Citation,
    messages.Contact,
)


def page() -> str:
    limits = [
        [code(name), str(value), said]
        for module in (chat, streams)
        for name, value, said in constants(module)
        if isinstance(value, int)
    ]
    about = inspect.cleandoc(chat.__doc__ or "").split("\n\n")[1]
    return (
        "# The chat over HTTP\n\n"
        "`vikno run` and `vikno demo` serve it beside the pages. A client holds a token, makes an id for every event, and\n"
        "may send an event again as often as it likes: it is held once and answered the same.\n\n"
        f"```text\n{inspect.cleandoc(about)}\n```\n\n"
        "A body is JSON, an answer is one JSON value a line: first the head, then the messages. Fields that have their\n"
        "default value may be absent. A refused turn is answered with status 400, 404, 413 or 503 and\n"
        "`{\"error\": {\"code\", \"message\"}}`; the message is for the person, in their language. 503 may be tried again.\n\n"
        "## What is sent\n\n"
        + "".join(_fields(kind) for kind in SENT)
        + "## What is answered\n\n"
        + "".join(_fields(kind) for kind in ANSWERED)
        + f"`kind` of a message: {' '.join(_said(messages, 'Kind').split())}\n\n"
        + f"`style` of a button: {' '.join(_said(messages, 'Style').split())}\n\n"
        "## Limits\n\n" + table(["constant", "value", "of what"], limits)
    )


def _fields(kind: type[Any]) -> str:
    rows = [[code(name), code(shape), remark] for name, shape, remark in fields(kind)]
    about = (inspect.getdoc(kind) or "").partition("\n\n")[0]
    return f"### {kind.__name__}\n\n{about}\n\n" + table(["field", "type", ""], rows) + "\n"


def _said(module: Any, name: str) -> str:
    """The words below a name in a module's source."""
    _, _, after = inspect.getsource(module).partition(f"\n{name} = ")
    return after.split('"""')[1]
