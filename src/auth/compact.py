"""A token's compact form (RFC 7515, section 7.1), taken apart; nothing of it is trusted yet."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Any

from auth import strict_json
from auth.principal import Refused

MAX_CHARACTERS = 4_096
"""As long as a whole address may be; providers' tokens take 1 to 3 KB."""

_FORM = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


@dataclass(frozen=True, slots=True)
class CompactToken:
    """A signed token's parts."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signing_input: bytes
    signature: bytes


def take_apart(token: str) -> CompactToken:
    """Read all three parts. Raises Refused where any is not exactly as the form demands."""
    if len(token) > MAX_CHARACTERS:
        raise Refused("token too long")
    form = _FORM.fullmatch(token)
    if form is None:
        raise Refused("not a token")
    header, claims, signature = form.groups()
    return CompactToken(
        header=_object(header),
        claims=_object(claims),
        signing_input=token[: form.end(2)].encode(),
        signature=_decode(signature),
    )


def _object(part: str) -> dict[str, Any]:
    encoded = _decode(part)
    try:
        value = strict_json.read(encoded)
    except ValueError:
        raise Refused("a part is not strict JSON") from None
    if not isinstance(value, dict):
        raise Refused("a part is not a JSON object")
    return value


def _decode(part: str) -> bytes:
    """Decode base64url, of which each byte string has exactly one form here."""
    try:
        decoded = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise Refused("a part is not base64url") from None
    if urlsafe_b64encode(decoded).rstrip(b"=") != part.encode():
        raise Refused("a part is not canonical base64url")
    return decoded
