"""What is handed out is whole: one version everywhere, a description others can read, a wheel with everything in it."""

import json
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
import yaml

# The keys that the standard requires: https://yml.publiccode.tools/schema.core.html
REQUIRED = {
    "publiccodeYmlVersion",
    "name",
    "url",
    "platforms",
    "developmentStatus",
    "softwareType",
    "description",
    "legal",
    "maintenance",
    "localisation",
}


@pytest.fixture(scope="module")
def publiccode(root: Path) -> dict[str, Any]:
    return dict(yaml.safe_load((root / "publiccode.yml").read_text(encoding="utf-8")))


@pytest.fixture(scope="module")
def project(root: Path) -> dict[str, Any]:
    return dict(tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def test_the_version_is_the_same_everywhere(root: Path, project: dict[str, Any], publiccode: dict[str, Any]) -> None:
    version = project["version"]
    assert str(publiccode["softwareVersion"]) == version
    assert json.loads((root / "package.json").read_text(encoding="utf-8"))["version"] == version
    released = re.findall(r"^## \[(\d[^\]]*)\]", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert not released or released[0] == version


def test_publiccode_says_what_the_standard_asks(project: dict[str, Any], publiccode: dict[str, Any]) -> None:
    assert publiccode.keys() >= REQUIRED
    assert publiccode["legal"]["license"] == project["license"]
    assert publiccode["localisation"]["availableLanguages"] == ["uk", "en"]
    assert publiccode["maintenance"]["type"] in ("internal", "contract", "community", "none")
    assert publiccode["maintenance"]["contacts" if publiccode["maintenance"]["type"] != "contract" else "contractors"]
    for language, description in publiccode["description"].items():
        assert len(description["shortDescription"]) <= 150, language
        assert 150 <= len(description["longDescription"]) <= 10000, language
        assert 1 <= len(description["features"]) <= 20, language


@pytest.fixture(scope="module")
def wheel(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=root, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_carries_every_part(root: Path, wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    source = {
        path.relative_to(root / "src").as_posix()
        for path in (root / "src/vikno").rglob("*")
        if path.is_file() and path.suffix != ".pyc" and "static.new" not in path.parts
    }
    countries = {
        f"vikno/{path.relative_to(root).as_posix()}" for path in (root / "countries").rglob("*.*") if path.is_file()
    }
    assert "vikno/portal/static/manifest.json" in source, "make setup builds the web parts"
    assert source - names == set()
    assert countries - names == set()


def test_an_installed_wheel_consults(wheel: Path, tmp_path: Path) -> None:
    """Away from the tree, with nothing but the wheel and its dependencies."""
    installed = tmp_path / "installed"
    zipfile.ZipFile(wheel).extractall(installed)
    program = "import sys; from vikno.cli import main; sys.exit(main(sys.argv[1:]))"
    ran = subprocess.run(
        [sys.executable, "-c", program, "consult", "ua/id-card", "--answers", "-", "--json"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        input="{}",
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout)["service"] == "ua/id-card"
