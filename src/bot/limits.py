"""Every bound that an input or an answer has (invariant I8), with the reason for its value."""

from datetime import timedelta

MAX_TEXT_CHARACTERS = 4_000
"""Code points in a client's message: 16 KB at most in UTF-8."""

MAX_TEXT_BYTES = 16 * 1024
"""The same text as JSON, where a control character takes six bytes."""

MAX_REPLY_CHARACTERS = 64_000
"""Code points in a reply; with text and state it stays below DynamoDB's 400 KB an item."""

MAX_CONTENT_BYTES = 28 * 1024
"""What is pushed, as JSON: with its turn and the conversation's title it fits in one frame."""

MAX_STATE_BYTES = 32 * 1024
"""A bot's state as JSON."""

MAX_LEVELS = 100
"""How deep what is pushed may be nested. Frames nest it deeper: what can only just be read when it
comes could be sent no more, and neither could the conversation that it stands in."""

MAX_MESSAGE_ID_CHARACTERS = 128
MAX_TITLE_CHARACTERS = 120
MAX_POSITION_DIGITS = 60
"""A Kinesis sequence number has 56."""

MAX_SOURCES = 8
"""Sources of which a conversation knows the newest position: each costs a little of every turn."""

MAX_USER_ID_CHARACTERS = 512
"""DynamoDB takes 2,048 bytes in a partition key."""

MAX_TOKEN_CHARACTERS = 4_096
"""As many as an address may have, where a token can stand too."""

MAX_SEQ = 9_999_999_999
"""Ten digits, as the sort key has them."""

MAX_FRAME_BYTES = 32 * 1024 - 256
"""An outgoing frame: API Gateway meters 32 KB and delivers longer ones as several frames.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""

NEWEST_TURNS = 50
"""Turns that a snapshot of a conversation holds: what one `resume` without `after` shows."""

GAP_TURNS = 1_000
"""Turns that one answer to `resume` brings; the client asks for the rest."""

RESEND_TURNS = 1_000
"""How far back a message without `after`, or a push by its id, is looked for."""

HISTORY_TURNS = 20
CONVERSATIONS_PAGE = 20
MAX_PAGE = 100

CONNECTION_LIFETIME = timedelta(hours=2)
"""API Gateway closes every connection after this.
https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html"""

HANDSHAKE = timedelta(seconds=60)
"""Longer than a handshake can last: two functions of at most 29 seconds each."""
