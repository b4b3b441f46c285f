"""One addition, one folder: a folder that lacks a part is noticed."""

from pathlib import Path

CHANNEL = ("__init__.py", "inbound.py", "outbound.py", "examples.yaml", "README.md")


def unfinished(channels: Path) -> list[str]:
    """The parts that channel folders lack: `viber: examples.yaml`."""
    folders = [folder for folder in sorted(channels.iterdir()) if folder.is_dir() and folder.name[0] not in "._"]
    return [f"{folder.name}: {part}" for folder in folders for part in CHANNEL if not (folder / part).is_file()]


def test_every_channel_is_whole(root: Path) -> None:
    assert unfinished(root / "src/vikno/channels") == []


def test_a_channel_without_examples_is_noticed(tmp_path: Path) -> None:
    for part in CHANNEL:
        (tmp_path / "pigeon").mkdir(exist_ok=True)
        (tmp_path / "pigeon" / part).touch()
    assert unfinished(tmp_path) == []
    (tmp_path / "pigeon/examples.yaml").unlink()
    assert unfinished(tmp_path) == ["pigeon: examples.yaml"]


def test_every_country_says_what_it_is(root: Path) -> None:
    countries = [folder for folder in (root / "countries").iterdir() if folder.is_dir()]
    assert countries
    assert [folder.name for folder in countries if not (folder / "country.yaml").is_file()] == []
