"""Word patterns: how a flow file describes sentences.

    where is [my|the] (order|parcel)     words in this order; [left out or not]; (one|or another)
    book * repair*                       `*` alone: up to six words; at a word's end: any ending

They are matched by following every way at once, so no text makes them slow: a flow file has no
regular expressions.
"""

import re
from dataclasses import dataclass

_GAP = 6
_MAX_LENGTH = 200
_TOKEN = re.compile(r"\s*([()\[\]|]|[^\s()\[\]|]+)")
_CLOSING = {"(": ")", "[": "]"}


class PatternError(ValueError):
    """A pattern that cannot be read; the message says why."""


@dataclass(frozen=True)
class _Word:
    text: str
    prefix: bool

    def fits(self, token: str) -> bool:
        return token.startswith(self.text) if self.prefix else token == self.text


@dataclass(frozen=True)
class _Gap:
    pass


@dataclass(frozen=True)
class _Group:
    options: "tuple[tuple[_Part, ...], ...]"
    optional: bool


_Part = _Word | _Gap | _Group


@dataclass(frozen=True)
class Pattern:
    """A pattern ready for matching; `weight` is the least number of its words that must be said."""

    parts: tuple[_Part, ...]
    weight: int

    def find(self, tokens: tuple[str, ...]) -> tuple[int, int] | None:
        """Give the first place in `tokens` where the pattern fits, as long as it can be."""
        for start in range(len(tokens)):
            ends = _follow(self.parts, tokens, {start})
            if ends:
                return start, max(ends)
        return None

    def words(self) -> set[str]:
        """Give every whole word of the pattern."""
        return _words(self.parts)


def compile_pattern(text: str) -> Pattern:
    """Read a pattern; raises `PatternError`."""
    if len(text) > _MAX_LENGTH:
        raise PatternError(f"longer than {_MAX_LENGTH} characters")
    parts, rest = _sequence(_TOKEN.findall(text.casefold().replace("'", "").replace("\u2019", "")))
    if rest:
        raise PatternError(f"{rest[0]!r} closes or divides nothing")
    weight = _weight(parts)
    if not weight:
        raise PatternError("it must ask for at least one word")
    return Pattern(parts, weight)


def _sequence(tokens: list[str]) -> tuple[tuple[_Part, ...], list[str]]:
    parts: list[_Part] = []
    while tokens and tokens[0] not in ")]|":
        token, tokens = tokens[0], tokens[1:]
        if token in _CLOSING:
            group, tokens = _group(token, tokens)
            parts.append(group)
        else:
            parts.extend(_literal(token))
    return tuple(parts), tokens


def _group(opening: str, tokens: list[str]) -> tuple[_Group, list[str]]:
    options = []
    while True:
        option, tokens = _sequence(tokens)
        if not option:
            raise PatternError(f"nothing stands in a part of {opening!r}")
        options.append(option)
        if not tokens or tokens[0] not in ("|", _CLOSING[opening]):
            raise PatternError(f"{opening!r} is never closed")
        token, tokens = tokens[0], tokens[1:]
        if token != "|":
            return _Group(tuple(options), opening == "["), tokens


def _literal(token: str) -> list[_Part]:
    if token == "*":
        return [_Gap()]
    prefix = token.endswith("*")
    pieces = re.findall(r"[^\W_]+", token)
    if not pieces or "*" in token[:-1]:
        raise PatternError(f"{token!r} is not a word")
    return [_Word(piece, prefix and piece is pieces[-1]) for piece in pieces]


def _follow(parts: tuple[_Part, ...], tokens: tuple[str, ...], starts: set[int]) -> set[int]:
    for part in parts:
        if not starts:
            break
        starts = _step(part, tokens, starts)
    return starts


def _step(part: _Part, tokens: tuple[str, ...], starts: set[int]) -> set[int]:
    if isinstance(part, _Word):
        return {at + 1 for at in starts if at < len(tokens) and part.fits(tokens[at])}
    if isinstance(part, _Gap):
        return {to for at in starts for to in range(at, min(at + _GAP, len(tokens)) + 1)}
    ends = set(starts) if part.optional else set()
    for option in part.options:
        ends |= _follow(option, tokens, starts)
    return ends


def _weight(parts: tuple[_Part, ...]) -> int:
    weight = 0
    for part in parts:
        if isinstance(part, _Word):
            weight += 1
        elif isinstance(part, _Group) and not part.optional:
            weight += min(_weight(option) for option in part.options)
    return weight


def _words(parts: tuple[_Part, ...]) -> set[str]:
    found: set[str] = set()
    for part in parts:
        if isinstance(part, _Word) and not part.prefix:
            found.add(part.text)
        elif isinstance(part, _Group):
            for option in part.options:
                found |= _words(option)
    return found
