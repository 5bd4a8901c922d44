"""The WebSocket end of a connection: frames in and out of a transport."""

import asyncio

from websockets.exceptions import InvalidState
from websockets.frames import Frame, Opcode
from websockets.protocol import SEND_EOF, Protocol, State

from local_gateway.data_plane.connection import Connection
from local_gateway.data_plane.plane import DataPlane
from local_gateway.http.backpressure import Backpressure
from local_gateway.http.framing import Framing
from local_gateway.websocket.closing import BAD_TEXT, LOST, UNSUPPORTED, Close, told
from local_gateway.websocket.frames import in_frames

# Bytes waiting for a client that does not read before posts to it get 429.
MAX_UNSENT_BYTES = 512 * 1024
CLOSE_SECONDS = 5.0


class Wire:
    """Link of one connection for the data plane, and its parser for aiohttp."""

    def __init__(
        self, plane: DataPlane, connection: Connection, transport: asyncio.Transport
    ) -> None:
        self._plane = plane
        self._connection = connection
        self._transport = transport
        self._protocol = Framing()
        self._backpressure = Backpressure(connection, transport)
        self._partial = bytearray()
        self._loop = asyncio.get_running_loop()
        self._patience: asyncio.TimerHandle | None = None
        self.ended: asyncio.Future[Close] = self._loop.create_future()

    @property
    def broken(self) -> bool:
        """Whether TCP is gone, noticed or not."""
        return self._transport.is_closing()

    # What arrives (called by aiohttp)

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes from the client."""
        ended = self._protocol.state is State.CLOSED or self.ended.done()
        if ended or self._plane.unreachable(self._connection):
            return False, b""
        self._protocol.receive_data(data)
        for event in self._protocol.events_received():
            if isinstance(event, Frame):
                self._frame(event)
        self._flush()
        self._backpressure.apply()
        return False, b""

    def feed_eof(self) -> None:
        """Take note that TCP is gone; of a half-open connection nobody hears that it is."""
        if self._plane.unreachable(self._connection):
            return
        if not self._protocol.reader.eof:
            self._protocol.receive_eof()
        self._end()

    def _frame(self, frame: Frame) -> None:
        if frame.opcode is Opcode.BINARY:
            self.close(UNSUPPORTED)
        elif frame.opcode is Opcode.PING:
            self._plane.pinged(self._connection)
        elif frame.opcode in (Opcode.TEXT, Opcode.CONT) and self._protocol.close_sent is None:
            self._partial += frame.data
            if frame.fin:
                message = bytes(self._partial)
                self._partial.clear()
                self._message(message)

    def _message(self, message: bytes) -> None:
        try:
            text = message.decode()
        except UnicodeDecodeError:
            self.close(BAD_TEXT)
            return
        self._plane.received(self._connection, text)

    # What leaves (called by the data plane)

    def send(self, text: str) -> bool:
        """Queue a message in frames of at most 32 KB; False where the client reads too slowly."""
        message = text.encode()
        if self._transport.get_write_buffer_size() + len(message) > MAX_UNSENT_BYTES:
            return False
        try:
            for number, (part, last) in enumerate(in_frames(message)):
                if number == 0:
                    self._protocol.send_text(part, fin=last)
                else:
                    self._protocol.send_continuation(part, fin=last)
        except InvalidState:
            return True  # closing: lost on the way, as on a network
        self._flush()
        return True

    def close(self, close: Close) -> None:
        """Start the closing handshake; 1006 breaks the connection off."""
        if close.code == LOST.code:
            self._transport.abort()
            self._end()
        elif self._protocol.state is State.OPEN:
            self._protocol.send_close(close.code, close.reason)
            self._flush()

    def _flush(self) -> None:
        for chunk in self._protocol.data_to_send():
            if self._transport.is_closing():
                return
            if chunk == SEND_EOF:
                self._half_close()
            else:
                self._transport.write(chunk)
        if self._transport.get_write_buffer_size() > 2 * MAX_UNSENT_BYTES:
            # A client that sends pings and reads no pongs would fill the memory.
            self._transport.abort()
        if self._protocol.close_expected() and self._patience is None:
            self._patience = self._loop.call_later(CLOSE_SECONDS, self._give_up)

    def _half_close(self) -> None:
        # Closing outright while bytes lie unread would reset TCP and lose the close frame.
        if self._transport.can_write_eof():
            self._transport.write_eof()
        if self._protocol.close_rcvd is not None:
            self._end()

    def _give_up(self) -> None:
        self._transport.abort()
        self._end()

    def _end(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None
        if not self.ended.done():
            self.ended.set_result(_ending(self._protocol))


def _ending(protocol: Protocol) -> Close:
    """Return how the connection ended: by the side that closed first, or lost."""
    received, sent = protocol.close_rcvd, protocol.close_sent
    if received is not None and (protocol.close_rcvd_then_sent or sent is None):
        return told(Close(received.code, received.reason))
    return Close(sent.code, "") if sent is not None else LOST
