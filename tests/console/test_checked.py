"""`vikno check` and `vikno talk` at a screen, over a folder of somebody who means harm."""

from __future__ import annotations

import io
from pathlib import Path

from tests.cli.conftest import Call, edited
from vikno.console import talk as talking
from vikno.console.checked import show
from vikno.domain.dialog.messages import Button, Message
from vikno.domain.rules.findings import Finding
from vikno.domain.values import Place
from vikno.usecases.check_country import Checked

TITLE = "\x1b]0;pwned\x07"
COMMANDS = "\x1b\x07\x9b\u202e"


def test_what_a_finding_quotes_is_no_command_of_the_terminal(call: Call, lakeland: Path) -> None:
    edited(lakeland, "country.yaml", "currency: EUR", r'currency: "\e]0;pwned\aEUR"')
    edited(lakeland, "services/library-card/service.yaml", "title:", r'"[red]\x9B[/]": x' + "\ntitle:")
    ran = call("check", lakeland)
    assert ran.code == 1
    assert "]0;pwned" in ran.out, "it is quoted"
    assert "“[red][/]”" in ran.out, "and is no markup either"
    assert not set(COMMANDS) & set(ran.out)


def test_neither_names_nor_answers_are_markup(capsys: object) -> None:
    hostile = f"[/]{TITLE}[bold"
    place = Place(f"{hostile}.yaml", 1, 1)
    finding = Finding("value_wrong", place, f"{hostile}\nnext", answers={"age": hostile})
    show(hostile, ("en",), [finding], [Checked(f"xx/{hostile}", ())], ok=False)
    show(hostile, ("en",), [], [Checked(f"xx/{hostile}", ())], ok=True)
    said = capsys.readouterr().out  # type: ignore[attr-defined]
    assert said.count("[/]]0;pwned[bold") == 6
    assert "[/]]0;pwned[bold next" in said, "a finding is one line"
    assert not set(COMMANDS) & set(said)


def test_a_text_that_is_dropped_is_named_and_commands_nothing(call: Call, lakeland: Path) -> None:
    edited(lakeland, "services/library-card/texts/uk.po", 'msgctxt "service.title"', f'msgctxt "{TITLE}"')
    ran = call("texts", lakeland, "--lang", "uk")
    assert "dropped: ]0;pwned," in ran.out
    assert not set(COMMANDS) & set(ran.out)


def test_an_error_of_a_call_is_no_command_either(call: Call) -> None:
    ran = call("consult", f"ua/{TITLE}")
    assert ran.code == 2
    assert "]0;pwned" in ran.err
    assert not set(COMMANDS) & set(ran.err)


def test_what_a_conversation_says_is_no_command() -> None:
    message = Message(
        "question", f"One{TITLE}\n\nTwo\nthree", (Button("1.a", f"Yes{TITLE}"), Button("1.n", TITLE, "nav"))
    )
    for screen in (talking._Plain(out := io.StringIO()), talking._Rich(out)):
        screen.show(message)
    said = out.getvalue()
    assert said.count("]0;pwned") == 6
    assert not set(COMMANDS) & set(said)
