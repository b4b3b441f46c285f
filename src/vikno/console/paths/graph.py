"""The graph of the questions, drawn as SVG: from left to right in the order of asking, endings in their own colours.

Lines of one question run together through the columns they pass and part at the last one, each question in a colour.
What the drawing shows is in its description too, for whoever does not see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

from vikno.console.page import shown
from vikno.console.paths.decision import Decision
from vikno.console.paths.layout import WIDTH, Node, lay_out
from vikno.domain.dialog.why import name_of
from vikno.domain.rules.conditions import facts_of
from vikno.domain.rules.service import ENDINGS
from vikno.domain.rules.space import base_fact

LINE, SMALL_LINE, PADDING = 17, 15, 10
LETTERS = 25
"""Of a line in a node, at 13 pixels a letter's height."""
MOST_LINES = 4
MARGIN = 16
QUIET = "#8a94a3"
COLOURS = ("#1f4e79", "#8a3b12", "#2a6a2e", "#7a1f5c", "#5b3fa0", "#00686b", "#6b5600", "#a01c2c")
STYLE = """
.graph text { font-family: "Noto Sans", "DejaVu Sans", Arial, sans-serif; font-size: 13px; fill: #1a1a1a; }
.graph .small { font-size: 11px; fill: #4a4a4a; }
.graph .label { font-size: 11px; font-weight: bold; }
.graph .node { fill: #ffffff; stroke: #44546a; stroke-width: 1.2; }
.graph .stop { fill: #fdeaea; stroke: #a01c2c; }
.graph .done { fill: #e8f4e8; stroke: #2a6a2e; }
.graph .human { fill: #e9effa; stroke: #1f4e79; }
.graph .list { fill: #f6f1e3; stroke: #6b5600; }
.graph .line { fill: none; stroke-width: 1.5; }
.graph .after { stroke-dasharray: 5 4; }
.graph .end { stroke-width: 1; }
"""


def svg(decision: Decision, *, alone: bool = True) -> str:
    """The drawing; `alone`: as a file of its own, else to stand in a page."""
    nodes = {node.id: node for node in _nodes(decision)}
    lines = _lines(decision, nodes)
    layout = lay_out(tuple(nodes.values()), lines)
    colours = _colours(decision, lines)
    title = decision.words.say("paths.title", title=decision.title)
    left = layout.left - MARGIN
    width, height = layout.width - left + MARGIN, layout.height + 2 * MARGIN
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" aria-labelledby="graph-title graph-desc"',
        f'lang="{escape(decision.words.language)}" width="{width:g}" height="{height:g}"',
        f'viewBox="{left:g} {-MARGIN} {width:g} {height:g}">',
        f'<title id="graph-title">{_text(title)}</title>',
        f'<desc id="graph-desc">{_text(_described(decision))}</desc>',
        f"<style>{STYLE}</style>",
        _arrows(colours),
        f'<rect x="{left:g}" y="{-MARGIN}" width="{width:g}" height="{height:g}" fill="#ffffff"/>',
        *(_line(source, path, style, end, colours) for source, path, style, end in layout.paths),
        *(_drawn(node, *layout.places[node.id]) for node in nodes.values()),
        "</svg>",
    ]
    drawing = "\n".join(parts) + "\n"
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{drawing}' if alone else drawing


def _nodes(decision: Decision) -> Iterable[Node]:
    """Questions in the order of asking, then the endings, then the list."""
    say, sentence = decision.words.say, decision.words.sentence
    for one in decision.questions:
        asked = f"{say('paths.column.when')}: {sentence(one.when)}" if one.fact.when else say("paths.always")
        label = f"{one.number}. {one.fact.id}"
        yield _node(
            one.fact.id, "question", label, one.ask, (one.kind,), f"{one.number}. {one.ask}\n{one.kind}\n{asked}"
        )
    for kind, name, lines in decision.kinds:
        if kind in ENDINGS:
            for line in lines:
                told = f"{name}: {line.text}\n{sentence(line.when)}"
                label = f"{say(f'paths.outcome.{kind}')} · {line.row.item.id}"
                yield _node(line.key, kind, label, name_of(line.text), (line.share.words,), told)
    listed = sum(line.row.item.kind not in ENDINGS for line in decision.lines)
    if listed:
        text = say("paths.graph.checklist")
        yield _node("", "list", say("paths.outcome.checklist"), text, (say("paths.graph.lines", count=listed),), text)


def _node(id_: str, kind: str, label: str, text: str, small: tuple[str, ...], told: str) -> Node:
    wrapped = wrap(text, LETTERS, MOST_LINES)
    low = wrap(" ".join(small), LETTERS + 5, 2)
    height = 2 * PADDING + SMALL_LINE + LINE * len(wrapped) + SMALL_LINE * len(low)
    return Node(id_, kind, label, wrapped, low, told, height)


def _lines(decision: Decision, nodes: Mapping[str, Node]) -> dict[tuple[str, str], str]:
    """(from, to) -> its style: what conditions name, and (dashed) what decides whether a question still matters."""
    service = decision.service
    out: dict[tuple[str, str], str] = {}
    for one in decision.questions:
        out.update({(name, one.fact.id): "needs" for name in one.row.needs})
        out.update({(name, one.fact.id): "after" for name in one.row.after})
    for line in decision.lines:
        if line.key in nodes and line.row.item.when is not None:
            for name in facts_of(line.row.item.when):
                out.setdefault((base_fact(service, name), line.key), "needs")
    if "" in nodes:
        leading = {source for source, target in out if nodes[target].kind == "question"}
        out.update({(one.fact.id, ""): "end" for one in decision.questions if one.fact.id not in leading})
    return out


def _colours(decision: Decision, lines: Mapping[tuple[str, str], str]) -> dict[str, str]:
    sources = [one.fact.id for one in decision.questions if any(source == one.fact.id for source, _ in lines)]
    return {name: COLOURS[at % len(COLOURS)] for at, name in enumerate(sources)}


def _described(decision: Decision) -> str:
    """The graph in sentences."""
    say = decision.words.say
    numbers = {one.fact.id: str(one.number) for one in decision.questions}
    parts = []
    for one in decision.questions:
        parts.append(say("paths.graph.question", number=one.number, ask=one.ask))
        leading = [numbers[name] for name in (*one.row.needs, *one.row.after)]
        parts += [say("paths.graph.needs", list=", ".join(leading))] if leading else []
    for kind, name, lines in decision.kinds:
        if kind in ENDINGS:
            parts += [f"{name}: {line.text}. {decision.words.sentence(line.when)}." for line in lines]
    return " ".join(parts)


# ---- drawing ----


def _arrows(colours: Mapping[str, str]) -> str:
    used = sorted({QUIET, *colours.values()})
    marks = [
        f'<marker id="arrow-{colour[1:]}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        f'orient="auto"><path d="M0 0 L8 4 L0 8 Z" fill="{colour}"/></marker>'
        for colour in used
    ]
    return f"<defs>{''.join(marks)}</defs>"


def _line(source: str, path: str, style: str, end: bool, colours: Mapping[str, str]) -> str:
    colour = QUIET if style == "end" else colours[source]
    arrow = f' marker-end="url(#arrow-{colour[1:]})"' if end else ""
    return f'<path class="line {style}" d="{path}" stroke="{colour}"{arrow}/>'


def _drawn(node: Node, x: float, y: float) -> str:
    kind = "" if node.kind == "question" else f" {node.kind}"
    corner = 4 if node.kind == "question" else 14
    rows = [f'<text class="label" x="{x + PADDING:g}" y="{y + PADDING + 10:g}">{_text(node.label)}</text>']
    at = y + PADDING + SMALL_LINE
    for text in node.text:
        at += LINE
        rows.append(f'<text x="{x + PADDING:g}" y="{at - 4:g}">{_text(text)}</text>')
    for text in node.small:
        at += SMALL_LINE
        rows.append(f'<text class="small" x="{x + PADDING:g}" y="{at - 3:g}">{_text(text)}</text>')
    box = f'<rect class="node{kind}" x="{x:g}" y="{y:g}" width="{WIDTH}" height="{node.height}" rx="{corner}"/>'
    return f"<g><title>{_text(node.told)}</title>{box}{''.join(rows)}</g>"


def _text(text: str) -> str:
    return escape(shown(text), quote=False)


def wrap(text: str, letters: int, most: int) -> tuple[str, ...]:
    """A text in lines; more than `most` are cut with an ellipsis.

    >>> wrap("Where will you fish?", 12, 3), wrap("one two three", 5, 2)
    (('Where will', 'you fish?'), ('one', 'two…'))
    """
    lines: list[str] = []
    for word in text.split():
        if lines and len(lines[-1]) + 1 + len(word) <= letters:
            lines[-1] += f" {word}"
        else:
            lines += _pieces(word, letters)
    if len(lines) > most:
        lines = [*lines[: most - 1], f"{lines[most - 1][: letters - 1].rstrip(' ,;:')}…"]
    return tuple(lines)


def _pieces(word: str, letters: int) -> Sequence[str]:
    return [word[at : at + letters] for at in range(0, len(word), letters)]
