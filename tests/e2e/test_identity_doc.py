"""What docs/identity.md tells people to run, run."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from auth.keys import KeySet
from tests.e2e.product import Product
from tests.support.openid import RESOURCE, Provider

DOC = (Path(__file__).parents[2] / "docs/identity.md").read_text()


def run(*arguments: str, program: str = "", **environ: str) -> str:
    """What Python prints, given the program on standard input or by the arguments."""
    done = subprocess.run(
        [sys.executable, *arguments],
        input=program,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_the_python_client_gets_its_reply(signing_in: Product, provider: Provider) -> None:
    [program] = re.findall(r"```python\n(.*?)```", DOC, re.DOTALL)
    token = provider.app.sign_in("reader", resource=RESOURCE).access
    printed = run(
        "-", program=program, PARLEY_URL=signing_in.socket_url, PARLEY_TOKEN=token, no_proxy="*"
    )
    assert "Hello" in printed


def test_the_pinned_keys_that_are_printed_are_all_the_providers_keys(provider: Provider) -> None:
    [program] = re.findall(r"<<'END'\n(.*?)END\n", DOC, re.DOTALL)
    printed = run("-", f"{provider.issuer}/jwks", program=program, no_proxy="*")
    name, _, value = printed.partition("=")
    assert name == "JwtPinnedKeys"
    assert " " not in value
    keys = json.loads(value)["keys"]
    for key in keys:
        assert KeySet.read({"keys": keys}).choose(key["kid"], key["alg"])
        assert "d" not in key


def test_a_token_is_decoded(provider: Provider) -> None:
    [program] = re.findall(r"python3 -c '(.*?)' <token>", DOC)
    claims = json.loads(run("-c", program, provider.app.sign_in("reader").id))
    assert claims["sub"] == "reader"
