"""The static page: its files, its settings, and nothing else of this machine."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.local_gateway.front import RawClient, serving

EXPECTED_POLICY = {
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self' ws: wss: https: http://localhost:* http://127.0.0.1:*",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
}


@pytest.fixture
def page_dir(tmp_path: Path) -> Path:
    page = tmp_path / "page"
    (page / "lib").mkdir(parents=True)
    (page / "index.html").write_text("<!doctype html>hé", encoding="utf-8")
    (page / "lib" / "chat.mjs").write_text("export {}")
    (page / "style.css").write_text("p {}")
    (page / ".hidden").write_text("secret")
    (tmp_path / "secret.txt").write_text("secret")
    (page / "link.txt").symlink_to(tmp_path / "secret.txt")
    return page


def get(page_dir: Path, path: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
    async def run() -> tuple[int, Any, bytes]:
        async with (
            serving(page_dir=page_dir) as front,
            front.session.request(method, front.url + path, headers=headers) as response,
        ):
            return response.status, response.headers, await response.read()

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/lib/chat.mjs", "text/javascript; charset=utf-8"),
        ("/style.css?v=1", "text/css; charset=utf-8"),
    ],
)
def test_files_are_served_with_their_type_and_strict_headers(
    page_dir: Path, path: str, kind: str
) -> None:
    status, headers, _ = get(page_dir, path)
    assert (status, headers["Content-Type"]) == (200, kind)
    assert set(headers["Content-Security-Policy"].split("; ")) == EXPECTED_POLICY
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    [
        "/../secret.txt",
        "/lib/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e%2fsecret.txt",
        "/lib/..%5c..%5csecret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/link.txt",
        "/.hidden",
        "/lib",
        "/lib/",
        "/absent.html",
        "/index.html%00.css",
    ],
)
def test_nothing_outside_the_page_is_served(page_dir: Path, path: str) -> None:
    async def run() -> tuple[int, bytes]:
        async with serving(page_dir=page_dir) as front:
            client = await RawClient.open(front.port)
            status, headers = await client.request(path, {})
            body = await client.reader.readexactly(int(headers.get("content-length", "0")))
            return status, body

    status, body = asyncio.run(run())
    assert status == 404
    assert b"secret" not in body
    assert b"root:" not in body


def test_a_head_has_no_body_and_a_post_is_not_allowed(page_dir: Path) -> None:
    status, headers, body = get(page_dir, "/", "HEAD")
    assert (status, body) == (200, b"")
    assert headers["Content-Length"] == "18"
    assert get(page_dir, "/", "POST")[0] == 405


def test_the_settings_name_the_socket_at_the_host_that_was_asked(page_dir: Path) -> None:
    async def run() -> list[Any]:
        async with serving(page_dir=page_dir) as front:
            found = []
            for host in (f"localhost:{front.port}", f"127.0.0.1:{front.port}", "evil.example"):
                async with front.session.get(
                    f"{front.url}/config.json", headers={"Host": host}
                ) as response:
                    settings = await response.json()
                found.append((settings["stage"], settings["url"].replace(str(front.port), "P")))
            return found

    assert asyncio.run(run()) == [
        ("prod", "ws://localhost:P/prod"),
        ("prod", "ws://127.0.0.1:P/prod"),
        ("prod", "ws://localhost:P/prod"),
    ]
