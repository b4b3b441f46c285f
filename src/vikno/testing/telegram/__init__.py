"""A Telegram to try a bot against: a Bot API server with its limits, and people who hold its phones.

    async with TelegramServer("1:token", username="vikno_bot") as telegram:
        bot = Telegram(token="1:token", secret="hush", api=telegram.api)     # polls, or registers its webhook
        olena = telegram.person("Олена")
        await olena.open("https://t.me/vikno_bot?start=poster")
        await olena.press("За кордоном")
        await olena.heard("Де ви живете?")

It refuses what the Bot API refuses, in its words. Updates come in the order of each chat, the next when the one before
was acknowledged, and presses in a queue of their own; what is not acknowledged comes again, later each time. Faults
come on demand: `refuse`, `flood`, `break_next`, `lose_next`, `slow_s`, `duplicates`, `hold` and `release`, `rates`.
What it does not know of Telegram it does not do: markup, files, groups, certificates; it brings webhooks to plain http.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from vikno.testing.telegram.phone import Line, Person
from vikno.testing.telegram.refusals import NOT_MODIFIED, TERMINATED, TOO_OLD, WEBHOOK_ACTIVE, Refused
from vikno.testing.telegram.server import TelegramServer
from vikno.testing.telegram.updates import SECRET_HEADER, Webhook
from vikno.usecases.channel import Raw


def brought(account: Mapping[str, Any], raw: Raw) -> Raw:
    """For `vikno.testing.channel_examples`: what Telegram sends with every update."""
    headers = {"content-type": "application/json"}
    if account.get("secret"):
        headers[SECRET_HEADER] = account["secret"]
    return replace(raw, headers={**headers, **raw.headers})


__all__ = [
    "NOT_MODIFIED", "TERMINATED", "TOO_OLD", "WEBHOOK_ACTIVE", "Line", "Person", "Refused", "TelegramServer", "Webhook",
    "brought",
]  # fmt: skip
