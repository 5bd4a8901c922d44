"""The words that mean the same in every dialogue."""

from bots.scripted.text import find_phrase, words_of


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(words_of(phrase) for phrase in text.split(","))


YES = _phrases(
    "yes, y, yes please, yeah, yea, yep, yup, sure, ok, okay, of course, correct, right, exactly, "
    "fine, thats right, thats correct, that is right, that is correct, go ahead, please do, do it, "
    "perfect, great, sounds good, looks good, all good, good, no problem, it is, it does, it did, "
    "i do, i did, i am, i have, definitely, absolutely, confirm, confirmed"
)
NO = _phrases(
    "no, n, no thanks, no thank you, nope, nah, not really, not yet, not quite, wrong, incorrect, "
    "thats wrong, that is wrong, thats not right, that is not right, not correct, it isnt, it is "
    "not, it doesnt, it does not, it didnt, it did not, i dont, i do not, i didnt, i havent, never"
)
NOTHING = _phrases("nothing, none, nothing else, no change, keep it, leave it, all fine")
SKIP = _phrases("skip, skip it, skip this, none, nothing, no, no thanks, nope, leave it, not now")
UNSURE = _phrases(
    "i dont know, dont know, i do not know, do not know, dunno, not sure, im not sure, "
    "i am not sure, no idea, i have no idea, i forgot, i have forgotten, i lost it, ive lost it, "
    "i cant find it, cannot find it, i dont have it, i dont have one, where do i find it, "
    "where is it, where can i find it"
)
COMMANDS = {
    "cancel": _phrases(
        "cancel, cancel it, cancel that, cancel this, stop, stop it, stop this, quit, exit, abort, "
        "i want to cancel, id like to cancel, i would like to cancel, i want to stop, "
        "never mind, nevermind, forget it, forget that, forget about it, leave this"
    ),
    "start_over": _phrases(
        "start over, start again, restart, reset, begin again, start from the beginning, "
        "start from scratch, from the start, from the top"
    ),
    "help": _phrases(
        "help, help me, what can you do, what can i do, what can i say, what can i ask, menu, "
        "options, how does this work, what do you do, i need help"
    ),
    "repeat": _phrases(
        "repeat, repeat that, say that again, again, what, pardon, come again, sorry what, "
        "what was the question, what do you mean"
    ),
    "greeting": _phrases(
        "hi, hello, hey, hi there, hello there, hey there, good morning, good afternoon, "
        "good evening, good day, greetings"
    ),
}
_APPROVING = frozenset({"correct", "right", "fine", "good", "great", "perfect", "ok", "okay"})
_CONTRARY = frozenset({"not", "isnt", "no", "but", "except", "change"})
POLITE = frozenset(
    {"please", "ok", "okay", "well", "oh", "um", "hmm", "just", "then", "now", "so", "uh"}
)
CORRECTING = frozenset(
    {"no", "nope", "actually", "sorry", "wait", "oops", "rather", "instead", "hold", "hang", "hm"}
)
CORRECTION = frozenset(
    {"change", "wrong", "meant", "mean", "instead", "edit", "update", "modify", "make"}
)
_CORRECT = _phrases("correct the, correct my, correct it, correct that")
ASKING = frozenset(
    {"what", "whats", "when", "whens", "where", "wheres", "who", "whos", "how", "hows", "why"}
    | {"can", "could", "do", "does", "are", "is", "which", "will", "would"}
)
WANTING = _phrases(
    "i want to, i want, i need to, i need, i would like to, i would like, id like to, id like, "
    "i wish to, let me, tell me, please, can you, could you, id rather, help me, speak to, talk to"
)
_DENIALS = _phrases("not, instead of, rather than, not on, not the, instead of the, not a, not an")


def command_in(tokens: tuple[str, ...]) -> str:
    """Name the command that the message is, or give an empty text."""
    core = _core(tokens)
    for name, phrases in COMMANDS.items():
        if core in phrases or tokens in phrases:
            return name
    if core[:1] in NO and core[1:] in COMMANDS["cancel"]:
        return "cancel"
    return ""


def is_phrase(tokens: tuple[str, ...], phrases: frozenset[tuple[str, ...]]) -> bool:
    """Tell whether the message is one of `phrases` and nothing else."""
    return tokens in phrases or _core(tokens) in phrases


def verdict(tokens: tuple[str, ...]) -> bool | None:
    """Tell whether the message begins with a yes or a no; None where it does neither."""
    core = _core(tokens)
    for length in range(min(4, len(core)), 0, -1):
        if core[:length] in YES:
            return True
        if core[:length] in NO:
            return False
    return tokens[:1] in YES or None


def begins_correcting(tokens: tuple[str, ...]) -> bool:
    """Tell whether the message starts as a correction does."""
    return tokens[:2] in _CORRECT or (
        bool(tokens) and (_core(tokens)[:1] or tokens)[0] in CORRECTING | CORRECTION
    )


def approves(tokens: tuple[str, ...]) -> bool:
    """Tell whether the message finds all of it right ("yes, the name is correct")."""
    whole = verdict(tokens) or tokens[:1] in (("all",), ("everything",))
    return whole and tokens[-1] in _APPROVING and _CONTRARY.isdisjoint(tokens)


def corrects(tokens: tuple[str, ...]) -> bool:
    """Tell whether the message speaks of changing something."""
    return begins_correcting(tokens) or not CORRECTION.isdisjoint(tokens)


def greets(tokens: tuple[str, ...]) -> bool:
    """Tell whether the message begins with a greeting."""
    return any(tokens[:length] in COMMANDS["greeting"] for length in (1, 2))


def asks_or_wants(text: str, tokens: tuple[str, ...]) -> bool:
    """Tell whether the message wants something of the bot, rather than answering it."""
    if text.endswith("?") or (tokens and tokens[0] in ASKING):
        return True
    return any(find_phrase(phrase, tokens[:6]) == 0 for phrase in WANTING)


def _core(tokens: tuple[str, ...]) -> tuple[str, ...]:
    start, end = 0, len(tokens)
    while start < end and tokens[start] in POLITE:
        start += 1
    while end > start and tokens[end - 1] in POLITE | {"thanks"}:
        end -= 1
    return tokens[start:end]


def denied(before: tuple[str, ...]) -> bool:
    """Tell whether the words in front of something turn it down ("not Friday")."""
    return any(before[-length:] in _DENIALS for length in (1, 2, 3))
