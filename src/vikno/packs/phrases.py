"""The phrases of the dialogue, one PO file a language in `vikno/texts`; a new file is a new language."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from gettext import c2py
from importlib.resources import files
from importlib.resources.abc import Traversable
from io import BytesIO

from vikno.domain.dialog.phrases import Phrases

TEXTS = files("vikno") / "texts"


@cache
def load_phrases() -> Mapping[str, Phrases]:
    """Every language that has a file, read once.

    >>> load_phrases()["uk"].say("resume.old", count=3).partition(".")[0]
    'Минуло 3 дні'
    """
    return read_languages(TEXTS)


@cache
def load_notice_phrases() -> Mapping[str, Phrases]:
    """What notices about cases say, in every language that has a file; read once.

    >>> load_notice_phrases()["uk"].say("usual.range", low=1, count=3)
    'Зазвичай це триває 1–3 робочі дні.'
    """
    return read_languages(TEXTS / "notices")


@cache
def load_sent_phrases() -> Mapping[str, Phrases]:
    """What stands around the words of organisations, and is told of addresses; read once.

    >>> load_sent_phrases()["en"].say("pointer.subject", sender="Lake Bank")
    'A message from Lake Bank'
    """
    return read_languages(TEXTS / "notifications")


def read_languages(folder: Traversable) -> dict[str, Phrases]:
    """Every language that has a file in a folder, in the order of their names."""
    found = sorted(folder.iterdir(), key=lambda file: file.name)
    return {file.name[:-3]: read_phrases(file) for file in found if file.name.endswith(".po")}


def read_phrases(file: Traversable) -> Phrases:
    """One file. The id of a phrase is its msgid; forms of a number are msgid_plural's."""
    from babel.messages.pofile import read_po

    catalog = read_po(BytesIO(file.read_bytes()), abort_invalid=True)
    texts: dict[str, str | tuple[str, ...]] = {}
    for message in catalog:
        key = message.id if isinstance(message.id, str) else message.id[0]
        if key:
            texts[key] = message.string if isinstance(message.string, str) else tuple(message.string or ())
    return Phrases(file.name[:-3], texts, c2py(catalog.plural_expr))
