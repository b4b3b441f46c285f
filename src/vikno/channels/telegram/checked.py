"""Whether a bot is what is printed of it, and whether Telegram reaches us: getMe and getWebhookInfo against ours."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from vikno.channels.telegram.inbound import UPDATES
from vikno.channels.telegram.outbound import read
from vikno.usecases.channel import NotCarried
from vikno.wire.http import HttpAnswer
from vikno.wire.limits import TELEGRAM_WEBHOOK_CONNECTIONS

if TYPE_CHECKING:
    from vikno.channels.telegram import Carry, Telegram

PORTS = (443, 80, 88, 8443)
"""To which Telegram brings updates (`core.telegram.org/bots/webhooks`)."""
MOST_PENDING = 100
"""Updates that wait at Telegram: more means that we do not keep up or are not reached."""
RECENT_S = 15 * 60
"""An error of the webhook that is older has been overcome, unless updates wait."""

_Result = TypeVar("_Result")


async def check(bot: Telegram, carry: Carry) -> tuple[str | None, list[str], list[str]]:
    """The bot's name as Telegram has it; all that is wrong with what to do; and what is only worth knowing."""
    me = await _asked(carry, bot, "getMe", Me)
    if isinstance(me, str):
        return None, [me], []
    wrong = []
    if me.username is None:
        wrong.append("This is no bot: it has no username. Use the token of a bot that @BotFather made.")
    elif bot.username is not None and me.username.lower() != bot.username.lower():
        wrong.append(
            f"The printed name is @{bot.username}, but this token belongs to @{me.username}: people who scan the "
            f"poster come to another bot. Set the token of @{bot.username}, or the name @{me.username}, and print anew."
        )
    info = await _asked(carry, bot, "getWebhookInfo", WebhookInfo)
    if not isinstance(info, str):
        return me.username, [*wrong, *_webhook(bot, info)], []
    if bot.webhook == "":  # we poll: some Bot API servers know no webhooks, and people are answered all the same
        return me.username, wrong, [f"Messages are fetched, so this does no harm. {info}"]
    return me.username, [*wrong, info], []


async def register(bot: Telegram, carry: Carry, url: str, secret: str) -> str | None:
    """Call setWebhook; None when Telegram has taken it."""
    done = await _asked(
        carry,
        bot,
        "setWebhook",
        bool,
        url=url,
        secret_token=secret,
        allowed_updates=UPDATES,
        max_connections=TELEGRAM_WEBHOOK_CONNECTIONS,
    )
    return done if isinstance(done, str) else None


def unfit(url: str, *, official: bool) -> str | None:
    """Why Telegram would never call this address; a Bot API server of one's own takes any."""
    if not official:
        return None
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return f"{url} is no web address. Set the public address of this service."
    if parts.scheme != "https" or not parts.hostname:
        return f"{url} is no https address. Telegram calls nothing else: set the public https address, or use polling."
    if port not in PORTS:
        return f"Telegram calls only the ports {', '.join(map(str, PORTS))}; {url} has another. Put a proxy in front."
    return None


def _webhook(bot: Telegram, info: WebhookInfo) -> Iterator[str]:
    if bot.webhook is not None and info.url != bot.webhook:
        if not info.url:
            yield f"Telegram brings nothing: no webhook is set. Start the service, which sets {bot.webhook}."
        elif not bot.webhook:
            yield f"We poll, but Telegram brings updates to {info.url}. Start the service, which ends that."
        else:
            yield (
                f"Telegram brings updates to {info.url}, not to {bot.webhook}: somebody else uses this token. "
                "Stop the other service, or make a new token at @BotFather and set it here."
            )
    waiting = info.pending_update_count
    recent = info.last_error_date is not None and info.last_error_date > time.time() - RECENT_S
    if info.last_error_message and (recent or waiting):
        yield _error(info.last_error_message, waiting)
    elif waiting > MOST_PENDING:
        yield f"{waiting} updates wait at Telegram: the service does not keep up, or does not run. Look at its log."
    missing = [one for one in UPDATES if one not in info.allowed_updates] if info.allowed_updates else []
    if info.url and missing:
        yield f"Telegram does not bring {', '.join(missing)}. Start the service again, which asks for them."


def _error(message: str, waiting: int) -> str:
    said = f"Telegram could not bring updates ({waiting} wait): “{message[:200]}”. "
    lower = message.lower()
    if "certificate" in lower or "ssl" in lower:
        return said + "Renew the certificate and serve its whole chain, with the intermediate ones."
    if "401" in lower or "403" in lower:
        return said + "The secret differs: start the service again, which sets it."
    if "resolve" in lower or "refused" in lower or "timed out" in lower or "timeout" in lower:
        return said + "Look whether the public address leads to this service and its port is open to Telegram."
    return said + "Look at the log of the service at that time."


# ---- the wire ----


class Me(Struct, frozen=True):
    id: int
    username: str | None = None


class WebhookInfo(Struct, frozen=True):
    url: str = ""
    pending_update_count: int = 0
    last_error_date: int | None = None
    last_error_message: str | None = None
    allowed_updates: tuple[str, ...] = ()


async def _asked(carry: Carry, bot: Telegram, method: str, kind: type[_Result], **given: Any) -> _Result | str:
    """The result of a call, or what is wrong and what to do."""
    answer: HttpAnswer | NotCarried = await carry(bot.call(method, **given))
    if isinstance(answer, NotCarried):
        return (
            f"The Bot API does not answer {method} ({answer.reason}). "
            "Look whether this machine reaches it, and try again."
        )
    said = read(answer)
    if said.ok is False:
        return _told(method, said.error_code or answer.status, said.description or "")
    with suppress(msgspec.MsgspecError):
        return msgspec.json.decode(said.result, type=kind)
    return (
        f"What answers {method} with {answer.status} does not speak as the Bot API. "
        "Look at the address of the API and at proxies."
    )


def _told(method: str, status: int, description: str) -> str:
    said = f"The Bot API says to {method}: {status} “{description[:200]}”. "
    if status in (401, 404):
        return said + "The token is wrong or was revoked: copy the present one from @BotFather."
    if status == 429 or status >= 500:
        return said + "Try again in a minute."
    return said + "Look at the settings of the bot."
