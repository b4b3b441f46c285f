"""Buttons: what each stands for is in its id. Where that no longer holds, the person is told and nothing changes.

An id is the step in which the button was made, a dot, and a tag: a letter and what is meant. The tags of answers are
hashes of service, fact and option, so that a tap can never be read as an answer to another question.
"""

from __future__ import annotations

from collections.abc import Callable

from vikno.domain.dialog import asking, following, steps, wishing
from vikno.domain.dialog.context import Turn
from vikno.domain.dialog.menus import again
from vikno.domain.dialog.phrases import COMMANDS
from vikno.domain.dialog.sheet import Question
from vikno.domain.dialog.state import Talk

LONGEST_ID = 64
ANY_TIME = ("why", "help", "language", "answers", "services", "talks", "human", "follow", "cases", "data", "check",
            "settings")  # fmt: skip
"""Commands that change no answer: their buttons stay good for ever."""
ANSWERING = tuple("avdze")
"""Tags that mean something only in the step they were made in."""


def tap(turn: Turn, button: str) -> None:
    """A button, by its id."""
    step, _, known = button[:LONGEST_ID].partition(".")
    now = turn.state.step
    fresh = step == str(now)
    if not fresh and button and button == turn.state.tapped:
        turn.send("notice", turn.say("tapped_twice"))
    elif turn.unread and known[:1] in ANSWERING:
        again(turn)
    elif not press(turn, known, fresh):
        turn.note("late" if turn.talk else "late.home")
        again(turn)
    elif fresh and turn.state.step != now:
        turn.change(tapped=button)


def press(turn: Turn, known: str, fresh: bool = True) -> bool:
    """Do what a tag stands for; False if it stands for nothing here and now."""
    kind = known[:1]
    if kind in ANSWERING:
        talk = turn.talk
        return fresh and talk is not None and _answered(turn, talk, known)
    if kind == "n":
        command = known[1:]
        if command not in COMMANDS or not (fresh or command in ANY_TIME):
            return False
        steps.obey(turn, command)
        return True
    act = _LASTING.get(kind)
    return act is not None and act(turn, known)


def _service(turn: Turn, known: str) -> bool:
    service = turn.world.services_by_tag.get(known)
    if service is not None:
        steps.begin(turn, service)
    return service is not None


def _language(turn: Turn, known: str) -> bool:
    steps.choose_language(turn, known[1:])
    return True


def _talk(turn: Turn, known: str) -> bool:
    number = known[1:]
    found = next((talk for talk in turn.state.talks if str(talk.number) == number), None)
    if found is not None:
        steps.switch(turn, found)
    return found is not None


def _explained(turn: Turn, known: str) -> bool:
    talk = turn.talk
    if talk is None or not talk.ended:
        return False
    item = turn.sheet(talk).items_by_tag.get(known)
    return item is not None and asking.explain_item(turn, talk, item)


_LASTING: dict[str, Callable[[Turn, str], bool]] = {"s": _service, "l": _language, "t": _talk, "y": _explained,
            "f": following.tapped, "g": following.tapped, "x": following.about_all,
            "o": wishing.tapped, "k": wishing.tapped}  # fmt: skip
"""Tags whose meaning does not depend on what is asked: service, language, consultation, "why this item"."""


def _answered(turn: Turn, talk: Talk, known: str) -> bool:
    """An answer, a tick, or the wish to change an answer."""
    sheet, state = turn.sheet(talk), turn.state
    if known[0] == "e":
        name = sheet.facts_by_tag.get(known)
        if name is None or name not in talk.answers:
            return False
        steps.edit(turn, talk, name)
        return True
    if not state.fact or state.view == "resume":
        return False
    question = sheet.question(state.fact)
    if question.several:
        return _ticked(turn, talk, question, known)
    given = question.answers.get(known)
    if given is None:
        given = asking.tagged_value(sheet, question, known)
    if given is None:
        return False
    asking.answer(turn, talk, given)
    return True


def _ticked(turn: Turn, talk: Talk, question: Question, known: str) -> bool:
    option = question.answers.get(known)
    if option is not None:
        asking.toggle(turn, question, str(option))
    elif known == question.done and turn.state.picked:
        asking.answer(turn, talk, frozenset(turn.state.picked))
    elif known == question.none:
        asking.answer(turn, talk, frozenset())
    else:
        return False
    return True
