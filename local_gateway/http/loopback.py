"""Sockets that only this machine can reach."""

import errno
import socket

from local_gateway.errors import StartupError

LOOPBACKS = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))


def bind(port: int) -> list[socket.socket]:
    """Bind both loopbacks, for ``localhost`` may mean either; do not listen yet.

    Port 0 takes a free one. Raises StartupError where the port is taken.
    """
    sockets: list[socket.socket] = []
    for family, host in LOOPBACKS:
        bound = socket.socket(family, socket.SOCK_STREAM)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family is socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            bound.bind((host, port))
        except OSError as failure:
            bound.close()
            if family is socket.AF_INET or failure.errno == errno.EADDRINUSE:
                for other in sockets:
                    other.close()
                raise refusal(port, failure) from None
            continue  # a machine without IPv6
        port = bound.getsockname()[1]
        sockets.append(bound)
    return sockets


def refusal(port: int, failure: OSError) -> StartupError:
    """Say why the port cannot be had."""
    if failure.errno == errno.EADDRINUSE:
        return StartupError(f"port {port} is in use; choose another with PORT")
    return StartupError(f"port {port} cannot be used: {failure.strerror}")
