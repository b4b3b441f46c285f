"""Forms that people post, of bounded size; whether they stand on this site; and who counts as one when attempts do."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from urllib.parse import parse_qsl

from starlette.requests import Request

from vikno.wire.body import whole_body

MOST_BYTES = 4096
MOST_FIELDS = 16


async def posted(request: Request) -> Mapping[str, str]:
    """A small form's fields; none of one that is larger than any of ours, or that never arrives whole."""
    body = await whole_body(request.receive, MOST_BYTES)
    if body is None:
        return {}
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


def whole(written: str | None) -> int | None:
    """A whole number, as a form or an address has it; None for anything else.

    >>> whole("17"), whole("²"), whole("-1"), whole("9" * 18), whole(None)
    (17, None, None, None, None)
    """
    return int(written) if written and written.isascii() and written.isdigit() and len(written) < 18 else None


def from_here(request: Request) -> bool:
    """Whether a browser says that the form stands on this site. Programs say nothing of the kind, and may come in.

    Sec-Fetch-Site cannot be set by a page, https://www.w3.org/TR/fetch-metadata/.
    """
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")


def household(address: str) -> str:
    """Who counts as one when attempts are counted: an IPv4 address, or the 2^64 IPv6 addresses that one line has.

    >>> household("203.0.113.7"), household("2001:db8:1:2::abcd"), household("::ffff:203.0.113.7"), household("")
    ('203.0.113.7', '2001:db8:1:2::', '203.0.113.7', '')
    """
    try:
        found = ip_address(address)
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Address(int(found) >> 64 << 64))
