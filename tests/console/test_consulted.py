"""`vikno consult` without --json: what a person reads."""

import json

from tests.cli.conftest import Call
from tests.commands import Command

FISHER = {"water": "river", "age": 40, "about": ["member"], "boat": False, "period": "year"}
ON = ("--date", "2026-03-15")


def consulted(call: Call, answers: object, *more: str, service: str = "example/fishing-permit") -> str:
    ran = call("consult", service, "--answers", "-", *ON, *more, stdin=json.dumps(answers))
    assert (ran.code, ran.err) == (0, ""), ran
    return ran.out


def test_an_outcome_has_its_items_by_kind_with_why_law_confidence_total_and_receipt(call: Call) -> None:
    said = consulted(call, FISHER)
    result = json.loads(consulted(call, FISHER, "--json"))
    assert said.splitlines()[0] == "Fishing permit: your list"
    headings = ["Bring", "To pay", "You receive", "How long it takes", "Where to go", "How long it is valid"]
    places = [said.index(f"\n{heading}\n") for heading in headings]
    assert places == sorted(places)
    assert "• A copy of your identity document (copy)\n    Because to “How old are you?” you answered 40 years" in said
    assert "• Or for ten years at once (€380) (if you prefer; not in the total)" in said
    assert "Total: €45" in said
    assert "[1] Fishing Act, https://law.example/fishing-act, read on January 5, 2026" in said
    assert "Confidence C: not confirmed." in said
    for item in result["items"]:
        assert item["text"] in said
    assert f"Rules: {result['version']}" in said
    assert f"Receipt: {result['receipt']}" in said


def test_a_law_is_written_out_once_and_cited_by_its_number(call: Call) -> None:
    said = consulted(call, FISHER)
    assert said.count("https://law.example/fishing-act") == 1
    assert said.count("Law: [1].") > 5


def test_too_few_answers_show_the_next_question_and_what_is_certain(call: Call) -> None:
    said = consulted(call, {"water": "river", "age": 40})
    assert "Fishing permit: not finished yet" in said
    assert "What of this is true of you?" in said
    assert "about: a list of any of these" in said
    assert "• I study (student)" in said
    assert "A copy of your identity document" in said
    assert "Receipt" not in said


def test_every_kind_of_question_says_what_it_takes(call: Call) -> None:
    assert "water: one of 3 options" in consulted(call, {})
    assert "age: 0..120" in consulted(call, {"water": "river"})
    assert "boat: true, false" in consulted(call, {"water": "river", "age": 40, "about": []})
    assert "length: 1..30" in consulted(call, {"water": "river", "age": 40, "about": [], "boat": True})
    visa = consulted(call, {}, service="example/visitor-visa")
    assert "passport: one of " in visa
    assert len(visa.splitlines()) < 30, "a list of all countries is not printed"
    asked = consulted(call, {"passport": "us"}, service="example/visitor-visa")
    assert "2026-01-31" in asked or "one of" in asked


def test_an_ending_names_whom_to_ask_and_answers_without_use(call: Call) -> None:
    said = consulted(call, {"water": "lake", "lake": "moor", "age": 40})
    assert "Moor Lake is a nature reserve" in said
    assert "Waters Office: https://waters.example" in said
    assert "Not used, because they decide nothing here: age" in said
    assert "Total" not in said


def test_it_speaks_the_language_that_was_asked_for(call: Call) -> None:
    said = consulted(call, FISHER, "--lang", "uk")
    assert "Візьміть із собою" in said
    assert "Певність A: офіційне й недавнє джерело." in said
    assert "Підстава: [1]." in said


def test_a_pipe_gets_no_colours(vikno: Command) -> None:
    ran = vikno("consult", "example/library-card", "--answers", "-", stdin="age: 9")
    assert ran.code == 0
    assert "\x1b" not in ran.out
    assert "A parent, who signs for you" in ran.out
