"""The page of channels: which there are, and what each can show."""

from __future__ import annotations

from vikno.cli.reference.markdown import code, constants, table
from vikno.domain.rules.limits import Limits
from vikno.packs.load import KNOWN_CHANNELS
from vikno.wire import limits


def page() -> str:
    rows = [_row(name, limits.LIMITS.get(name)) for name in KNOWN_CHANNELS]
    sources = [[code(name), str(value), said] for name, value, said in constants(limits) if isinstance(value, int)]
    return (
        "# Channels\n\n"
        "The names that `channels` of country.yaml takes. For each channel a country uses, the check measures every\n"
        "text, button and number of buttons in every language, in the worst case over all answers and sums.\n"
        "A channel that is named here need not be built yet: the texts of a service are fit for it before it is.\n\n"
        + table(["channel", "text", "button label", "buttons of one message"], rows)
        + "\nA dash means no limit. A channel without buttons gets the options as numbered lines of the question.\n\n"
        "## Where the figures come from\n\n" + table(["constant", "value", "of what"], sources)
    )


def _row(name: str, limit: Limits | None) -> list[str]:
    if limit is None:
        return [code(name), "—", "—", "—"]
    unit = "UTF-16 units" if limit.unit == "utf16" else "characters"
    text = f"{limit.text} {unit}" if limit.text is not None else "—"
    if not limit.has_buttons:
        return [code(name), text, "no buttons", "no buttons"]
    label = f"{limit.label} {unit}" if limit.label is not None else "—"
    return [code(name), text, label, str(limit.buttons) if limit.buttons is not None else "—"]
