"""Fixtures that every test may ask for."""

import shutil
from collections.abc import Iterator
from os import environ, geteuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.commands import ROOT, Command

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def root() -> Path:
    """The root of the project."""
    return ROOT


@pytest.fixture(scope="session")
def vikno() -> Command:
    """The `vikno` command, started in the root of the project: `vikno("check", "countries/ua").code == 0`."""
    return Command()


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for one document or test module to write in, with a copy of `countries/`."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(ROOT / "countries", folder / "countries")
    return folder


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The Chromium of this machine."""
    found = environ.get("VIKNO_CHROMIUM") or next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        pytest.fail("No Chromium here. `make setup` installs it on Debian; or name one in VIKNO_CHROMIUM.")
    return found


# Of one module, not of the session: while it is open, asyncio believes that a loop runs in this thread,
# and no async test of another module could run in the same process.
@pytest.fixture(scope="module")
def chromium(chromium_path: str) -> "Iterator[Browser]":
    """A headless Chromium, open for one test module (do not mix with `async` tests in that module)."""
    from playwright.sync_api import sync_playwright

    # Chromium refuses its sandbox to root, and /dev/shm is small in containers.
    arguments = ["--disable-dev-shm-usage", *(["--no-sandbox"] if geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=arguments)
        yield browser
        browser.close()
