"""One turn of a conversation: state and event in, state and messages out. No clock, no random, no I/O.

    state, messages = take_turn(None, Started("ua/id-card"), world)
    state, messages = take_turn(state, Said("33"), world)

Whatever a person sends, however old, forged or long, there is an answer, and the state stays good.
"""

from __future__ import annotations

from vikno.domain.dialog import steps
from vikno.domain.dialog.context import Turn
from vikno.domain.dialog.events import Event, LanguageChosen, Learnt, Said, Started, Tapped
from vikno.domain.dialog.following import learn
from vikno.domain.dialog.listening import listen
from vikno.domain.dialog.messages import Message
from vikno.domain.dialog.returning import refresh
from vikno.domain.dialog.state import State, Want
from vikno.domain.dialog.taps import tap
from vikno.domain.dialog.world import World

LANGUAGE = Want("language")
"""Whoever follows a case is to hear of it in the language spoken now; wanted until it is done, and never asked for."""


def take_turn(state: State | None, event: Event, world: World) -> tuple[State, tuple[Message, ...]]:
    """The state after the event, and what is said."""
    turn = Turn(state or State(world.language), world)
    untold = turn.state.wants == LANGUAGE and not isinstance(event, Learnt)
    if turn.state.wants is not None and not isinstance(event, Learnt):
        turn.change(wants=None)  # nobody has found it out, and now something else has happened
    refresh(turn)
    match event:
        case Tapped():
            tap(turn, event.button)
        case Said():
            listen(turn, event.text)
        case Started():
            start(turn, event)
        case Learnt():
            learn(turn, event)
        case LanguageChosen():
            steps.choose_language(turn, event.language)
    untold = untold or (state is not None and turn.state.lang != state.lang)
    if untold and world.follows and turn.state.wants is None:
        turn.change(wants=LANGUAGE)
    return turn.state, tuple(turn.messages)


def start(turn: Turn, event: Started) -> None:
    """A service by its link, or the list of services."""
    world = turn.world
    if event.language in world.languages:
        turn.speak(str(event.language))
    if event.service in world.services:
        steps.begin(turn, str(event.service))
        return
    turn.note("greeting" if event.service is None else "service_unknown")
    steps.home(turn, tuple(key for key in event.among if key in world.services))
