"""Chromium, for the tests of the page."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

PATIENCE_MS = 30_000
"""How long to look for what a test expects: the machine may be busy."""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def chromium() -> Iterator[Browser]:
    """Chromium; CHROMIUM names another than the one on the path.

    Playwright's loop counts as running in this thread for as long as it lives, and asyncio tests
    cannot run beside it: so let it live for one module at a time, not for the session.
    """
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if path is None:
        pytest.fail("no Chromium found: `apt-get install chromium`, or set CHROMIUM to its path")
    expect.set_options(timeout=PATIENCE_MS)  # in all of this process; 5 seconds by default
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()
