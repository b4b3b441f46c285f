"""`vikno schema`: what an editor is told about a pack's files holds for every file there is; a typo breaks it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.cli.conftest import Call
from vikno.packs.forms import FILES
from vikno.packs.shapes import plain
from vikno.packs.source import parse_yaml

COUNTRIES = Path(__file__).parent.parent.parent / "countries"
TEMPLATE = "template.yaml"
"""What `vikno schema` calls the templates of senders, each of which has a name of its own."""
WRITTEN = sorted(path for name in FILES for path in COUNTRIES.rglob("templates/*.yaml" if name == TEMPLATE else name))


def kind_of(path: Path) -> str:
    return TEMPLATE if path.parent.name == "templates" else path.name


def validator(call: Call, name: str) -> Draft202012Validator:
    ran = call("schema", name)
    assert (ran.code, ran.err) == (0, "")
    Draft202012Validator.check_schema(ran.json)
    return Draft202012Validator(ran.json)


def read(text: str) -> Any:
    """The file as an editor reads it: YAML 1.2."""
    node = parse_yaml(text, "file", lambda finding: pytest.fail(str(finding)))
    assert node is not None
    return json.loads(json.dumps(plain(node), default=float))


def typos(value: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """The value with one key of one mapping misspelt, for every key that is not a name that the author chose."""
    if isinstance(value, dict):
        for key, child in value.items():
            if key in FIXED:
                yield f"{at}.{key}", {**{k: v for k, v in value.items() if k != key}, f"{key}x": child}
            for where, changed in typos(child, f"{at}.{key}"):
                yield where, {**value, key: changed}
    elif isinstance(value, list):
        for index, child in enumerate(value[:3]):
            for where, changed in typos(child, f"{at}[{index}]"):
                yield where, [*value[:index], changed, *value[index + 1 :]]


FIXED = {
    *("title", "authority", "law", "facts", "terms", "amounts", "items", "promise"),
    *("ask", "when", "choose", "number", "text", "basis", "given", "then", "code", "languages", "id", "titles"),
    *("slug", "category", "weight", "body"),
}


def test_there_is_a_schema_for_every_kind_of_file(call: Call) -> None:
    for name in FILES:
        validator(call, name)
        assert call("schema", name).json["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.relative_to(COUNTRIES).as_posix())
def test_every_file_there_is_fits(call: Call, path: Path) -> None:
    wrong = [error.message for error in validator(call, kind_of(path)).iter_errors(read(path.read_text("utf-8")))]
    assert not wrong


@pytest.mark.parametrize("name", list(FILES))
def test_a_typo_in_any_key_does_not_fit(call: Call, name: str) -> None:
    path = next(path for path in WRITTEN if kind_of(path) == name and "example" in path.parts)
    check = validator(call, name)
    tried = list(typos(read(path.read_text("utf-8"))))
    assert tried
    assert [where for where, changed in tried if check.is_valid(changed)] == []


@pytest.mark.parametrize(
    ("written", "fits"),
    [
        ("facts: {f: {ask: A?, yes_no: true}}\nitems: []", True),
        ("facts: {f: {ask: A?, yes_no: yes}}\nitems: []", False),
        ("facts: {f: {ask: A?, number: {from: 0, to: x}}}\nitems: []", False),
        ("facts: {F-1: {ask: A?, yes_no: true}}\nitems: []", False),
        ("facts: {f: {ask: A?, yes_no: true}}\nitems: [{bring: b, text: B, confidence: E}]", False),
        ("facts: {f: {ask: A?, yes_no: true}}\nitems: [{bring: b, text: B, from: 2026-01-01}]", True),
        ("facts: {f: {yes_no: true}}\nitems: []", False),
        ("items: []", False),
        ("[]", False),
    ],
)
def test_types_and_required_keys_count_too(call: Call, written: str, fits: bool) -> None:
    assert validator(call, "consultation.yaml").is_valid(read(written)) is fits


def test_a_path_stands_for_its_kind_of_file(call: Call) -> None:
    assert call("schema", "countries/ua/country.yaml").json == call("schema", "country.yaml").json


def test_a_file_that_no_pack_has_is_a_wrong_call(call: Call) -> None:
    ran = call("schema", "consultation.yml", "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, "file_unknown")
    assert ran.json["error"]["nearest"] == "consultation.yaml"
