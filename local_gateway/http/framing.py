"""RFC 6455 frames of a server's end: limited apart from messages, strict about everything else."""

from websockets.frames import Frame, Opcode
from websockets.protocol import Protocol, Side, State

from local_gateway.websocket.frames import MAX_FRAME_BYTES, MAX_MESSAGE_BYTES


class Framing(Protocol):
    """The sans-I/O core of the websockets library, once the handshake is done.

    It can limit a frame apart from a message and split a message into frames, and is strict about
    masks, reserved bits and close codes.
    """

    def __init__(
        self, max_message: int = MAX_MESSAGE_BYTES, max_frame: int = MAX_FRAME_BYTES
    ) -> None:
        super().__init__(Side.SERVER, state=State.OPEN, max_size=(max_message, max_frame))

    def recv_frame(self, frame: Frame) -> None:
        """Take a frame; a client may leave in mid-message (5.4), which the library minds."""
        if frame.opcode is Opcode.CLOSE:
            self.current_size = None
        super().recv_frame(frame)
