"""Being signed in, in real Chromium: what lasts, what ends, and what comes along."""

import json
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import expect

from tests.web.fake_backend import Frame
from tests.web.fake_provider import FakeProvider
from tests.web.fake_server import FakeServer
from tests.web.page_model import Parley
from tests.web.sign_in.signing_in import KEPT, sign_in


def test_tokens_are_renewed_and_the_chat_does_not_drop(
    parley: Parley, server: FakeServer, provider: FakeProvider
) -> None:
    parley.page.clock.install()
    sign_in(parley)
    connects = len(server.credentials)
    parley.say("Before")
    parley.shows("Before", "You said: Before")
    parley.page.clock.fast_forward("46:00")
    parley.until(lambda: len(server.actions("renew")) > 0)
    expect(parley.status).to_have_text("Connected")
    parley.say("After")
    parley.shows("Before", "You said: Before", "After", "You said: After")
    assert len(server.credentials) == connects
    assert [frame["token"] for frame in server.actions("renew")] == [provider.tokens[3]]
    assert len(provider.grants("refresh_token")) == 1


def test_a_token_that_expires_in_mid_chat_costs_nothing(
    ana: Parley, server: FakeServer, provider: FakeProvider
) -> None:
    ana.say("Before")
    ana.shows("Before", "You said: Before")
    server.expire()
    ana.say("Meanwhile")
    ana.shows("Before", "You said: Before", "Meanwhile", "You said: Meanwhile")
    ana.connected()
    assert len(provider.grants("refresh_token")) == 1
    assert server.credentials[-1] == provider.tokens[3]
    sent = [frame for frame in server.actions("message") if frame["text"] == "Meanwhile"]
    assert all(frame == sent[0] for frame in sent)


def test_a_refused_renewal_ends_in_words_and_signing_in_again_loses_nothing(
    ana: Parley, server: FakeServer, provider: FakeProvider
) -> None:
    ana.say("Before")
    ana.shows("Before", "You said: Before")
    provider.refusal = "invalid_grant"
    server.expire()
    ana.say("Unsent")
    expect(ana.page.get_by_text("You are signed out.")).to_be_visible()
    expect(ana.status).to_have_text("Offline")
    ana.message.fill("half a thought")
    ana.page.reload()
    expect(ana.page.get_by_text("You are signed out.")).to_be_visible()
    ana.shows("Unsent")
    provider.refusal = None
    ana.button("Sign in again").click()
    ana.connected()
    ana.shows("Before", "You said: Before", "Unsent", "You said: Unsent")
    expect(ana.message).to_have_value("half a thought")
    expect(ana.page.get_by_text("You are signed out.")).not_to_be_visible()
    assert provider.questions[-1]["login_hint"] == "ana@example.com"


def test_without_a_refresh_token_a_person_is_asked_before_the_end(
    parley: Parley, provider: FakeProvider
) -> None:
    provider.renews = False
    sign_in(parley)
    parley.message.fill("half a thought")
    parley.page.clock.install()
    parley.page.reload()
    parley.connected()
    parley.page.clock.fast_forward("59:00")
    expect(parley.page.get_by_text("Your sign-in ends soon.")).to_be_visible()
    expect(parley.status).to_have_text("Connected")
    parley.page.clock.fast_forward("02:00")
    expect(parley.page.get_by_text("You are signed out.")).to_be_visible()
    expect(parley.status).to_have_text("Offline")
    parley.button("Sign in again").click()
    parley.connected()
    expect(parley.message).to_have_value("half a thought")


def test_someone_else_who_signs_in_gets_nothing_of_what_was_left(
    ana: Parley, server: FakeServer, provider: FakeProvider
) -> None:
    provider.refusal = "invalid_grant"
    server.expire()
    ana.say("A secret of Ana")
    ana.message.fill("and a draft of hers")
    expect(ana.button("Sign in again")).to_be_visible()
    provider.refusal = None
    provider.person = {"sub": "ben", "name": "Ben"}
    ana.button("Sign in again").click()
    expect(ana.page.get_by_text("Ben", exact=True)).to_be_visible()
    ana.connected()
    expect(ana.message).to_have_value("")
    expect(ana.articles).to_have_count(0)
    assert server.backend.conversation("user:ben").head == 0


def test_signing_out_leaves_a_fresh_guest(
    ana: Parley, server: FakeServer, provider: FakeProvider
) -> None:
    ana.say("Hello")
    ana.shows("Hello", "You said: Hello")
    ana.message.fill("a draft")
    ana.button("Sign out").click()
    expect(ana.button("Sign in")).to_be_visible()
    ana.connected()
    expect(ana.articles).to_have_count(0)
    expect(ana.message).to_have_value("")
    assert ana.page.url == server.url
    goodbye = parse_qs(urlsplit(provider.paths[-1]).query)
    assert goodbye == {
        "client_id": ["page"],
        "post_logout_redirect_uri": [server.url],
    }
    kept = [name for name, _ in ana.page.evaluate(KEPT)["session"]]
    assert sorted(kept) == ["parley.conversationId", "parley.userId"]


def test_signing_out_works_while_the_provider_is_down(ana: Parley, provider: FakeProvider) -> None:
    provider.is_down = True
    ana.page.reload()
    ana.connected()
    ana.button("Sign out").click()
    expect(ana.button("Sign in")).to_be_visible()
    ana.connected()


def test_signing_out_asks_first_where_something_is_not_sent(
    ana: Parley, server: FakeServer
) -> None:
    server.refusing = True
    server.cut()
    ana.say("Unsent")
    ana.button("Sign out").click()
    expect(ana.page.get_by_text("A message is not sent yet")).to_be_visible()
    ana.button("Cancel").click()
    ana.shows("Unsent")
    ana.button("Sign out").click()
    ana.button("Sign out anyway").click()
    expect(ana.button("Sign in")).to_be_visible()
    expect(ana.articles).to_have_count(0)


def test_a_guest_who_signs_in_keeps_every_conversation(parley: Parley, server: FakeServer) -> None:
    parley.say("The first")
    parley.shows("The first", "You said: The first")
    parley.button("New conversation").click()
    parley.say("The second")
    parley.shows("The second", "You said: The second")
    server.backend.append("user:ana", "main", text="Ana’s own", reply="from another day")
    sign_in(parley)
    parley.shows("The second", "You said: The second")
    expect(parley.links).to_have_count(3)
    parley.links.filter(has_text="The first").click()
    parley.shows("The first", "You said: The first")
    parley.say("More")
    parley.shows("The first", "You said: The first", "More", "You said: More")
    parley.links.filter(has_text="Ana’s own").click()
    parley.shows("Ana’s own", "from another day")
    assert [frame["cursor"] for frame in server.actions("adopt")] == [None, "more"]
    assert parley.page.evaluate("sessionStorage.getItem('parley.userId')") is None


def test_what_a_guest_had_not_sent_is_sent_after_signing_in_and_shows_once(
    parley: Parley, server: FakeServer
) -> None:
    guest = parley.guest
    parley.say("Before")
    parley.shows("Before", "You said: Before")

    def lose_the_answer(frame: Frame) -> list[Frame] | None:
        if frame["action"] != "message":
            return None
        if frame["text"] == "Arrived":
            server.backend.handle(guest, frame)
        return []

    server.intervene(lose_the_answer)
    parley.say("Arrived")
    parley.say("Not sent")
    parley.message.fill("half a thought")
    expect(parley.page.get_by_text("Sending…")).to_have_count(2)
    server.behave()
    sign_in(parley)
    arrived = ("Before", "You said: Before", "Arrived", "You said: Arrived")
    parley.shows(*arrived, "Not sent", "You said: Not sent")
    expect(parley.message).to_have_value("half a thought")


def test_bringing_along_goes_on_after_a_lost_connection_and_a_reload(
    parley: Parley, server: FakeServer
) -> None:
    parley.say("Keep this")
    parley.shows("Keep this", "You said: Keep this")
    server.intervene(lambda frame: [] if frame["action"] == "adopt" else None)
    parley.button("Sign in").click()
    expect(parley.page.get_by_text("Bringing your conversations along")).to_be_visible()
    server.cut()
    parley.page.reload()
    expect(parley.page.get_by_text("Bringing your conversations along")).to_be_visible()
    expect(parley.status).to_have_text("Connecting")
    server.behave()
    server.cut()
    parley.connected()
    parley.shows("Keep this", "You said: Keep this")
    expect(parley.page.get_by_text("Bringing your conversations along")).not_to_be_visible()


def test_conversations_that_cannot_be_brought_along_are_left_only_by_choice(
    parley: Parley, server: FakeServer
) -> None:
    parley.say("Old")
    parley.shows("Old", "You said: Old")
    guest = parley.guest

    def refuse(frame: Frame) -> list[Frame] | None:
        error = {"type": "error", "code": "internal_error", "message": "", "retryable": False}
        return [error] if frame["action"] == "adopt" else None

    server.intervene(refuse)
    parley.button("Sign in").click()
    expect(parley.page.get_by_text("They could not be brought along.")).to_be_visible()
    parley.button("Try again").click()
    expect(parley.page.get_by_text("They could not be brought along.")).to_be_visible()
    assert parley.guest == guest
    parley.button("Go on without them").click()
    parley.connected()
    expect(parley.articles).to_have_count(0)
    assert parley.page.evaluate("sessionStorage.getItem('parley.userId')") is None


def test_two_tabs_have_a_session_each(ana: Parley, provider: FakeProvider) -> None:
    with ana.page.context.expect_page() as opened:
        ana.page.evaluate("window.open(location.href)")
    copy = Parley(opened.value).connected()
    expect(copy.page.get_by_text("Ana Example")).to_be_visible()
    ana.page.bring_to_front()
    refresh = provider.tokens[2]
    assert refresh in json.dumps(ana.page.evaluate(KEPT))
    assert refresh not in json.dumps(copy.page.evaluate(KEPT))
    ana.say("From the first")
    copy.shows("From the first", "You said: From the first")
