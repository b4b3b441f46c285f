"""What a browser loads beside the pages: styles, scripts, fonts; read once, served from memory under hashed names.

The files are built by `npm run build`. Because only what the manifest of that build made is known by name, no path
that somebody sends ever reaches the file system.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from vikno.domain.errors import ViknoError

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
FOREVER = "public, max-age=31536000, immutable"


class AssetsMissing(ViknoError):
    """The web parts are not built. Run `npm run build` (or `make setup`, which does it)."""

    code = "assets_missing"
    retryable = False


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, plain and compressed (`br`, `gzip`) where that is smaller."""

    type: str
    content: bytes
    compressed: Mapping[str, bytes]


class Assets:
    """The built files of one folder."""

    def __init__(self, folder: Path) -> None:
        try:
            self._names: dict[str, str] = json.loads((folder / "manifest.json").read_bytes())
        except OSError as error:
            raise AssetsMissing from error
        self.folder = folder
        self._files = {hashed: _read(folder / hashed) for hashed in self._names.values()}

    def has(self, name: str) -> bool:
        return name in self._names

    def address(self, name: str) -> str:
        """The address of a file, by the name its source has. Raises KeyError for one that was not built."""
        return f"/static/{self._names[name]}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve `/static/<hashed name>`."""
        name = scope["path"].rpartition("/")[2]
        response = self._response(name, _accepted(scope)) if scope["path"] == f"/static/{name}" else None
        await (response or Response(status_code=404))(scope, receive, send)

    def _response(self, name: str, accepted: str) -> Response | None:
        asset = self._files.get(name)
        if asset is None:
            return None
        headers = {"cache-control": FOREVER, "vary": "accept-encoding"}
        for encoding, content in asset.compressed.items():
            if encoding in accepted:
                headers["content-encoding"] = encoding
                return Response(content, media_type=asset.type, headers=headers)
        return Response(asset.content, media_type=asset.type, headers=headers)


def _accepted(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-encoding"), "")


def _read(file: Path) -> Asset:
    compressed = {
        encoding: path.read_bytes()
        for encoding, path in (("br", Path(f"{file}.br")), ("gzip", Path(f"{file}.gz")))
        if path.exists()
    }
    return Asset(TYPES.get(file.suffix, "application/octet-stream"), file.read_bytes(), compressed)
