"""`vikno diff` without --json: the changes as a clerk reads them."""

import shutil
from pathlib import Path

from tests.cli.conftest import Call, edited

RULES = "services/fishing-permit/consultation.yaml"
EXAMPLES = "services/fishing-permit/examples.yaml"
OLD = "countries/example"
ON = ("--date", "2026-03-15")


def test_people_who_are_stopped_are_one_group_and_lose_their_list(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "when: age < 6\n", "when: age < 8\n")
    ran = call("diff", OLD, lakeland, *ON)
    assert ran.code == 1
    first = ran.out.split("\n2. ")[0]
    assert "1. Fishing permit (example/fishing-permit)" in first
    assert "Before: a list of what to bring and to do. Now: Children under 6 fish on the permit" in first
    assert "• How old are you? — 6–7 years" in first
    assert "− A parent, who signs for you (bring:parent)" in first
    assert "− At once, while you wait (term:at_once)" in first
    assert "Some of them also lose:\n     • The Lake House in the Old Town (place:lake_house) — 75%" in first
    assert "For example: {water: river, age: 6}" in first
    assert "second approver" not in ran.out


def test_who_gets_a_list_again_is_told_what_is_on_it(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "when: age < 6\n", "when: age < 4\n")
    ran = call("diff", OLD, lakeland, *ON)
    assert "Before: Children under 6 fish on the permit" in ran.out
    assert "Now: a list of what to bring and to do" in ran.out
    assert "+ At once, while you wait (term:at_once)" in ran.out


def test_another_sum_is_said_with_both_totals(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "2026-01-01: 9.50", "2026-01-01: 11")
    ran = call("diff", OLD, lakeland, *ON)
    assert "Another sum to pay" in ran.out
    assert "To pay: €9.50 → €11" in ran.out
    assert "To pay: €24.50 → €26" in ran.out
    assert "For how long do you need the permit? — “One day”" in ran.out
    assert "\n2. " not in ran.out, "everybody who pays more by the same sum is one group"


def test_examples_that_changed_along_need_a_second_approver(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "when: age < 6\n", "when: age < 8\n")
    text = (lakeland / EXAMPLES).read_text("utf-8")
    name = text.split("- name: ")[1].splitlines()[0]
    (lakeland / EXAMPLES).write_text(text.replace(f"- name: {name}", f"- name: {name} indeed", 1), "utf-8")
    ran = call("diff", OLD, lakeland, *ON)
    assert f"Examples that were changed or taken away\n  • {name}" in ran.out
    assert ran.out.rstrip().endswith("outcomes changed together with the examples that guarded them.")
    assert call("diff", OLD, lakeland, *ON, "--json").json["second_approver"] is True


def test_what_only_one_version_knows_is_listed_in_words(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "  - note: carry\n    text: Carry the permit", "  - note: take\n    text: Carry the permit")
    ran = call("diff", OLD, lakeland, *ON)
    assert "Added\n  • example/fishing-permit: Carry the permit while you fish (note:take)" in ran.out
    assert "Removed\n  • example/fishing-permit: Carry the permit while you fish (note:carry)" in ran.out


def test_nothing_changed_is_said_and_is_fine(call: Call, lakeland: Path) -> None:
    ran = call("diff", OLD, lakeland, *ON)
    assert (ran.code, ran.out) == (0, "Nobody’s outcome changes.\n")


def test_other_words_change_nobodys_outcome(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "text: Carry the permit while you fish", "text: Have the permit with you")
    ran = call("diff", OLD, lakeland, *ON)
    assert (ran.code, ran.out) == (0, "Nobody’s outcome changes.\n")


def test_it_speaks_the_language_that_was_asked_for(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "when: age < 6\n", "when: age < 8\n")
    ran = call("diff", OLD, lakeland, *ON, "--lang", "uk")
    assert "Було: перелік документів і дій." in ran.out
    assert "6–7 років" in ran.out
    assert call("diff", OLD, lakeland, *ON, "--lang", "de").code == 2


def test_all_dates_say_from_when_until_when(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "2027-01-01: 48", "2027-01-01: 50")
    ran = call("diff", OLD, lakeland, "--all-dates")
    assert "From January 1, 2027 on" in ran.out
    assert "To pay: €48 → €50" in ran.out


def test_many_groups_are_cut_and_counted(call: Call, lakeland: Path) -> None:
    text = (lakeland / RULES).read_text("utf-8")
    notes = "".join(
        f"  - note: n{at}\n    text: Note {at}\n    when: age in {40 + at}..{40 + at}\n" for at in range(20)
    )
    (lakeland / RULES).write_text(text.replace("\npromise:", f"{notes}\npromise:"), "utf-8")
    ran = call("diff", OLD, lakeland, *ON)
    assert "12. " in ran.out
    assert "13. " not in ran.out
    assert "and 8 more groups of people (use --json)" in ran.out


def test_a_service_that_came_or_went_is_named(call: Call, lakeland: Path) -> None:
    shutil.rmtree(lakeland / "services/library-card")
    gone = call("diff", OLD, lakeland, *ON)
    assert (gone.code, gone.out) == (
        0, "Nobody’s outcome changes.\n\nRemoved\n  • Library card (example/library-card)\n"
    )  # fmt: skip
    assert "Added\n  • Library card (example/library-card)" in call("diff", lakeland, OLD, *ON).out


def test_what_services_share_counts_for_all_of_them(call: Call, lakeland: Path) -> None:
    edited(lakeland, "country.yaml", "border_zone: [north_shore, hills]", "border_zone: [hills]")
    ran = call("diff", OLD, lakeland, *ON)
    assert ran.code == 1
    assert "Visitor's visa (example/visitor-visa)" in ran.out
    assert "Where will you stay? — “North Shore”" in ran.out
    assert "(note:zone)" in ran.out


def test_a_broken_service_cannot_be_compared(call: Call, lakeland: Path) -> None:
    edited(lakeland, RULES, "when: age < 6\n", "when: aage < 6\n")
    ran = call("diff", OLD, lakeland, *ON)
    assert ran.code == 2
    assert "did you mean “age”" in ran.err
