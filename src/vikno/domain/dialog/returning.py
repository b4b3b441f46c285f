"""Coming back: after days, after the service changed, after it went away. Nothing is dropped without being told."""

from __future__ import annotations

from vikno.domain.dialog.asking import asked, settle, tell_dropped
from vikno.domain.dialog.context import Turn
from vikno.domain.dialog.sheet import Sheet
from vikno.domain.dialog.state import Plain, Talk
from vikno.domain.rules.answers import AnswerRefused, read_answer

OLD_DAYS = 2
"""From so many days on, a person is asked whether to go on."""


def refresh(turn: Turn) -> None:
    """Bring the open consultation to the day and the version of the service."""
    state, services = turn.state, turn.world.services
    for known in state.talks:
        if known.service not in services:
            _forget_gone(turn)
            break
    talk = turn.talk
    if talk is None:
        if turn.state.open:
            turn.change(open=0, view="home", fact="", step=turn.state.step + 1, picked=(), offered=(), editing=False)
            turn.unread = True
        return
    sheet = turn.sheet(talk)
    same = talk.version == sheet.version
    if same and talk.day == sheet.day:
        return
    old = (sheet.day - talk.day).days >= OLD_DAYS and bool(talk.answers)
    before = turn.state
    settle(turn, talk, talk.answers if same else reconcile(turn, talk, sheet))
    if turn.state.fact == before.fact and not turn.lead:
        # The same question stands, nothing was lost: buttons, ticks and lists on the screen stay good.
        turn.change(
            step=before.step, view=before.view, picked=_still(sheet, before.fact, before.picked),
            editing=before.editing, offered=before.offered if before.view != "confirm" else (),
        )  # fmt: skip
        if turn.state.view == "confirm":
            turn.change(view="ask")
    else:
        turn.unread = True
        if not turn.lead and not old:
            turn.note("changed_meanwhile")
    if old and turn.state.view != "resume":
        turn.change(view="resume", step=turn.state.step + 1, picked=(), offered=(), editing=False)
        turn.note("resume.old", count=(sheet.day - talk.day).days)
        turn.unread = True


def _still(sheet: Sheet, fact: str, picked: tuple[str, ...]) -> tuple[str, ...]:
    known = sheet.service.fact.get(fact)
    return tuple(option for option in picked if known and option in known.option_ids)


def _forget_gone(turn: Turn) -> None:
    state, world = turn.state, turn.world
    left = tuple(talk for talk in state.talks if talk.service in world.services)
    turn.note("service_gone", count=len(state.talks) - len(left))
    turn.change(talks=left)


def reconcile(turn: Turn, talk: Talk, sheet: Sheet) -> dict[str, Plain]:
    """The answers that the new version of the service still takes; of the others the person is told."""
    if talk.version == sheet.version:
        return talk.answers
    kept: dict[str, Plain] = {}
    told: list[tuple[str, str, str]] = []
    gone = 0
    for name, plain in talk.answers.items():
        fact = sheet.service.fact.get(name)
        if fact is None:
            gone += 1
            continue
        try:
            read_answer(fact, plain, sheet.day, sheet.service.dates)
        except AnswerRefused:
            told.append((asked(sheet, name, {}), turn.say("dropped.unknown"), turn.say("dropped.refused")))
            continue
        kept[name] = plain
    if told or gone:
        turn.note("service_changed", title=sheet.title)
        tell_dropped(turn, told)
        if gone:
            turn.note("dropped.gone", count=gone)
    return kept
