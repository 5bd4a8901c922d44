"""A person at the page, in a browser of their own."""

import json
import uuid
from typing import Any

from playwright.sync_api import Browser, Locator, Route, expect

from tests.e2e.product import Product
from tests.support.browser import PATIENCE_MS


class Visitor:
    """Knows the page by what a person sees of it. `name` is their own, at the provider too."""

    def __init__(self, browser: Browser, product: Product) -> None:
        self.name = f"person-{uuid.uuid4()}"
        self.product = product
        self.problems: list[str] = []
        self.context = browser.new_context()
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))

    def open(self) -> None:
        """Open the page, and be let in."""
        self.page.goto(f"{self.product.url}/")
        self.expect_connected()

    def sign_in(self) -> None:
        """Sign in at the provider, and be let in again."""
        self.button("Sign in").click()
        self.page.get_by_role("textbox", name="Name").fill(self.name)
        self.button("Sign in").click()
        expect(self.button("Sign out")).to_be_visible()

    def say(self, text: str, patience_ms: int = PATIENCE_MS) -> None:
        """Say something, and see the bot's answer."""
        before = self.articles.count()
        self.page.get_by_role("textbox", name="Message").fill(text)
        self.button("Send").click()
        expect(self.articles).to_have_count(before + 2, timeout=patience_ms)
        expect(self.articles.nth(before)).to_contain_text(text)

    def expect_connected(self, patience_ms: int = PATIENCE_MS) -> None:
        """See that the page is connected."""
        expect(self.page.get_by_role("status")).to_have_text("Connected", timeout=patience_ms)

    def expect_said(self, *texts: str) -> None:
        """See exactly these texts of theirs, in this order, each with a reply."""
        expect(self.articles).to_have_count(2 * len(texts))
        for number, text in enumerate(texts):
            expect(self.articles.nth(2 * number)).to_contain_text(text)

    def button(self, name: str) -> Locator:
        """The button of this name, on the page or at the provider."""
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def articles(self) -> Locator:
        """What was said: a text and its reply are two."""
        return self.page.get_by_role("log", name="Conversation").get_by_role("article")

    @property
    def credential(self) -> str:
        """The token that the page connects with."""
        kept = json.loads(self.page.evaluate("sessionStorage.getItem('parley.signIn.tokens')"))
        return str(kept["credential"])

    def stored(self, storage: str) -> str:
        """All that this tab has in `localStorage` or `sessionStorage`."""
        return str(self.page.evaluate(f"JSON.stringify({storage})"))

    def send_id_tokens(self) -> None:
        """Have the page as it is with SignInToken=id, where nothing makes access tokens JWTs."""

        def answer(route: Route) -> None:
            config: dict[str, Any] = route.fetch().json()
            config["signIn"] |= {"token": "id", "parameters": ""}
            route.fulfill(json=config)

        self.page.route("**/config.json", answer)

    def watch(self) -> None:
        """From now on note what is said of trouble, see `noticed`."""
        self.page.evaluate(
            """() => {
                globalThis.noticed = [];
                const look = () => {
                    for (const part of document.querySelectorAll('[role=status], [role=alert]')) {
                        const text = part.checkVisibility() ? part.textContent.trim() : '';
                        if (text !== '' && text !== 'Connected') noticed.push(text);
                    }
                };
                const all = {subtree: true, childList: true, characterData: true, attributes: true};
                new MutationObserver(look).observe(document.body, all);
            }"""
        )

    @property
    def noticed(self) -> list[str]:
        """What status and alerts have said since `watch`, other than `Connected`."""
        said: list[str] = self.page.evaluate("noticed")
        return said
