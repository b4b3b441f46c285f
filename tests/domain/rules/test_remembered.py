"""What a ruleset remembers for speed stays bounded, whoever asks for what."""

from __future__ import annotations

from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from vikno.domain.rules import Service, ruleset_on
from vikno.domain.rules import ruleset as rulesets
from vikno.packs.load import load_country

COUNTRY = "code: xx\nlanguages: [en]\ncurrency: EUR\ntime_zone: UTC\nauthorities: {a: {name: A}}\n"
OPTIONS = "abcdefgh"
ITEMS = {"with": "a in ticks", "without": "a not in ticks"}
MOST = 50


@pytest.fixture
def service(tmp_path: Path) -> Service:
    """A service with eight ticks, of which one changes what comes of it: many ways to few outcomes."""
    folder = tmp_path / "services" / "s"
    folder.mkdir(parents=True)
    (tmp_path / "country.yaml").write_text(COUNTRY, "utf-8")
    (folder / "service.yaml").write_text("title: S\nauthority: a\n", "utf-8")
    options = ", ".join(f"{option}: {option.upper()}" for option in OPTIONS)
    items = "".join(f"  - bring: {one}\n    text: {one}\n    when: {when}\n" for one, when in ITEMS.items())
    consultation = f"facts:\n  ticks:\n    ask: Which?\n    choose_any: {{{options}}}\nitems:\n{items}"
    (folder / "consultation.yaml").write_text(consultation, "utf-8")
    found = load_country(tmp_path).services["xx/s"]
    assert found is not None
    return found


def test_every_choice_of_ticks_is_right_and_few_are_remembered(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rulesets, "REMEMBERED", MOST)
    ruleset = ruleset_on(service, date(2026, 3, 15))
    for count in range(len(OPTIONS) + 1):
        for ticks in combinations(OPTIONS, count):
            found = ruleset.consult({"ticks": frozenset(ticks)})
            assert [item.id for item in found.items] == ["with" if "a" in ticks else "without"]
            assert _ways_on(ruleset._first[0], set()) <= MOST + 1


def _ways_on(step: Any, seen: set[int]) -> int:
    if id(step) in seen:
        return 0
    seen.add(id(step))
    return len(step.edges) + sum(_ways_on(edge[0], seen) for edge in step.edges.values())
