"""Every channel's examples hold, both ways; a channel without examples fails."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import vikno.channels
from vikno.testing.channel_examples import (
    Driver,
    Example,
    ExamplesUnreadable,
    differing,
    driver,
    plain,
    read,
)

CHANNELS = Path(vikno.channels.__file__).parent


def folders() -> list[Path]:
    return [one for one in sorted(CHANNELS.iterdir()) if one.is_dir() and one.name[0] not in "._"]


def every() -> list[Any]:
    """Each example as a test of its own; a folder whose examples cannot be read is one that fails."""
    found: list[Any] = []
    for folder in folders():
        try:
            runs = driver(folder)
        except (ExamplesUnreadable, ImportError) as error:
            found.append(pytest.param(error, None, id=folder.name))
            continue
        found += [pytest.param(runs, one, id=f"{folder.name}: {one.name}") for one in runs.examples]
    return found


@pytest.mark.parametrize(("runs", "example"), every())
def test_the_example_holds(runs: Driver | Exception, example: Example | None) -> None:
    if isinstance(runs, Exception):
        raise runs
    assert example is not None
    assert runs.run(example) == []


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_the_examples_show_both_ways_and_what_goes_wrong(folder: Path) -> None:
    examples = driver(folder).examples
    assert any(one.refused for one in examples.came)
    assert any(one.unreadable for one in examples.came)
    assert len(examples.came) >= 5
    assert len(examples.said) >= 3
    assert {next(iter(one.outcome)) if isinstance(one.outcome, dict) else one.outcome for one in examples.answered} >= {
        "sent", "retry_after", "dead_address", "bad_message", "misconfigured", "unknown",
    }  # fmt: skip


# The driver itself: what it must notice.


@dataclass
class Pigeon:
    """A request of a kind that nobody has thought of."""

    ring: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def test_anything_is_shown_as_data() -> None:
    shown = plain(Pigeon("UA-7", (("From", "Kyiv"),), b'{"text": "x"}'))
    assert shown == {"ring": "UA-7", "headers": {"from": "Kyiv"}, "body": {"text": "x"}}


def test_bodies_are_compared_whole_and_headers_one_by_one() -> None:
    was = {"url": "u", "headers": {"a": "1", "b": "2"}, "body": {"text": "x", "more": 1}}
    assert list(differing("r", {"headers": {"a": "1"}}, was, whole=False)) == []
    assert list(differing("r", {"headers": {"a": "2"}}, was, whole=False)) == ["r.headers.a: expected '2', was '1'"]
    assert len(list(differing("r", {"body": {"text": "x"}}, was, whole=False))) == 1
    assert len(list(differing("r", {"none": 1}, was, whole=False))) == 1


def test_a_false_example_is_noticed() -> None:
    runs = driver(CHANNELS / "telegram")
    for example in runs.examples:
        if hasattr(example, "happened") and example.happened:
            wrong = [{**one, "address": "somebody else"} for one in example.happened]
            assert runs.run(type(example)(**{**fields(example), "happened": wrong})), example.name
        if hasattr(example, "requests"):
            assert runs.run(type(example)(**{**fields(example), "requests": []})), example.name


def fields(example: Example) -> dict[str, Any]:
    return {name: getattr(example, name) for name in example.__struct_fields__}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("account: {}\ncame: []\nsaid: []\nanswered: []\nsent: []\n", "sent"),
        ("account: {}\ncame: [{name: a, body: {}, hapened: []}]\nsaid: []\nanswered: []\n", "hapened"),
        ("account: {}\ncame: [{name: a, body: {}}, {name: a, body: {}}]\nsaid: []\nanswered: []\n", "named"),
        ("account: {", "expected"),
    ],
)
def test_examples_that_nobody_would_run_are_refused(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "examples.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ExamplesUnreadable, match=said):
        read(tmp_path / "examples.yaml")


def test_a_folder_without_examples_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExamplesUnreadable):
        read(tmp_path / "examples.yaml")
