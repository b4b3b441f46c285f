"""What the check found, for people at a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from vikno.console.page import shown
from vikno.domain.rules.findings import Finding
from vikno.domain.rules.receipt import plain
from vikno.usecases.check_country import Checked


def show(folder: str, languages: Sequence[str], own: Sequence[Finding], checked: Sequence[Checked], ok: bool) -> None:
    """The findings in the order of their places, then a line for each service."""
    console = Console(soft_wrap=True, highlight=False)
    findings = [*own, *(finding for one in checked for finding in one.findings)]
    for finding in findings:
        _finding(console, finding)
    table = Table("service", "ways to answer", "outcomes", "items", "seconds", "findings", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
    for one in checked:
        table.add_row(
            Text(shown(one.service)),
            _count(one.ways),
            _count(one.outcomes),
            str(one.items),
            f"{one.seconds:.2f}",
            str(_serious(one.findings)),
        )
    console.print(table)
    warnings = sum(finding.warning for finding in findings)
    told = f", {warnings} warning{'s' if warnings != 1 else ''}" if warnings else ""
    if ok:
        everywhere = f"holds for every person, on every day, in {', '.join(languages)}"
        console.print(f"[green]proved[/]: {escape(shown(folder))} {everywhere}{told}")
    else:
        console.print(f"[red]{_serious(findings)} to mend[/]{told}")


def _serious(findings: Iterable[Finding]) -> int:
    return sum(not finding.warning for finding in findings)


def _count(number: int | None) -> str:
    return "—" if number is None else f"{number:,}".replace(",", " ")


def _finding(console: Console, finding: Finding) -> None:
    """A finding; what it quotes of the folder is shown as words, never as markup or as commands of the terminal."""
    colour = "yellow" if finding.warning else "red"
    place, message = (shown(said).replace("\n", " ") for said in (str(finding.place), finding.message))
    console.print(Text.assemble((place, "bold"), ": ", (finding.code, colour), ": ", message))
    if finding.answers is not None:
        given = ", ".join(f"{name}: {_value(plain(answer))}" for name, answer in finding.answers.items())
        day = f" on {finding.day}" if finding.day else ""
        console.print(Text.assemble("    ", (f"for example{day}:", "dim"), " {", shown(given), "}"))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return f"[{', '.join(map(str, value))}]"
    return str(value)
