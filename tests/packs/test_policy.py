"""policy/*.yaml as read: each slip is a finding at its place, and the rest is read on."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from tests.commands import ROOT
from vikno.domain.rules.findings import Finding
from vikno.packs.load import read_country
from vikno.packs.policy import message_facts, policy_files, read_policy
from vikno.usecases.check_policy import check_policy

TODAY = date(2026, 11, 22)
PACKS = sorted(path.name for path in (ROOT / "countries").iterdir() if policy_files(path))


def found(folder: Path) -> list[Finding]:
    """What the check finds in a folder's rules."""
    loaded: list[Finding] = []
    policy = read_policy(folder, read_country(folder, loaded.append), loaded.append)
    return list(check_policy(policy.rules, policy.examples, message_facts(), loaded, TODAY))


@pytest.mark.parametrize("code", PACKS)
def test_every_pack_is_proved_and_each_of_its_examples_holds(code: str) -> None:
    assert found(ROOT / "countries" / code) == []


def test_the_packs_that_are_promised_are_there() -> None:
    assert PACKS == ["eu", "example", "gb", "in", "ru", "sg", "ua", "us"]


@pytest.mark.parametrize(
    ("old", "new", "code", "said"),
    [
        ("effect: deny\n    when: channel in [call, sms] and opted_out", "effect: forbid", "value_wrong", "deny"),
        ("opted_out\n", "opted_in\n", "name_unknown", "opted_out"),
        ("sender == solicitor", "sender == soliciter", "option_unknown", "solicitor"),
        ("hour not in 8..20", "today < martial_law_end", "name_unknown", "martial_law_end"),
        ("    basis: cfr-64-1200\n    confidence: A\n", "", "key_missing", "basis or source"),
        ("basis: cfr-64-1200\n    confidence: A", "basis: cfr-64-1201", "law_unknown", "cfr-64-1200"),
        ("    confidence: A\n", "    confidence: A\n    must: opted_out\n", "value_wrong", "require"),
        ("    confidence: A\n", "    confidence: A\n    overrides: [US-TCPA-STOP]\n", "value_wrong", "permit"),
        ("    confidence: A\n", "    confidence: A\n    instead: [pigeon]\n", "channel_unknown", "pigeon"),
        ("from: 2025-04-11\n", "from: 2025-04-11\n    until: 2025-04-09\n", "period_wrong", "before it begins"),
        ("hour not in 8..20", "hour not in 0..23", "never_true", "false for everyone"),
        ("applies: recipient_country == us", "applies: recipient_country == gb", "example_fails", "permit"),
        ("US-TCPA-STOP:", "US-TCPA-HOURS:", "key_twice", "twice"),
    ],
)
def test_a_slip_is_named_at_its_place(tmp_path: Path, old: str, new: str, code: str, said: str) -> None:
    folder = tmp_path / "us"
    shutil.copytree(ROOT / "countries/us", folder)
    file = folder / "policy/messages.yaml"
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), "utf-8")
    (one, *_) = [finding for finding in found(folder) if finding.code == code]
    assert said in one.message
    assert one.place.line > 1


def test_an_example_that_supposes_no_draft_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "ru"
    shutil.copytree(ROOT / "countries/ru", folder)
    file = folder / "policy/examples.yaml"
    file.write_text(file.read_text("utf-8").replace("what_if: [RU-DRAFT-2026]", "what_if: [RU-41FZ]", 1), "utf-8")
    (one,) = [finding for finding in found(folder) if finding.code == "example_answer"]
    assert "RU-41FZ" in one.message
