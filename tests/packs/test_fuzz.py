"""Whatever is typed into the files of a country, checking it ends with findings and never with a traceback."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.packs.test_faults import checked
from vikno.domain.rules.findings import CODES
from vikno.packs.load import NoCountry

ROOT = Path(__file__).parent.parent.parent / "countries" / "example"
FILES = sorted(
    str(path.relative_to(ROOT))
    for path in ROOT.rglob("*")
    if path.suffix in (".yaml", ".po", ".csv") and "visitor-visa/texts" not in str(path)
)
TOKEN = re.compile(r"[A-Za-z0-9_]+|\s+|.", re.DOTALL)
WORDS = sorted({word for name in FILES for word in TOKEN.findall((ROOT / name).read_text("utf-8")) if word.strip()})
ODD = [
    *("", " ", "\n", "\t", ":", "- ", "{", "}", "[", "]", "'", '"', "#", "|", ">", "&a ", "*a", "!x ", "%", "@", "`"),
    *(
        "null",
        "true",
        "~",
        "-1",
        "99999999999999999999",
        "1e9",
        "0.1",
        "2026-02-30",
        "\x00",
        "\x85",
        "\u2028",
        "\ufeff",
    ),
    *(
        "🐟",
        "é",
        "ї",
        "{answer:age}",
        "{amount:day}",
        "{x}",
        "(",
        ")",
        "not ",
        " and ",
        " or ",
        "today",
        "..",
        "==",
        "<",
    ),
]
MORE = os.environ.get("VIKNO_EXAMPLES")
FUZZ = settings(
    max_examples=int(MORE) if MORE else 60,
    derandomize=not MORE,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def check_changed(file: str, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        country = Path(shutil.copytree(ROOT, Path(folder) / "example"))
        (country / file).write_bytes(content)
        slug = re.match(r"services/([^/]+)/", file)
        try:
            found = checked(country, slug[1] if slug else "library-card")
        except NoCountry:
            return
        assert {finding.code for finding in found} <= CODES.keys()
        assert all(str(country) in finding.place.file for finding in found)
        for finding in found:
            assert finding.message
            assert finding.place.line <= content.count(b"\n") + content.count(b"\r") + 800


@st.composite
def retold(draw: Any) -> tuple[str, bytes]:
    """A file in which words are swapped, doubled, left out or replaced by others."""
    file = draw(st.sampled_from(FILES))
    tokens = TOKEN.findall((ROOT / file).read_text("utf-8"))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(tokens) - 1))
        match draw(st.sampled_from(["replace", "replace", "insert", "drop", "double", "swap", "cut"])):
            case "replace":
                tokens[at] = draw(st.sampled_from([*ODD, *WORDS]))
            case "insert":
                tokens.insert(at, draw(st.sampled_from([*ODD, *WORDS])))
            case "drop":
                del tokens[at : at + draw(st.integers(1, 5))]
            case "double":
                tokens[at:at] = tokens[at : at + draw(st.integers(1, 30))]
            case "swap":
                other = draw(st.integers(0, len(tokens) - 1))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case "cut":
                del tokens[max(1, at) :]
        tokens = tokens or [""]
    return file, "".join(tokens).encode()


@FUZZ
@given(retold())
def test_words_that_are_moved_about_are_findings(case: tuple[str, bytes]) -> None:
    check_changed(*case)


@st.composite
def damaged(draw: Any) -> tuple[str, bytes]:
    """A file in which bytes are other bytes."""
    file = draw(st.sampled_from(FILES))
    raw = bytearray((ROOT / file).read_bytes())
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(raw) - 1)))
        raw[at : at + draw(st.integers(0, 3))] = draw(st.binary(max_size=3))
    return file, bytes(raw)


@settings(FUZZ, max_examples=int(MORE) if MORE else 25)
@given(damaged())
def test_bytes_that_are_damaged_are_findings(case: tuple[str, bytes]) -> None:
    check_changed(*case)


@pytest.mark.parametrize("file", FILES)
def test_a_file_of_another_kind_in_its_place_is_findings(file: str) -> None:
    for other in ("services/fishing-permit/consultation.yaml", "services/fishing-permit/examples.yaml", "country.yaml",
                  "texts/uk.po", "services/visitor-visa/offices.csv"):  # fmt: skip
        check_changed(file, (ROOT / other).read_bytes())
