"""Words a person typed: a choice from what is on the screen, a language, a command, an answer, or a wish.

In that order, and never a guess: what is not sure is offered.
"""

from __future__ import annotations

from vikno.domain.dialog import asking, following, steps
from vikno.domain.dialog.context import Turn
from vikno.domain.dialog.matching import Labels
from vikno.domain.dialog.menus import again, labels, menu, offered, show_menu
from vikno.domain.dialog.reading import read_typed
from vikno.domain.dialog.sheet import LISTED, Question
from vikno.domain.dialog.state import Talk
from vikno.domain.dialog.taps import press
from vikno.domain.dialog.tidy import LONGEST, plain, tidy, words

MOST_FOUND = 8
WISHED = ("home", "found", "case", "cases", "data", "settings")
"""Lists beside which a service can be wished for: it opens at once if it can only be this one."""


def listen(turn: Turn, said: str) -> None:
    """Take what was said; only its beginning is read if it is long."""
    text = tidy(said)
    if not words(text):
        turn.note("empty")
        again(turn)
        return
    if len(said) > LONGEST:
        turn.note("too_long")
    if turn.unread and plain(text) not in turn.world.commands:
        again(turn)
    elif not (_chosen(turn, text) or _commanded(turn, text)):
        _interpreted(turn, text)


def _chosen(turn: Turn, text: str) -> bool:
    """The very label of something on the screen, before it could be taken for a command."""
    listed = menu(turn)
    if listed is not None:
        known = labels(turn, listed).exact(text)
        return known is not None and press(turn, known)
    talk = turn.talk
    if talk is None or not turn.state.fact:
        return False
    question = turn.sheet(talk).question(turn.state.fact)
    known = None if question.several else question.labels.exact(text)
    if known is None:
        return False
    asking.answer(turn, talk, question.answers[known])
    return True


def _commanded(turn: Turn, text: str) -> bool:
    """A language's name or a command, in any language; "чому 3" and "змінити 2" name a line of the list."""
    said = plain(text)
    language = turn.world.language_names.get(said)
    if language and not (len(said) < 4 and _asks_for_a_name(turn)):
        steps.choose_language(turn, language)
        return True
    command = turn.world.commands.get(said)
    if command in ("done", "none", "go_on") and _finished(turn, command):
        return True
    if command and command not in ("done", "none"):
        steps.obey(turn, command)
        return True
    word, _, number = said.rpartition(" ")
    command = turn.world.commands.get(word)
    if command not in ("why", "answers") or not number.isdigit() or turn.talk is None:
        return False
    if command == "why" and not turn.talk.ended:
        return False
    turn.change(view=command)
    listed = menu(turn)
    found = labels(turn, listed).match(number).sure if listed else None
    if found is None:
        again(turn)
        return True
    return press(turn, found)


def _asks_for_a_name(turn: Turn) -> bool:
    """Whether a name from a long list is asked for: there "UK" is a country."""
    talk, fact = turn.talk, turn.state.fact
    return talk is not None and bool(fact) and turn.sheet(talk).service.fact[fact].kind in LISTED


def _finished(turn: Turn, command: str) -> bool:
    """ "Done", "go on" and "none of these" finish a choice of several; elsewhere they mean nothing here.

    Hints say "just go on" where nothing applies, so that is an answer; "done" with nothing ticked may be a slip.
    """
    talk = turn.talk
    if talk is None or not turn.state.fact or turn.state.view not in ("ask", "confirm"):
        return False
    question = turn.sheet(talk).question(turn.state.fact)
    if not question.several:
        return False
    if command == "done" and not turn.state.picked:
        turn.note("nothing_picked")
        again(turn)
        return True
    given = frozenset[str]() if command == "none" else frozenset(turn.state.picked)
    asking.echo(turn, turn.sheet(talk), given)
    asking.answer(turn, talk, given)
    return True


def _interpreted(turn: Turn, text: str) -> None:
    """Part of a label, a number, an answer in other words, or a wish for a service."""
    listed, talk = menu(turn), turn.talk
    if following.typed(turn, text):
        return
    if listed is not None:
        found = labels(turn, listed).match(text)
        if found.sure and not (turn.state.view == "cases" and _names_service(turn, text)):
            press(turn, found.sure)
        elif turn.state.view == "found" and len(listed.choices) == 1 and plain(text) in turn.words.yes:
            press(turn, listed.choices[0][0])
        elif _answered_beside(turn, plain(text)):
            steps.back(turn)
        elif turn.state.view in ("home", "found") or (turn.state.view in WISHED and _names_service(turn, text)):
            wish(turn, text)
        else:
            turn.note("not_understood.menu")
            again(turn)
    elif talk is not None and turn.state.fact:
        _read_answer(turn, talk, text)
    else:
        wish(turn, text)


def _read_answer(turn: Turn, talk: Talk, text: str) -> None:
    sheet = turn.sheet(talk)
    question = sheet.question(turn.state.fact)
    if turn.state.view == "confirm" and _confirmed(turn, talk, question, text):
        return
    others = (turn.world.sheet(talk.service, other) for other in turn.world.languages if other != turn.state.lang)
    reading = read_typed(question, sheet, text, others)
    if reading.sure is not None:
        given = reading.sure
        if isinstance(given, frozenset) and given:
            given |= frozenset(turn.state.picked)
        asking.echo(turn, sheet, given)
        asking.answer(turn, talk, given)
    elif reading.maybe:
        asking.confirm(turn, sheet, question, reading.maybe)
    else:
        turn.lead.append(reading.problem)
        hits = turn.world.index.find(text, turn.words.filler_of_wishes)
        if hits.keys and hits.keys[0] != talk.service:
            turn.note("maybe_service", title=turn.world.title(hits.keys[0], turn.state.lang))
        turn.change(view="ask", offered=())
        asking.ask(turn, question)


def _confirmed(turn: Turn, talk: Talk, question: Question, text: str) -> bool:
    """An answer to "did you mean": yes, no, a number or a label of the candidates."""
    candidates = offered(turn, talk)
    said = plain(text)
    if len(candidates) == 1 and said in turn.words.yes:
        return press(turn, candidates[0][0])
    if len(candidates) == 1 and said in turn.words.no:
        turn.change(view="ask", offered=())
        asking.ask(turn, question)
        return True
    if question.fact.kind in ("number", "date"):
        return False  # a number typed here is the answer itself, not a line of the list
    sheet = turn.sheet(talk)
    listed = [(known, sheet.says(question.fact, value)) for known, value in candidates]
    found = Labels(listed, denying=turn.words.denying).match(text).sure
    return found is not None and press(turn, found)


def _answered_beside(turn: Turn, said: str) -> bool:
    """No to erasing; or yes or no to «anything else?», which leads to where there is more to choose from."""
    match turn.state.view:
        case "erase" | "linking":
            return said in turn.words.no
        case "case" | "data" | "settings":
            return said in turn.words.no or said in turn.words.yes
    return False


def _names_service(turn: Turn, text: str) -> bool:
    """Whether the words may be a wish; a number is a line of the list. A followed document has its service's name."""
    return any(sign.isalpha() for sign in text) and bool(turn.world.index.find(text, turn.words.filler_of_wishes).keys)


def wish(turn: Turn, text: str) -> None:
    """A service in a person's own words. One that it can only be is opened; several are offered; never a guess."""
    hits = turn.world.index.find(text, turn.words.filler_of_wishes)
    if hits.sure and turn.state.view in WISHED:
        steps.begin(turn, hits.keys[0])
    elif hits.keys:
        turn.change(view="found", offered=hits.keys[:MOST_FOUND])
        show_menu(turn, "found")
    elif turn.state.view == "outcome":
        turn.note("not_understood.outcome")
        again(turn)
    else:
        turn.change(view="home", offered=())
        turn.note("not_found")
        turn.lead.append(steps.contacts(turn))
        again(turn)
