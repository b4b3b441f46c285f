"""Pages read the way a browser without scripts reads them: forms, fields, links, and what stands in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode

VOID = {"area", "base", "br", "hr", "img", "input", "link", "meta", "source", "wbr"}


@dataclass
class Element:
    """An element with its attributes and the text inside it."""

    name: str
    attributes: dict[str, str]
    children: list[Element] = field(default_factory=list)
    own: str = ""

    @property
    def text(self) -> str:
        return " ".join((self.own + " " + " ".join(child.text for child in self.children)).split())

    def all(self, element: str, /, **attributes: str) -> list[Element]:
        """Every element below of that name with these attributes."""
        found = [
            child
            for child in self.children
            if child.name == element
            and all(
                child.attributes.get(key.rstrip("_").replace("_", "-")) == value for key, value in attributes.items()
            )
        ]
        for child in self.children:
            found += child.all(element, **attributes)
        return found

    def one(self, element: str, /, **attributes: str) -> Element:
        (found,) = self.all(element, **attributes)
        return found

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("document", {})
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].children.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        while len(self.open) > 1:
            if self.open.pop().name == tag:
                break

    def handle_data(self, data: str) -> None:
        self.open[-1].own += data


def read(html: str) -> Element:
    """The document."""
    reader = _Reader()
    reader.feed(html)
    return reader.root


def question_form(page: Element) -> Element:
    """The form of the question on a page."""
    return next(form for form in page.all("form") if form.all("input", name="-sent"))


def asked(page: Element) -> str:
    """The fact that a page asks for."""
    return question_form(page).one("input", name="-sent")["value"]


def submitted(form: Element, **answers: str | list[str]) -> str:
    """The address a form leads to when it is sent with these answers."""
    query = [(hidden["name"], hidden["value"]) for hidden in form.all("input", type="hidden")]
    for name, given in answers.items():
        query += [(name, value) for value in ([given] if isinstance(given, str) else given)]
    return f"{form['action']}?{urlencode(query)}"


def first_answer(form: Element) -> dict[str, str | list[str]]:
    """Something that fits: the first option, a middling number, the last day that the field takes."""
    name = form.one("input", name="-sent")["value"]
    fields = form.all("input", name=name) + form.all("select", name=name)
    kind = fields[0].attributes.get("type", "select")
    if kind == "text":
        return {name: "33" if "age" in name else "9"}
    if kind == "date":
        return {name: fields[0]["max"]}
    if kind == "select":
        return {name: fields[0].all("option")[1]["value"]}
    return {name: fields[0]["value"]}
