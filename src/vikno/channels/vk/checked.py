"""Whether a community is what is printed of it, and whether VK brings us what happens there; and how it is told to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from vikno.channels.vk.inbound import EVENTS
from vikno.channels.vk.outbound import UNREAD, VERSION, Said, meaning
from vikno.usecases.channel import Health, NotCarried, Sent
from vikno.wire.http import HttpAnswer
from vikno.wire.limits import VK_SERVERS

if TYPE_CHECKING:
    from vikno.channels.vk import Carry, Vk

TITLE = "Vikno"
"""Of our server in the community's settings."""
TOO_MANY_SERVERS = 2000
NOT_ALLOWED = (7, 15, 27)
"""The token lacks the right to manage the community, or is none of it."""

_Result = TypeVar("_Result")


class Trouble(NamedTuple):
    """Why a call gave no result. `error`: VK's number, or None."""

    said: str
    error: int | None = None


async def register(community: Vk, carry: Carry, url: str, secret: str) -> str | None:
    """Make VK bring our events to `url`; None when it will, otherwise what to do."""
    group = community.group
    code = await _asked(carry, community, "groups.getCallbackConfirmationCode", Code, group_id=group)
    if isinstance(code, Trouble):
        return _by_hand(code, url, community.confirmation)
    community.confirmation = code.code
    servers = await _asked(carry, community, "groups.getCallbackServers", Servers, group_id=group)
    if isinstance(servers, Trouble):
        return servers.said
    ours = next((one for one in servers.items if one.url == url), None)
    about = {"group_id": group, "url": url, "title": TITLE, "secret_key": secret}
    if ours is None:
        added = await _asked(carry, community, "groups.addCallbackServer", Added, **about)
        if isinstance(added, Trouble):
            if added.error == TOO_MANY_SERVERS:
                return f"The community has {VK_SERVERS} servers, and VK takes no more: remove one in its settings."
            return added.said
        number = added.server_id
    else:
        number = ours.id
        if ours.status != "ok" or ours.secret_key != secret:
            done = await _asked(carry, community, "groups.editCallbackServer", int, server_id=number, **about)
            if isinstance(done, Trouble):
                return done.said
    wanted = dict.fromkeys(EVENTS, 1)
    settings = {"group_id": group, "server_id": number, "api_version": VERSION, **wanted}
    set_ = await _asked(carry, community, "groups.setCallbackSettings", int, **settings)
    if isinstance(set_, Trouble):
        return set_.said
    servers = await _asked(carry, community, "groups.getCallbackServers", Servers, group_id=group)
    if isinstance(servers, Trouble):
        return servers.said
    status = next((one.status for one in servers.items if one.id == number), "failed")
    return None if status in ("ok", "wait") else _unconfirmed(url)


async def check(community: Vk, carry: Carry) -> Health:
    """The community's name as VK has it; all that is wrong with what to do; and what is only worth knowing."""
    group = community.group
    groups = await _asked(carry, community, "groups.getById", Groups, group_id=group)
    if isinstance(groups, Trouble):
        return Health(None, (f"VK does not say what the community is: {groups.said}",))
    about = next((one for one in groups.groups if one.id == group), None)
    if about is None:
        return Health(None, (f"VK knows no community {group}: compare the number in the settings.",))
    wrong = list(_misprinted(community, about))
    if community.screen is None and about.screen_name:
        community.screen = about.screen_name
    if community.webhook is None:
        return Health(about.name or None, tuple(wrong))
    servers = await _asked(carry, community, "groups.getCallbackServers", Servers, group_id=group)
    if isinstance(servers, Trouble):
        if servers.error not in NOT_ALLOWED:
            return Health(about.name or None, (*wrong, servers.said))
        note = "The token may not manage the community, so nobody here sees whether VK brings events to our address."
        return Health(about.name or None, tuple(wrong), (note,))
    ours = next((one for one in servers.items if one.url == community.webhook), None)
    if ours is None:
        wrong.append("VK brings events to no address of ours: start the service, which asks for them.")
        return Health(about.name or None, tuple(wrong))
    if ours.status not in ("ok", "wait"):
        wrong.append(_unconfirmed(ours.url))
    settings = await _asked(carry, community, "groups.getCallbackSettings", Settings, group_id=group, server_id=ours.id)
    wrong += [settings.said] if isinstance(settings, Trouble) else _unheard(settings)
    return Health(about.name or None, tuple(wrong))


def _misprinted(community: Vk, about: Group) -> Iterator[str]:
    if community.name is not None and about.name != community.name:
        yield f"The community is called “{about.name}”, but “{community.name}” is printed: correct one of them."
    if community.screen is not None and about.screen_name.lower() != community.screen.lower():
        yield (
            f"Links lead to “{community.screen}”, but the community is at “{about.screen_name}”: correct the setting, "
            "print anew."
        )


def _unheard(settings: Settings) -> Iterator[str]:
    missing = [event for event in EVENTS if not settings.events.get(event)]
    if missing:
        yield f"VK does not bring {', '.join(missing)}: start the service again, which asks for them."
    if settings.api_version != VERSION:
        yield (
            f"VK brings events of version {settings.api_version or 'unknown'}, and {VERSION} is read here: "
            "start the service again, which sets it."
        )


def _unconfirmed(url: str) -> str:
    return (
        f"VK has not confirmed {url}: it must answer from outside, by https, with the confirmation string. "
        "Look whether the public address leads to this service, and start it again."
    )


def _by_hand(why: Trouble, url: str, confirmation: str | None) -> str | None:
    """Where the token may not manage the community, its owner enters our address in the settings."""
    if why.error not in NOT_ALLOWED:
        return why.said
    if confirmation is not None:
        return None  # this has been done
    return (
        f"{why.said} Make a token with the right “manage”; or enter {url} by hand in the community's settings "
        "(Callback API, with the secret key), and give us the confirmation string that stands there."
    )


# ---- the wire ----


class Group(Struct, frozen=True):
    id: int
    name: str = ""
    screen_name: str = ""


class Groups(Struct, frozen=True):
    groups: tuple[Group, ...] = ()


class Code(Struct, frozen=True):
    code: str


class Server(Struct, frozen=True):
    """An address to which VK brings events. `secret_key` is ours, and never shown."""

    id: int
    url: str
    status: str = ""
    secret_key: str = ""

    def __repr__(self) -> str:
        return f"Server({self.id!r}, status={self.status!r})"


class Servers(Struct, frozen=True):
    items: tuple[Server, ...] = ()


class Added(Struct, frozen=True):
    server_id: int


class Settings(Struct, frozen=True):
    events: dict[str, int | bool] = {}
    api_version: str = ""


_decode = msgspec.json.Decoder(Said).decode


async def _asked(carry: Carry, community: Vk, method: str, kind: type[_Result], **given: Any) -> _Result | Trouble:
    """The result of a call, or why there is none."""
    answer: HttpAnswer | NotCarried = await carry(community.call(method, **given))
    if isinstance(answer, NotCarried):
        return Trouble(f"VK does not answer {method} ({answer.reason}): look whether this machine reaches it.")
    try:
        said = _decode(answer.body)
        if said.error is None:
            return msgspec.json.decode(said.response, type=kind)
    except UNREAD:
        return Trouble(f"What answers {method} with {answer.status} is not VK: look at the address of the API.")
    outcome = meaning(said.error.error_code)
    why = outcome.reason if not isinstance(outcome, Sent) else ""
    return Trouble(f"VK refuses {method}: {why}.", said.error.error_code)
