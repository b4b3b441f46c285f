"""The consent ledger: any byte that is changed, any line that is swapped, cut out or added, is found."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.domain.notify.consent import Head, canonical, follow, read_head, seal, verify, version_of

KEY = b"k" * 32


@dataclass(frozen=True)
class Said:
    id: int
    person: int = 7
    organisation: str = "sky-air"
    content: str = "advertising"
    consent: str = "written"
    channel: str = "web"
    lang: str = "uk"
    version: str = "0123456789abcdef"
    shown: str = "Я погоджуюся."
    at_ms: int = 1_790_000_000_000
    seal: bytes = b""


def chain(*lines: Said, key: bytes = KEY) -> list[Said]:
    """As a store writes them."""
    before, out = b"", []
    for line in lines:
        out.append(replace(line, seal=seal(key, before, line)))
        before = out[-1].seal
    return out


LEDGER = chain(*(Said(number, person=number % 3, shown=f"Слова {number}.") for number in range(1, 8)))
TEXTS = st.text(max_size=12)
LINES = st.builds(
    Said, id=st.just(1), person=st.integers(0, 99), organisation=TEXTS, content=TEXTS, consent=TEXTS, channel=TEXTS,
    lang=TEXTS, version=TEXTS, shown=TEXTS, at_ms=st.integers(0, 2**50),
)  # fmt: skip


def test_what_was_written_holds() -> None:
    assert verify(LEDGER, KEY) is None
    assert verify([], KEY) is None
    assert follow(LEDGER, KEY) == (Head(7, LEDGER[-1].seal), None)


@pytest.mark.parametrize("name", [field.name for field in fields(Said) if field.name not in ("id", "seal")])
@pytest.mark.parametrize("at", range(7))
def test_any_part_of_any_line_that_changes_is_found(name: str, at: int) -> None:
    was = getattr(LEDGER[at], name)
    other: Any = was + 1 if isinstance(was, int) else was + "'"
    changed = replace(LEDGER[at], **{name: other})
    assert verify([*LEDGER[:at], changed, *LEDGER[at + 1 :]], KEY) == at + 1


@given(st.integers(0, 6), st.integers(0, 31), st.integers(1, 255))
def test_any_byte_of_a_seal_that_changes_is_found(at: int, byte: int, by: int) -> None:
    broken = bytearray(LEDGER[at].seal)
    broken[byte] ^= by
    assert verify([*LEDGER[:at], replace(LEDGER[at], seal=bytes(broken)), *LEDGER[at + 1 :]], KEY) == at + 1


@given(st.permutations(LEDGER))
def test_any_other_order_is_found(lines: list[Said]) -> None:
    first = next((one.id for at, one in enumerate(lines, 1) if one.id != at), None)
    assert verify(lines, KEY) == first


@given(st.integers(0, 5))
def test_a_line_cut_out_is_found(at: int) -> None:
    assert verify([*LEDGER[:at], *LEDGER[at + 1 :]], KEY) == at + 2


def test_a_line_cut_out_and_the_rest_renumbered_is_found() -> None:
    renumbered = [replace(line, id=number) for number, line in enumerate([*LEDGER[:2], *LEDGER[3:]], 1)]
    assert verify(renumbered, KEY) == 3


def test_a_line_put_in_without_the_key_is_found() -> None:
    forged = replace(Said(8), seal=seal(b"x" * 32, LEDGER[-1].seal, Said(8)))
    assert verify([*LEDGER, forged], KEY) == 8
    assert verify([*LEDGER, replace(LEDGER[6], id=8)], KEY) == 8


def test_the_end_cut_off_holds_by_itself_and_its_published_head_tells() -> None:
    head, broken = follow(LEDGER[:5], KEY)
    assert broken is None
    assert head != Head(7, LEDGER[-1].seal)


def test_who_has_the_key_and_writes_all_anew_comes_to_another_head() -> None:
    anew = chain(*(replace(line, consent="none") if line.id == 3 else line for line in LEDGER))
    assert verify(anew, KEY) is None
    assert follow(anew, KEY)[0] != follow(LEDGER, KEY)[0]


@given(st.integers(0, 7))
def test_it_is_looked_through_in_pages(at: int) -> None:
    head, broken = follow(LEDGER[:at], KEY)
    assert broken is None
    assert verify(LEDGER[at:], KEY, head) is None
    if at < 7:
        assert verify(LEDGER[at:], KEY, Head(at, b"?" * 32)) == at + 1


def test_it_does_not_hold_under_another_key() -> None:
    assert verify(LEDGER, b"K" * 32) == 1


@given(LINES, LINES)
def test_lines_that_differ_have_different_bytes(one: Said, other: Said) -> None:
    assert (canonical(one) == canonical(other)) == (one == other)


def test_words_do_not_run_into_each_other() -> None:
    assert canonical(Said(1, organisation="sky", content="air")) != canonical(
        Said(1, organisation="skya", content="ir")
    )


@given(st.integers(0, 10**17 - 1), st.binary(min_size=32, max_size=32))
def test_a_head_is_read_as_it_was_published(number: int, sealed: bytes) -> None:
    assert read_head(f" {Head(number, sealed)}\n") == Head(number, sealed)


@pytest.mark.parametrize(
    "odd", ["", ":", "1", "1:", "1:" + "0" * 63, "-1:" + "0" * 64, "²:" + "0" * 64, "1:" + "g" * 64]
)
def test_what_is_no_head_is_none(odd: str) -> None:
    assert read_head(odd) is None


def test_other_words_are_another_version() -> None:
    assert version_of("Так.") != version_of("Так!")
    assert len(version_of("Так.")) == 16
