"""Signing in as a person does, and all that a tab keeps of it."""

from playwright.sync_api import expect

from tests.web.page_model import Parley

KEPT = """() => ({
    session: Object.entries(sessionStorage), local: Object.entries(localStorage),
    address: document.URL, referrer: document.referrer, cookies: document.cookie,
})"""


def sign_in(parley: Parley) -> Parley:
    """Sign in, and be connected again."""
    parley.button("Sign in").click()
    expect(parley.button("Sign out")).to_be_visible()
    return parley.connected()
