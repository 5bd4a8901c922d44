"""How the page shows a model's Markdown, and that it shows nothing else so."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.web.audits import CONTRAST
from tests.web.fake_server import FakeServer
from tests.web.page_model import Parley

REPLY = """\
## A plan

Some **bold** words and a [link](https://example.org/plan).

1. First
   - nested
2. Second

- [x] done

> A quotation of `code`

```python
print("a line of code that is much too long for the screen of a phone, and so it scrolls")
```

| Name | What it is for, in words that take their room | Price |
|:-----|:------------------------------------:|------:|
| one | the first of two | 2.50 |
| two | the second | 13.00 |

---
"""


CURSORS = """() => {
    const all = [document.querySelector('.markdown'), ...document.querySelectorAll('.markdown *')];
    return all.filter((e) => getComputedStyle(e, '::after').content !== 'none')
        .map((e) => [e.localName, e.contains(all.at(-1))]);
}"""


@pytest.fixture
def parley(page: Page) -> Parley:
    return Parley(page).connected()


@pytest.fixture(params=["light", "dark"])
def phone(request: pytest.FixtureRequest, browser: Browser, page_url: str) -> Iterator[Parley]:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme=request.param, has_touch=True
    )
    page = context.new_page()
    page.goto(page_url)
    yield Parley(page).connected()
    context.close()


@pytest.fixture(autouse=True)
def nothing_goes_wrong_unseen(faults: list[str], context: BrowserContext) -> Iterator[None]:
    """No exception, no violation of the Content-Security-Policy and no foreign request."""
    requests: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    yield
    assert faults == []
    assert [url for url in requests if "//localhost:" not in url] == []


class Stream:
    """A reply that is being written."""

    def __init__(self, server: FakeServer, parley: Parley) -> None:
        self._server = server
        self._guest = parley.guest
        parley.say("slow")
        parley.shows("slow", "Once upon a time")

    def write(self, text: str) -> None:
        """Send one more piece."""
        self._server.write(self._guest, text)


def test_a_reply_is_shown_as_its_author_meant_it(parley: Parley, server: FakeServer) -> None:
    server.push(parley.guest, "main", REPLY)
    article = parley.articles.first
    expect(article.get_by_role("heading", name="A plan", level=3)).to_be_visible()
    expect(article.get_by_role("listitem")).to_have_count(4)
    expect(article.get_by_role("img", name="Done")).to_be_visible()
    expect(article.get_by_role("table").get_by_role("row")).to_have_count(3)
    expect(article.get_by_role("columnheader", name="Price")).to_have_css("text-align", "end")
    expect(article.locator("blockquote")).to_have_text("A quotation of code")
    expect(article.get_by_role("strong")).to_have_text("bold")
    expect(parley.page.get_by_role("heading", level=1)).to_have_count(1)


def test_what_a_person_wrote_stays_as_it_was_typed(parley: Parley) -> None:
    parley.say("**bold** [a](https://a.b)")
    parley.shows("**bold** [a](https://a.b)", "You said: bold a")
    expect(parley.articles.first.locator("p > *")).to_have_count(0)
    expect(parley.articles.last.get_by_role("link", name="a")).to_be_visible()


def test_a_link_opens_apart_and_says_where_it_leads(parley: Parley, server: FakeServer) -> None:
    server.push(parley.guest, "main", "[bank.com](https://example.org) [x](javascript:alert(1))")
    link = parley.articles.first.get_by_role("link")
    expect(link).to_have_count(1)
    expect(link).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("title", "example.org")
    parley.shows("bank.com (example.org) [x](javascript:alert(1))")


def test_code_is_copied_by_a_button_that_says_so(
    parley: Parley, server: FakeServer, context: BrowserContext
) -> None:
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    parley.page.clock.install()
    server.push(parley.guest, "main", "```sh\n<b>one</b>\n\ttwo\n```")
    parley.button("Copy").click()
    expect(parley.button("Copied")).to_be_focused()
    assert parley.page.evaluate("navigator.clipboard.readText()") == "<b>one</b>\n\ttwo"
    parley.page.clock.fast_forward(2_000)
    expect(parley.button("Copy")).to_be_focused()
    expect(parley.articles.first.get_by_text("sh", exact=True)).to_be_visible()


def test_code_that_may_not_be_copied_is_selected(parley: Parley, server: FakeServer) -> None:
    parley.page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(); }")
    server.push(parley.guest, "main", "```\none\n```")
    parley.button("Copy").click()
    expect(parley.button("Selected")).to_be_visible()
    assert parley.page.evaluate("getSelection().toString()").strip() == "one"


def test_a_reply_that_is_being_written_keeps_what_it_has_shown(
    parley: Parley, server: FakeServer
) -> None:
    stream = Stream(server, parley)
    article = parley.articles.last
    stream.write(", **there")
    expect(article.get_by_role("strong")).to_have_text("there")
    stream.write(" was**.\n\n```js\nlet a;\n")
    parley.button("Copy").focus()
    parley.page.evaluate("window.kept = [...document.querySelectorAll('article.markdown *')]")
    stream.write("let b;\n```\n\n- one")
    expect(article.get_by_role("listitem")).to_have_text(["one"])
    expect(parley.button("Copy")).to_be_focused()
    assert parley.page.evaluate("window.kept.length > 4 && window.kept.every((e) => e.isConnected)")
    stream.write("\n- two")
    expect(article.get_by_role("listitem")).to_have_text(["one", "two"])
    expect(article).to_have_attribute("aria-busy", "true")


def test_one_cursor_stands_where_a_reply_is_being_written(
    parley: Parley, server: FakeServer
) -> None:
    stream = Stream(server, parley)
    for piece, where in (
        (" on", "p"),
        ("\n\n# A", "h2"),
        ("\n\n- a\n  - b", "li li p"),
        ("\n\n> c", "blockquote p"),
        ("\n\n```\nd", "pre code"),
        ("\n```\n\n| e | f |", "th"),
        ("\n|---|---|\n| g **h** `i`", "td"),
        ("\n\n**j** `k`", "p"),
    ):
        stream.write(piece)
        expect(parley.articles.last.locator(where).last).to_contain_text(piece[-1].strip("`*| "))
        cursors = parley.page.evaluate(CURSORS)
        assert cursors == [[where.split()[-1], True]], piece


def test_on_a_phone_wide_code_and_tables_scroll_by_themselves(
    phone: Parley, server: FakeServer
) -> None:
    wide = "\n".join(
        "| antidisestablishment " * 5 + "|" if row != 1 else "|-" * 5 + "|" for row in range(4)
    )
    server.push(phone.guest, "main", f"{REPLY}\nhttps://example.org/{'a' * 300}\n\n{wide}")
    expect(phone.articles.first.get_by_role("table").last).to_be_visible()
    widths = phone.page.evaluate("""() => ['pre', '.table:last-child'].map((selector) => {
        const element = document.querySelector(selector);
        return element.scrollWidth > element.clientWidth && element.tabIndex === 0;
    })""")
    assert widths == [True, True]
    inside = "['html', '#log', 'article'].map((s) => document.querySelector(s))"
    assert phone.page.evaluate(f"{inside}.every((e) => e.scrollWidth <= e.clientWidth + 2)")
    assert phone.page.evaluate(CONTRAST) == []


def test_each_block_reads_in_its_own_direction(parley: Parley, server: FakeServer) -> None:
    server.push(parley.guest, "main", "שלום\n\nHello\n\n- אחד\n- שניים\n\n```\nlet a;\n```")
    article = parley.articles.first
    expect(article.locator("p").nth(0)).to_have_css("direction", "rtl")
    expect(article.locator("p").nth(1)).to_have_css("direction", "ltr")
    expect(article.locator("ul")).to_have_css("direction", "rtl")
    expect(article.locator("code")).to_have_css("direction", "ltr")


def test_no_module_of_the_page_parses_html(page: Page, page_url: str) -> None:
    page.reload()
    sources = page.evaluate("""() => Promise.all(performance.getEntriesByType('resource')
        .map(({ name }) => name).filter((name) => name.endsWith('.js'))
        .map((name) => fetch(name).then((answer) => answer.text())))""")
    assert len(sources) > 30
    parsers = r"innerHTML|outerHTML|insertAdjacentHTML|DOMParser|createContextualFragment|setHTML"
    others = r"document\.write|\beval\(|new Function|srcdoc|parseFromString|XSLT"
    for source in sources:
        assert re.findall(f"{parsers}|{others}", source) == []
