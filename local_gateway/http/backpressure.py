"""A client that asks faster than functions answer is read no further for a while."""

import asyncio

from local_gateway.data_plane.connection import Connection

# Messages of one connection running at once before its socket is read no further.
MAX_IN_FLIGHT = 256
_RETRY_SECONDS = 0.05


class Backpressure:
    """Pauses a connection's reading while too many of its messages run."""

    def __init__(self, connection: Connection, transport: asyncio.Transport) -> None:
        self._connection = connection
        self._transport = transport

    def apply(self) -> None:
        """Pause where too much runs; reading goes on by itself."""
        if self._crowded and self._transport.is_reading():
            self._transport.pause_reading()
            self._retry()

    @property
    def _crowded(self) -> bool:
        return self._connection.in_flight >= MAX_IN_FLIGHT

    def _retry(self) -> None:
        asyncio.get_running_loop().call_later(_RETRY_SECONDS, self._resume)

    def _resume(self) -> None:
        if self._crowded:
            self._retry()
        elif not self._transport.is_closing():
            self._transport.resume_reading()
