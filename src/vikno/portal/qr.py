"""QR codes inside a page: drawn as SVG, black on white in every colour scheme, with the quiet zone of ISO/IEC 18004."""

from __future__ import annotations

from functools import lru_cache

import segno
from markupsafe import Markup

QUIET = 4
"""Modules of white around the code."""


@lru_cache(512)
def qr_svg(content: str) -> Markup:
    """An SVG element without a size of its own. What it leads to must also stand beside it in words."""
    code = segno.make(content, error="m", micro=False)
    return Markup(  # noqa: S704 - segno writes coordinates, nothing of the content
        code.svg_inline(border=QUIET, omitsize=True, light="#fff", dark="#000", svgclass="vk-qr", lineclass=None)
    )


def sms_qr(number: str, words: str) -> str:
    """What phones' cameras read as an SMS to be written.

    >>> sms_qr("+380 44 123 45 67", "ДОКУМЕНТ dms-kyiv")
    'SMSTO:+380441234567:ДОКУМЕНТ dms-kyiv'
    """
    digits = "".join(sign for sign in number if sign.isdigit() or sign == "+")
    return f"SMSTO:{digits}:{words}"
