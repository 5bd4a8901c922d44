"""What a token costs the authorizer: microseconds a verification, and milliseconds of import.

Run as `PYTHONPATH=src:. python benchmarks/token_verification.py [--runs N]`; prints two Markdown
tables. The rivals are python-jose, PyJWT and joserfc as their manuals show them, each with its key
made once and asked for signature, `aud` and `exp` alone: less than Parley checks. Their runs are
interleaved, so that what else the machine does falls on all alike. It judges nothing: exit code 0.
"""

import argparse
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import jwt as pyjwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jose import jwk as jose_jwk
from jose import jwt as jose_jwt
from joserfc import jwk as joserfc_jwk
from joserfc import jwt as joserfc_jwt

from auth.keys import KeySet
from auth.tokens import Rules, Verifier
from tests.package.functions import variables
from tests.support.template import ROOT

ISSUER = "https://issuer.example"
AUDIENCE = "parley"
PARLEY = "Parley"
BARE = "python-jose"
BATCH = 200
"""Verifications that are timed together."""

PARTS = {
    "Powertools (logs, metrics)": "aws_lambda_powertools.logging",
    "jose's keys, with OpenSSL (cryptography)": "jose.jwk",
    "HTTP and TLS, to fetch keys": "http.client",
    "the whole authorizer": "handlers.authorizer",
}

Verify = Callable[[], object]


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=25, help="runs of each (default 25)")
    runs = arguments.parse_args().runs
    private = {
        "RS256": rsa.generate_private_key(public_exponent=65537, key_size=2048),
        "ES256": ec.generate_private_key(ec.SECP256R1()),
    }
    measures = {
        (algorithm, name): verify
        for algorithm, key in private.items()
        for name, verify in contestants(algorithm, key).items()
    }
    print(verification_table(medians(measures, runs)))
    print()
    print(import_table(max(3, runs // 5)))


def contestants(algorithm: str, private: Any) -> dict[str, Verify]:
    """Who verifies one and the same token, by name."""
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "a" * 36, "iat": now, "exp": now + 3_600}
    token = pyjwt.encode(claims, private, algorithm, headers={"kid": "key"})
    public = private.public_key()
    entry = jose_jwk.construct(public, algorithm).to_dict()
    document = {
        "keys": [{"kid": "key", "use": "sig", **{name: text(entry[name]) for name in entry}}]
    }
    rules = Rules(frozenset({AUDIENCE}), frozenset({algorithm}), frozenset({"jwt", ""}))
    verifier = Verifier(rules, {ISSUER: KeySet.read(document)}, time.time)
    jose_key = jose_jwk.construct(public, algorithm)
    joserfc_key = joserfc_jwk.import_key(document["keys"][0])
    registry = joserfc_jwt.JWTClaimsRegistry(
        aud={"essential": True, "value": AUDIENCE}, exp={"essential": True}
    )

    def by_joserfc() -> None:
        registry.validate(joserfc_jwt.decode(token, joserfc_key, algorithms=[algorithm]).claims)

    return {
        PARLEY: lambda: verifier.verify(token),
        BARE: lambda: jose_jwt.decode(token, jose_key, [algorithm], audience=AUDIENCE),
        "python-jose, key given as JWK": lambda: jose_jwt.decode(
            token, document, [algorithm], audience=AUDIENCE
        ),
        "PyJWT": lambda: pyjwt.decode(token, public, [algorithm], audience=AUDIENCE),
        "joserfc": by_joserfc,
    }


def text(value: str | bytes) -> str:
    """jose gives some members as bytes."""
    return value.decode() if isinstance(value, bytes) else value


def medians(measures: dict[tuple[str, str], Verify], runs: int) -> dict[tuple[str, str], float]:
    """Microseconds a verification; the first round only warms up."""
    rounds = [{key: timed(verify) for key, verify in measures.items()} for _ in range(runs + 1)]
    return {key: statistics.median(each[key] for each in rounds[1:]) for key in measures}


def timed(verify: Verify) -> float:
    """Microseconds of one verification, of a batch."""
    start = time.perf_counter()
    for _ in range(BATCH):
        verify()
    return (time.perf_counter() - start) / BATCH * 1_000_000


def verification_table(found: dict[tuple[str, str], float]) -> str:
    """A row for each contestant, a column for each algorithm."""
    algorithms = list(dict.fromkeys(algorithm for algorithm, _ in found))
    names = list(dict.fromkeys(name for _, name in found))
    lines = [
        "| µs a verification, keys warm | " + " | ".join(algorithms) + " |",
        "|---|" + "---:|" * len(algorithms),
    ]
    for name in names:
        cells = [
            f"{found[each, name]:.0f} ({found[each, name] / found[each, BARE]:.2f})"
            for each in algorithms
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + f"\n\nIn brackets: times {BARE}. Target for Parley: 1.3."


def import_table(runs: int) -> str:
    """Milliseconds that each part of the authorizer takes to import, itself and what it brings."""
    found = [imports() for _ in range(runs)]
    lines = ["| import of | ms |", "|---|---:|"]
    for part, module in PARTS.items():
        lines.append(f"| {part} | {statistics.median(each[module] for each in found):.1f} |")
    return "\n".join(lines)


def imports() -> dict[str, float]:
    """Cumulative milliseconds by module, of a fresh process that makes the authorizer ready.

    A module counts where it is imported first: HTTP does not count what Powertools brought.
    """
    parameters = {"JwtIssuers": ISSUER, "JwtAudiences": AUDIENCE}
    run = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "import handlers.authorizer as a; a._app()"],
        cwd=ROOT / "src",
        env={**variables("AuthorizerFunction", **parameters), "PYTHONPATH": "."},
        check=True,
        capture_output=True,
        text=True,
    )
    line = re.compile(r"import time:\s+\d+ \|\s+(\d+) \|\s*(\S+)")
    found = {name: int(micro) / 1000 for micro, name in line.findall(run.stderr)}
    found["handlers.authorizer"] += sum(found[each] for each in ("auth.tokens", "auth.fetching"))
    return found


if __name__ == "__main__":
    main()
