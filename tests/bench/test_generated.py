"""The generated service is what it says, and there is nothing to mend in it."""

from __future__ import annotations

from pathlib import Path

import yaml

from bench.generated import write_country
from tests.commands import Command


def test_forty_facts_half_of_them_independent_and_two_hundred_items(tmp_path: Path) -> None:
    write_country(tmp_path)
    consultation = yaml.safe_load((tmp_path / "services" / "large" / "consultation.yaml").read_text("utf-8"))
    facts = consultation["facts"].values()
    assert len(facts) == 40
    assert sum("when" not in fact for fact in facts) == 20
    assert len(consultation["items"]) == 200


def test_it_is_proved(tmp_path: Path, vikno: Command) -> None:
    write_country(tmp_path / "generated")
    checked = vikno("check", str(tmp_path / "generated"))
    assert checked.code == 0, checked
