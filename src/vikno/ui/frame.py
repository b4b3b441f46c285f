"""The frame of a page: its language, colours, and where its other languages are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jinja2
from babel import Locale
from starlette.responses import HTMLResponse

from vikno.domain.dialog.phrases import Phrases
from vikno.ui.assets import Assets

SCHEMES = ("auto", "light", "dark")
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, slots=True)
class Language:
    """A language of the site, and this page in it."""

    code: str
    name: str
    href: str


@dataclass(frozen=True, slots=True)
class Frame:
    """What the frame of a page needs to know.

    `here` is the page's own address with its query; `canonical` the address to share; `place` names the part of the
    site that the head marks as the current one; `indexed` is true for pages that search engines may keep.
    """

    lang: str
    scheme: str
    theme: str
    languages: tuple[Language, ...]
    here: str
    canonical: str
    chat: str
    place: str = ""
    indexed: bool = False


def language_name(code: str) -> str:
    """A language in its own words.

    >>> language_name("uk"), language_name("en")
    ('Українська', 'English')
    """
    name = Locale.parse(code, sep="-").get_display_name() or code
    return name[:1].upper() + name[1:]


class Pages:
    """Templates made into pages. Whatever goes into one is escaped."""

    def __init__(self, folders: Iterable[Path], assets: Assets) -> None:
        self.assets = assets
        self._environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader([*folders, TEMPLATES]),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals["asset"] = assets.address

    def theme(self, country: str | None) -> str:
        """The style sheet of a country's theme, or the default one."""
        named = f"theme-{country}.css"
        return named if country and self.assets.has(named) else "theme-default.css"

    def page(self, template: str, frame: Frame, words: Phrases, status: int = 200, **shown: Any) -> HTMLResponse:
        """A page. `shown` is what the template asks for; `title` among it is the title of the window."""
        html = self._environment.get_template(template).render(frame=frame, say=words.say, **shown)
        return HTMLResponse(html, status, {"cache-control": "private, no-cache", "content-language": frame.lang})
