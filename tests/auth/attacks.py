"""Every token that must be refused (RFC 8725 and the traps of python-jose), and some that must not.

Each attack is a good token but for the one thing that its name says, and validly signed wherever
the signature is not that thing: whichever check is left out, a row gets in.
"""

from collections.abc import Callable
from typing import Any

from tests.auth.attacks_on_algorithms import ALGORITHMS
from tests.auth.attacks_on_claims import CLAIMS
from tests.auth.attacks_on_form import FORM, of_length
from tests.auth.row import Good
from tests.support.key_pairs import ec_key, ecdsa, pkcs1, rsa_key
from tests.support.tokens import CLIENT_ID, GONE, Forge

ATTACKS = [*FORM, *ALGORITHMS, *CLAIMS]

LISTED = "one of the algorithms listed"


def _rs(bits: str) -> Callable[[Forge], str]:
    return lambda forge: forge.token(header={"alg": f"RS{bits}"}, by=pkcs1(rsa_key("rsa"), bits))


def _with(header: dict[str, Any] | None = None, **claims: Any) -> Callable[[Forge], str]:
    return lambda forge: forge.token(claims, header)


def _of_other(forge: Forge, **header: Any) -> str:
    return forge.token({"iss": forge.other}, header, pkcs1(rsa_key("other rsa")))


GOOD = [
    Good("RS256", _rs("256"), LISTED),
    Good("RS384", _rs("384"), LISTED),
    Good("RS512", _rs("512"), LISTED),
    Good("ES256", lambda forge: forge.es256(), LISTED),
    Good(
        "ES384",
        lambda forge: forge.es256(
            by=ecdsa(ec_key("ec-384", "P-384"), "384"), alg="ES384", kid="ec-384"
        ),
        LISTED,
    ),
    Good(
        "a key of 3,072 bits with key_ops",
        lambda forge: forge.token(header={"kid": "rsa-3072"}, by=pkcs1(rsa_key("rsa-3072", 3072))),
        "verify is among key_ops",
    ),
    Good(
        "a key of one algorithm",
        lambda forge: forge.token(header={"kid": "rs256"}, by=pkcs1(rsa_key("rs256"))),
        "the key's alg is the token's",
    ),
    Good(
        "a kid of two keys, of which one can have signed: RSA",
        lambda forge: forge.token(header={"kid": "both"}, by=pkcs1(rsa_key("both"))),
        "RFC 7517, 4.5: alternatives of different types may share a kid",
    ),
    Good(
        "a kid of two keys, of which one can have signed: EC",
        lambda forge: forge.es256(by=ecdsa(ec_key("both")), kid="both"),
        "RFC 7517, 4.5: alternatives of different types may share a kid",
    ),
    Good(
        "no kid where one key fits",
        lambda forge: forge.es256(
            by=ecdsa(ec_key("ec-384", "P-384"), "384"), alg="ES384", kid=GONE
        ),
        "kid is optional (RFC 7515, 4.1.4)",
    ),
    Good("another issuer with its own key", _of_other, "several issuers", of_other=True),
    Good(
        "another issuer without a kid",
        lambda forge: _of_other(forge, kid=GONE),
        "the issuer's keys alone are looked through",
        of_other=True,
    ),
    Good("no typ", _with({"typ": GONE}), "Cognito sends none"),
    Good("typ in lower case", _with({"typ": "jwt"}), "RFC 7519, 5.1: case does not matter"),
    Good("an access token", _with({"typ": "at+jwt"}), "RFC 9068"),
    Good("an access token in full", _with({"typ": "application/at+jwt"}), "RFC 7515, 4.1.9"),
    Good("unheard-of header parameters", _with({"x5t": "x", "nonce": [1]}), "RFC 7515, 4"),
    Good("audience in a list", _with(aud=["another-app", "parley"]), "RFC 7519, 4.1.3"),
    Good("audience alone in a list", _with(aud=["parley"]), "RFC 7519, 4.1.3"),
    Good(
        "Cognito's access token",
        _with({"typ": GONE}, aud=GONE, client_id=CLIENT_ID, token_use="access", scope="openid"),
        "it has no audience but its client",
    ),
    Good("Cognito's ID token", _with({"typ": GONE}, token_use="id"), "it has an audience"),
    Good(
        "expiry with a fraction",
        lambda forge: forge.token({"exp": forge.now + 60.5}),
        "RFC 7519, 2",
        lifetime=60,
    ),
    Good(
        "an hour as 3.6e3",
        lambda forge: forge.token({"exp": float(forge.now + 3600)}),
        "RFC 7519, 2",
    ),
    Good(
        "expiring in ten seconds",
        lambda forge: forge.token({"exp": forge.now + 10}),
        "not yet",
        lifetime=10,
    ),
    Good(
        "valid for ten years",
        lambda forge: forge.token({"exp": forge.now + 315_360_000}),
        "the issuer's word",
        lifetime=315_360_000,
    ),
    Good(
        "not before just now", lambda forge: forge.token({"nbf": forge.now + 29}), "clocks differ"
    ),
    Good("issued just now", lambda forge: forge.token({"iat": forge.now + 29.5}), "clocks differ"),
    Good("no time of issue", _with(iat=GONE), "optional (RFC 7519, 4.1.6)"),
    Good("3 KB of claims", _with(groups=[f"group-{number}" for number in range(190)]), "Entra"),
    Good("4,096 characters", lambda forge: of_length(forge, 4_096), "the limit itself"),
    Good(
        "characters of any script",
        _with(name="Łukasz 🦊 محمد", nested={"a": [None, 1.5, True]}),
        "JSON",
    ),
    Good(
        "a subject of 255 characters", _with(sub="s" * 255), "OpenID Connect Core, 2", sub="s" * 255
    ),
    Good(
        "a subject with bars and colons",
        _with(sub="auth0|a:b/c@d e"),
        "Auth0",
        sub="auth0|a:b/c@d e",
    ),
    Good("a subject like a guest's", _with(sub="guest:7f1c"), "names no guest", sub="guest:7f1c"),
    Good("a subject like a user's", _with(sub="user:x:ben"), "names no other", sub="user:x:ben"),
]
