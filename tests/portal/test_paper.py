"""The process that sets a list on paper: what it runs, and that nothing lying about is run with it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from vikno.portal.paper import TYPESETTER


def test_no_code_is_taken_from_the_folder_the_server_runs_in(tmp_path: Path) -> None:
    for name in ("typst", "resource", "vikno"):
        (tmp_path / f"{name}.py").write_text("import os; os.close(os.open('taken', os.O_CREAT))", "utf-8")
    subprocess.run(
        [*TYPESETTER, str(tmp_path), "checklist", "pdf"],
        cwd=tmp_path,
        input=b"{}",
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert not (tmp_path / "taken").exists()
