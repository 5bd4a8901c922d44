"""What docs/identity.md tells people to run, run."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from playwright.sync_api import expect

from auth.keys import KeySet
from tests.e2e.product import Product
from tests.e2e.visitor import Visitor
from tests.support.openid import RESOURCE, Provider

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs/identity.md").read_text()


def run(*arguments: str, program: str = "", **environ: str) -> str:
    """What Python prints, given the program on standard input or by the arguments."""
    done = subprocess.run(
        [sys.executable, *arguments],
        input=program,
        env={**os.environ, **environ},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=120,
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


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The folder on a web host of its own, at the address that this gives."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_page_of_ones_own_signs_in_and_connects(
    signing_in: Product, provider: Provider, visitor: Visitor, tmp_path: Path
) -> None:
    [script] = [each for each in re.findall(r"```js\n(.*?)```", DOC, re.DOTALL) if "import" in each]
    tmp_path.joinpath("own.js").write_text(script)
    tmp_path.joinpath("own.html").write_text('<script type="module" src="own.js"></script>')
    tmp_path.joinpath("client").symlink_to(ROOT / "web-client/client")
    with urllib.request.urlopen(f"{signing_in.url}/config.json") as config:
        tmp_path.joinpath("config.json").write_bytes(config.read())
    with served(tmp_path) as host:
        page = f"{host}/own.html"
        provider.change(redirectUris=[f"{signing_in.url}/", page])
        frames: list[str | bytes] = []
        visitor.page.on(
            "websocket", lambda socket: socket.on("framereceived", lambda got: frames.append(got))
        )
        visitor.page.goto(page)
        visitor.page.get_by_role("textbox", name="Name").fill(visitor.name)
        visitor.button("Sign in").click()
        while not frames:
            visitor.page.wait_for_timeout(50)
        expect(visitor.page).to_have_url(page)
