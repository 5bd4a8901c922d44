"""Issuers of tokens, and what their users are called."""

import re
from urllib.parse import quote, urlsplit

_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")


def check_address(url: str) -> None:
    """See that a document may be fetched there: https, or http within this machine.

    Raises ValueError, whose message does not repeat the address.
    """
    address = urlsplit(url)
    host = address.hostname or ""
    local = address.scheme == "http" and _LOOPBACK.fullmatch(host) is not None
    if not host or not (address.scheme == "https" or local):
        raise ValueError("must be an https address (http for this machine alone)")
    if address.username is not None or address.fragment or not url.isprintable() or " " in url:
        raise ValueError("must be a plain address")


def user_id(issuer: str, subject: str) -> str:
    """`user:<issuer>:<subject>`, the issuer without `https://` and with its colons written %3A,
    so that no two users have one id."""
    return f"user:{quote(issuer.removeprefix('https://'), safe='/')}:{subject}"
