"""What can happen in a conversation. What a person typed wrong is an event like any other, never an exception."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from vikno.domain.dialog.state import Shown


class Started(Struct, frozen=True, tag="started"):
    """The person opened the conversation, perhaps by a link that names a service or a language.

    `among`: the services of an office or a campaign, of which one is chosen first; the others are one step away.
    """

    service: str | None = None
    language: str | None = None
    among: tuple[str, ...] = ()


class Tapped(Struct, frozen=True, tag="tapped"):
    """A button. Its id may be old, of another conversation, or made up."""

    button: str


class Said(Struct, frozen=True, tag="said"):
    """Words of any length and content."""

    text: str


class LanguageChosen(Struct, frozen=True, tag="language"):
    """A language switch outside the conversation, such as the one on a page."""

    language: str


class Learnt(Struct, frozen=True, tag="learnt"):
    """What was found out, or done, about what the conversation wanted (`State.wants`), or what came in by a link."""

    what: Literal[
        "followed",
        "already",
        "unknown",
        "locked",
        "case",
        "cases",
        "stopped",
        "data",
        "erased",
        "left",
        "unread",
        "not_now",
        "genuine",
        "not_genuine",
        "language",
        "settings",
        "switched",
        "linking",
        "linked",
        "not_linked",
    ]
    cases: tuple[Shown, ...] = ()
    link: str | None = None


Event = Started | Tapped | Said | LanguageChosen | Learnt
