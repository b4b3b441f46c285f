"""What a person can ask for at any moment, by button or by word: back, start over, languages, lists, help."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from vikno.domain.dialog.asking import ask, consulted, explain_question, settle, show
from vikno.domain.dialog.context import Turn
from vikno.domain.dialog.menus import again, show_menu, unfinished
from vikno.domain.dialog.outcome import contact, contact_words
from vikno.domain.dialog.returning import reconcile
from vikno.domain.dialog.state import MOST_TALKS, Talk, Want, full_answers

MOST_CONTACTS = 5
OVERLAYS = (
    "answers",
    "languages",
    "talks",
    "why",
    "confirm",
    "found",
    "resume",
    "number",
    "code",
    "cases",
    "case",
    "data",
    "erase",
    "check",
    "settings",
    "linking",
)
"""Lists over a question or an outcome: "back" closes them."""


def obey(turn: Turn, command: str) -> None:
    """Do what a command says."""
    _COMMANDS[command](turn)


def base(turn: Turn) -> None:
    """Close what lies over the question or the outcome, and show it."""
    talk = turn.talk
    if talk is None:
        turn.change(view="home", fact="", open=0)
        show_menu(turn, "home")
    else:
        show(turn, settle(turn, talk))


def back(turn: Turn) -> None:
    """One step back: close a list, stop changing an answer, or take the last answer back."""
    state, talk = turn.state, turn.talk
    if state.view == "erase":
        turn.change(**fresh(turn, "data"))
        show_menu(turn, "data")
    elif talk is None or state.view in OVERLAYS or state.editing:
        base(turn)
    elif talk.answers:
        answers = dict(talk.answers)
        answers.popitem()
        show(turn, settle(turn, talk, answers))
    else:
        home(turn)


def home(turn: Turn, among: tuple[str, ...] = ()) -> None:
    """The list of services, or of some; the open consultation stays in the conversation if it has answers."""
    talks = tuple(talk for talk in turn.state.talks if talk.answers)
    turn.change(open=0, talks=talks, **{**fresh(turn, "home"), "offered": among})
    show_menu(turn, "home")


def fresh(turn: Turn, view: str) -> dict[str, Any]:
    """The fields of a state in which nothing is asked and no button of before is good."""
    return {
        "view": view, "fact": "", "step": turn.state.step + 1, "picked": (), "offered": (), "editing": False
    }  # fmt: skip


def restart(turn: Turn) -> None:
    talk = turn.talk
    if talk is None:
        home(turn)
        return
    if talk.answers:
        turn.note("restarted")
    show(turn, settle(turn, talk, {}))


def begin(turn: Turn, service: str) -> None:
    """Open a service: go on with its unfinished consultation (after asking), or start a new one."""
    state = turn.state
    known = next((talk for talk in reversed(state.talks) if talk.service == service and talk.answers), None)
    if known:
        turn.change(open=known.number, **fresh(turn, "resume"))
        show_menu(turn, "resume")
        return
    sheet = turn.world.sheet(service, state.lang)
    number = state.last + 1
    talks = tuple(talk for talk in state.talks if talk.answers)
    if len(talks) >= MOST_TALKS:
        turn.note("talks.forgotten", title=turn.world.title(talks[0].service, state.lang))
        talks = talks[1:]
    talk = Talk(number, service, sheet.version, sheet.day)
    turn.change(talks=(*talks, talk), open=number, last=number)
    turn.note("begun", title=sheet.title)
    show(turn, settle(turn, talk))


def switch(turn: Turn, talk: Talk) -> None:
    """Go on with another consultation of this conversation, under the service as it is today."""
    turn.change(open=talk.number)
    sheet = turn.sheet(talk)
    turn.note("switched", title=sheet.title)
    show(turn, settle(turn, talk, reconcile(turn, talk, sheet)))


def edit(turn: Turn, talk: Talk, name: str) -> None:
    """Ask an answered question again; the other answers stay."""
    kept = talk.answers[name]
    turn.change(
        view="ask",
        fact=name,
        step=turn.state.step + 1,
        editing=True,
        picked=tuple(kept) if isinstance(kept, list) else (),
        offered=(),
    )
    sheet = turn.sheet(talk)
    question = sheet.question(name)
    turn.note("editing", answer=sheet.says(question.fact, full_answers({name: kept}, sheet.unlike)[name]))
    ask(turn, question)


def choose_language(turn: Turn, language: str) -> None:
    """Speak another language from now on; what stood on the screen is shown in it."""
    if language not in turn.world.languages:
        show_menu(turn, "languages")
        return
    turn.speak(language)
    if language in turn.world.phrases:
        turn.note("language_changed")
    talk = turn.talk
    if turn.state.view == "languages":
        turn.change(view="ask" if turn.state.fact else "outcome" if talk else "home")
    if turn.state.view == "outcome" and talk is not None:
        show(turn, consulted(turn, talk))
    else:
        again(turn)


def why(turn: Turn) -> None:
    talk = turn.talk
    if talk is None:
        turn.note("help")
        again(turn)
    elif turn.state.fact and turn.state.view != "resume":
        turn.change(view="ask", offered=())
        explain_question(turn, talk)
    elif talk.ended:
        show_menu(turn, "why")
    else:
        again(turn)


def helped(turn: Turn) -> None:
    turn.note("help")
    again(turn)


def human(turn: Turn) -> None:
    """Whom a person can ask: the authority of the service, or those of the country."""
    turn.lead.append(contacts(turn))
    again(turn)


def contacts(turn: Turn) -> str:
    """Authorities with telephone and address, those of the open service or of all services."""
    talk, world = turn.talk, turn.world
    keys = [talk.service] if talk else list(world.services)
    authorities = {one.id: one for key in keys if (one := world.authority(key))}
    found = [contact(one, turn.state.lang) for one in list(authorities.values())[:MOST_CONTACTS]]
    lines = [f"• {contact_words(one)}" for one in found]
    return turn.say("human", list="\n".join(lines)) if lines else turn.say("human.none")


def talks(turn: Turn) -> None:
    if any(talk.answers for talk in turn.state.talks):
        show_menu(turn, "talks")
    else:
        home(turn)


def go_on(turn: Turn) -> None:
    going = unfinished(turn)
    if turn.talk is None and going:
        switch(turn, going[0])
    else:
        base(turn)


def answers(turn: Turn) -> None:
    if turn.talk is None:
        again(turn)
    else:
        show_menu(turn, "answers")


def follow(turn: Turn) -> None:
    """Ask for the number of a case."""
    _ask(turn, "number")


def check(turn: Turn) -> None:
    """Ask for the code of a message that somebody doubts."""
    _ask(turn, "check")


def _ask(turn: Turn, view: str) -> None:
    if _follows(turn):
        turn.change(noted="", **fresh(turn, view))
        show_menu(turn, view)


def want(turn: Turn, wants: Want) -> None:
    """Let it be found out; what it comes to is told as `Learnt`, and until then nothing is said."""
    if _follows(turn):
        turn.change(wants=wants)


def _follows(turn: Turn) -> bool:
    """Whether cases can be followed here; where they cannot, that is said."""
    if not turn.world.follows:
        turn.note("follow.not_here")
        again(turn)
    return turn.world.follows


_COMMANDS: dict[str, Callable[[Turn], None]] = {
    "back": back,
    "restart": restart,
    "help": helped,
    "language": lambda turn: show_menu(turn, "languages"),
    "answers": answers,
    "why": why,
    "services": home,
    "talks": talks,
    "human": human,
    "go_on": go_on,
    "done": again,
    "none": again,
    "follow": follow,
    "cases": lambda turn: want(turn, Want("cases")),
    "data": lambda turn: want(turn, Want("data")),
    "check": check,
    "settings": lambda turn: want(turn, Want("settings")),
}
