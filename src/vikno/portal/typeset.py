"""The process that sets one sheet: JSON comes in, PDF (or SVG, PNG) goes out, and the memory it took is gone with it.

The templates are fixed; what people wrote is data that Typst reads as JSON, never as markup.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

HERE = Path(__file__).parent
SHEETS = ("checklist", "poster")
FORMATS = ("pdf", "svg", "png")
PPI = 100
"""Of a picture; paper and drawings have none."""
MOST_CPU_S = 15
MOST_MEMORY = 2 * 2**30


def main() -> None:
    """`python -m vikno.portal.typeset FONTS SHEET FORMAT`."""
    _, fonts, sheet, kind = sys.argv
    if sheet not in SHEETS or kind not in FORMATS:
        raise SystemExit(2)
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    import typst

    made: bytes = typst.compile(  # type: ignore[call-overload]  # the format is one of FORMATS
        str(HERE / f"{sheet}.typ"),
        format=kind,
        ppi=PPI,
        font_paths=[fonts],
        ignore_system_fonts=True,
        pdf_standards="ua-1" if kind == "pdf" else [],
        sys_inputs={"shown": sys.stdin.buffer.read().decode()},
    )
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
