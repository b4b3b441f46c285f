"""Manners: what a changed one keeps, and how long it takes until the last channel has its turn."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vikno.domain.notify.manners import PROOFS, Manner, Wait

KINDS = ("inbox", "telegram", "viber", "sms", "email")
CODE = Manner(
    "code",
    ("telegram", "sms"),
    {"telegram": Wait("delivered", 20), "sms": Wait("delivered", 30)},
    300,
    quiet=False,
    on_unknown="next",
    carries=frozenset({"inbox", "telegram", "sms"}),
)


def test_the_last_channel_has_its_turn_when_all_before_it_stay_silent() -> None:
    assert CODE.patience_s == 20
    assert CODE.changed(order=("sms", "telegram")).patience_s == 30
    assert CODE.changed(order=("sms",)).patience_s == CODE.changed(order=()).patience_s == 0


@given(
    st.dictionaries(st.sampled_from(KINDS), st.builds(Wait, st.sampled_from(PROOFS), st.integers(0, 604_800))),
    st.integers(30, 864_000),
)
def test_a_change_touches_nothing_but_what_it_names(waits: dict[str, Wait], lives_s: int) -> None:
    changed = CODE.changed(waits=waits, lives_s=lives_s)
    assert changed.waits == {**CODE.waits, **waits}
    assert changed.lives_s == lives_s
    kept = (changed.content, changed.order, changed.quiet, changed.on_unknown, changed.carries)
    assert kept == (CODE.content, CODE.order, CODE.quiet, CODE.on_unknown, CODE.carries)
    assert CODE.waits["sms"] == Wait("delivered", 30)
