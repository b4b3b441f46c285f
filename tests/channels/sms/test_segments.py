"""What a text costs as an SMS: counted as networks count, and never a letter cut."""

from __future__ import annotations

import pytest
import wcwidth
from hypothesis import given
from hypothesis import strategies as st

from vikno.channels.sms.segments import PART, WHOLE, encoding_of, filled, length, segments
from vikno.wire.letters import letters
from vikno.wire.limits import LIMITS, SMS_PART_UNITS, SMS_PARTS

GSM7 = "@£$¥èéùìòÇ\nØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./019:;<=>?¡AZÄÖÑÜ§¿azäöñüà^{}\\[~]|€"
JOINED = ["👩‍👩‍👧‍👦", "🇺🇦", "👍🏽", "й", "е́", "각", "각", "❤️", "🙂", "ї", "Ґ", "\r\n", "🏴󠁧󠁢󠁳󠁣󠁴󠁿"]
texts = st.one_of(
    st.text(st.sampled_from(GSM7), max_size=400),
    st.lists(st.sampled_from([*JOINED, "я", "a", " ", "\n"]), max_size=200).map("".join),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=400),
)


@given(texts)
def test_the_parts_are_the_text_and_each_fits(text: str) -> None:
    found = segments(text)
    assert "".join(found.parts) == text
    assert found.units == length(text, found.encoding)
    if len(found.parts) == 1:
        assert found.units <= WHOLE[found.encoding]
    else:
        assert found.units > WHOLE[found.encoding]
        assert all(0 < length(part, found.encoding) <= PART[found.encoding] for part in found.parts)


@given(texts)
def test_no_letter_is_cut_as_another_library_knows_letters(text: str) -> None:
    """wcwidth knows Unicode's annex 29; we join at least what it joins."""
    found = segments(text)
    seams, at = set(), 0
    for part in found.parts[:-1]:
        at += len(part)
        seams.add(at)
    allowed, at = {0}, 0
    for letter in wcwidth.iter_graphemes(text):
        if length(letter, found.encoding) > PART[found.encoding]:
            allowed.update(range(at, at + len(letter)))  # longer than a part by itself
        at += len(letter)
        allowed.add(at)
    assert seams <= allowed
    assert all(not ("\ud800" <= part[-1] <= "\udbff") for part in found.parts if part)


@given(texts)
def test_a_part_that_is_not_full_leaves_no_room_for_the_next_letter(text: str) -> None:
    found = segments(text)
    for part, after in zip(found.parts, found.parts[1:], strict=False):
        first = next(letters(after))
        first = first if length(first, found.encoding) <= PART[found.encoding] else first[0]
        assert length(part, found.encoding) + length(first, found.encoding) > PART[found.encoding]


@given(texts, st.integers(2, 12))
def test_a_text_is_as_long_as_its_parts(text: str, parts: int) -> None:
    found = segments(text)
    assert (len(found.parts) <= parts) == (filled(text, found.encoding) <= parts * PART[found.encoding])


@given(st.text(st.sampled_from(GSM7), max_size=300))
def test_the_small_alphabet_is_that_of_another_library(text: str) -> None:
    """aiosmpplib's codec counts septets as we do."""
    from aiosmpplib.codec import GSM7BitCodec  # type: ignore[import-untyped]

    octets, _ = GSM7BitCodec.get_codec_info().encode(text)
    assert len(octets) == segments(text).units


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_what_is_in_the_small_alphabet_is_what_another_library_can_write(text: str) -> None:
    from aiosmpplib.codec import GSM7BitCodec

    try:
        GSM7BitCodec.get_codec_info().encode(text)
    except UnicodeEncodeError:
        writable = False
    else:
        writable = True
    assert (encoding_of(text) == "gsm7") == writable


@pytest.mark.parametrize(
    ("text", "encoding", "units", "parts"),
    [
        ("", "gsm7", 0, [0]),
        ("a" * 160, "gsm7", 160, [160]),
        ("a" * 161, "gsm7", 161, [153, 8]),
        ("€" * 80, "gsm7", 160, [160]),
        ("a" * 152 + "€" * 10, "gsm7", 172, [152, 20]),
        ("я" * 70, "ucs2", 70, [70]),
        ("я" * 71, "ucs2", 71, [67, 4]),
        ("я" * 66 + "🙂" * 3, "ucs2", 72, [66, 6]),
        ("🙂" * 36, "ucs2", 72, [66, 6]),
        ("№ 5", "ucs2", 3, [3]),
        ("об’єкт", "ucs2", 6, [6]),
        ("e\u0301" * 50, "ucs2", 100, [66, 34]),
    ],
)
def test_what_a_text_costs(text: str, encoding: str, units: int, parts: list[int]) -> None:
    found = segments(text)
    assert (found.encoding, found.units) == (encoding, units)
    assert [length(part, found.encoding) for part in found.parts] == parts


def test_a_letter_longer_than_a_part_is_the_only_one_that_is_cut() -> None:
    found = segments("z" + "\u0301" * 200)
    assert "".join(found.parts) == "z" + "\u0301" * 200
    assert [length(part, "ucs2") for part in found.parts] == [67, 67, 67]


def test_the_check_counts_with_the_same_figures() -> None:
    assert LIMITS["sms"].text == SMS_PARTS * SMS_PART_UNITS
    assert not LIMITS["sms"].has_buttons
