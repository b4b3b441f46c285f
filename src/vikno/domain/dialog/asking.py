"""Asking and answering: the fold over answers, and the question or outcome it leads to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vikno.domain.dialog.context import Turn
from vikno.domain.dialog.messages import Button, Style
from vikno.domain.dialog.outcome import checklist, in_words
from vikno.domain.dialog.sheet import Question, Sheet
from vikno.domain.dialog.state import Plain, Talk, full_answers, plain_answer
from vikno.domain.dialog.why import why_asked, why_item
from vikno.domain.rules.answers import AnswerRefused, read_answer
from vikno.domain.rules.conditions import Answer
from vikno.domain.rules.evaluate import holds
from vikno.domain.rules.ruleset import Consultation
from vikno.domain.rules.service import Item


def consulted(turn: Turn, talk: Talk) -> Consultation:
    """Where the answers of a consultation have led."""
    sheet = turn.sheet(talk)
    return sheet.ruleset.consult(full_answers(talk.answers, sheet.unlike))


def settle(turn: Turn, talk: Talk, answers: dict[str, Plain] | None = None) -> Consultation:
    """Fold the answers anew, drop those that no longer fit (and say so), and stand where they lead."""
    sheet = turn.sheet(talk)
    kept = talk.answers if answers is None else answers
    found = sheet.ruleset.consult(full_answers(kept, sheet.unlike))
    # After a stop the later answers are not needed; they are kept for the case that the person goes back.
    if found.ignored and found.outcome in (None, "checklist"):
        _tell_dropped(turn, sheet, found)
        gone = set(found.ignored)
        kept = {name: given for name, given in kept.items() if name not in gone}
    ahead = found.next
    settled = Talk(talk.number, talk.service, sheet.version, sheet.day, kept, ahead is None)
    turn.change(
        talks=turn.with_talk(settled),
        view="ask" if ahead else "outcome",
        fact=ahead.id if ahead else "",
        step=turn.state.step + 1,
        picked=(),
        offered=(),
        editing=False,
    )
    return found


def _tell_dropped(turn: Turn, sheet: Sheet, found: Consultation) -> None:
    told = []
    for name in found.ignored:
        fact = sheet.service.fact[name]
        applies = fact.when is None or holds(sheet.service, fact.when, found.used, sheet.day)
        why = turn.say("dropped.no_matter" if applies else "dropped.not_yours")
        told.append((asked(sheet, name, found.answers), sheet.says(fact, found.answers[name]), why))
    tell_dropped(turn, told)


def tell_dropped(turn: Turn, told: Iterable[tuple[str, str, str]]) -> None:
    """(question, answer, why) of each answer that was dropped."""
    lines = [turn.say("dropped.line", ask=ask, answer=answer, why=why) for ask, answer, why in told]
    if lines:
        turn.note("dropped", list="\n".join(lines))


def asked(sheet: Sheet, name: str, answers: Mapping[str, Answer]) -> str:
    """A question's first line."""
    return first_line(sheet.ask(sheet.question(name), answers))


def first_line(text: str) -> str:
    return text.partition("\n")[0]


def answer(turn: Turn, talk: Talk, given: Answer) -> None:
    """Take an answer to the question that is asked, and go on."""
    kept = given if isinstance(given, str | int) else plain_answer(given)
    show(turn, settle(turn, talk, talk.answers | {turn.state.fact: kept}))


def echo(turn: Turn, sheet: Sheet, given: Answer) -> None:
    """Say what was understood, before the next question."""
    turn.note("noted", answer=sheet.says(sheet.service.fact[turn.state.fact], given))


def toggle(turn: Turn, question: Question, option: str) -> None:
    """Tick or untick one of several; the question stands."""
    picked = turn.state.picked
    after = tuple(one for one in picked if one != option) if option in picked else (*picked, option)
    turn.change(picked=after, view="ask", offered=())
    ask(turn, question)


def show(turn: Turn, found: Consultation) -> None:
    """The question or the outcome that the answers lead to."""
    talk = turn.talk
    if talk is None:
        return
    sheet = turn.sheet(talk)
    if found.next is None:
        show_outcome(turn, sheet, found)
    else:
        ask(turn, sheet.question(found.next.id), found.answers)


def ask(turn: Turn, question: Question, answers: Mapping[str, Answer] | None = None) -> None:
    """The question, with its buttons. `answers` are needed only where its text shows one."""
    state, talk = turn.state, turn.talk
    if talk is None:
        return
    sheet = turn.sheet(talk)
    if answers is None:
        answers = full_answers(talk.answers, sheet.unlike) if question.changing else {}
    prefix = f"{state.step}."
    if question.several:
        buttons = _several_buttons(turn, question)
    else:
        buttons = [Button(prefix + known, label) for known, label in question.shown]
    buttons += turn.commands("back", "why", "answers") if talk.answers else turn.commands("back", "why")
    turn.send("question", sheet.ask(question, answers), buttons, fact=question.fact.id, field=question.fact.kind)


def _several_buttons(turn: Turn, question: Question) -> list[Button]:
    picked = turn.state.picked
    buttons = [
        turn.button(known, label, "chosen" if question.answers[known] in picked else "choice")
        for known, label in question.choices
    ]
    if picked:
        buttons.append(turn.button(question.done, turn.say("button.done"), "action"))
    buttons.append(turn.button(question.none, turn.say("button.none"), "action"))
    return buttons


def tagged_value(sheet: Sheet, question: Question, known: str) -> Answer | None:
    """The number or day of a tag made from `question.valued`; None if it is another question's, or made up."""
    fact, start = question.fact, len(question.valued)
    if fact.kind not in ("number", "date") or known[:start] != question.valued:
        return None
    try:
        return read_answer(fact, known[start:], sheet.day, sheet.service.dates)
    except AnswerRefused:
        return None


def confirm(turn: Turn, sheet: Sheet, question: Question, maybe: tuple[Answer, ...]) -> None:
    """An unsure reading: offer what may be meant, take nothing."""
    by_answer = {given: known for known, given in question.answers.items() if not isinstance(given, frozenset)}
    candidates: list[tuple[str, Answer]] = []
    for given in maybe:
        one = next(iter(given)) if isinstance(given, frozenset) and given else given
        known = by_answer.get(one) if isinstance(one, str | bool) else f"{question.valued}{plain_answer(one)}"
        if known:
            candidates.append((known, one))
    turn.change(view="confirm", offered=tuple(known for known, _ in candidates))
    ask_which(turn, sheet, question, candidates)


def ask_which(turn: Turn, sheet: Sheet, question: Question, candidates: list[tuple[str, Answer]]) -> None:
    """ "Did you mean …", with the candidates as buttons."""
    style: Style = "action" if question.fact.kind in ("number", "date") else "choice"
    labels = [(known, sheet.says(question.fact, value)) for known, value in candidates]
    which = "confirm.one" if len(labels) == 1 else "confirm.several"
    text = turn.say(which, answer=labels[0][1]) + "\n" + turn.say("confirm.ask", ask=first_line(question.ask))
    buttons = [turn.button(known, label, style) for known, label in labels]
    turn.send("choice", text, [*buttons, *turn.commands("back")], fact=question.fact.id)


def show_outcome(turn: Turn, sheet: Sheet, found: Consultation) -> None:
    """The checklist, or why there is none."""
    made = checklist(sheet, found, turn.state.step)
    turn.send("outcome", in_words(sheet, made), outcome_buttons(turn), checklist=made)


def outcome_buttons(turn: Turn) -> list[Button]:
    follow = ("follow",) if turn.world.follows else ()
    return turn.commands(*follow, "why", "answers", "restart", "services", "human")


def explain_question(turn: Turn, talk: Talk) -> None:
    """Why do you ask?"""
    sheet = turn.sheet(talk)
    question = sheet.question(turn.state.fact)
    answers = full_answers(talk.answers, sheet.unlike)
    turn.lead.append(why_asked(sheet, {k: v for k, v in answers.items() if k != turn.state.fact}, question.fact))
    ask(turn, question)


def explain_item(turn: Turn, talk: Talk, item: Item) -> bool:
    """Why this paper? False if it is not in the outcome."""
    found = consulted(turn, talk)
    if item not in found.items:
        return False
    turn.send("why", why_item(turn.sheet(talk), found, item), outcome_buttons(turn))
    return True
