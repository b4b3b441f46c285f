"""Whether a bot is what is printed of it, and whether MAX brings us its updates: GET /me and GET /subscriptions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeVar

import msgspec
from msgspec import Struct

from vikno.channels.max.inbound import UPDATES
from vikno.channels.max.outbound import classify, read, reason_of
from vikno.usecases.channel import NotCarried
from vikno.wire.http import HttpAnswer, HttpRequest

if TYPE_CHECKING:
    from vikno.channels.max import Carry, Max


class Me(Struct, frozen=True):
    """The bot as MAX has it. `username`: in links; `name` or `first_name`: what people see."""

    username: str | None = None
    name: str | None = None
    first_name: str | None = None

    @property
    def shown(self) -> str | None:
        return self.name or self.first_name or None


class Subscription(Struct, frozen=True):
    """An address to which MAX brings updates. No types: all of them."""

    url: str
    update_types: tuple[str, ...] | None = None


class Subscriptions(Struct, frozen=True):
    subscriptions: tuple[Subscription, ...] = ()


class Wanted(Struct, frozen=True):
    """`SubscriptionRequestBody`."""

    url: str
    update_types: tuple[str, ...]
    secret: str


async def check(bot: Max, carry: Carry) -> tuple[Me | None, list[str], list[str]]:
    """The bot as MAX has it; all that is wrong with what to do; and what is only worth knowing."""
    me = await _asked(carry, bot.call("GET", "me"), Me)
    if isinstance(me, str):
        return None, [f"MAX does not say who the bot is: {me}"], []
    wrong, notes = list(_names(bot, me)), []
    found = await _asked(carry, bot.call("GET", "subscriptions"), Subscriptions)
    if isinstance(found, str):
        wrong.append(f"MAX does not say where it brings updates: {found}")
    else:
        wrong += _subscribed(bot, found.subscriptions)
        others = sum(one.url != bot.webhook for one in found.subscriptions) if bot.webhook else 0
        if others:
            notes.append(f"MAX brings the bot's updates to {others} more addresses: delete those that are of no use.")
    return me, wrong, notes


async def register(bot: Max, carry: Carry, url: str, secret: str) -> str | None:
    """POST /subscriptions; None when MAX has taken it."""
    answer = await carry(bot.call("POST", "subscriptions", Wanted(url, UPDATES, secret)))
    if isinstance(answer, HttpAnswer) and answer.status == 200 and read(answer).success:
        return None
    return (
        f"MAX does not take the webhook ({_why(answer)}). It must be reached from outside by https, with the whole "
        "chain of a certificate that is signed by a known authority; a self-signed one is refused."
    )


def _names(bot: Max, me: Me) -> Iterator[str]:
    if not me.username:
        yield "The bot has no name for links: no link can lead to it."
    elif bot.username is not None and me.username.lower() != bot.username.lower():
        yield (
            f"Links lead to “{bot.username}”, but this token belongs to “{me.username}”: correct one of them, "
            "and print anew."
        )
    if bot.name is not None and me.shown != bot.name:
        yield f"The bot is called “{me.shown}”, but “{bot.name}” is printed: correct one of them."


def _subscribed(bot: Max, found: tuple[Subscription, ...]) -> Iterator[str]:
    if not found:
        yield "MAX has no webhook for the bot, or gave up on it after eight hours without an answer: register it."
        return
    ours = next((one for one in found if one.url == bot.webhook), None)
    if bot.webhook is not None and ours is None:
        yield "MAX brings updates to another address than ours: register the webhook again."
    heard = ours.update_types if ours else None
    if heard and (unheard := [kind for kind in UPDATES if kind not in heard]):
        yield f"MAX does not bring {', '.join(unheard)}: register the webhook again."


_T = TypeVar("_T")


async def _asked(carry: Carry, request: HttpRequest, shape: type[_T]) -> _T | str:
    """What was asked for, or why not."""
    answer = await carry(request)
    if not isinstance(answer, HttpAnswer) or answer.status != 200:
        return _why(answer)
    try:
        return msgspec.json.decode(answer.body, type=shape)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return "its answer cannot be read"


def _why(answer: HttpAnswer | NotCarried) -> str:
    if isinstance(answer, HttpAnswer) and answer.status == 200:
        return reason_of(200, read(answer))
    return getattr(classify(answer), "reason", "") or "no reason given"
