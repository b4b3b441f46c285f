"""Every key of every file of a country folder, from the shapes the loader reads by."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial, singledispatch

from vikno.cli.reference.markdown import code, table
from vikno.domain.rules.service import KINDS, Fact
from vikno.domain.rules.wording import UNITS
from vikno.packs import forms, shapes
from vikno.packs.policy import message_facts
from vikno.packs.shapes import Key, Shape

MEANINGS = {
    "same_as": "a fact above, whose options are asked in a second role",
    "except": "options that are left out",
    "plus": "options beside those",
    "groups": "named groups of options, for conditions",
    "options": "option id to label",
    "from": "the first that is accepted",
    "to": "the last that is accepted",
    "unit": "shown with the number",
    "step": "1 unless said",
    "name": "as people know it",
    "confidence": "how sure the items are",
    "form": "how papers are brought",
    "basis": "the law of the items",
    "source": "the page of the items",
}
"""Of keys that say nothing themselves, because they mean the same wherever they stand."""

Row = tuple[str, str, Key]


def parts() -> dict[str, Callable[[], str]]:
    keys: dict[str, Callable[[], str]] = {
        f"keys of {file}": partial(_keys, shape) for file, shape in forms.FILES.items()
    }
    keys["keys of policy"] = partial(_keys, forms.POLICY)
    keys["facts of a message"] = _message_facts
    return {**keys, "kinds of fact": lambda: _listed(forms.FACT_KINDS), "units": lambda: _listed(UNITS)}


def _listed(words: tuple[str, ...] | dict[str, str]) -> str:
    return ", ".join(map(code, words)) + "\n"


def _message_facts() -> str:
    def takes(fact: Fact) -> str:
        if fact.kind == "yes_no":
            return "true, false"
        if fact.kind == "number":
            return f"{fact.low}..{fact.high}"
        return "ISO 3166 alpha-2" if fact.kind == "country" else ", ".join(map(code, fact.option_ids))

    return table(["fact", "takes", "asks"], [[code(one.id), takes(one), one.ask.source] for one in message_facts()])


def _keys(shape: Shape) -> str:
    rows = [
        [code(path), what, key.doc or MEANINGS.get(path.rpartition(".")[2], ""), "yes" if key.required else ""]
        for path, what, key in inside(shape, "")
    ]
    return table(["key", "takes", "meaning", "required"], rows)


@singledispatch
def inside(_: Shape, __: str) -> Iterator[Row]:
    """Path, what may stand there and the key's own words, for every key inside of a shape."""
    return iter(())


@inside.register
def _(shape: shapes.Record, path: str) -> Iterator[Row]:
    kinds = KINDS if shape is forms.ITEM else ()
    if kinds:
        yield f"{path}.<kind>", "a name", Key(shape, "the kind of the item, and its id: exactly one", required=True)
    for name, key in shape.keys.items():
        if name not in kinds:
            here = f"{path}.{name}" if path else name
            yield here, takes(key.shape), key
            yield from inside(key.shape, here)


@inside.register
def _(shape: forms.Named, path: str) -> Iterator[Row]:
    return inside(shape.shape, f"{path}.<name>")


@inside.register
def _(shape: shapes.Table, path: str) -> Iterator[Row]:
    return inside(shape.shape, f"{path}.<id>" if path else "<id>")


@inside.register
def _(shape: shapes.Each, path: str) -> Iterator[Row]:
    return inside(shape.shape, f"{path}[]" if path else "")


@inside.register
def _(shape: shapes.Either, path: str) -> Iterator[Row]:
    return inside(shape.mapping, path)


@inside.register
def _(shape: forms.Switch, path: str) -> Iterator[Row]:
    return inside(shape.mapping, path)


@inside.register
def _(shape: forms.Choices, path: str) -> Iterator[Row]:
    return _one_way(shape.borrowed, path)


@inside.register
def _(_: forms.ListOf, path: str) -> Iterator[Row]:
    yield from _one_way(forms.Choices.borrowed, path)
    yield from _one_way(forms.LIST, path)


@inside.register
def _(shape: forms.DatedAmount, path: str) -> Iterator[Row]:
    for name, key in shape.fixed.items():
        yield f"{path}.{name}", takes(key.shape), key
    row = Key(shape, "the sum from this day on; `unknown` ends a period", required=True)
    yield f"{path}.<day>", "a number, or `unknown`", row


def _one_way(shape: Shape, path: str) -> Iterator[Row]:
    """The keys of one of several ways to write it: the other ways do not require them."""
    for here, what, key in inside(shape, path):
        yield here, what, replace(key, required=False)


@singledispatch
def takes(shape: Shape) -> str:
    """In a few words, what a shape takes.

    Raises:
        TypeError: the loader reads by a shape that this page does not know.
    """
    raise TypeError(f"the reference does not know {type(shape).__name__}")


@takes.register
def _(shape: shapes.Words) -> str:
    return shape.what


@takes.register
def _(shape: shapes.Id) -> str:
    return "an id" if shape.pattern is shapes.ID else "a name"


@takes.register
def _(_: shapes.Flag) -> str:
    return "true or false"


@takes.register
def _(shape: shapes.Only) -> str:
    return " or ".join(map(code, shape.words))


@takes.register
def _(_: shapes.Whole) -> str:
    return "a whole number"


@takes.register
def _(_: shapes.Number) -> str:
    return "a number"


@takes.register
def _(shape: shapes.Calendar) -> str:
    return "a day, or null" if shape.or_null else "a day"


@takes.register
def _(shape: shapes.Each) -> str:
    one = takes(shape.shape)
    return f"{one}, or a list of such" if shape.or_one else f"a list: {one}"


@takes.register
def _(shape: shapes.Table) -> str:
    return f"a mapping: {takes(shape.key).partition(' ')[2]} to {takes(shape.shape)}"


@takes.register
def _(_: shapes.Record | forms.DatedAmount | shapes.Anything) -> str:
    return "a mapping"


@takes.register
def _(shape: forms.Named) -> str:
    return f"a mapping: of {', '.join(map(code, shape.keys))} to {takes(shape.shape)}"


@takes.register
def _(shape: shapes.Either) -> str:
    return f"{takes(shape.scalar)}, or {takes(shape.mapping)}"


@takes.register
def _(_: forms.Switch) -> str:
    return "`true`, or a mapping"


@takes.register
def _(_: forms.Choices) -> str:
    return "a mapping: id to a label; or another fact's options"


@takes.register
def _(_: forms.ListOf) -> str:
    return "the name of a shared list; or a mapping: id to a label; or another fact's options"
