"""`vikno check --store`: people whom a change would strand are counted, and never named."""

import asyncio
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Call, edited
from vikno.domain.dialog.state import Plain, State, Talk, encode
from vikno.packs.load import load_country
from vikno.stores.sqlite import SqliteStore
from vikno.usecases.ports import Step, Taken

RULES = "services/fishing-permit/consultation.yaml"
KEY = "example/fishing-permit"
RIVER: dict[str, Plain] = {"water": "river", "age": 40, "about": ["member", "student"], "boat": True, "length": "7.5"}
LAKE: dict[str, Plain] = {"water": "lake", "lake": "upper", "age": 17}


def talk(answers: dict[str, Plain], *, service: str = KEY, ended: bool = False, version: str = "earlier") -> Talk:
    return Talk(1, service, version, date(2026, 3, 15), answers, ended)


def step(after: bytes) -> Step:
    return lambda _: Taken(after)


def kept(folder: Path, *states: bytes) -> str:
    """A store with these conversations."""
    url = f"sqlite:///{folder / 'people.db'}"

    async def keep() -> None:
        store = SqliteStore(url, lambda: 0)
        for at, one in enumerate(states):
            await store.turn(f"telegram:4477{at:04}", f"e{at}", step(one))
        await store.close()

    asyncio.run(keep())
    return url


def state(*talks: Talk) -> bytes:
    return encode(State("uk", talks=talks, open=1, last=1))


def checked(call: Call, folder: Path, url: str, code: int = 1) -> Any:
    ran = call("check", folder, "--store", url, "--json", "--jobs", "1")
    assert ran.code == code, ran
    for personal in ("4477", "telegram", "7.5", "1990"):
        assert personal not in ran.out, "nothing of a person leaves the store"
    return ran.json


def stranded(result: Any, key: str = KEY) -> list[Any]:
    return [one for one in result["services"][key]["findings"] if one["code"] == "people_stranded"]


def test_people_whose_option_is_gone_are_counted_at_the_question(call: Call, lakeland: Path, tmp_path: Path) -> None:
    url = kept(tmp_path, state(talk(LAKE)), state(talk(LAKE)), state(talk(RIVER)))
    assert stranded(checked(call, lakeland, url, code=0)) == []
    edited(lakeland, RULES, "      upper: Upper Lake\n", "      lower: Lower Lake\n")
    (found,) = stranded(checked(call, lakeland, url))
    assert found["file"].endswith(RULES)
    assert (lakeland / RULES).read_text("utf-8").splitlines()[found["line"] - 1].startswith("  lake:")
    assert found["message"] == (
        "2 people in the middle of this service would lose their answer to “lake”: no longer an option is “upper” (2)"
    )
    assert found["answers"] == {"lake": "upper"}


def test_people_whose_question_is_gone_are_counted_at_the_file(call: Call, lakeland: Path, tmp_path: Path) -> None:
    url = kept(tmp_path, state(talk({**LAKE, "born": "1990-05-01", "licence": "old_one"})))
    found = stranded(checked(call, lakeland, url))
    assert [(one["message"], one["line"]) for one in found] == [
        ("1 person in the middle of this service would lose their answer to “born”: the question is gone", 1),
        ("1 person in the middle of this service would lose their answer to “licence”: the question is gone", 1),
    ]
    assert all(one["answers"] is None for one in found)


def test_numbers_out_of_range_are_counted_and_not_told(call: Call, lakeland: Path, tmp_path: Path) -> None:
    url = kept(tmp_path, state(talk(RIVER)))
    edited(lakeland, RULES, "from: 1, to: 30, step: 0.5", "from: 1, to: 30, step: 1")
    found = stranded(checked(call, lakeland, url))
    assert ["“length”" in one["message"] for one in found] == [True]
    assert found[0]["answers"] is None


def test_each_option_of_several_counts(call: Call, lakeland: Path, tmp_path: Path) -> None:
    url = kept(tmp_path, state(talk(RIVER)), state(talk({**RIVER, "about": ["student"]})))
    edited(lakeland, RULES, "      student: I study\n", "      pupil: I study\n")
    found = stranded(checked(call, lakeland, url))
    assert "2 people" in found[0]["message"]
    assert "“student” (2)" in found[0]["message"]


def test_an_answer_to_a_question_that_became_another_is_not_shown(call: Call, lakeland: Path, tmp_path: Path) -> None:
    url = kept(tmp_path, state(talk({"water": "1990-05-01"})))
    (found,) = stranded(checked(call, lakeland, url))
    assert found["message"].endswith("it is no longer one that the question takes")


def test_who_has_finished_or_has_these_very_rules_is_not_stranded(call: Call, lakeland: Path, tmp_path: Path) -> None:
    service = load_country(lakeland, only="fishing-permit").services[KEY]
    assert service is not None
    odd: dict[str, Plain] = {"water": "swamp"}
    url = kept(tmp_path, state(talk(odd, ended=True)), state(talk(odd, version=service.version)), state(talk({})))
    assert stranded(checked(call, lakeland, url, code=0)) == []


def test_a_service_that_is_gone_strands_everybody_in_it(call: Call, lakeland: Path, tmp_path: Path) -> None:
    url = kept(tmp_path, state(talk(LAKE, service="example/hunting")), state(talk(LAKE, service="ua/id-card")))
    result = checked(call, lakeland, url)
    assert [one["message"] for one in result["findings"]] == [
        "1 person in the middle of example/hunting would lose all their answers: the service is gone"
    ]


def test_a_conversation_that_cannot_be_read_is_said(call: Call, lakeland: Path, tmp_path: Path) -> None:
    result = checked(call, lakeland, kept(tmp_path, b"{", state(talk(LAKE))))
    assert [one["message"] for one in result["findings"]] == ["conversations that cannot be read: 1"]


def test_more_people_than_fit_a_page_are_all_counted(call: Call, lakeland: Path, tmp_path: Path) -> None:
    url = kept(tmp_path, *[state(talk({"water": "swamp"}))] * 1203)
    (found,) = stranded(checked(call, lakeland, url))
    assert found["message"].startswith("1203 people")


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.db", "people.db", "mysql://host/db"])
def test_a_store_that_is_none_is_a_wrong_call(call: Call, lakeland: Path, url: str) -> None:
    ran = call("check", lakeland, "--store", url, "--json", "--jobs", "1")
    assert ran.code == 2
    assert json.loads(ran.out)["error"]["code"].startswith("store_")
