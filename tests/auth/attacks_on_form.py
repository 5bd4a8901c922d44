"""Attacks on the compact form: parts, base64url, JSON (RFC 7515, sections 3 and 7; RFC 8259)."""

import base64
import json
from collections.abc import Callable
from itertools import product

from tests.auth.row import QUERY, Attack
from tests.support.key_pairs import constant, part
from tests.support.tokens import Forge

COMPACT = "RFC 7515, 7.1: three parts and nothing else"
CANONICAL = "RFC 4648, 3.5: one text for one token, or a block list can be walked around"
ALPHABET = "RFC 7515, 2: base64url without padding, line breaks or white space"
JSON = "RFC 7519, 7.2: a JSON object in UTF-8"
ONCE = "RFC 8725, 2.4 and RFC 7515, 4: two readers of a doubled name see two tokens"
FINITE = "RFC 8259, 6: no such number; it escapes jose's own exceptions"
BOUND = "the limit of 4,096 characters"
DEEP = "a parser that recurses dies of it; it escapes jose's own exceptions"


def parts(forge: Forge) -> list[str]:
    """A good token's."""
    return forge.token().split(".")


def loose(text: str) -> str:
    """The same bytes by another last character: the bits that no byte needs are set."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    assert len(text) % 4 in (2, 3), "has no such bits"
    other = text[:-1] + alphabet[alphabet.index(text[-1]) ^ 1]
    assert _decoded(other) == _decoded(text)
    return other


def header_that_has_spare_bits(forge: Forge) -> str:
    """A good header of a length that does not come out even."""
    return part(json.dumps(forge.header()).encode().ljust(200))


def of_length(forge: Forge, length: int) -> str:
    """A good token of just so many characters."""
    about = (length - len(forge.token())) * 3 // 4 - 20
    return next(
        token
        for spaces, size in product(range(3), range(about, about + 20))
        if len(token := _padded(forge, spaces, size)) == length
    )


def standard(content: bytes) -> str:
    """The alphabet of mail, not of addresses."""
    return base64.b64encode(content).rstrip(b"=").decode()


def claims_with(extra: str) -> Callable[[Forge], str]:
    """Good claims, and this text before the last brace."""
    return lambda forge: forge.raw(
        json.dumps(forge.header()), json.dumps(forge.claims())[:-1] + extra + "}"
    )


def doubled(name: str) -> Callable[[Forge], str]:
    """Good claims, and one of them once more."""
    return lambda forge: claims_with(f',"{name}":{json.dumps(forge.claims()[name])}')(forge)


def header_with(extra: str) -> Callable[[Forge], str]:
    """A good header, and this text before the last brace."""
    return lambda forge: forge.raw(
        json.dumps(forge.header())[:-1] + extra + "}", json.dumps(forge.claims())
    )


def claims_as(write: Callable[[str], str | bytes]) -> Callable[[Forge], str]:
    """Good claims, written otherwise."""
    return lambda forge: forge.raw(json.dumps(forge.header()), write(json.dumps(forge.claims())))


def header_as(write: Callable[[str], str | bytes]) -> Callable[[Forge], str]:
    """A good header, written otherwise."""
    return lambda forge: forge.raw(write(json.dumps(forge.header())), json.dumps(forge.claims()))


def whole(write: Callable[[str], str]) -> Callable[[Forge], str]:
    """A good token, written otherwise."""
    return lambda forge: write(forge.token())


def _padded(forge: Forge, spaces: int, size: int) -> str:
    header = json.dumps(forge.header()) + " " * spaces
    return forge.raw(header, json.dumps(forge.claims(name="x" * size)))


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _json_serialization(forge: Forge) -> str:
    header, claims, signature = parts(forge)
    return json.dumps({"protected": header, "payload": claims, "signature": signature})


def _general_serialization(forge: Forge) -> str:
    header, claims, signature = parts(forge)
    return json.dumps(
        {"payload": claims, "signatures": [{"protected": header, "signature": signature}]}
    )


IN_QUERY = frozenset({QUERY})

PARTS = [
    Attack("one part", whole(lambda token: token.split(".")[1]), COMPACT),
    Attack("two parts", whole(lambda token: token.rpartition(".")[0]), COMPACT),
    Attack("two parts and a dot", whole(lambda token: token.rpartition(".")[0] + "."), COMPACT),
    Attack("four parts", whole(lambda token: token + ".AAAA"), COMPACT),
    Attack("a dot after", whole(lambda token: token + "."), COMPACT),
    Attack("a dot before", whole(lambda token: "." + token), COMPACT),
    Attack("only dots", lambda forge: "..", COMPACT),
    Attack("no header", whole(lambda token: "." + token.partition(".")[2]), COMPACT),
    Attack("no claims", lambda forge: forge.compact(claims=""), COMPACT),
    Attack("no signature", lambda forge: forge.token(by=constant(b"")), COMPACT),
    Attack("five parts, as a JWE", whole(lambda token: token + ".AAAA.AAAA"), "RFC 8725, 2.3"),
    Attack("JSON serialization", _json_serialization, COMPACT),
    Attack("general JSON serialization", _general_serialization, COMPACT),
    Attack("Bearer twice", whole(lambda token: "Bearer " + token), COMPACT),
    Attack("a percent-encoded dot", whole(lambda token: token.replace(".", "%2E")), COMPACT),
    Attack("a wide dot", whole(lambda token: token.replace(".", "．")), COMPACT),
    Attack("two tokens", whole(lambda token: f"{token} {token}"), COMPACT),
    Attack("two tokens and a comma", whole(lambda token: f"{token},{token}"), COMPACT, IN_QUERY),
    Attack("the dots alone are right", lambda forge: "a.b.c", COMPACT),
    Attack("5,000 characters", lambda forge: forge.token({"name": "x" * 3300}), BOUND),
    Attack("100,000 dots", lambda forge: "." * 100_000, BOUND, frozenset()),
    Attack("4,097 characters", lambda forge: of_length(forge, 4097), BOUND),
]


BASE64 = [
    Attack(
        "padded header",
        lambda forge: forge.compact(header=header_that_has_spare_bits(forge) + "="),
        ALPHABET,
    ),
    Attack("padded signature", whole(lambda token: token + "=="), ALPHABET),
    Attack("signature half padded", whole(lambda token: token + "="), ALPHABET),
    Attack(
        "header with spare bits set",
        lambda forge: forge.compact(header=loose(header_that_has_spare_bits(forge))),
        CANONICAL,
    ),
    Attack(
        "claims with spare bits set",
        lambda forge: forge.compact(
            claims=loose(part(json.dumps(forge.claims()).encode().ljust(200)))
        ),
        CANONICAL,
    ),
    Attack(
        "signature with spare bits set",
        lambda forge: ".".join([*(given := parts(forge))[:2], loose(given[2])]),
        CANONICAL,
    ),
    Attack(
        "standard alphabet in the claims",
        lambda forge: forge.compact(
            claims=standard(json.dumps(forge.claims(name="???>>>???")).encode())
        ),
        ALPHABET,
    ),
    Attack(
        "standard alphabet in the signature",
        lambda forge: next(
            token
            for number in range(1000)
            if {"+", "/"}
            & set(token := forge.compact(claims=_numbered(forge, number), write=standard))
        ),
        ALPHABET,
    ),
    Attack("a space before", whole(lambda token: " " + token), ALPHABET, IN_QUERY),
    Attack("a space after", whole(lambda token: token + " "), ALPHABET, IN_QUERY),
    Attack("a newline after", whole(lambda token: token + "\n"), ALPHABET, IN_QUERY),
    Attack("a newline before", whole(lambda token: "\n" + token), ALPHABET, IN_QUERY),
    Attack("a tab after", whole(lambda token: token + "\t"), ALPHABET, IN_QUERY),
    Attack("NUL after", whole(lambda token: token + "\0"), ALPHABET),
    Attack("NUL inside", whole(lambda token: token.replace(".", "\0.", 1)), ALPHABET),
    Attack("a newline inside", whole(lambda token: token[:90] + "\n" + token[90:]), ALPHABET),
    Attack("a space inside", whole(lambda token: token[:90] + " " + token[90:]), ALPHABET),
    Attack("a zero-width space after", whole(lambda token: token + "\u200b"), ALPHABET),
    Attack("a wide letter", whole(lambda token: token.replace("e", "ｅ", 1)), ALPHABET),
    Attack("a Latin-1 letter", whole(lambda token: token + "é"), ALPHABET),
    Attack("a length that no bytes have", whole(lambda token: token + "AAA"), ALPHABET),
    Attack("in quotes", whole(lambda token: f'"{token}"'), ALPHABET),
]


def _numbered(forge: Forge, number: int) -> str:
    return part(json.dumps(forge.claims(number=number)).encode())


TEXT = [
    Attack("claims are a list", claims_as(lambda text: f"[{text}]"), JSON),
    Attack("claims are a string", claims_as(json.dumps), JSON),
    Attack("claims are null", claims_as(lambda text: "null"), JSON),
    Attack("claims are empty", claims_as(lambda text: "{}"), JSON),
    Attack("header is a list", header_as(lambda text: f"[{text}]"), JSON),
    Attack("header is a string", header_as(json.dumps), JSON),
    Attack("header is a number", header_as(lambda text: "1"), JSON),
    Attack("header is true", header_as(lambda text: "true"), JSON),
    Attack("claims are no JSON", claims_as(lambda text: text[:-1]), JSON),
    Attack("header is no JSON", header_as(lambda text: text.replace('"', "'")), JSON),
    Attack("text after the claims", claims_as(lambda text: text + "{}"), JSON),
    Attack("NUL after the claims", claims_as(lambda text: text + "\0"), JSON),
    Attack(
        "claims not in UTF-8", claims_as(lambda text: text[:-1].encode() + b',"n":"\xff"}'), JSON
    ),
    Attack(
        "overlong UTF-8", claims_as(lambda text: text[:-1].encode() + b',"n":"\xc0\xaf"}'), JSON
    ),
    Attack(
        "header not in UTF-8", header_as(lambda text: text[:-1].encode() + b',"n":"\xe9"}'), JSON
    ),
    Attack("claims in UTF-16", claims_as(lambda text: text.encode("utf-16")), JSON),
    Attack("header in UTF-16", header_as(lambda text: text.encode("utf-16-le")), JSON),
    Attack("claims in UTF-32", claims_as(lambda text: text.encode("utf-32-be")), JSON),
    Attack(
        "a BOM before the claims", claims_as(lambda text: b"\xef\xbb\xbf" + text.encode()), JSON
    ),
    Attack(
        "a BOM before the header", header_as(lambda text: b"\xef\xbb\xbf" + text.encode()), JSON
    ),
    Attack("a raw newline in a string", claims_with(',"name":"a\nb"'), JSON),
    *(Attack(f"{name} twice", doubled(name), ONCE) for name in ("aud", "exp", "sub", "iss", "iat")),
    Attack("sub twice, once escaped", claims_with(',"\\u0073ub":"ana"'), ONCE),
    Attack("a name twice deep inside", claims_with(',"a":[{"b":1,"b":2}]'), ONCE),
    *(
        Attack(f"header: {name} twice", header_with(f',"{name}":{value}'), ONCE)
        for name, value in {"alg": '"RS256"', "kid": '"rsa"', "typ": '"JWT"'}.items()
    ),
    *(
        Attack(f"{text} among the claims", claims_with(f',"n":{text}'), FINITE)
        for text in ("NaN", "Infinity", "-Infinity", "1e999", "-1e999")
    ),
    Attack("NaN in the header", header_with(',"n":NaN'), FINITE),
    Attack("nested 1,000 deep", claims_with(',"n":' + "[" * 1000 + "]" * 1000), DEEP),
    Attack("nested 100 deep", claims_with(',"n":' + '{"n":' * 100 + "1" + "}" * 100), DEEP),
    Attack("header nested 500 deep", header_with(',"n":' + "[" * 500 + "]" * 500), DEEP),
    Attack("nested and never closed", claims_with(',"n":' + "[" * 2000), DEEP),
]

FORM = [*PARTS, *BASE64, *TEXT]
