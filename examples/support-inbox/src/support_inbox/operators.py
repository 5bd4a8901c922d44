"""Who may take conversations over: users of a list, and nobody else."""

from collections.abc import Mapping

Operators = Mapping[str, str]
"""Their names by their user ids."""


def operators_of(settings: str) -> Operators:
    """Read `Anna=user:id.example.com:5b2f,Ben=user:id.example.com:77c1`; empty is nobody.

    Raises ValueError, which fails the start.
    """
    found: dict[str, str] = {}
    for entry in filter(None, settings.split(",")):
        name, _, user_id = entry.partition("=")
        if not name or not user_id.startswith(("user:", "guest:")):
            raise ValueError("operators are Name=user:..., comma-separated")
        if name in found.values() or user_id in found:
            raise ValueError("operators have a name and a user id each of their own")
        found[user_id] = name
    return found
