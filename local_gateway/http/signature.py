"""Calls to AWS's own APIs, told from those that a web page might make.

Nobody's credentials are checked: on this machine they are dummies. But a page of any origin may
send simple requests to loopback. One with an Authorization header is not simple: the browser asks
first, and is refused. And a page that had its own name resolve to loopback still has that name as
its Host.
"""

from aiohttp import web

_ALGORITHM = "AWS4-HMAC-SHA256 "
_HOSTS = ("localhost", "127.0.0.1", "::1")


def signed(request: web.BaseRequest) -> bool:
    """Tell whether a request looks as the AWS SDKs sign them, and was meant for this machine."""
    return (
        request.headers.get("Authorization", "").startswith(_ALGORITHM)
        and request.url.host in _HOSTS
    )
