"""The decision table as CSV: one row a question, condition, line or outcome; opens in a spreadsheet as it is."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from vikno.console.page import shown
from vikno.console.paths.decision import Decision, Law

BOM = "\ufeff"  # or a spreadsheet would take the file for one of another alphabet
COLUMNS = (
    *("part", "kind", "id", "text", "written", "words", "answers", "law_ids", "source_ids", "confidence"),
    *("from", "until", "amount", "asked", "share", "examples", "lines", "total"),
)
FORMULA = re.compile(r"(^|;)(?=[\s'\"]*[=+\-@\t\r\n＝＋－＠])")
"""Before what a cell may not begin with: a spreadsheet would compute it (OWASP, CSV injection).

After a semicolon too, since that parts the cells where the comma is the decimal mark, as in Ukraine.
"""


def spreadsheet(decision: Decision) -> str:
    """RFC 4180 with a mark of UTF-8 at its beginning."""
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    say = decision.words.say
    writer.writerow([safe(say(f"paths.column.{name}")) for name in COLUMNS])
    for row in _rows(decision):
        writer.writerow([safe(row.get(name, "")) for name in COLUMNS])
    return BOM + out.getvalue()


def safe(text: str) -> str:
    """A cell that is only text.

    >>> safe('=HYPERLINK("x")'), safe("−5"), safe("Fee: 10; old")
    ('\\'=HYPERLINK("x")', '−5', 'Fee: 10; old')
    >>> safe("A; =1+1")
    "A;' =1+1"
    """
    return FORMULA.sub(r"\1'", shown(text))


def _rows(decision: Decision) -> Iterator[dict[str, str]]:
    say, sentence = decision.words.say, decision.words.sentence
    for one in decision.questions:
        yield {
            "part": say("paths.part.question"),
            "kind": one.kind,
            "id": one.fact.id,
            "text": one.ask,
            "written": str(one.fact.when) if one.fact.when else "",
            "words": sentence(one.when) if one.fact.when else say("paths.always"),
            "answers": "; ".join(f"{label} ({id_})" for id_, label in one.options),
            "asked": one.share.words,
        }
    for term in decision.terms:
        yield {
            "part": say("paths.part.term"),
            "id": term.name,
            "written": term.written,
            "words": sentence(term.when),
        }
    for line in decision.lines:
        item = line.row.item
        yield {
            "part": say("paths.part.item"),
            "kind": f"{say(f'section.{item.kind}')} ({item.kind})",
            "id": item.id,
            "text": " ".join((line.text, *line.remarks)),
            "written": str(item.when) if item.when else "",
            "words": sentence(line.when),
            "law_ids": _cited(line.laws),
            "source_ids": _cited(line.sources),
            "confidence": item.confidence,
            "from": item.from_.isoformat() if item.from_ else "",
            "until": item.until.isoformat() if item.until else "",
            "amount": line.amount,
            "share": f"{line.share.words} ({line.share.count})" if line.share.count else line.share.words,
            "examples": "; ".join(line.row.examples),
        }
    for result in decision.results or ():
        yield {
            "part": say("paths.part.outcome"),
            "kind": result.kind,
            "id": str(result.number),
            "words": f" {say('cond.any')} ".join(
                _people(lines, len(result.who), say("cond.all")) for lines in result.who
            ),
            "share": f"{result.share.words} ({result.share.count})",
            "law_ids": "; ".join(law.title for law in result.laws),
            "source_ids": "; ".join(law.title for law in result.sources),
            "lines": ", ".join(result.items),
            "total": result.total,
        }


def _people(lines: Sequence[str], boxes: int, joined: str) -> str:
    words = f" {joined} ".join(lines)
    return f"({words})" if boxes > 1 and len(lines) > 1 else words


def _cited(laws: Sequence[Law]) -> str:
    return "; ".join(", ".join(part for part in (law.title, law.url, law.read) if part) for law in laws)
