"""The channels that a country can name, and what each can show."""

from __future__ import annotations

from collections.abc import Callable

from vikno.cli.reference.markdown import code, numbers, table
from vikno.domain.rules.limits import Limits
from vikno.packs.load import KNOWN_CHANNELS
from vikno.wire import limits


def parts() -> dict[str, Callable[[], str]]:
    return {"channels": _channels, "limits of channels": lambda: numbers(limits)}


def _channels() -> str:
    rows = [_row(name, limits.LIMITS.get(name)) for name in KNOWN_CHANNELS]
    return table(["channel", "text", "button label", "buttons of one message"], rows)


def _row(name: str, limit: Limits | None) -> list[str]:
    if limit is None:
        return [code(name), "—", "—", "—"]
    unit = "UTF-16 units" if limit.unit == "utf16" else "characters"
    text = f"{limit.text} {unit}" if limit.text is not None else "—"
    if not limit.has_buttons:
        return [code(name), text, "no buttons", "no buttons"]
    label = f"{limit.label} {unit}" if limit.label is not None else "—"
    return [code(name), text, label, str(limit.buttons) if limit.buttons is not None else "—"]
