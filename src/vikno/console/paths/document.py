"""The decision table as one HTML file to read, print and sign: no scripts, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path

import jinja2
from markupsafe import Markup

from vikno.console.page import shown
from vikno.console.paths.decision import Decision
from vikno.console.paths.graph import svg

TEMPLATES = Path(__file__).parent


def document(decision: Decision) -> str:
    """The page, in the table's language."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: shown(value) if type(value) is str else value,
    )
    return environment.get_template(
        "document.html"
    ).render(
        decision=decision,
        say=decision.words.say,
        graph=Markup(svg(decision, alone=False)),  # noqa: S704 - made of escaped parts
        style=Markup((TEMPLATES / "document.css").read_text("utf-8")),  # noqa: S704 - ours
        footer=f"{decision.service.key} · {decision.table.day.isoformat()} · {decision.service.version[:16]}",
    )
