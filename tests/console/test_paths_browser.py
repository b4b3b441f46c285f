"""The decision table in a browser: axe finds nothing, and nothing is asked of the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cli.conftest import Call
from tests.portal.walking import axe

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("service", "language"), [("example/visitor-visa", "en"), ("ua/id-card", "uk"), ("example/fishing-permit", "uk")]
)
def test_axe_finds_nothing_and_nothing_is_loaded(
    call: Call, chromium: Browser, tmp_path: Path, service: str, language: str
) -> None:
    path = tmp_path / "table.html"
    assert call("paths", service, "--lang", language, "--date", "2026-03-15", "--out", path).code == 0
    context = chromium.new_context(bypass_csp=True, viewport={"width": 1400, "height": 900})
    try:
        page = context.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        assert asked == [path.as_uri()]
        assert axe(page) == []
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width == 0, "wide tables scroll on their own, not the whole page"
    finally:
        context.close()
