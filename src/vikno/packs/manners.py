"""How messages of each kind are brought: manners.yaml, which comes with the program, and what a country changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import as_file, files
from types import MappingProxyType
from typing import Any

from vikno.domain.notify.manners import Manner, Wait
from vikno.domain.rules.findings import Finding
from vikno.packs.forms import CONTENTS, MANNER, MANNERS
from vikno.packs.shapes import Read
from vikno.packs.source import Report, read_yaml


@cache
def usual_manners() -> Mapping[str, Manner]:
    """Class of content -> its manner.

    >>> code = usual_manners()["code"]
    >>> code.lives_s, code.quiet, code.waits["sms"]
    (300, False, Wait(proof='delivered', seconds=30))
    """
    wrong: list[Finding] = []
    with as_file(files("vikno") / "packs" / "message") as folder:
        node = read_yaml(folder / "manners.yaml", "manners.yaml", wrong.append)
        read = MANNERS.read(node, wrong.append) if node is not None else None
    nothing = {
        content: Manner(content, (), {}, 0, quiet=True, on_unknown="stop", carries=frozenset()) for content in CONTENTS
    }
    manners = with_manners(nothing, read, wrong.append) if isinstance(read, Read) else nothing
    missing = [
        content for content in CONTENTS if not isinstance(read, Read) or len(_given(read, content)) < len(MANNER.keys)
    ]
    if wrong or missing:
        raise AssertionError(wrong or missing)  # it comes with the program
    return MappingProxyType(manners)


def with_manners(usual: Mapping[str, Manner], read: Read, report: Report) -> dict[str, Manner]:
    """The manners with the values of a file put over them. What cannot hold together is reported and left as it was."""
    out = dict(usual)
    for content in CONTENTS:
        given = read.get(content)
        if isinstance(given, Read):
            changed = usual[content].changed(**_values(given, usual[content]))
            if _holds(changed, given, report):
                out[content] = changed
    return out


def _given(read: Read, content: str) -> Mapping[str, Any]:
    given = read.get(content)
    return given.values if isinstance(given, Read) else {}


def _values(read: Read, usual: Manner) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if "order" in read:
        out["order"] = tuple(read.get("order"))
    if "carries" in read:
        out["carries"] = frozenset(read.get("carries"))
    for key, name in (("lives", "lives_s"), ("quiet", "quiet"), ("unknown", "on_unknown")):
        if key in read:
            out[name] = read.get(key)
    waits = read.get("waits")
    if isinstance(waits, Read):
        out["waits"] = {
            kind: replace(
                usual.waits.get(kind, Wait("sent", 0)),
                **{name: wait.get(key) for key, name in (("for", "proof"), ("seconds", "seconds")) if key in wait},
            )
            for kind, wait in waits.values.items()
        }
    return out


def _holds(manner: Manner, read: Read, report: Report) -> bool:
    """Whether each channel has its turn before the message is of no use, and the inbox shows all of everything."""
    wrong: list[tuple[str, str, str]] = []
    for kind in dict.fromkeys(manner.order):
        if manner.order.count(kind) > 1:
            wrong.append(("value_wrong", "order", f"“{kind}” stands twice in the order"))
        if kind not in manner.waits:
            wrong.append(("key_missing", "waits", f"nothing says how long “{kind}” is waited for"))
    if "inbox" not in manner.carries:
        wrong.append(("value_wrong", "carries", "the inbox shows every message whole, so it belongs here"))
    if not wrong and manner.patience_s >= manner.lives_s:
        late = (
            f"“{manner.order[-1]}” has its turn after {manner.patience_s} s, and the message lives {manner.lives_s} s"
        )
        wrong.append(("duration_wrong", "lives" if "lives" in read else "waits", late))
    for code, key, message in wrong:
        report(Finding(code, read.at(key), message))
    return not wrong
