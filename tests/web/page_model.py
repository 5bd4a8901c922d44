"""The page as a person meets it: found by role and name alone (design, section 8)."""

import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

PATIENCE_SECONDS = 30


class Parley:
    """One tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.message = page.get_by_role("textbox", name="Message")
        self.status = page.get_by_role("status")
        self.log = page.get_by_role("log", name="Conversation")
        self.articles = self.log.get_by_role("article")
        self.navigation = page.get_by_role("navigation", name="Conversations")
        self.links = self.navigation.get_by_role("link")

    def button(self, name: str) -> Locator:
        """A button by its name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def connected(self) -> "Parley":
        """Wait until there is a connection."""
        expect(self.status).to_have_text("Connected")
        return self

    def say(self, text: str) -> None:
        """Write and send."""
        self.message.fill(text)
        self.button("Send").click()

    def shows(self, *texts: str) -> None:
        """Wait until the conversation is exactly this."""
        expect(self.articles).to_have_text(list(texts))

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds that no locator can tell.

        Playwright's `wait_for_function` looks again by eval, which the page's policy forbids.
        """
        end = time.monotonic() + PATIENCE_SECONDS
        while not holds():
            assert time.monotonic() < end, "it did not come to hold"
            self.page.wait_for_timeout(20)

    @property
    def guest(self) -> str:
        """This tab's unique id."""
        return str(self.page.evaluate("sessionStorage.getItem('parley.userId')"))
