"""How many tokens a text is, without the model's own tokenizer: too many rather than too few."""

BYTES_PER_TOKEN = 3
"""English has four and more, Chinese three: an estimate that errs on the safe side."""

PER_LINE = 8
"""What a provider puts around each line."""

CUT = " […]"


def tokens(text: str) -> int:
    """Estimate the tokens of a text."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def shortened(text: str, room: int) -> str:
    """The text, or its beginning that has at most `room` tokens."""
    if tokens(text) <= room:
        return text
    kept = room * BYTES_PER_TOKEN - len(CUT.encode())
    if kept <= 0:
        return ""
    return text.encode("utf-8", "replace")[:kept].decode("utf-8", "ignore") + CUT
