"""What is written in JavaScript, in real Chromium: each test of tests/web/*/*.test.js is one."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.web.fake_server import FakeServer

FOLDER = Path(__file__).parent
TEST = re.compile(r"^test\((['\"`])(.+?)(?<!\\)\1, ", re.MULTILINE)


def _tests() -> list[tuple[str, str]]:
    return [
        (str(file.relative_to(FOLDER)), match[2].replace("\\'", "'"))
        for file in sorted(FOLDER.glob("*/*.test.js"))
        for match in TEST.finditer(file.read_text())
    ]


@pytest.fixture(scope="module")
def blank_page(browser: Browser) -> Iterator[Page]:
    with FakeServer() as server:
        page = browser.new_page()
        page.goto(server.url + "tests/harness.html")
        yield page
        page.close()


@pytest.mark.parametrize(("file", "name"), _tests(), ids=lambda value: value)
def test_in_the_browser(blank_page: Page, file: str, name: str) -> None:
    failure = blank_page.evaluate(
        """async ([file, name]) => {
            await import(`/tests/${file}`);
            const { run } = await import('/tests/harness.js');
            try { await run(name); } catch (error) { return error.stack ?? String(error); }
            return '';
        }""",
        [file, name],
    )
    assert failure == "", failure


def test_no_test_in_the_browser_is_overlooked() -> None:
    calls = sum(
        len(re.findall(r"^\s*test\(", file.read_text(), re.MULTILINE))
        for file in FOLDER.glob("*/*.test.js")
    )
    assert calls == len(_tests()) > 50
