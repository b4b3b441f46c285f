"""The page of files: the folder of a country, and every key of every file, from the shapes the loader reads by."""

from __future__ import annotations

from collections.abc import Iterator

from vikno.cli.reference.markdown import code, table
from vikno.domain.rules.wording import UNITS
from vikno.packs import forms, shapes
from vikno.packs.shapes import Key, Shape

ABOUT = {
    "country.yaml": "What the services of a country share.",
    "service.yaml": "What a service is, and the law it rests on.",
    "consultation.yaml": "The questions, the rules and what comes of them. Sections may stand in any order.",
    "examples.yaml": "Answers, a day, and what must come of it. A list of these:",
    "document.yaml": "A type of document: what one service gives and another asks for.",
}
FOLDER = """\
countries/<code>/
  country.yaml
  texts/<language>.po            its texts in the other languages
  theme.json                     colours of the portal (optional)
  documents/<type>/document.yaml
  services/<slug>/
    service.yaml
    consultation.yaml
    examples.yaml
    <table>.csv                  for `derive`
    texts/<language>.po
"""
TEXTS = (
    ("service.title", "`title` of service.yaml"),
    ("service.keywords", "`keywords` of service.yaml, joined with commas; need not be translated"),
    ("fact.<id>.ask", "a question"),
    ("fact.<id>.hint", "its line of help"),
    ("fact.<id>.option.<option>", "the label of an option"),
    ("item.<kind>.<id>", "the text of an item"),
    ("law.<id>, source.<id>", "the title of an act or a page; need not be translated"),
    ("country.title", "`title` of country.yaml"),
    ("authority.<id>", "the name of an authority"),
    ("list.<name>.<option>", "the label of an option of a shared list"),
)
THEN = (
    ("a kind of item", "the ids of exactly the items of this kind; `[]` means none. A kind that is not named is not compared"),
    ("total", "`{EUR: 45}`, a sum for each currency; null where it cannot be known"),
    ("outcome", "checklist, stop, done or human"),
    ("next", "the fact that is asked next; only then may the answers be incomplete"),
    ("asked, ignored", "the facts that were asked, or given and not used, in order"),
)


def page() -> str:
    parts = [
        "# Files\n\n"
        f"```text\n{FOLDER}```\n\n"
        "YAML 1.2, UTF-8, without anchors, aliases and tags. Only `true` and `false` are booleans, so `yes`, `no` and\n"
        "`on` are words. A key that is not listed here is a finding. `vikno schema <file>` prints the same as a JSON\n"
        "Schema, for editors.\n\n"
        "Below, `<id>` stands for a name of yours and `[]` for an entry of a list. Keys with a dot are inside of the one\n"
        "before it. An **id** holds a-z, 0-9 and _; a **name** may also hold A-Z and -.\n"
    ]
    for file, shape in forms.FILES.items():
        rows = [[code(path), what, key.doc, "yes" if key.required else ""] for path, what, key in rows_of(shape, "")]
        parts.append(f"## {file}\n\n{ABOUT[file]}\n\n" + table(["key", "takes", "meaning", "required"], rows))
    parts.append("### What `then` of an example takes\n\n" + table(["key", "value"], [[*row] for row in THEN]))
    parts.append(
        "## Tables: `<table>.csv`\n\n"
        "UTF-8, commas, the first line names the columns. `derive` reads the rows by the value of `by`: by the column of\n"
        "that name, or `key`, or else the first column. The cell comes from `column`, or else the next column. For a\n"
        "number fact a row is a number or a range, `1..5`. Cells are ids, or numbers throughout. Every answer needs\n"
        "exactly one row.\n"
    )
    parts.append(
        "## Texts: `texts/<language>.po`\n\n"
        "Gettext files. `msgctxt` is the key of the text, `msgid` the text as it stands in the YAML, `msgstr` the\n"
        "translation. `{amount:name}` in an item or a question shows a sum; `{answer:fact}` in an item shows an answer.\n"
        "A translation has the same placeholders as its source.\n\n"
        + table(["msgctxt", "of what"], [[code(key), what] for key, what in TEXTS])
    )
    parts.append(
        "## Units\n\nThese units of a number are written out in the reader's language, in the right form; any other is shown as it is:\n"
        + ", ".join(map(code, UNITS))
        + ".\n"
    )
    return "\n".join(parts)


def rows_of(shape: Shape, path: str) -> Iterator[tuple[str, str, Key]]:
    """Path, what may stand there and the key's own words, for every key inside of a shape."""
    match shape:
        case shapes.Record():
            for name, key in shape.keys.items():
                here = f"{path}.{name}" if path else name
                yield here, takes(key.shape), key
                yield from rows_of(key.shape, here)
        case shapes.Table():
            yield from rows_of(shape.shape, f"{path}.<id>")
        case shapes.Each():
            yield from rows_of(shape.shape, f"{path}[]" if path else "")
        case shapes.Either():
            yield from rows_of(shape.mapping, path)
        case forms.Switch():
            yield from rows_of(shape.mapping, path)
        case forms.Choices():
            yield from rows_of(shape.borrowed, path)
        case forms.ListOf():
            yield from rows_of(forms.Choices.borrowed, path)
            yield from rows_of(forms.LIST, path)
        case forms.DatedAmount():
            for name, key in shape.fixed.items():
                yield f"{path}.{name}", takes(key.shape), key
            yield f"{path}.2026-01-31", "a number, or `unknown`", Key(shape, "the sum from this day on; `unknown` ends a period")


def takes(shape: Shape) -> str:
    """In a few words, what a shape takes.

    Raises:
        TypeError: the loader reads by a shape that this page does not know.
    """
    match shape:
        case shapes.Words():  # and conditions
            return shape.what
        case shapes.Id():
            return "an id" if shape.pattern is shapes.ID else "a name"
        case shapes.Flag():
            return "true or false"
        case shapes.Only():
            return " or ".join(map(code, shape.words))
        case shapes.Number():
            return "a number"
        case shapes.Calendar():
            return "a day, or null" if shape.or_null else "a day"
        case shapes.Each():
            return f"{takes(shape.shape)}, or a list of such" if shape.or_one else f"a list: {takes(shape.shape)}"
        case shapes.Table():
            return f"a mapping, {'id' if getattr(shape.key, 'pattern', None) is shapes.ID else 'name'} to: {takes(shape.shape)}"
        case shapes.Record() | forms.DatedAmount():
            return "a mapping"
        case shapes.Either():
            return f"{takes(shape.scalar)}, or {takes(shape.mapping)}"
        case forms.Switch():
            return "`true`, or a mapping"
        case forms.Choices():
            return "a mapping, option id to label; or another fact's options"
        case forms.ListOf():
            return "the name of a shared list; or a mapping, option id to label; or another fact's options"
        case shapes.Anything():
            return "a mapping"
    raise TypeError(f"the reference does not know {type(shape).__name__}")
