"""`vikno poster`: an A4 poster of an office or a campaign, as PDF (PDF/UA) and SVG, with one code and all the names."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from vikno.bootstrap.settings import read_settings
from vikno.bootstrap.web import PORTAL, portal_words
from vikno.cli.shown import WrongCall, print_json
from vikno.packs.load import load_country
from vikno.packs.places import country_folders
from vikno.portal.paper import set_sheet
from vikno.portal.qr import QUIET
from vikno.usecases.make_poster import Poster, make_poster

KINDS = ("telegram", "viber", "whatsapp", "vk", "max", "sms", "email")
MOST_NAME = 64
COLOURS = {"accent": "#0B5A73", "glow": "#F2B705", "ink": "#1C2630"}
"""Of a country without a theme of its own."""


def run(options: argparse.Namespace) -> int:
    code, _, slug = options.entry.partition("/")
    folders = country_folders(options.countries)
    if code not in folders or not slug:
        known = ", ".join(folders) or "none"
        raise WrongCall("country_unknown", f"name an entry such as ua/cnap; countries here: {known}")
    country = load_country(folders[code], only="").country
    public = options.url or read_settings().public_url
    if not public:
        raise WrongCall("url_missing", "where is the site? --url https://vikno.example.org, or set VIKNO_PUBLIC_URL")
    names = _given(options.name) if options.name else _asked(options.store)
    poster = make_poster(country, slug, public, names, portal_words(), languages=options.lang or ())
    if not poster.sides:
        raise WrongCall("language_unknown", f"the pages do not speak {', '.join(options.lang)}")
    out = Path(options.out)
    fonts = Path(str(PORTAL)) / "static" / "print"
    sheet = shown(poster, folders[code])
    made = []
    for kind in ("pdf", "svg"):
        path = out / f"{code}-{slug}.{kind}"
        _write(path, set_sheet(fonts, "poster", {**sheet, "drawing": kind == "svg"}, kind))
        made.append(str(path))
    if options.json:
        print_json({"url": poster.url, "names": [list(name) for name in names], "files": made})
        return 0
    for file in made:
        print(file)
    print(f"Its code leads to {poster.url} and to nothing else.")
    if not names:
        print("No channel is named on it: none is set up here, and no --name was given.")
    return 0


def _write(path: Path, made: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made)
    except OSError as error:
        raise WrongCall("file_unwritable", f"{path} cannot be written ({error.strerror})") from None


def shown(poster: Poster, folder: Path) -> dict[str, Any]:
    """A poster as its template takes it, in the colours of the country."""
    import segno

    code = segno.make(poster.url, error="q", micro=False).matrix  # Q: a quarter of it may be torn or scratched
    return {
        **msgspec.to_builtins(poster),
        "name": "Vikno",
        "code": {"wide": len(code) + 2 * QUIET, "runs": runs(code, QUIET)},
        **colours(folder),
    }


def runs(code: Sequence[Iterable[int]], quiet: int = 0) -> list[tuple[int, int, int]]:
    """The dark modules that stand side by side: column, row and how many, inside a margin of quiet ones.

    >>> runs([b"\\1\\1\\0\\1", b"\\0\\0\\0\\0"])
    [(0, 0, 2), (3, 0, 1)]
    """
    found = []
    for y, row in enumerate(code):
        x = 0
        for dark, some in groupby(row):
            many = len(list(some))
            if dark:
                found.append((x + quiet, y + quiet, many))
            x += many
    return found


def colours(folder: Path) -> dict[str, str]:
    """The colours of a country's theme.json."""
    try:
        theme = json.loads((folder / "theme.json").read_bytes())["colors"]
        return {"accent": theme["main"]["accent"], "glow": theme["support"]["glow"], "ink": theme["neutral"]}
    except (OSError, ValueError, KeyError, TypeError):
        return COLOURS


def _given(written: Sequence[str]) -> list[tuple[str, str]]:
    """`telegram=@dms_bot`, each a channel and its visible name, in the order of the poster."""
    names = []
    for one in written:
        kind, _, name = one.partition("=")
        if kind not in KINDS or not name.strip() or len(name) > MOST_NAME:
            raise WrongCall("name_wrong", f"“{one[:80]}” is no channel and name; write --name telegram=@your_bot")
        names.append((kind, name.strip()))
    return sorted(names, key=lambda pair: KINDS.index(pair[0]))


def _asked(store: str) -> list[tuple[str, str]]:
    """The names of the accounts that are set up here, as the platforms themselves give them."""
    from vikno.bootstrap.doctor import lines_of
    from vikno.bootstrap.worlds import now_ms
    from vikno.usecases.check_channels import Watch

    async def names() -> list[tuple[str, str]]:
        async with lines_of(read_settings(), store) as lines:
            watch = Watch(lines, now_ms)
            found = await watch.check()
            wrong = [one for one in found if one.state != "fine"]
            if wrong:
                said = "; ".join(f"{one.account}: {one.wrong[0] if one.wrong else one.state}" for one in wrong)
                raise WrongCall("channel_wrong", f"this must not be printed as it is: {said}")
            return [(way.kind, way.link.name) for way in watch.ways("")]

    return asyncio.run(names())
