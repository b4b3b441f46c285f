"""Every fault of faults.yaml is found at its place, with its code and, where people show it, with their answers."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from vikno.domain.rules.findings import CODES, Finding
from vikno.domain.rules.receipt import plain
from vikno.packs.load import load_country
from vikno.packs.phrases import load_notice_phrases
from vikno.usecases.check_country import check_service, with_process
from vikno.wire.limits import LIMITS

FAULTS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "faults.yaml").read_text("utf-8"))
HOME = "services/fishing-permit"
BOTH = MARK, SECOND = "▸", "▹"
TODAY = date(2026, 3, 15)
ELSEWHERE = {
    "file_unreadable",
    "budget_exceeded",
    "people_stranded",
    "text_too_long",
    "buttons_too_many",
    "rules_contradict",
    "sms_long",
}
"""Codes that no small change of a text brings: the tests below, or of other folders, show them."""


def checked(folder: Path, slug: str | None) -> list[Finding]:
    """All that the check says of a country itself and of one of its services (None: of all)."""
    pack = load_country(folder, only=slug)
    out = list(pack.findings[None])
    for key, service in pack.services.items():
        proved = check_service(
            key, service, pack.examples[key], pack.findings[key], pack.country, LIMITS, TODAY, lambda: 0.0
        )
        out += with_process(proved, pack.processes.get(key), pack.country, LIMITS, load_notice_phrases()).findings
    return out


def place(text: str, at: int) -> tuple[int, int]:
    """Line and column of a character."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case["fault"])
def test_a_fault_is_found_at_its_place(lakeland: Path, case: dict[str, Any]) -> None:
    file = case["file"].removeprefix("country:") if case["file"].startswith("country:") else f"{HOME}/{case['file']}"
    folder = file.rpartition("/")[0].removesuffix("/texts")
    slug = folder.partition("services/")[2] or HOME.partition("/")[2]
    path = lakeland / file
    text = path.read_text("utf-8")
    for old, new in (("old", "new"), ("old2", "new2")):
        if old in case:
            assert text.count(case[old]) == 1, case[old]
            text = text.replace(case[old], case[new])
    marks = [place(bare := text.replace(other, ""), bare.find(mark)) for mark, other in (BOTH, BOTH[::-1])]
    path.write_text(text.replace(MARK, "").replace(SECOND, ""), "utf-8")
    wanted = [expected(lakeland, folder, file, marks, one) for one in case["finds"]]
    only = case.get("only", list(CODES))
    found = [finding for finding in checked(lakeland, slug) if finding.code in only]
    assert sorted(map(shown, found)) == sorted(wanted)
    for one in case["finds"]:
        if isinstance(one, dict) and "answers" in one:
            told = [finding.answers for finding in found if finding.code == one["code"]]
            assert one["answers"] in [{name: plain(answer) for name, answer in (given or {}).items()} for given in told]


def expected(
    lakeland: Path, folder: str, file: str, marks: list[tuple[int, int]], one: Any
) -> tuple[str, str, int, int]:
    case: dict[str, Any] = {"code": one} if isinstance(one, str) else one
    where = f"{folder}/{case['in']}".lstrip("/") if "in" in case else file
    line, column = marks[case.get("mark", 0)]
    if "po" in case:
        where, case = (
            f"{folder}/texts/uk.po".lstrip("/"),
            {**case, "at": 'msgid "', "after": f'msgctxt "{case["po"]}"\n'},
        )
    if "at" in case:
        text = (lakeland / where).read_text("utf-8")
        start = text.index(case.get("after", ""))
        assert "after" in case or text.count(case["at"]) == 1, case["at"]
        line, column = place(text, text.index(case["at"], start))
    elif "line" in case:
        line, column = case["line"], case.get("column", 1)
    return case["code"], where, line, column


def shown(finding: Finding) -> tuple[str, str, int, int]:
    return finding.code, finding.place.file.partition("/example/")[2], finding.place.line, finding.place.column


def test_every_code_is_shown_by_a_fault() -> None:
    named = {one if isinstance(one, str) else one["code"] for case in FAULTS for one in case["finds"]}
    assert named | ELSEWHERE == set(CODES)
