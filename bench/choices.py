"""What a simulated person does next, whoever asks: the chat over HTTP, or the dialogue engine in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

SERVICES = ["ua/id-card", "ua/foreign-passport", "ua/temporary-residence-permit", "ua/permanent-residence-permit"]
LANGUAGES = ["uk", "en"]
SCRIPTS = 24
"""So many consultations are enough to see every kind of question, and few enough to be learnt at once."""
MOST_TURNS = 60
"""A consultation that takes longer than this has lost its way."""


class Button(msgspec.Struct):
    """What of a button a person sees."""

    id: str
    style: str = "choice"


class Said(msgspec.Struct):
    """What of a message a person needs in order to go on."""

    kind: str
    buttons: list[Button] = []


_said = msgspec.json.Decoder(Said).decode


class Lost(Exception):
    """The consultation comes to no outcome."""


@dataclass
class Choices:
    """Decides by its seed: which option, whether it is tapped or typed as its number, where “why?” is asked."""

    seed: int
    turns: int = 0
    asked_why: bool = False

    @property
    def service(self) -> str:
        """What this consultation is about."""
        return SERVICES[self.seed % len(SERVICES)]

    @property
    def language(self) -> str:
        """The language it is held in."""
        return LANGUAGES[self.seed // len(SERVICES) % len(LANGUAGES)]

    def first(self) -> dict[str, str]:
        """How it begins, as the chat takes it."""
        return {"start": self.service, "lang": self.language}

    def next(self, messages: Sequence[bytes]) -> dict[str, str] | None:
        """A tap or a text after these messages (each as JSON); None when the outcome is there."""
        said = [_said(message) for message in messages]
        if any(message.kind == "outcome" for message in said):
            return None
        self.turns += 1
        if self.turns > MOST_TURNS:
            raise Lost(self.service, self.seed)
        lot, buttons = self.seed + self.turns, said[-1].buttons
        options = [button for button in buttons if button.style == "choice"]
        why = next((button for button in buttons if button.id.endswith(".nwhy")), None)
        action = next((button for button in buttons if button.style == "action"), None)
        if why and not self.asked_why and lot % 4 == 0:
            self.asked_why = True
            return {"tap": why.id}
        if action:
            return {"tap": action.id}
        if not options:
            return {"text": str(20 + self.seed % 40)}
        chosen = (self.seed * 7 + self.turns * 3) % len(options)
        return {"tap": options[chosen].id} if lot % 3 else {"text": str(chosen + 1)}
