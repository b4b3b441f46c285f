"""What can happen in a conversation. What a person typed wrong is an event like any other, never an exception."""

from __future__ import annotations

from msgspec import Struct


class Started(Struct, frozen=True, tag="started"):
    """The person opened the conversation, perhaps by a link that names a service or a language."""

    service: str | None = None
    language: str | None = None


class Tapped(Struct, frozen=True, tag="tapped"):
    """A button. Its id may be old, of another conversation, or made up."""

    button: str


class Said(Struct, frozen=True, tag="said"):
    """Words of any length and content."""

    text: str


class LanguageChosen(Struct, frozen=True, tag="language"):
    """A language switch outside the conversation, such as the one on a page."""

    language: str


Event = Started | Tapped | Said | LanguageChosen
