"""Every channel's examples hold, both ways; a channel without examples fails."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import vikno.channels
from vikno.testing.channel_examples import (
    Answered,
    Came,
    Driver,
    Example,
    ExamplesUnreadable,
    Linked,
    Said,
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


def false(example: Example) -> Iterator[Example]:
    """The same with something in it that does not hold."""
    match example:
        case Came(refused=refused, unreadable=unreadable, happened=happened, ack=ack):
            yield replace(example, refused=None if refused else 403)
            if refused:
                return
            yield replace(example, unreadable=not unreadable)
            yield replace(example, happened=[*happened, {"address": "somebody else", "left": True}])
            yield replace(example, ack={**ack, "status": 299})
            for at, one in enumerate(happened):
                wrong = {**one, "address": "somebody else"}
                yield replace(example, happened=[*happened[:at], wrong, *happened[at + 1 :]])
        case Said(requests=requests):
            yield replace(example, requests=[*requests, {"body": {"text": "one more"}}])
            for at, one in enumerate(requests):
                yield replace(example, requests=[*requests[:at], *requests[at + 1 :]])
                wrong = {**one, "body": {"text": "something else"}}
                yield replace(example, requests=[*requests[:at], wrong, *requests[at + 1 :]])
        case Answered():
            yield replace(example, outcome={"sent": "another message"})
            yield replace(example, outcome={"retry_after": {"seconds": 12345}})
        case Linked(link=link):
            yield replace(example, link=None if link else {"url": "https://example.org/"})


@pytest.mark.parametrize("folder", folders(), ids=lambda folder: folder.name)
def test_a_false_example_is_noticed(folder: Path) -> None:
    runs = driver(folder)
    for example in runs.examples:
        for wrong in false(example):
            assert runs.run(wrong), wrong


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
