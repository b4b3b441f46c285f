"""The page of finding codes."""

from vikno.cli.reference.markdown import code, table
from vikno.domain.rules.findings import CODES, WARNINGS


def page() -> str:
    rows = [[code(name), meaning, "warning" if name in WARNINGS else ""] for name, meaning in CODES.items()]
    return (
        "# Finding codes\n\n"
        "Everything that `vikno check` can find. A code is never renamed; the message that comes with it may change.\n"
        "A warning is told and does not fail the check. `vikno check --codes` prints this list, also with `--json`.\n\n"
        + table(["code", "meaning", ""], rows)
        + "\nEvery finding has a place (`file:line:column`). Where it concerns people, it also has the smallest answers\n"
        "that show it and the day on which they do.\n"
    )
