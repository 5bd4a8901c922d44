"""The verifier as the tests of tokens set it up: two issuers, whose keys are pinned."""

from auth.keys import KeySet
from auth.principal import Refused
from auth.tokens import Rules, Verifier
from tests.support.tokens import AUDIENCE, CLIENT_ID, Forge, key_set, other_key_set

RULES = Rules(
    audiences=frozenset({AUDIENCE, CLIENT_ID}),
    algorithms=frozenset({"RS256", "RS384", "RS512", "ES256", "ES384"}),
    types=frozenset({"jwt", "at+jwt", ""}),
)
"""As template.yaml has them where nothing is said."""


def verifier(forge: Forge, rules: Rules = RULES) -> Verifier:
    """One that knows both issuers of the forge."""
    keys = {forge.issuer: KeySet.read(key_set()), forge.other: KeySet.read(other_key_set())}
    return Verifier(rules, keys, forge.clock)


def accepted(by: Verifier, token: str) -> bool:
    """Whether the token gets in. Raises what the verifier raises besides Refused."""
    try:
        by.verify(token)
    except Refused:
        return False
    return True
