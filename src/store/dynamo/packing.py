"""Compressing what a turn says: zlib with a preset dictionary of everyday English.

A single turn is too short for zlib to learn from, so the dictionary holds what conversations are
made of; it takes a sixth off a usual turn. A stream names its dictionary by checksum (RFC 1950),
which is how an older one would be told from a newer: DICTIONARY itself must never change.
"""

import json
import zlib

from bot.models import State

DICTIONARY = (
    b'"dialogue":"intent":"slots":{"name":"email":"phone":"address":"number":"date":"2026-time":"'
    b"Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March April June "
    b"July August September October November December morning afternoon evening tomorrow tonight "
    b"yesterday minutes hours second business working weekend between during until before after "
    b"account address answer appointment available because better booking button cancel change "
    b"check confirm contact continue delivery details different email exactly example existing "
    b"expected finished following further happened helpful however immediately important include "
    b"information instead interested invoice machine manager message moment necessary number "
    b"option order original otherwise password payment perhaps person phone please possible "
    b"prefer price problem product question quickly really receive reference refund remember "
    b"repair reply request reset return right screen service several should something started "
    b"still support technician thank themselves through together trouble understand usually "
    b"version visit waiting website whether which without working would write written wrong "
    b"https://www. .com example.com/ (such as) however, for example, as well as in addition to "
    b"if you would like to know more about how to make sure that there is no problem with the "
    b"I'm sorry to hear that. Thank you for your patience. Is there anything else I can help you "
    b"with? Please let me know if you have any questions. You can also Here are the "
    b"What would you like to do? Could you tell me Can you please I would like to I want to I need "
    b"I have a it is not it doesn't I can't don't that's you're we're it's you'll we'll I'll I've "
    b"one of the, and the, in the, on the, at the, to the, for the, from the, with the, by the, "
    b"will be, has been, have been, that is, this is, there are, you are, you have, you can, "
    b"do not, at least, as soon as possible, of your order. When you, If you, The, This, Then, It, "
    b" about all also and any are been but can could for from had has have her here his how into "
    b" its just like more most not now only other our out over some than that their them there "
    b" these they this time was way well were what when where who will with your you the and to of "
    b'ing the tion and ed to ent a er in for, is it. "},"v":1}"]["'
)


def pack(text: str, reply: str, state: State) -> bytes:
    """Compress what a turn says and the bot's state after it."""
    compressor = zlib.compressobj(level=9, zdict=DICTIONARY)
    contents = json.dumps([text, reply, state], ensure_ascii=False, separators=(",", ":"))
    return compressor.compress(contents.encode()) + compressor.flush()


def unpack(packed: bytes) -> tuple[str, str, State]:
    """Give back what `pack` was given."""
    text, reply, state = json.loads(zlib.decompressobj(zdict=DICTIONARY).decompress(packed))
    return text, reply, state


def pack_json(text: str) -> bytes:
    """Compress a JSON text."""
    compressor = zlib.compressobj(level=9, zdict=DICTIONARY)
    return compressor.compress(text.encode()) + compressor.flush()


def unpack_json(packed: bytes) -> str:
    """Give back what `pack_json` was given."""
    return zlib.decompressobj(zdict=DICTIONARY).decompress(packed).decode()
