"""Following a document in a conversation: its number, the code beside it, what it has come to, and stopping.

The dialogue knows no cases. It says what it wants to know (`State.wants`); a use case finds out and tells
it (`Learnt`).
"""

from __future__ import annotations

from collections.abc import Callable

from vikno.domain.dialog import steps, wishing
from vikno.domain.dialog.context import Turn
from vikno.domain.dialog.events import Learnt
from vikno.domain.dialog.menus import again, show_menu
from vikno.domain.dialog.state import Shown, Want

LONGEST = 60
"""Letters of a number or a code that are looked at; no authority prints longer ones."""
MOST_SHOWN = 12


def typed(turn: Turn, text: str) -> bool:
    """The number or the code; False when neither was asked for."""
    match turn.state.view:
        case "number":
            turn.change(noted=text[:LONGEST], **steps.fresh(turn, "code"))
            show_menu(turn, "code")
        case "code":
            steps.want(turn, Want("follow", turn.state.noted, text[:LONGEST]))
        case "check":
            steps.want(turn, Want("check", code=text[:LONGEST]))
        case _:
            return False
    return True


def tapped(turn: Turn, known: str) -> bool:
    """A case of the list (`f<case>`), or the end of following it (`g<case>`)."""
    case = known[1:]
    if not case:  # to a use case that would be all of them
        return False
    steps.want(turn, Want("case" if known[0] == "f" else "stop", case=case))
    return True


def about_all(turn: Turn, known: str) -> bool:
    """Everything at once, under a letter of its own, since a case may be called `all`.

    `xstop` ends all following; `xask` asks about erasing and `xerase` does it, if that was just asked, as `xlink` makes
    this account somebody's own.
    """
    match known[1:]:
        case "stop":
            steps.want(turn, Want("stop"))
        case "ask":
            turn.change(**steps.fresh(turn, "erase"))
            show_menu(turn, "erase")
        case "link":
            return wishing.linking(turn)
        case "erase" if turn.state.view == "erase":
            steps.want(turn, Want("erase"))
        case _:
            return False
    return True


def learn(turn: Turn, learnt: Learnt) -> None:
    """Say what was found out."""
    turn.change(wants=None)
    _SAID[learnt.what](turn, learnt)


def _one(turn: Turn, learnt: Learnt) -> None:
    """A case as it stands, with what can be done about it."""
    [shown] = learnt.cases
    if learnt.what in ("followed", "already"):
        turn.note(learnt.what, title=shown.title, number=shown.number)
    turn.change(noted="", cases=_with(turn, shown), **steps.fresh(turn, "case"))
    turn.lead.append(shown.text)
    show_menu(turn, "case")


def _with(turn: Turn, shown: Shown) -> tuple[Shown, ...]:
    rest = tuple(one for one in turn.state.cases if one.case != shown.case)
    return (Shown(shown.case, shown.title, shown.number), *rest)[:MOST_SHOWN]


def _unknown(turn: Turn, learnt: Learnt) -> None:
    turn.change(noted="", **steps.fresh(turn, "number"))
    turn.note(f"case.{learnt.what}")
    if learnt.what == "locked":
        turn.lead.append(steps.contacts(turn))
        steps.home(turn)
    else:
        show_menu(turn, "number")


def _listed(turn: Turn, learnt: Learnt) -> None:
    shown = tuple(Shown(one.case, one.title, one.number) for one in learnt.cases[:MOST_SHOWN])
    if learnt.what == "stopped":
        turn.note("case.stopped" if learnt.cases else "case.stopped_all")
    turn.change(cases=shown, **steps.fresh(turn, "cases"))
    if shown:
        turn.lead += [f"{one.title} · {one.number}\n{one.text}" for one in learnt.cases[:MOST_SHOWN] if one.text]
        show_menu(turn, "cases")
    else:
        if learnt.what == "cases":
            turn.note("cases.none")
        steps.home(turn)


def _data(turn: Turn, learnt: Learnt) -> None:
    turn.change(**steps.fresh(turn, "data"))
    turn.note("data", link=learnt.link or "")
    show_menu(turn, "data")


def _erased(turn: Turn, _: Learnt) -> None:
    turn.note("erased")
    steps.home(turn)


def _left(turn: Turn, _: Learnt) -> None:
    """The last thing that is said, so it asks nothing."""
    turn.change(cases=())
    turn.note("learnt.left")
    turn.send("notice", "")


def _silent(_turn: Turn, _learnt: Learnt) -> None:
    """What was done needs no word: the change of language was answered at once."""


def _told(turn: Turn, learnt: Learnt) -> None:
    """Something that is only said."""
    turn.note(f"learnt.{learnt.what}")
    again(turn)


def _checked(turn: Turn, learnt: Learnt) -> None:
    """Whether a message came from here."""
    for shown in learnt.cases[:1]:
        turn.note("genuine", title=shown.title, number=shown.number)
        turn.lead.append(shown.text)
    if not learnt.cases:
        turn.note("not_genuine")
        turn.lead.append(steps.contacts(turn))
    steps.home(turn)


_SAID: dict[str, Callable[[Turn, Learnt], None]] = {
    "followed": _one,
    "already": _one,
    "case": _one,
    "unknown": _unknown,
    "locked": _unknown,
    "cases": _listed,
    "stopped": _listed,
    "data": _data,
    "erased": _erased,
    "genuine": _checked,
    "not_genuine": _checked,
    "left": _left,
    "unread": _told,
    "not_now": _told,
    "language": _silent,
    "settings": wishing.listed,
    "switched": wishing.listed,
    "linking": wishing.asked,
    "linked": wishing.answered,
    "not_linked": wishing.answered,
}
