"""Reading of what a request carries."""

from aiohttp import web


async def read_at_most(request: web.BaseRequest, limit: int) -> bytes | None:
    """Return the request's body; None where it is longer than ``limit`` bytes."""
    # One byte more than is allowed tells too much from enough without reading the rest.
    body = bytearray()
    while len(body) <= limit:
        chunk = await request.content.read(limit + 1 - len(body))
        if not chunk:
            return bytes(body)
        body += chunk
    return None
