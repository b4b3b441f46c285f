"""What the tests of the loader share."""

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def lakeland(root: Path, tmp_path: Path) -> Path:
    """A copy of countries/example, to be changed."""
    return Path(shutil.copytree(root / "countries" / "example", tmp_path / "example"))
