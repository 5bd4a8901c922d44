"""The support inbox as its people live it: a customer and an operator, each in a browser."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, WebSocketRoute, expect

from tests.e2e.product import Product
from tests.support.template import ROOT
from tests.web.audits import CONTRAST, UNNAMED

README = (ROOT / "examples/support-inbox/README.md").read_text()
ANNA = re.findall(r"operator\.html#([0-9a-f-]{36})", README)[0]
OpenPage = Callable[..., Page]


def log(page: Page) -> Locator:
    return page.get_by_role("log", name="Conversation")


def shows(page: Page, *words: str) -> None:
    """Exactly these words, by whoever, in this order."""
    expect(log(page).locator(".words, .mark")).to_have_text(
        [re.compile(each, re.IGNORECASE) for each in words]
    )


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def say(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Message").fill(text)
    button(page, "Send").click()


def customer(open_page: OpenPage, product: Product, **options: object) -> Page:
    page = open_page(f"{product.url}/support-inbox/", **options)
    expect(page.get_by_role("status")).to_have_text("Connected")
    return page


def operator(open_page: OpenPage, product: Product, **options: object) -> Page:
    page = open_page(f"{product.url}/support-inbox/operator.html#{ANNA}", **options)
    expect(page.get_by_role("status")).to_have_text("Connected")
    assert ANNA not in page.url
    return page


def case(page: Page, title: str) -> Locator:
    return page.get_by_role("navigation", name="Conversations").get_by_role("link", name=title)


def test_a_person_takes_a_conversation_over_and_hands_it_back(
    support_inbox: Product, open_page: OpenPage
) -> None:
    cora = customer(open_page, support_inbox)
    anna = operator(open_page, support_inbox)

    say(cora, "hello from Cora")
    shows(cora, "hello from Cora", ".+")
    expect(case(anna, "Bot: hello from Cora")).to_be_visible()
    button(cora, "Talk to a person").click()
    expect(log(cora)).to_contain_text("I have asked my colleagues.")
    case(anna, "Waiting: hello from Cora").click()
    shows(
        anna,
        "hello from Cora",
        ".+",
        "I would like to talk to a person",
        "A person was asked for",
        "I have asked my colleagues.+",
    )

    button(anna, "Take over").click()
    expect(cora.locator("#partner")).to_have_text("You are talking to Anna")
    expect(log(cora).locator(".mark")).to_have_text("Anna has joined the conversation.")
    expect(button(anna, "Hand back to the bot")).to_be_visible()
    replies = cora.locator(".is-bot").count()
    say(cora, "are you real?")
    expect(log(anna)).to_contain_text("are you real?")
    say(anna, "Yes, I am. How can I help?")
    expect(log(cora).get_by_role("article").last).to_have_text("Yes, I am. How can I help?")
    assert cora.locator(".is-bot").count() == replies, "the bot is silent"

    # Neither a reload nor a cut loses who has the conversation, or anything that was said.
    said = log(cora).locator(".words, .mark").all_inner_texts()
    seen = log(anna).locator(".words, .mark").all_inner_texts()
    cora.reload()
    anna.reload()
    expect(log(cora).locator(".words, .mark")).to_have_text(said)
    expect(log(anna).locator(".words, .mark")).to_have_text(seen)
    expect(cora.locator("#partner")).to_have_text("You are talking to Anna")

    button(anna, "Hand back to the bot").click()
    expect(cora.locator("#partner")).to_have_text("You are talking to the bot")
    expect(log(cora).locator(".mark").last).to_have_text("Anna has left; the bot answers again.")
    say(cora, "hello again")
    expect(cora.locator(".is-bot")).to_have_count(replies + 1)
    expect(case(anna, "Bot: hello from Cora")).to_be_visible()


def test_each_customer_has_a_case_of_their_own_and_hears_nothing_of_others(
    support_inbox: Product, open_page: OpenPage
) -> None:
    dora, ella = (customer(open_page, support_inbox) for _ in range(2))
    anna = operator(open_page, support_inbox)
    for page, name in ((dora, "Dora"), (ella, "Ella")):
        say(page, f"a person for {name} please")
        case(anna, f"Waiting: a person for {name}").click()
        button(anna, "Take over").click()
        expect(case(anna, f"Yours: a person for {name}")).to_be_visible()
    say(anna, "this is for Ella")
    expect(log(ella)).to_contain_text("this is for Ella")
    say(dora, "what about me?")
    # It came, and nothing of Ella's had come before it.
    expect(case(anna, "Yours: a person for Dora").get_by_role("img", name="unread")).to_be_visible()
    assert "Ella" not in log(dora).inner_text()


def test_a_case_whose_customer_began_anew_can_be_taken_over_again(
    support_inbox: Product, open_page: OpenPage
) -> None:
    iris, anna = customer(open_page, support_inbox), operator(open_page, support_inbox)
    say(iris, "a person for Iris please")
    case(anna, "Waiting: a person for Iris please").click()
    button(anna, "Take over").click()
    expect(iris.locator("#partner")).to_have_text("You are talking to Anna")
    iris.goto(support_inbox.url)
    button(iris, "Delete").click()
    button(iris, "Delete it").click()
    expect(log(iris).get_by_role("article")).to_have_count(0)
    iris.goto(f"{support_inbox.url}/support-inbox/")
    say(iris, "anew")
    expect(log(iris).locator(".is-bot")).to_have_count(1)
    expect(log(anna)).to_contain_text("anew")
    say(anna, "are you there?")
    expect(log(anna)).to_contain_text("Not sent: take the conversation over first.")
    button(anna, "Take over").click()
    expect(iris.locator("#partner")).to_have_text("You are talking to Anna")
    say(anna, "now I am")
    expect(log(iris)).to_contain_text("now I am")


def test_an_operator_who_has_opened_nothing_is_told_what_to_do(
    support_inbox: Product, open_page: OpenPage
) -> None:
    hana = customer(open_page, support_inbox)
    say(hana, "hello from Hana")
    anna = operator(open_page, support_inbox)
    hint = anna.get_by_text("Choose one from the list")
    expect(hint).to_be_visible()
    case(anna, "Bot: hello from Hana").click()
    shows(anna, "hello from Hana", ".+")
    expect(hint).to_be_hidden()


def test_who_waits_is_seen_however_many_cases_there_are(
    support_inbox: Product, browser: Browser
) -> None:
    page = browser.new_page()
    page.route_web_socket(re.compile("^ws:"), lambda socket: answer_with_cases(socket, 250))
    page.goto(f"{support_inbox.url}/support-inbox/operator.html#{ANNA}")
    expect(case(page, "Waiting: customer 249")).to_be_visible()
    expect(page.get_by_role("link")).to_have_count(1 + 250)  # and the one that skips to writing
    page.close()


def answer_with_cases(socket: WebSocketRoute, count: int) -> None:
    """Be a backend with so many cases, of which the last waits."""
    names = [f"case-{number:03d}" for number in range(count)]

    def listed(name: str) -> dict[str, Any]:
        number = int(name.removeprefix("case-"))
        entry = {"conversationId": name, "title": f"customer {number}", "head": 1, "read": 1}
        return {**entry, "updatedAt": "2026-01-31T09:00:00.000Z"}

    def answer(text: str | bytes) -> None:
        frame = json.loads(text)
        found: dict[str, Any] = {"type": "pong"}
        if frame["action"] == "conversations":
            page = [name for name in names if name > (frame["cursor"] or "")][:20]
            cursor = page[-1] if page[-1] != names[-1] else None
            found = {"type": "conversations", "conversations": [*map(listed, page)]}
            found["cursor"] = cursor
        elif frame["action"] == "resume":
            waiting = {"kind": "waiting", "case": names[-1]}
            turn = {"seq": 1, "author": "backend", "text": "", "reply": "", "status": "done"}
            turns = [{**turn, "messageId": "m", "content": waiting}]
            place = {"conversationId": frame["conversationId"], "epoch": "e", "title": ""}
            found = {"type": "snapshot", **place, "turns": turns, "head": 1, "read": 0}
        socket.send(json.dumps(found))

    socket.on_message(answer)


def test_who_is_no_operator_gets_no_case_and_joins_nothing(
    support_inbox: Product, open_page: OpenPage
) -> None:
    fay = customer(open_page, support_inbox)
    say(fay, "/join")
    expect(fay.locator(".is-bot")).to_have_count(1)
    expect(fay.locator("#partner")).to_have_text("You are talking to the bot")
    stranger = open_page(f"{support_inbox.url}/support-inbox/operator.html")
    expect(stranger.get_by_role("status")).to_have_text("Connected")
    say(fay, "a secret, then")
    expect(fay.locator(".is-bot")).to_have_count(2)
    expect(stranger.get_by_role("navigation").get_by_role("link")).to_have_count(0)
    expect(stranger.locator("#user-id")).to_have_text(re.compile("guest:[0-9a-f]{64}"))
    expect(button(stranger, "Take over")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_pages_fit_a_phone_and_can_be_read(
    support_inbox: Product, open_page: OpenPage, scheme: str
) -> None:
    phone = {"viewport": {"width": 360, "height": 640}, "color_scheme": scheme}
    gina, anna = (
        customer(open_page, support_inbox, **phone),
        operator(open_page, support_inbox, **phone),
    )
    say(gina, f"a person for Gina on a {scheme} phone")
    button(anna, "Show the list").click()
    case(anna, f"Waiting: a person for Gina on a {scheme} phone").click()
    button(anna, "Take over").click()
    expect(gina.locator("#partner")).to_have_text("You are talking to Anna")
    for page in (gina, anna):
        holder = page.locator(".partner")
        assert holder.evaluate("(words) => words.scrollWidth <= words.clientWidth"), "not cut off"
        width = page.evaluate("document.documentElement.scrollWidth")
        assert (width, page.evaluate(UNNAMED)) == (360, [])
        assert page.evaluate(CONTRAST) == []
