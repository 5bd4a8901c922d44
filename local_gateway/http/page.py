"""The static page and its settings."""

import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web

SECURITY_HEADERS = {
    "Content-Security-Policy": "; ".join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self'",
            # The WebSocket, and a page that signs in asks an OpenID provider.
            "connect-src 'self' ws: wss: https: http://localhost:* http://127.0.0.1:*",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        ]
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_TYPES = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


def find(root: Path, raw_path: str) -> Path | None:
    """Return the file under ``root`` that the path names; None for what is not there or outside."""
    path = unquote(raw_path)
    if not path.startswith("/") or "\0" in path or "\\" in path:
        return None
    parts = path.split("/")[1:]
    if any(part.startswith(".") for part in parts):
        return None
    found = (root / Path(*parts)).resolve()
    if path.endswith("/"):
        found = found / "index.html"
    inside = found.is_relative_to(root.resolve())
    return found if inside and found.is_file() else None


def answer(request: web.BaseRequest, root: Path, raw_path: str) -> web.Response:
    """Serve the file of a page that the path names under ``root``."""
    if request.method not in ("GET", "HEAD"):
        return web.Response(status=405, headers={"Allow": "GET, HEAD", **SECURITY_HEADERS})
    found = find(root, raw_path)
    if found is None:
        return web.Response(status=404, text="Not found\n", headers=SECURITY_HEADERS)
    kind = _TYPES.get(found.suffix) or mimetypes.guess_type(found.name)[0]
    charset = "; charset=utf-8" if kind and (kind.startswith("text/") or "json" in kind) else ""
    headers = {
        "Content-Type": (kind or "application/octet-stream") + charset,
        **SECURITY_HEADERS,
    }
    return web.Response(body=found.read_bytes(), headers=headers)


def config(
    request: web.BaseRequest, port: int, stage: str, deployed: Mapping[str, Any]
) -> web.Response:
    """Answer /config.json: as it is `deployed`, with the WebSocket of this machine."""
    host = request.headers.get("Host", "")
    local = [f"{name}:{port}" for name in ("localhost", "127.0.0.1", "[::1]")]
    address = host if host in local else local[0]
    settings = {**deployed, "url": f"ws://{address}/{stage}", "stage": stage}
    return web.json_response(settings, headers=SECURITY_HEADERS)
