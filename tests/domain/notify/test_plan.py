"""Notices: once for each follower, in their language, by day, with a code and a way to stop."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vikno.domain.notify import (
    ALPHABET,
    Quiet,
    Told,
    Window,
    alike,
    brief_units,
    code_of,
    masked,
    outstaying,
    plan,
    stop_button,
    stopped_case,
    worded,
)
from vikno.packs.phrases import load_notice_phrases

PHRASES = load_notice_phrases()
KYIV = ZoneInfo("Europe/Kyiv")
WINDOW = Window(5, 10)
PLACE = re.compile(r"\{(\w+)\}")
SHIPPED = Told("ID card", "It was sent.", "Wait for it to arrive.", None, usual=(1, 3))


@dataclass(frozen=True)
class Someone:
    account: str
    lang: str


def ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=KYIV).timestamp() * 1000)  # type: ignore[misc,arg-type]


# ---- words ----


def test_a_notice_says_what_has_happened_what_comes_and_how_long_that_usually_takes() -> None:
    words = worded(SHIPPED, PHRASES["en"].say)
    assert words.text("…4417", "2F3D4J") == (
        "ID card, case …4417\n\nIt was sent.\nWait for it to arrive.\n"
        "This usually takes 1–3 working days.\n\nMessage code: 2F3D4J"
    )
    assert words.label == "Stop following"


def test_after_the_last_stage_there_is_nothing_to_stop() -> None:
    assert worded(replace(SHIPPED, final=True), PHRASES["en"].say).label == ""


def test_a_brief_notice_is_one_paragraph_without_a_button() -> None:
    words = worded(SHIPPED, PHRASES["uk"].say, brief=True)
    assert words.text("…4417", "2F3D4J") == (
        "ID card …4417: It was sent. Wait for it to arrive. Зазвичай це триває 1–3 робочі дні. Код 2F3D4J"
    )
    assert (words.label, brief_units(words)) == ("", 96)
    own = worded(Told("ID card", "Long.", "Long.", "short."), PHRASES["en"].say, brief=True)
    assert own.text("…1", "2F") == "ID card …1: short. Code 2F"


@pytest.mark.parametrize(
    ("usual", "said"),
    [
        ((1, 3), "Зазвичай це триває 1–3 робочі дні."),
        ((2, 5), "Зазвичай це триває 2–5 робочих днів."),
        ((0, 1), "Зазвичай це триває до 1 робочого дня."),
        ((0, 21), "Зазвичай це триває до 21 робочого дня."),
        ((2, 2), "Зазвичай це триває 2 робочі дні."),
    ],
)
def test_days_are_counted_as_the_language_counts(usual: tuple[int, int], said: str) -> None:
    assert said in worded(Told("x", "y", usual=usual), PHRASES["uk"].say).text("1", "2")


def test_what_the_author_says_of_the_time_comes_before_numbers() -> None:
    told = Told("x", "y", legal=(0, 66), time="Abroad it takes longer.")
    said = worded(told, PHRASES["en"].say).text("1", "2")
    assert "Abroad it takes longer." in said
    assert "66" not in said


@pytest.mark.parametrize("language", sorted(PHRASES))
@pytest.mark.parametrize("brief", [False, True])
def test_a_case_that_outstays_is_told_kindly_and_without_a_promise(language: str, brief: bool) -> None:
    words = outstaying(SHIPPED, PHRASES[language].say, brief)
    said = words.text("…4417", "2F3D4J")
    assert "…4417" in said
    assert "2F3D4J" in said
    assert bool(words.label) is not brief
    if brief:
        assert brief_units(words) <= 201


@pytest.mark.parametrize("language", sorted(PHRASES))
def test_a_language_says_everything_with_the_same_places(language: str) -> None:
    mine, english = PHRASES[language].texts, PHRASES["en"].texts
    assert mine.keys() == english.keys()
    for phrase, said in mine.items():
        forms = (said,) if isinstance(said, str) else said
        others = english[phrase]
        wanted = set(PLACE.findall(others if isinstance(others, str) else others[0]))
        assert all(form and set(PLACE.findall(form)) == wanted for form in forms), phrase
    assert len(PHRASES[language].say("button.stop")) <= 30


# ---- for whom ----


def test_each_follower_gets_one_in_their_language_and_sms_the_brief_one() -> None:
    people = [Someone("telegram/main", "uk"), Someone("sms/main", "en"), Someone("viber/main", "en")]

    def wording(lang: str, brief: bool) -> object:
        return worded(SHIPPED, PHRASES[lang].say, brief)

    made = list(plan(4417, "UA-2026-0004417", "2F3D4J", people, wording, lambda _: WINDOW, frozenset({"sms"})))  # type: ignore[arg-type]
    assert [notice.to for notice in made] == people
    assert {notice.about for notice in made} == {"case/4417"}
    assert {notice.title for notice in made} == {"ID card …4417"}
    assert [bool(notice.label) for notice in made] == [True, False, True]
    assert all("UA-2026" not in notice.text and "2F3D4J" in notice.text for notice in made)
    assert "справа …4417" in made[0].text
    assert "\n" not in made[1].text


# ---- codes, numbers, buttons ----


def test_the_alphabet_has_nothing_that_looks_like_something_else() -> None:
    assert len(set(ALPHABET)) == 16
    assert {alike(sign) for sign in ALPHABET} == set(ALPHABET)
    assert not set(ALPHABET) & set("01OIBSZGQABCEHKMPTXY")


@given(st.text(alphabet="0123456789abcdef", min_size=8, max_size=8), st.data())
def test_a_code_is_the_same_however_it_is_typed(digest: str, data: st.DataObject) -> None:
    code = code_of(digest, 8)
    typed = "".join(
        sign.lower() if data.draw(st.booleans()) else sign + data.draw(st.sampled_from(["", " ", "-"])) for sign in code
    )
    assert alike(typed) == code


@pytest.mark.parametrize("typed", ["АВ-10", "ab 1О", "AB–1o", "ＡＢ１０", "аb/1O"])
def test_letters_that_look_alike_are_one(typed: str) -> None:
    assert alike(typed) == alike("AB10")


@given(st.integers(0, 2**56 - 1))
def test_a_stop_button_fits_every_channel_and_names_its_case(case: int) -> None:
    button = stop_button(case)
    assert len(button) <= 20
    assert button.isascii()
    assert stopped_case(button) == case


@pytest.mark.parametrize(
    "button", ["", "f..stop", "f.a", "f.A.stop", "f.aaaaaaaaaaaaa.stop", "xf.a.stop", "f.a.stop\n"]
)
def test_another_button_stops_nothing(button: str) -> None:
    assert stopped_case(button) is None


@given(st.text(max_size=40))
def test_a_mask_never_shows_a_whole_number(number: str) -> None:
    signs = "".join(sign for sign in number if sign.isalnum())
    shown = masked(number).removeprefix("…")
    assert signs.endswith(shown)
    assert len(shown) <= 4
    assert len(shown) < len(signs) or not signs


# ---- hours ----

NIGHT = Quiet(KYIV)


@pytest.mark.parametrize(
    ("now", "from_"),
    [
        (ms(2026, 3, 15, 12), ms(2026, 3, 15, 12)),
        (ms(2026, 3, 15, 20, 59), ms(2026, 3, 15, 20, 59)),
        (ms(2026, 3, 15, 21), ms(2026, 3, 16, 8)),
        (ms(2026, 3, 16, 0, 1), ms(2026, 3, 16, 8)),
        (ms(2026, 3, 16, 7, 59), ms(2026, 3, 16, 8)),
        (ms(2026, 3, 16, 8), ms(2026, 3, 16, 8)),
        (ms(2026, 3, 28, 23), ms(2026, 3, 29, 8)),  # that night has no hour from three to four
        (ms(2026, 12, 31, 23), ms(2027, 1, 1, 8)),
    ],
)
def test_nobody_is_written_to_at_night(now: int, from_: int) -> None:
    window = NIGHT.window(now)
    assert window.not_before_ms == from_
    assert window.expires_ms == from_ + 7 * 24 * 3600 * 1000


def test_quiet_hours_may_lie_within_a_day_or_be_none() -> None:
    noon = Quiet(KYIV, time(12), time(14))
    assert noon.window(ms(2026, 3, 15, 13)).not_before_ms == ms(2026, 3, 15, 14)
    assert noon.window(ms(2026, 3, 15, 14)).not_before_ms == ms(2026, 3, 15, 14)
    none = Quiet(KYIV, time(0), time(0))
    assert none.window(ms(2026, 3, 15, 3)).not_before_ms == ms(2026, 3, 15, 3)


@given(st.integers(ms(2020, 1, 1), ms(2040, 1, 1)), st.times(), st.times())
def test_a_notice_never_leaves_in_quiet_hours_and_waits_less_than_a_day(now_ms: int, start: time, end: time) -> None:
    quiet = Quiet(UTC, start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0))
    leaves = quiet.window(now_ms).not_before_ms
    assert 0 <= leaves - now_ms < 24 * 3600 * 1000
    assert quiet.window(leaves).not_before_ms == leaves
