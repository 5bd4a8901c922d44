"""Attacks by algorithm, header parameter and signature (RFC 8725, sections 2.1 to 3.10)."""

from collections.abc import Callable
from typing import Any

from tests.auth.row import Attack
from tests.support.key_pairs import (
    constant,
    ec_jwk,
    ec_key,
    ecdsa,
    ecdsa_der,
    ed_key,
    mac,
    part,
    pkcs1,
    pss,
    public_forms,
    rsa_jwk,
    rsa_key,
)
from tests.support.tokens import GONE, SECRET, Forge

NONE = "RFC 8725, 2.1 and 3.2: `none` signs nothing"
CONFUSED = "RFC 8725, 2.1: a public key taken for an HMAC secret (CVE-2016-10555, CVE-2024-33663)"
LIST = "RFC 8725, 3.1: the caller's list of algorithms, never the token's"
FITS = "RFC 8725, 3.1: each key is used with one algorithm, its own"
PSYCHIC = "CVE-2022-21449: zeros sign everything"
RAW = "RFC 7518, 3.4: r and s side by side, each of the curve's size"
FORGED = "RFC 7515, 5.2: what is signed is what is read"
CRITICAL = "RFC 7515, 4.1.11: what is not understood and critical is refused"
FETCH = "RFC 8725, 3.10: no key by the token's own word (CVE-2018-0114)"
TYPE = "RFC 8725, 3.11: a token of another kind is no access token"

RSA = rsa_key("rsa")
EC = ec_key("ec")
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256's group."""


def under(**header: Any) -> Callable[[Forge], str]:
    """A good token but for its header."""
    return lambda forge: forge.token(header=header)


def unsigned(**header: Any) -> Callable[[Forge], str]:
    """A token whose signature is empty."""
    return lambda forge: forge.token(header=header, by=constant(b""))


def bent(place: int, index: int) -> Callable[[Forge], str]:
    """A good token with one bit of one part turned over, in the middle of its bytes."""

    def make(forge: Forge) -> str:
        parts = forge.token().split(".")
        text = parts[place]
        other = "A" if text[index] != "A" else "B"
        parts[place] = text[:index] + other + text[index + 1 :]
        return ".".join(parts)

    return make


def _halves(forge: Forge, of_header: dict[str, Any], of_claims: dict[str, Any]) -> str:
    header = forge.token(header=of_header).split(".")[0]
    _, claims, signature = forge.token(of_claims).split(".")
    return f"{header}.{claims}.{signature}"


def _claims_swapped(forge: Forge) -> str:
    header, _, signature = forge.token().split(".")
    return f"{header}.{forge.token({'sub': 'ben'}).split('.')[1]}.{signature}"


def _swapped(text: bytes) -> bytes:
    signature = ecdsa(EC)(text)
    return signature[32:] + signature[:32]


def _longer(text: bytes) -> bytes:
    signature = ecdsa(EC)(text)
    return b"\0" + signature[:32] + b"\0" + signature[32:]


ALGORITHM = [
    *(Attack(f"alg {name}", unsigned(alg=name), NONE) for name in ("none", "None", "NONE", "nOnE")),
    Attack("alg none without a key", unsigned(alg="none", kid=GONE), NONE),
    Attack("alg none, yet signed", under(alg="none"), NONE),
    Attack("alg empty", unsigned(alg=""), NONE),
    Attack("alg null", unsigned(alg=None), NONE),
    Attack("alg left out", unsigned(alg=GONE), NONE),
    Attack("alg left out, yet signed", under(alg=GONE), LIST),
    Attack("alg in lower case", under(alg="rs256"), LIST),
    Attack("alg with a space", under(alg="RS256 "), LIST),
    Attack("alg is a list", under(alg=["RS256"]), LIST),
    Attack("alg is an object", under(alg={"RS256": 1}), LIST),
    Attack("alg is a number", under(alg=256), LIST),
    Attack("alg is true", under(alg=True), LIST),
    Attack("alg of a cipher", under(alg="RSA-OAEP"), LIST),
    Attack("alg is a path", under(alg="../../RS256"), LIST),
    *(
        Attack(
            f"HS{bits} with the public key as {name}",
            lambda forge, bits=bits, secret=secret: forge.token(  # type: ignore[misc]
                header={"alg": f"HS{bits}"}, by=mac(secret, bits)
            ),
            CONFUSED,
        )
        for bits, forms in {"256": None, "384": {"PEM"}, "512": {"PEM"}}.items()
        for name, secret in public_forms(RSA).items()
        if forms is None or name in forms
    ),
    Attack(
        "RS256 in name, HMAC with the public key in truth",
        lambda forge: forge.token(by=mac(public_forms(RSA)["PEM"])),
        CONFUSED,
    ),
    Attack(
        "HS256 with an empty secret",
        lambda forge: forge.token(header={"alg": "HS256"}, by=mac(b"")),
        CONFUSED,
    ),
    Attack(
        "HS256 with a secret of the key set",
        lambda forge: forge.token(header={"alg": "HS256", "kid": "oct"}, by=mac(SECRET)),
        LIST,
    ),
    Attack(
        "RS256 in name, under a secret's kid",
        lambda forge: forge.token(header={"kid": "oct"}, by=mac(SECRET)),
        FITS,
    ),
    Attack("PS256", lambda forge: forge.token(header={"alg": "PS256"}, by=pss(RSA)), LIST),
    Attack("RS256 in name, PSS in truth", lambda forge: forge.token(by=pss(RSA)), FITS),
    Attack("RS256 in name, SHA-1 in truth", lambda forge: forge.token(by=pkcs1(RSA, "1")), FITS),
    Attack(
        "RS256 in name, SHA-512 in truth", lambda forge: forge.token(by=pkcs1(RSA, "512")), FITS
    ),
    Attack("RS1", lambda forge: forge.token(header={"alg": "RS1"}, by=pkcs1(RSA, "1")), LIST),
    Attack(
        "ES512",
        lambda forge: forge.es256(
            by=ecdsa(ec_key("ec-521", "P-521"), "512"), alg="ES512", kid="ec-521"
        ),
        LIST,
    ),
    Attack(
        "ES256K",
        lambda forge: forge.es256(
            by=ecdsa(ec_key("ec-k1", "secp256k1")), alg="ES256K", kid="ec-k1"
        ),
        LIST,
    ),
    Attack(
        "ES256 on secp256k1",
        lambda forge: forge.es256(by=ecdsa(ec_key("ec-k1", "secp256k1")), kid="ec-k1"),
        FITS,
    ),
    Attack(
        "EdDSA",
        lambda forge: forge.token(header={"alg": "EdDSA", "kid": "ed"}, by=ed_key("ed").sign),
        LIST,
    ),
    Attack("ES256 in name, an RSA key", under(alg="ES256"), FITS),
    Attack("RS256 in name, a key on a curve", lambda forge: forge.es256(alg="RS256"), FITS),
    Attack(
        "ES256 on P-384",
        lambda forge: forge.es256(by=ecdsa(ec_key("ec-384", "P-384")), kid="ec-384"),
        FITS,
    ),
    Attack(
        "ES384 on P-256",
        lambda forge: forge.es256(by=ecdsa(EC, "384"), alg="ES384"),
        FITS,
    ),
    Attack(
        "RS512 by a key for RS256",
        lambda forge: forge.token(
            header={"alg": "RS512", "kid": "rs256"}, by=pkcs1(rsa_key("rs256"), "512")
        ),
        FITS,
    ),
]

SIGNATURE = [
    *(
        Attack(name, lambda forge, zeros=zeros: forge.es256(by=constant(zeros)), PSYCHIC)  # type: ignore[misc]
        for name, zeros in {
            "ES256 of zeros": bytes(64),
            "ES256 of zero and one": bytes(63) + b"\1",
            "ES256 of the group's order": ORDER.to_bytes(32) * 2,
            "ES256 of zeros in DER": bytes.fromhex("3006020100020100"),
            "ES256 empty": b"",
        }.items()
    ),
    Attack("RS256 of zeros", lambda forge: forge.token(by=constant(bytes(256))), PSYCHIC),
    Attack("RS256 of one", lambda forge: forge.token(by=constant(bytes(255) + b"\1")), PSYCHIC),
    Attack("ES256 in DER", lambda forge: forge.es256(by=ecdsa_der(EC)), RAW),
    Attack("ES256, s before r", lambda forge: forge.es256(by=_swapped), RAW),
    Attack("ES256, r and s a byte too long", lambda forge: forge.es256(by=_longer), RAW),
    Attack("ES256 cut short", lambda forge: forge.es256(by=lambda text: ecdsa(EC)(text)[:-1]), RAW),
    Attack("ES256 doubled", lambda forge: forge.es256(by=lambda text: ecdsa(EC)(text) * 2), RAW),
    Attack(
        "RS256 cut short",
        lambda forge: forge.token(by=lambda text: pkcs1(RSA)(text)[:-1]),
        FORGED,
    ),
    Attack(
        "RS256 with a byte more",
        lambda forge: forge.token(by=lambda text: pkcs1(RSA)(text) + b"\0"),
        FORGED,
    ),
    Attack(
        "RS256 with a zero before",
        lambda forge: forge.token(by=lambda text: b"\0" + pkcs1(RSA)(text)),
        FORGED,
    ),
    Attack("signed by a stranger", lambda forge: forge.token(by=pkcs1(rsa_key("evil"))), FORGED),
    Attack("ES256 by a stranger", lambda forge: forge.es256(by=ecdsa(ec_key("evil"))), FORGED),
    Attack("a bit of the header", bent(0, 5), FORGED),
    Attack("a bit of the claims", bent(1, 20), FORGED),
    Attack("a bit of the signature", bent(2, 20), FORGED),
    Attack("another token's claims", _claims_swapped, FORGED),
    Attack(
        "another token's header",
        lambda forge: _halves(forge, {"typ": "at+jwt"}, {}),
        FORGED,
    ),
    Attack("signed without its header", lambda forge: _signed_over(forge, "claims"), FORGED),
    Attack("signed without its claims", lambda forge: _signed_over(forge, "header"), FORGED),
]


def _signed_over(forge: Forge, what: str) -> str:
    def sign(text: bytes) -> bytes:
        header, claims = text.split(b".")
        return pkcs1(RSA)(claims if what == "claims" else header)

    return forge.token(by=sign)


PARAMETERS = [
    *(
        Attack(f"crit {crit}", under(crit=crit, **more), CRITICAL)
        for crit, more in (
            ([], {}),
            (["exp"], {}),
            (["alg"], {}),
            (["unheard-of"], {"unheard-of": 1}),
            (["b64"], {"b64": True}),
            ("exp", {}),
            (None, {}),
        )
    ),
    Attack("b64 false", under(b64=False, crit=["b64"]), "RFC 7797, 6: no unencoded claims"),
    Attack("b64 false, not critical", under(b64=False), "RFC 7797, 6: no unencoded claims"),
    Attack(
        "claims that are not encoded",
        lambda forge: forge.compact(claims='{"sub":"ana"}'),
        "RFC 7797, 5.2: no unencoded claims",
    ),
    Attack("jku", under(jku="https://evil.example/keys"), FETCH),
    Attack(
        "jku of the issuer", lambda forge: forge.token(header={"jku": f"{forge.issuer}/k"}), FETCH
    ),
    Attack("jku null", under(jku=None), FETCH),
    Attack("x5u", under(x5u="https://evil.example/cert"), FETCH),
    Attack("x5c", under(x5c=["MIIB"]), FETCH),
    Attack(
        "its own key",
        lambda forge: forge.token(
            header={"jwk": rsa_jwk(rsa_key("evil"), kid="rsa")}, by=pkcs1(rsa_key("evil"))
        ),
        FETCH,
    ),
    Attack(
        "its own key on a curve",
        lambda forge: forge.es256(by=ecdsa(ec_key("evil")), jwk=ec_jwk(ec_key("evil"))),
        FETCH,
    ),
    Attack("the right key as its own", under(jwk=rsa_jwk(RSA)), FETCH),
    Attack("zip", under(zip="DEF"), "RFC 7516, 4.1.3: not of a signed token; a bomb"),
    Attack("enc", under(enc="A256GCM"), "RFC 8725, 2.3: signed is not encrypted"),
    Attack(
        "a JWE",
        lambda forge: ".".join(
            [part(b'{"alg":"RSA-OAEP","enc":"A256GCM","kid":"rsa"}'), *[part(b"x" * 40)] * 4]
        ),
        "RFC 8725, 2.3: anybody can encrypt to a public key",
    ),
    Attack(
        "a token in a token",
        lambda forge: forge.raw(
            '{"alg":"RS256","kid":"rsa","cty":"JWT"}', forge.token({"name": "inner"})
        ),
        "RFC 7519, 5.2: nested",
    ),
    *(
        Attack(f"typ {typ!r}", under(typ=typ), TYPE)
        for typ in (
            "dpop+jwt",
            "logout+jwt",
            "secevent+jwt",
            "token-introspection+jwt",
            "application/dpop+jwt",
            "JWE",
            "JOSE",
            "none",
            "JWT ",
            "application/",
            "application/application/jwt",
            "ＪＷＴ",
            None,
            1,
            True,
            ["JWT"],
        )
    ),
]

ALGORITHMS = [*ALGORITHM, *SIGNATURE, *PARAMETERS]
