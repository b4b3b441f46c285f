"""Lists to choose from: services, languages, consultations, answers to change, papers to explain, "did you mean"."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vikno.domain.dialog.asking import ask, ask_which, asked, consulted, outcome_buttons, tagged_value
from vikno.domain.dialog.context import Turn
from vikno.domain.dialog.matching import Labels
from vikno.domain.dialog.sheet import tag
from vikno.domain.dialog.state import Shown, Talk, full_answers
from vikno.domain.dialog.why import short
from vikno.domain.rules.conditions import Answer


@dataclass(frozen=True, slots=True)
class Menu:
    """A list on the screen: `choices` are (tag, label), numbered from 1; `side` are commands below them."""

    text: str
    choices: tuple[tuple[str, str], ...]
    side: tuple[str, ...] = ()


def menu(turn: Turn) -> Menu | None:
    """The list that numbers on the screen stand for now; None while a question or an outcome stands there."""
    make = _MENUS.get(turn.state.view)
    return make(turn) if make else None


def labels(turn: Turn, listed: Menu) -> Labels:
    """The choices of a menu, for matching what is typed."""
    words = turn.words
    return Labels(listed.choices, filler=words.filler, denying=words.denying)


def show_menu(turn: Turn, view: str) -> None:
    """Put a list on the screen."""
    if turn.state.view != view:
        turn.change(view=view)
    listed = menu(turn)
    if listed is None:
        return
    turn.send(
        "choice",
        listed.text,
        [*(turn.button(known, label) for known, label in listed.choices), *turn.commands(*listed.side)],
    )


def unfinished(turn: Turn) -> list[Talk]:
    """Consultations with answers and without an outcome, the latest first."""
    return [talk for talk in reversed(turn.state.talks) if talk.answers and not talk.ended]


def _home(turn: Turn) -> Menu:
    going = [
        (f"t{talk.number}", turn.say("home.go_on", title=turn.world.title(talk.service, turn.state.lang)))
        for talk in unfinished(turn)[:2]
    ]
    text = turn.say("home" if turn.world.services else "home.empty")
    return Menu(text, (*going, *_services(turn)), _home_side(turn))


def _home_side(turn: Turn) -> tuple[str, ...]:
    side: tuple[str, ...] = ("language", "help", "human")
    if turn.state.offered:  # those of an office; the others are one step away
        side = ("services", *side)
    if turn.world.follows:
        side = ("follow", "cases", *side)
    return ("talks", *side) if any(talk.answers for talk in turn.state.talks) else side


def _services(turn: Turn) -> list[tuple[str, str]]:
    world, language, only = turn.world, turn.state.lang, turn.state.offered
    return [
        (known, world.title(key, language)) for known, key in world.services_by_tag.items() if not only or key in only
    ]


def _found(turn: Turn) -> Menu:
    world, language = turn.world, turn.state.lang
    found = [key for key in turn.state.offered if key in world.services]
    choices = tuple((tag("s", key), world.title(key, language)) for key in found)
    return Menu(turn.say("found.one" if len(found) == 1 else "found.several"), choices, ("services", "human"))


def _languages(turn: Turn) -> Menu:
    choices = tuple((f"l{language}", turn.world.language_label(language)) for language in turn.world.languages)
    return Menu(turn.say("languages"), choices, ("back",))


def _talks(turn: Turn) -> Menu:
    choices = []
    for talk in reversed(turn.state.talks):
        state = "talks.ended" if talk.ended else "talks.going"
        choices.append((f"t{talk.number}", turn.say(state, title=turn.world.title(talk.service, turn.state.lang))))
    return Menu(turn.say("talks"), tuple(choices), ("services",))


def _answers(turn: Turn) -> Menu:
    talk = turn.talk
    if talk is None or not talk.answers:
        return Menu(turn.say("answers.none"), (), ("back",))
    sheet = turn.sheet(talk)
    given = full_answers(talk.answers, sheet.unlike)
    choices = tuple(
        (
            sheet.tag_of[name],
            turn.say("answers.line", ask=asked(sheet, name, given), answer=sheet.says(sheet.service.fact[name], value)),
        )
        for name, value in given.items()
        if name in sheet.service.fact
    )
    return Menu(turn.say("answers"), choices, ("back", "restart"))


def _why(turn: Turn) -> Menu | None:
    talk = turn.talk
    if talk is None:
        return None
    sheet = turn.sheet(talk)
    found = consulted(turn, talk)
    choices = tuple(
        (sheet.tag_of[item.key], short(sheet.ruleset.text(item, found.used, turn.state.lang))) for item in found.items
    )
    return Menu(turn.say("why.which"), choices, ("back",))


def _resume(turn: Turn) -> Menu | None:
    talk = turn.talk
    if talk is None:
        return None
    title = turn.world.title(talk.service, turn.state.lang)
    known = "resume.ended" if talk.ended else "resume"
    choices = tuple((f"n{name}", turn.say(f"button.{name}")) for name in ("go_on", "restart", "services"))
    return Menu(turn.say(known, title=title), choices)


def _typed(phrase: str) -> Callable[[Turn], Menu]:
    """What is answered by writing: a number, a code."""
    return lambda turn: Menu(turn.say(phrase), (), ("back", "human"))


def _cases(turn: Turn) -> Menu:
    choices = tuple((f"f{one.case}", f"{one.title} · {one.number}") for one in turn.state.cases)
    return Menu(turn.say("cases"), choices, ("follow", "data", "services"))


def _case(turn: Turn) -> Menu:
    """What can be done about the case that was shown last.

    Whoever is asked for any tap (Viber's welcome) takes the first, so the end of following it is not that.
    """
    stop = tuple((f"g{one.case}", turn.say("case.stop")) for one in turn.state.cases[:1])
    return Menu(turn.say("case.next"), (("ncases", turn.say("button.cases")), *stop), ("services",))


def _data(turn: Turn) -> Menu:
    choices = (("xstop", turn.say("data.stop")), ("xask", turn.say("data.erase")))
    return Menu(turn.say("data.choose"), choices, ("settings", "back"))


def _erase(turn: Turn) -> Menu:
    return Menu(turn.say("erase"), (("xerase", turn.say("erase.go")),), ("back",))


def _settings(turn: Turn) -> Menu:
    """Each with the other way; what stands in a button holds, however late it is tapped."""
    ways = [(one, "-" if one.number == "on" else "+") for one in turn.state.senders]
    choices = tuple((f"{one.case}{way}", switched(turn, one, way)) for one, way in ways)
    return Menu(turn.say("settings.choose" if choices else "data.choose"), choices, ("data", "back"))


def switched(turn: Turn, one: Shown, way: str) -> str:
    """What the button of an organisation or a kind of message says."""
    word = "on" if way == "+" else "off"
    if one.title:
        return turn.say(f"settings.sender.{word}", title=one.title)
    return turn.say(f"settings.kind.{word}", title=turn.say(f"kind.{one.case[1:]}"))


def _linking(turn: Turn) -> Menu:
    return Menu(turn.say("linking.choose"), (("xlink", turn.say("linking.go")),), ("back",))


_MENUS: dict[str, Callable[[Turn], Menu | None]] = {
    "home": _home,
    "found": _found,
    "languages": _languages,
    "talks": _talks,
    "answers": _answers,
    "why": _why,
    "resume": _resume,
    "number": _typed("case.number"),
    "code": _typed("case.code"),
    "cases": _cases,
    "case": _case,
    "data": _data,
    "erase": _erase,
    "check": _typed("check"),
    "settings": _settings,
    "linking": _linking,
}


def again(turn: Turn) -> None:
    """Show once more what stands on the screen; an outcome is not repeated, only what can be done with it."""
    view, talk = turn.state.view, turn.talk
    if view in _MENUS:
        show_menu(turn, view)
    elif talk is None:
        show_menu(turn, "home")
    elif view == "outcome":
        turn.send("notice", turn.say("outcome.above"), outcome_buttons(turn))
    else:
        _question_again(turn, talk)


def _question_again(turn: Turn, talk: Talk) -> None:
    sheet = turn.sheet(talk)
    question = sheet.question(turn.state.fact)
    candidates = offered(turn, talk) if turn.state.view == "confirm" else []
    if candidates:
        ask_which(turn, sheet, question, candidates)
    else:
        ask(turn, question)


def offered(turn: Turn, talk: Talk) -> list[tuple[str, Answer]]:
    """The candidates of a "did you mean", as (tag, answer)."""
    sheet = turn.sheet(talk)
    question = sheet.question(turn.state.fact)
    out: list[tuple[str, Answer]] = []
    for known in turn.state.offered:
        value: Answer | None = question.answers.get(known)
        if value is None:
            value = tagged_value(sheet, question, known)
        if value is not None:
            out.append((known, value))
    return out
