"""`vikno poster`: an accessible A4 page whose one code leads to the landing page, with every name in plain text."""

from __future__ import annotations

import asyncio
import json
import os
import re
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import segno

from tests.cli.conftest import Call
from tests.commands import ROOT, VIKNO
from vikno.bootstrap.web import portal_words
from vikno.cli.poster import colours, shown
from vikno.packs.load import load_country
from vikno.portal.paper import set_sheet
from vikno.testing.telegram import TelegramServer
from vikno.usecases.make_poster import make_poster

FONTS = ROOT / "src/vikno/portal/static/print"
NAMES = [
    ("telegram", "@vikno_dms_bot"),
    ("viber", "Вікно ДМС"),
    ("sms", "+380441234567"),
    ("email", "vikno@dms.example"),
]
A4 = 595.28, 841.89
NAMED = [part for kind, name in NAMES for part in ("--name", f"{kind}={name}")]


class Picture:
    """A PNG of 8 bits a sample, read enough to look at its pixels (ISO/IEC 15948)."""

    def __init__(self, png: bytes) -> None:
        self.width, self.height, depth, kind = struct.unpack(">IIBB", png[16:26])
        assert depth == 8
        self.samples = {0: 1, 2: 3, 4: 2, 6: 4}[kind]
        data, at = b"", 8
        while at < len(png):
            size, name = struct.unpack(">I4s", png[at : at + 8])
            data += png[at + 8 : at + 8 + size] if name == b"IDAT" else b""
            at += 12 + size
        self.rows = list(self._rows(zlib.decompress(data)))

    def _rows(self, data: bytes) -> Iterator[bytearray]:
        wide, step = self.width * self.samples, self.samples
        before = bytearray(wide)
        for start in range(0, len(data), wide + 1):
            how, row = data[start], bytearray(data[start + 1 : start + 1 + wide])
            for at in range(wide):
                left, above = row[at - step] if at >= step else 0, before[at]
                if how == 1:
                    row[at] = (row[at] + left) & 255
                elif how == 2:
                    row[at] = (row[at] + above) & 255
                elif how == 3:
                    row[at] = (row[at] + (left + above) // 2) & 255
                elif how == 4:
                    corner = before[at - step] if at >= step else 0
                    guess = left + above - corner
                    near = min((left, above, corner), key=lambda one: abs(guess - one))
                    row[at] = (row[at] + near) & 255
            yield row
            before = row

    def dark(self, x: int, y: int) -> bool:
        """By more than half: a pixel at an edge is grey."""
        return max(self.rows[y][x * self.samples : x * self.samples + min(3, self.samples)]) < 128


def seen_code(picture: Picture) -> list[list[bool]]:
    """The modules of the one code on a picture, found by the three corners that every camera looks for."""
    corners = []
    for y in range(0, picture.height, 2):
        runs, last, start = [], False, 0
        for x in range(picture.width):
            dark = picture.dark(x, y)
            if dark != last:
                runs.append((last, start, x - start))
                last, start = dark, x
        for at in range(len(runs) - 4):
            five = runs[at : at + 5]
            unit = sum(run[2] for run in five) / 7
            wanted = (1, 1, 3, 1, 1)
            if (
                five[0][0]
                and unit > 4
                and all(abs(run[2] - unit * want) < unit / 2 for run, want in zip(five, wanted, strict=True))
            ):
                corners.append((five[0][1], y, unit))
    unit = sorted(size for _, _, size in corners)[len(corners) // 2]
    often = Counter(x for x, _, _ in corners)  # a corner is three modules high there, anything else alike only one
    corners = [(x, y, size) for x, y, size in corners if often[x] > unit]
    assert corners, "no code is seen"
    left, top = min(x for x, _, _ in corners), min(y for _, y, _ in corners)
    top = next(y for y in range(top, 0, -1) if not picture.dark(int(left + unit / 2), y)) + 1
    right = max(x for x, _, _ in corners) + 7 * unit
    count = round((right - left) / unit)
    unit = (right - left) / count
    middle = [(at + 0.5) * unit for at in range(count)]
    return [[picture.dark(int(left + x), int(top + y)) for x in middle] for y in middle]


@pytest.mark.parametrize("drawing", [False, True], ids=["paper", "drawing"])
@pytest.mark.parametrize("slug", ["cnap", "passport-service"])
def test_the_code_on_the_paper_is_the_landing_pages_address(slug: str, drawing: bool) -> None:
    folder = ROOT / "countries/ua"
    country = load_country(folder, only="").country
    poster = make_poster(country, slug, "https://vikno.dms.example/", NAMES, portal_words())
    picture = Picture(set_sheet(FONTS, "poster", {**shown(poster, folder), "drawing": drawing}, "png"))
    address = f"https://vikno.dms.example/q/{slug}"
    expected = [[bool(dark) for dark in row] for row in segno.make(address, error="q", micro=False).matrix]
    assert seen_code(picture) == expected


def test_the_command_writes_an_accessible_a4_page_and_a_drawing(call: Call, tmp_path: Path) -> None:
    ran = call("poster", "ua/cnap", "--url", "https://vikno.dms.example", "--out", tmp_path / "new", *NAMED, "--json")
    assert ran.code == 0, ran.err
    assert ran.json["url"] == "https://vikno.dms.example/q/cnap"
    pdf, svg = (Path(file).read_bytes() for file in ran.json["files"])
    assert pdf.startswith(b"%PDF")
    plain = pdf + b"".join(unpacked(pdf))
    assert b"pdfuaid" in plain, "PDF/UA"
    assert b"/Lang" in plain
    assert len(re.findall(rb"/Type\s*/Page\b", plain)) == 1, "one page"
    box = re.search(rb"/MediaBox\s*\[([0-9. ]+)\]", plain)
    assert box
    assert [round(float(edge), 2) for edge in box[1].split()[2:]] == pytest.approx(A4, abs=0.1)
    assert svg.startswith(b"<svg")
    assert b"<image" not in svg, "an image within is drawn as dots by some programs, and blurred"
    assert b"/Alt(QR: https://vikno.dms.example/q/cnap)" in plain
    assert b"http://" not in re.sub(rb'xmlns(:\w+)?="[^"]+"', b"", svg), "nothing is loaded from elsewhere"


def unpacked(pdf: bytes) -> list[bytes]:
    """The streams of a PDF that are deflated."""
    found = []
    for match in re.finditer(rb"stream\r?\n", pdf):
        try:
            found.append(zlib.decompressobj().decompress(pdf[match.end() :]))
        except zlib.error:
            continue
    return found


def test_both_languages_and_every_name_stand_on_it() -> None:
    country = load_country(ROOT / "countries/ua", only="").country
    poster = make_poster(country, "passport-service", "https://vikno.dms.example", NAMES, portal_words())
    assert [side.lang for side in poster.sides] == ["uk", "en"]
    assert [one.name for one in poster.sides[0].names] == [name for _, name in NAMES]
    assert poster.sides[0].authority == "Державна міграційна служба України"
    assert "vikno.dms.example/check" in poster.sides[0].words["poster.never"]
    assert colours(ROOT / "countries/ua")["accent"] == "#0057B7", "the authority's colours"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["ua/cnpa", "--url", "https://x.example"], "entry_unknown"),
        (["xx/cnap", "--url", "https://x.example"], "country_unknown"),
        (["ua", "--url", "https://x.example"], "country_unknown"),
        (["ua/cnap"], "url_missing"),
        (["ua/cnap", "--url", "vikno.example"], "url_unfit"),
        (["ua/cnap", "--url", "javascript:alert(1)"], "url_unfit"),
        (["ua/cnap", "--url", "https://x.example/?q=1"], "url_unfit"),
        (["ua/cnap", "--url", "https://[x.example"], "url_unfit"),
        (["ua/cnap", "--url", "https://x.example:99999"], "url_unfit"),
        (["ua/cnap", "--url", "https://x.example", "--name", "telegraf=@x"], "name_wrong"),
        (["ua/cnap", "--url", "https://x.example", "--name", "telegram="], "name_wrong"),
        (["ua/cnap", "--url", "https://x.example", "--name", "telegram=@x", "--lang", "fr"], "language_unknown"),
    ],
)
def test_a_wrong_call_says_what_is_wrong_and_writes_nothing(
    call: Call, tmp_path: Path, arguments: list[str], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VIKNO_PUBLIC_URL", raising=False)
    ran = call("poster", *arguments, "--out", tmp_path, "--json")
    assert (ran.code, ran.json["error"]["code"]) == (2, code)
    assert list(tmp_path.iterdir()) == []


def test_a_text_of_the_poster_is_never_read_as_markup() -> None:
    country = load_country(ROOT / "countries/ua", only="").country
    names = [("telegram", '#panic("it was read") @evil *x $ \\ </svg>')]
    poster = make_poster(country, "cnap", "https://vikno.dms.example", names, portal_words())
    assert set_sheet(FONTS, "poster", shown(poster, ROOT / "countries/ua"), "pdf").startswith(b"%PDF")


async def test_the_names_are_what_the_platforms_say_and_a_wrong_one_is_not_printed(tmp_path: Path) -> None:
    token = "1:" + "A" * 35
    async with TelegramServer(token, username="vikno_dms_bot") as telegram:
        settings = {"VIKNO_TELEGRAM_TOKEN": token, "VIKNO_TELEGRAM_API": telegram.api}
        code, said = await printed(tmp_path / "right", settings)
        assert (code, said["names"]) == (0, [["telegram", "@vikno_dms_bot"]])
        code, said = await printed(tmp_path / "wrong", {**settings, "VIKNO_TELEGRAM_TOKEN": "2:" + "B" * 35})
        assert (code, said["error"]["code"]) == (2, "channel_wrong")
        assert not (tmp_path / "wrong").exists()


async def printed(folder: Path, settings: dict[str, str]) -> tuple[int, Any]:
    """`vikno poster --json` as a process of its own."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VIKNO_")}
    process = await asyncio.create_subprocess_exec(
        VIKNO, "poster", "ua/cnap", "--url", "https://vikno.example", "--out", str(folder), "--json",
        "--store", f"sqlite:///{folder.parent}/none.db",
        cwd=ROOT, env={**clean, **settings}, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, _ = await process.communicate()
    return process.returncode or 0, json.loads(out)
