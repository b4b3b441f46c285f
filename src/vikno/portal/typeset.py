"""The process that sets one list: JSON comes in, PDF goes out, and the memory it took is gone with it.

The template is fixed; what people wrote is data that Typst reads as JSON, never as markup.
"""

from __future__ import annotations

import resource
import sys
from pathlib import Path

SHEET = Path(__file__).parent / "checklist.typ"
MOST_CPU_S = 15
MOST_MEMORY = 2 * 2**30


def main() -> None:
    """`python -m vikno.portal.typeset FONTS`."""
    resource.setrlimit(resource.RLIMIT_CPU, (MOST_CPU_S, MOST_CPU_S))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    import typst

    made = typst.compile(
        str(SHEET),
        format="pdf",
        font_paths=[sys.argv[1]],
        ignore_system_fonts=True,
        pdf_standards="ua-1",
        sys_inputs={"shown": sys.stdin.buffer.read().decode()},
    )
    sys.stdout.buffer.write(made)


if __name__ == "__main__":
    main()
