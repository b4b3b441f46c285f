"""A wish in a person's own words finds the service of the country, in both languages."""

from __future__ import annotations

from datetime import date

import pytest

from tests.domain.dialog.worlds import world

DAY = date(2026, 3, 15)


@pytest.mark.parametrize(
    ("wish", "service"),
    [
        ("хочу зробити закордонний паспорт", "ua/foreign-passport"),
        ("загубила ід-картку", "ua/id-card"),
        ("айді картка", "ua/id-card"),
        ("тимчасова посвідка", "ua/temporary-residence-permit"),
        ("посвідку на постійне проживання", "ua/permanent-residence-permit"),
        ("виплати переселенцям", "ua/idp-allowance"),
        ("змінити прописку", "ua/change-of-residence"),
        ("I lost my ID card", "ua/id-card"),
        ("passport for my child to travel abroad", "ua/foreign-passport"),
        ("residence permit for a student", "ua/temporary-residence-permit"),
        ("закордоний паспорт", "ua/foreign-passport"),
    ],
)
def test_the_service_comes_first(wish: str, service: str) -> None:
    here = world(("ua",), DAY)
    filler = here.words("uk").filler_of_wishes | here.words("en").filler_of_wishes
    assert here.index.find(wish, filler).keys[:1] == (service,)


@pytest.mark.parametrize("wish", ["", "борщ", "хочу", "як справи", "qwertyuiop", "12345", "дуже дякую вам"])
def test_nothing_is_made_up(wish: str) -> None:
    here = world(("ua",), DAY)
    assert here.index.find(wish, here.words("uk").filler_of_wishes).keys == ()


def test_a_word_of_several_services_is_never_sure() -> None:
    here = world(("ua",), DAY)
    hits = here.index.find("паспорт", here.words("uk").filler_of_wishes)
    assert {"ua/id-card", "ua/foreign-passport"} <= set(hits.keys)
    assert not hits.sure
