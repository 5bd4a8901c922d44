"""The HTTP side of a handshake: what the client asks, and how it is refused."""

import base64
import binascii

from aiohttp import web

from local_gateway.websocket.handshake import Handshake, client_headers, gather


def wanted(request: web.BaseRequest) -> bool:
    """Tell whether the request asks for a WebSocket."""
    websocket = request.headers.get("Upgrade", "").lower().strip() == "websocket"
    return websocket and "upgrade" in request.headers.get("Connection", "").lower()


def key_of(request: web.BaseRequest) -> str | None:
    """Return the handshake's key; None where the handshake breaks RFC 6455 (400)."""
    key = request.headers.get("Sec-WebSocket-Key", "")
    try:
        valid = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        return None
    version = request.headers.get("Sec-WebSocket-Version")
    return key if valid and version == "13" and request.method == "GET" else None


def handshake_of(request: web.BaseRequest, port: int) -> Handshake:
    """Return the handshake as functions will see it, on the gateway's ``port``."""
    source = request.remote or "127.0.0.1"
    added = {"X-Forwarded-For": source, "X-Forwarded-Port": str(port), "X-Forwarded-Proto": "http"}
    pairs = [(name, value) for name, value in request.headers.items() if _kept(name)]
    pairs += [("content-length", "0"), *added.items()]
    return Handshake(
        headers=client_headers(pairs),
        query=gather(list(request.rel_url.query.items())),
        source_ip=source,
    )


def refuse(status: int) -> web.Response:
    """Answer a refused handshake; API Gateway's bodies are not documented."""
    return web.Response(status=status, body=b"", headers={"Content-Length": "0"})


def _kept(name: str) -> bool:
    # API Gateway writes these itself, whatever a client claims.
    return not name.lower().startswith("x-forwarded-") and name.lower() != "content-length"
