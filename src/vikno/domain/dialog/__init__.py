"""Conversations: state and event in, state and messages out.

`take_turn` is the whole of it; `World` is what it knows of the outside, `State` what it remembers, `Message` what it
says. `why` and `outcome` explain items and write checklists, for pages and commands too.
"""

from vikno.domain.dialog.events import Event, LanguageChosen, Learnt, Said, Started, Tapped
from vikno.domain.dialog.messages import Button, Checklist, Citation, Line, Message, Section
from vikno.domain.dialog.phrases import Phrases
from vikno.domain.dialog.state import State, Talk, decode, encode
from vikno.domain.dialog.turn import take_turn
from vikno.domain.dialog.world import World

__all__ = [
    "Button",
    "Checklist",
    "Citation",
    "Event",
    "LanguageChosen",
    "Learnt",
    "Line",
    "Message",
    "Phrases",
    "Said",
    "Section",
    "Started",
    "State",
    "Talk",
    "Tapped",
    "World",
    "decode",
    "encode",
    "take_turn",
]
