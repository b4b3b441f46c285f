"""Wishes in a conversation: which organisations may write, about what; and an account that becomes somebody's own.

The dialogue knows no organisations. What it is told (`Learnt`) it lists, each with a button for the other way; the
words of that button go along (`Want.number`), since what somebody agreed to or took back is kept in their words.
"""

from __future__ import annotations

from vikno.domain.dialog import steps
from vikno.domain.dialog.context import Turn
from vikno.domain.dialog.events import Learnt
from vikno.domain.dialog.menus import show_menu, switched
from vikno.domain.dialog.state import Shown, Want

MOST_LISTED = 10
"""Senders and kinds on one list; all of them stand on the page."""


def tapped(turn: Turn, known: str) -> bool:
    """`o<number>-` ends what an organisation sends, `k<kind>+` lets a kind of message come again."""
    case, way = known[:-1], known[-1:]
    one = next((one for one in turn.state.senders if one.case == case), None)
    if one is None or way not in ("+", "-"):
        return False
    said = switched(turn, one, way)
    steps.want(turn, Want("switch", case=case, code="on" if way == "+" else "off", number=said))
    return True


def linking(turn: Turn) -> bool:
    """Yes, this account is theirs as well; if that was just asked."""
    if turn.state.view != "linking" or not turn.state.noted:
        return False
    steps.want(turn, Want("link", code=turn.state.noted))
    return True


def listed(turn: Turn, learnt: Learnt) -> None:
    """How it stands, in short, and where all of it is."""
    shown = learnt.cases[:MOST_LISTED]
    turn.change(senders=shown, **steps.fresh(turn, "settings"))
    if learnt.what == "switched":
        turn.note("settings.done")
    if not shown:
        turn.note("settings.none")
    for phrase, some in (
        ("settings", [one for one in shown if one.title]),
        ("settings.kinds", [one for one in shown if not one.title]),
    ):
        if some:
            lines = [f"• {_name(turn, one)}: {turn.say(f'settings.{one.number}')}" for one in some]
            turn.lead.append("\n".join([turn.say(phrase), *lines]))
    if learnt.link:
        turn.note("settings.link", link=learnt.link)
    show_menu(turn, "settings")


def asked(turn: Turn, learnt: Learnt) -> None:
    """A link has brought somebody here who wants this account on their page too."""
    [shown] = learnt.cases
    turn.change(noted=shown.case, **steps.fresh(turn, "linking"))
    turn.note("linking", title=shown.title or turn.words.app(shown.number))
    show_menu(turn, "linking")


def answered(turn: Turn, learnt: Learnt) -> None:
    """It is theirs now; or the link was too old."""
    turn.change(noted="")
    turn.note(learnt.what)
    steps.home(turn)


def _name(turn: Turn, one: Shown) -> str:
    """An organisation's own, or that of a kind of message."""
    return one.title or turn.say(f"kind.{one.case[1:]}")
