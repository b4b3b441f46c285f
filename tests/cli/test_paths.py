"""`vikno paths`: the decision table holds every rule, is exact, and what stands in a pack stays text."""

import csv
import io
import json
import re
from collections import Counter
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Call, edited
from vikno.console.paths.decision import Law
from vikno.domain.rules import Service, read_answers, ruleset_on
from vikno.domain.rules.service import ENDINGS
from vikno.packs.load import load_country

ON = ("--date", "2026-03-15")
DAY = date(2026, 3, 15)
FISHING = "example/fishing-permit"
RULES = "services/fishing-permit/consultation.yaml"
LISTED = [FISHING, "example/library-card", "example/visitor-visa", "ua/idp-allowance", "ua/permanent-residence-permit"]
SVG = "{http://www.w3.org/2000/svg}"


def printed(call: Call, service: str, kind: str, *more: str) -> str:
    ran = call("paths", service, "--format", kind, *ON, *more)
    assert (ran.code, ran.err) == (0, "")
    return ran.out


def table(call: Call, service: str, *more: str) -> Any:
    ran = call("paths", service, "--json", *ON, *more)
    assert ran.code == 0, ran
    return ran.json


def service_of(root: Path, key: str) -> Service:
    country, slug = key.split("/")
    found = load_country(root / "countries" / country, only=slug).services[key]
    assert found is not None
    return found


class Page(HTMLParser):
    """What an HTML file is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self.text += " " if tag in ("td", "th", "li", "div") else ""

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def words(self) -> str:
        return " ".join(self.text.split())


def drawn(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - our own output


# ---- the table itself ----


@pytest.mark.parametrize("key", LISTED)
def test_shares_add_up_and_outcomes_hold_everybody_once(call: Call, key: str) -> None:
    found = table(call, key)
    assert found["outcome_count"] == len(found["outcomes"])
    assert sum(one["ways"] for one in found["outcomes"]) == found["ways"]
    for one in found["outcomes"]:
        assert one["ways"] == sum(_ways(who) for who in one["who"])
        assert one["share"] == one["ways"] / found["ways"]
        cited = {
            law for item in found["items"] if f"{item['kind']}:{item['id']}" in one["items"] for law in item["basis"]
        }
        assert set(one["basis"]) <= cited
        assert one["basis"] or one["sources"]
    for item in found["items"]:
        name = f"{item['kind']}:{item['id']}"
        shown = sum(one["ways"] for one in found["outcomes"] if name in one["items"])
        entries = [other for other in found["items"] if (other["kind"], other["id"]) == (item["kind"], item["id"])]
        assert sum(other["ways"] for other in entries) == shown


def _ways(who: dict[str, list[Any]]) -> int:
    ways = 1
    for values in who.values():
        ways *= len(values)
    return ways


@pytest.mark.parametrize("key", LISTED)
def test_whoever_an_example_is_about_is_in_just_one_outcome(call: Call, root: Path, key: str) -> None:
    country, slug = key.split("/")
    pack = load_country(root / "countries" / country, only=slug)
    service = service_of(root, key)
    found = table(call, key)
    tried = 0
    for example in pack.examples[key]:
        consultation = ruleset_on(service, DAY).consult(read_answers(service, example.given, DAY))
        if not consultation.complete:
            continue
        tried += 1
        items = [item.key for item in consultation.items]
        holding = [one for one in found["outcomes"] if any(_holds(who, consultation.used) for who in one["who"])]
        assert [one["items"] for one in holding] == [items], example.name
        ended = any(item.kind in ENDINGS for item in consultation.items)
        total = None if ended or consultation.total is None else consultation.total
        assert holding[0]["total"] == (None if total is None else {code: str(sum_) for code, sum_ in total.items()})
    assert tried


def _holds(who: dict[str, list[Any]], answers: Any) -> bool:
    return who.keys() == answers.keys() and all(_within(answers[name], values) for name, values in who.items())


def _within(answer: Any, values: list[Any]) -> bool:
    if isinstance(answer, frozenset):
        return sorted(answer) in [sorted(value) for value in values]
    if isinstance(answer, (bool, str)):
        return answer in values
    if isinstance(answer, date):
        ranges = [value.split("..") for value in values]
        return any(low[0] <= answer.isoformat() <= low[-1] for low in ranges)
    return any(float(low[0]) <= answer <= float(low[-1]) for low in (str(value).split("..") for value in values))


@pytest.mark.parametrize("key", [*LISTED, "ua/id-card"])
def test_every_rule_is_in_the_table(call: Call, root: Path, key: str) -> None:
    service, found = service_of(root, key), table(call, key)
    assert [one["id"] for one in found["facts"]] == [fact.id for fact in service.facts]
    assert [one["name"] for one in found["terms"]] == [term.name for term in service.terms]
    assert Counter(f"{one['kind']}:{one['id']}" for one in found["items"]) == Counter(i.key for i in service.items)
    for fact, one in zip(service.facts, found["facts"], strict=True):
        assert [option["id"] for option in one["options"]] == list(fact.option_ids)
        assert one["when"] == (str(fact.when) if fact.when else None)
        assert one["when_words"]
    for one in found["items"]:
        assert one["when_words"]
        assert one["examples"], "an item that no example shows is a finding of the check"
    assert found["version"] == service.version


def test_an_outcome_that_cannot_be_listed_is_counted_and_said(call: Call) -> None:
    found = table(call, "ua/id-card")
    assert found["outcomes"] is None
    assert found["outcome_count"] > 2000
    page = Page(printed(call, "ua/id-card", "html", "--lang", "en"))
    assert f"There are {found['outcome_count']:,} different outcomes" in page.words
    assert [one["share"] is None for one in found["items"]] == [False] * len(found["items"])


def test_dated_items_are_all_there_and_say_what_holds_on_the_day(call: Call) -> None:
    spring, summer = (table_on(call, day) for day in ("2026-03-15", "2026-07-15"))
    assert [(one["from"], one["until"]) for one in spring] == [(None, "2026-06-30"), ("2026-07-01", None)]
    assert [one["holds"] for one in spring] == [True, False]
    assert [one["holds"] for one in summer] == [False, True]
    assert [one["ways"] for one in spring] == list(reversed([one["ways"] for one in summer]))


def table_on(call: Call, day: str) -> Any:
    found = call("paths", FISHING, "--json", "--date", day).json
    return [one for one in found["items"] if one["id"] == "photo"]


def test_questions_name_what_they_hang_on(call: Call) -> None:
    facts = {one["id"]: one for one in table(call, FISHING)["facts"]}
    assert facts["lake"]["needs"] == ["water"]
    assert facts["period"]["needs"] == ["age", "about"]
    assert facts["age"]["after"] == ["lake"], "at sea, and at Moor Lake, nobody is asked their age"
    assert (facts["water"]["needs"], facts["water"]["after"]) == ([], [])
    assert facts["water"]["share"] == 1


# ---- HTML ----


@pytest.mark.parametrize("language", ["en", "uk"])
@pytest.mark.parametrize("key", [FISHING, "ua/id-card", "example/visitor-visa"])
def test_the_page_is_whole_and_asks_nothing_of_the_network(call: Call, root: Path, key: str, language: str) -> None:
    text = printed(call, key, "html", "--lang", language)
    page, service = Page(text), service_of(root, key)
    assert text.startswith("<!doctype html>")
    assert page.all("html") == [{"lang": language}]
    assert not any(page.all(tag) for tag in ("script", "link", "img", "iframe", "object", "form", "input"))
    assert not re.search(r"url\((?!#)|@import|\son\w+=", text)
    assert all("src" not in attributes for _, attributes in page.tags)
    for link in page.all("a"):
        assert re.match(r"#|https?://", link["href"] or ""), link
    assert service.version in page.text
    assert f'<time datetime="{DAY.isoformat()}">' in text
    for one in (*service.law.values(), *service.sources.values()):
        if any(one.id in (*item.basis, *item.sources) for item in service.items):
            assert one.title.text(language) in page.words
            assert one.url is None or one.url.replace("&", "&amp;") in text


@pytest.mark.parametrize("key", [FISHING, "ua/id-card", "example/visitor-visa"])
def test_tables_have_captions_and_scopes_and_ids_are_unique(call: Call, key: str) -> None:
    page = Page(printed(call, key, "html"))
    assert len(page.all("table")) == len(page.all("caption")) > 3
    assert all(head.get("scope") in ("col", "row", "rowgroup") for head in page.all("th"))
    ids = Counter(attributes["id"] for _, attributes in page.tags if "id" in attributes)
    assert max(ids.values()) == 1
    targets = {link["href"] for link in page.all("a") if (link["href"] or "").startswith("#")}
    assert {target[1:] for target in targets if target} <= ids.keys()
    assert len(page.all("main")) == len(page.all("h1")) == 1


def test_the_page_is_made_to_be_signed(call: Call) -> None:
    page = Page(printed(call, FISHING, "html"))
    for word in ("Name and position", "Date", "Signature", "I have read this decision table"):
        assert word in page.words
    assert page.words.index("I have read") > page.words.index("All outcomes")


def test_an_item_has_text_kind_id_condition_law_confidence_share_and_examples(call: Call) -> None:
    words = Page(printed(call, FISHING, "html")).words
    start = words.index("Your student card and a copy of it (original and copy) bring:student_card")
    row = words[start : start + 700]
    for part in (
        "condition “reduced” holds",
        "What of this is true of you? — “I study” is chosen",
        "reduced and student in about",
        "Fishing Act (read on January 5, 2026)",
        "24.1%",
        "64 of 266",
    ):
        assert part in row


def test_amounts_terms_tables_and_promises_are_there(call: Call) -> None:
    words = Page(printed(call, FISHING, "html")).words
    assert "at least one of these holds: How old are you? — less than 14 years" in words
    assert "January 1, 2027 €48" in words
    assert "Exactly one of the kind “To pay (fee)”" in words
    visa = Page(printed(call, "example/visitor-visa", "html")).words
    assert "office: by the answer to “Where will you stay?”" in visa
    assert "the day of applying — before bridge_reopens (has not come yet)" in visa


# ---- what stands in a pack stays text ----


@pytest.fixture
def hostile(lakeland: Path) -> Path:
    """A pack whose texts would do something if they were more than text."""
    edited(lakeland, RULES, "ask: Where will you fish?", "ask: \"Where <script>alert(1)</script> & 'will' you fish?\"")
    edited(lakeland, RULES, "text: Carry the permit while you fish", 'text: \'=HYPERLINK("https://evil.example";"x")\'')
    edited(lakeland, RULES, "text: The papers of the boat", "text: '\"><img src=x onerror=alert(1)>'")
    edited(lakeland, RULES, "text: At once, while you wait", "text: '+1+1'")
    return lakeland


def test_hostile_texts_do_nothing_on_the_page(call: Call, hostile: Path) -> None:
    text = printed(call, FISHING, "html", "--countries", str(hostile))
    page = Page(text)
    assert not page.all("script") + page.all("img")
    assert "Where <script>alert(1)</script> & 'will' you fish?" in page.words
    assert "+1+1" in page.words


def test_only_addresses_that_lead_to_a_page_are_links() -> None:
    assert Law("a", "A", "https://law.example/a", None, None).link == "https://law.example/a"
    assert Law("a", "A", "javascript:alert(1)", None, None).link is None
    assert Law("a", "A", None, None, None).link is None


def test_hostile_texts_do_nothing_in_a_spreadsheet(call: Call, hostile: Path) -> None:
    cells = [cell for row in rows(printed(call, FISHING, "csv", "--countries", str(hostile))) for cell in row.values()]
    assert '\'=HYPERLINK("https://evil.example";"x")' in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]


def test_hostile_texts_do_nothing_in_the_graph(call: Call, hostile: Path) -> None:
    drawing = drawn(printed(call, FISHING, "svg", "--countries", str(hostile)))
    assert not list(drawing.iter(f"{SVG}script"))
    assert any("<script>alert(1)</script>" in "".join(title.itertext()) for title in drawing.iter(f"{SVG}title"))


# ---- CSV ----


def rows(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    assert text.count("\n") == text.count("\r\n")
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


@pytest.mark.parametrize("key", [FISHING, "ua/id-card"])
def test_the_spreadsheet_has_a_row_for_every_rule(call: Call, root: Path, key: str) -> None:
    service = service_of(root, key)
    found = rows(printed(call, key, "csv", "--lang", "en"))
    parts = Counter(row["Part"] for row in found)
    assert parts["question"] == len(service.facts)
    assert parts["condition"] == len(service.terms)
    assert parts["line"] == len(service.items)
    assert parts["outcome"] == len(table(call, key)["outcomes"] or [])
    for item in service.items:
        row = next(row for row in found if row["Id"] == item.id and f"({item.kind})" in row["Kind"])
        assert row["Confidence"] == item.confidence
        assert all(service.law[law].title.text("en") in row["Legal basis"] for law in item.basis)
        assert row["Condition in words"]


# ---- SVG ----


@pytest.mark.parametrize("key", [*LISTED, "ua/id-card", "ua/foreign-passport", "ua/temporary-residence-permit"])
def test_the_graph_shows_every_question_and_ending_apart_and_says_so_in_words(call: Call, root: Path, key: str) -> None:
    service, text = service_of(root, key), printed(call, key, "svg")
    drawing = drawn(text)
    assert drawing.get("role") == "img"
    names = (drawing.get("aria-labelledby") or "").split()
    assert [drawing.find(f"*[@id='{name}']").tag for name in names] == [f"{SVG}title", f"{SVG}desc"]  # type: ignore[union-attr]
    described = "".join(drawing.find(f"{SVG}desc").itertext())  # type: ignore[union-attr]
    labels = ["".join(label.itertext()) for label in drawing.iter(f"{SVG}text") if label.get("class") == "label"]
    for at, fact in enumerate(service.facts, 1):
        assert f"{at}. {fact.id}" in labels
        if "{" not in fact.ask.text(service.language):
            assert fact.ask.text(service.language) in described
    for ending in {item.key for item in service.items if item.kind in ENDINGS}:
        assert any(label.endswith(f"· {ending.split(':')[1]}") for label in labels)
    assert "href" not in text
    boxes = [_box(rect) for rect in drawing.iter(f"{SVG}rect") if (rect.get("class") or "").startswith("node")]
    assert len(boxes) == len(labels)
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            assert one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1], "boxes overlap"


def _box(rect: ET.Element) -> tuple[float, float, float, float]:
    x, y, width, height = (float(rect.get(name, "0")) for name in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def test_lines_of_the_graph_go_from_what_is_asked_to_what_hangs_on_it(call: Call) -> None:
    drawing = drawn(printed(call, FISHING, "svg"))
    arrows = [path for path in drawing.iter(f"{SVG}path") if path.get("marker-end")]
    facts = table(call, FISHING)["facts"]
    endings = {"done:sea": 1, "stop:moor": 1, "stop:small": 1, "human:big_boat": 2}
    wanted = sum(len(one["needs"]) + len(one["after"]) for one in facts) + sum(endings.values()) + 1
    assert len(arrows) == wanted
    assert sum("after" in (arrow.get("class") or "") for arrow in arrows) == sum(len(one["after"]) for one in facts)


def test_a_service_with_one_question_can_be_drawn(call: Call) -> None:
    drawing = drawn(printed(call, "example/library-card", "svg"))
    assert len([rect for rect in drawing.iter(f"{SVG}rect") if rect.get("class")]) == 2


# ---- the call ----


def test_it_writes_where_it_is_told_to(call: Call, tmp_path: Path) -> None:
    for kind, start in (("html", "<!doctype html>"), ("csv", "\ufeff"), ("svg", "<?xml")):
        path = tmp_path / f"table.{kind}"
        ran = call("paths", FISHING, "--format", kind, *ON, "--out", path)
        assert (ran.code, ran.out) == (0, "")
        assert path.read_text("utf-8").startswith(start)
    call("paths", FISHING, "--json", *ON, "--out", tmp_path / "table.json")
    assert json.loads((tmp_path / "table.json").read_text("utf-8")) == table(call, FISHING)


WRONG = [
    (("example/fishing-permitt", *ON), "service_unknown"),
    ((FISHING, "--date", "2025-12-31"), "date_too_early"),
    ((FISHING, "--date", "soon"), "date_wrong"),
    ((FISHING, "--lang", "de"), "language_unknown"),
    ((FISHING, *ON, "--out", "/nowhere/at/all.html"), "file_unwritable"),
]


@pytest.mark.parametrize(("arguments", "code"), WRONG)
def test_a_wrong_call_is_said_and_ends_with_2(call: Call, arguments: tuple[str, ...], code: str) -> None:
    ran = call("paths", *arguments, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, code)


def test_the_same_table_comes_out_every_time(call: Call) -> None:
    for kind in ("html", "csv", "svg"):
        assert printed(call, FISHING, kind) == printed(call, FISHING, kind)
