"""The shipped flow, as people talk to it. The day is Monday 2 March 2026."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.models import Reply
from bots.scripted import ServiceDesk

Play = Callable[..., Mapping[str, Any]]

BOOKED_UP_TO_CONFIRMING = """
    you: book a repair for my oven next friday afternoon
    you: it stays cold
    you: Ada Lovelace
    you: 020 7946 0123
    bot: Shall I go ahead?
"""

DIALOGUES = {
    "it greets and says what it can do": """
        you: Hi!
        bot: Hello, I am Fern
        you: help
        bot: book a repair
        bot: track an order
        you: what can you do?
        bot: book a repair
    """,
    "a repair is booked step by step": """
        you: I'd like to book a repair
        bot: Which appliance is it?
        you: the washer
        bot: What is wrong with the washing machine?
        you: It leaks
        bot: Which day
        you: tomorrow
        bot: Tuesday 3 March 2026
        bot: morning (8 to 12)
        you: morning
        bot: What is your name
        you: I'm Ada Lovelace
        bot: telephone number
        you: +44 20 7946 0123
        bot: - Name: Ada Lovelace
        bot: - Phone: +442079460123
        bot: costs 65 euros
        bot: Shall I go ahead?
        you: yes please
        bot: booked for Tuesday 3 March 2026, in the morning
        bot: Your reference is SR-
    """,
    "one sentence answers several questions": """
        you: my dishwasher is broken, can someone come next friday in the afternoon?
        bot: dishwasher, Friday 13 March 2026 and afternoon
        bot: What is wrong with the dishwasher?
        you: there is water in it since Monday
        bot: What is your name
    """,
    "a misspelt word is understood": """
        you: my dishwahser is borken
        bot: What is wrong with the dishwasher?
    """,
    "what does not fit is asked for again, with the reason": """
        you: book a repair for my fridge on Sunday
        bot: Sunday 8 March 2026 does not work
        bot: What is wrong
        you: it is warm
        bot: Which day
        you: yesterday
        bot: not something I can use
        you: 1 March 2026
        bot: has passed already
        you: today
        bot: too soon: the first day I can offer is Tuesday 3 March 2026
        you: 31 February
        bot: There is no day '31 February'
        you: Christmas Day 2027-12-25
        bot: too far ahead
        you: next week
        bot: Which day next week
        you: the 14th
        bot: Saturday 14 March 2026
    """,
    "misunderstandings bring more help each time": """
        you: track my order
        you: blah
        bot: It looks like BO-
        not: subject of the e-mail
        you: blah
        bot: subject of the e-mail
        not: start over
        you: blah
        bot: 'start over' or 'cancel'
        you: BO 123456
        bot: Order BO-123456
        you: gibberish
        bot: other words
        you: gibberish
        bot: something short
        you: gibberish
        bot: speak to a person
        you: gibberish
        bot: speak to a person
        you: hello
        you: gibberish
        bot: other words
    """,
    "a question in mid-dialogue is answered, then the open one is asked again": """
        you: book a repair for my oven
        you: it is cold
        you: what are your opening hours?
        bot: Saturday from 9:00 to 13:00
        bot: Which day
        you: Friday - and how much does a visit cost?
        bot: Friday 6 March 2026
        bot: A visit costs 65 euros
        bot: morning (8 to 12)
    """,
    "another dialogue in mid-dialogue is played, then the first goes on": """
        you: book a repair for my oven
        you: it is cold
        you: where is my order?
        bot: come back to this afterwards: booking a repair
        bot: What is the order number?
        you: 123456
        bot: Order BO-123456
        bot: Back to where we were: booking a repair
        bot: Which day
    """,
    "a lost number opens a dialogue inside the dialogue": """
        you: move my appointment
        bot: What is the reference
        you: I don't know
        bot: Which e-mail address
        you: ada@example
        bot: does not look complete
        you: ada@example.com
        bot: ada@example.com
        bot: Back to where we were: moving an appointment
        bot: What is the reference
        you: sr 123456
        bot: Which day
    """,
    "cancelling drops one dialogue and goes back to the one around it": """
        you: book a repair
        you: where is my parcel?
        you: never mind
        bot: dropped that: tracking an order
        bot: Which appliance
        you: no, cancel that
        bot: dropped that: booking a repair
        you: cancel
        bot: nothing open to cancel
    """,
    "too many dialogues at once are refused": """
        you: speak to a human
        you: Ada
        you: cancel my appointment
        you: no idea
        you: track my order
        bot: finish this first: finding your number
        bot: Which e-mail address
    """,
    "naming the waiting dialogue goes back to it": """
        you: book a repair for my oven
        you: it is cold
        you: track my order
        you: I want to book a repair
        bot: Which day
        not: Back to
    """,
    "starting over forgets the answers": """
        you: book a repair for my oven
        you: start over
        bot: start again: booking a repair
        bot: Which appliance is it?
    """,
    "help inside a dialogue explains the question": """
        you: book a repair
        you: help
        bot: all makes
        bot: Which appliance is it?
        you: dryer
        you: pardon?
        bot: What is wrong with the tumble dryer?
        not: Which appliance
    """,
    "a choice can be given by position, but only one of them": """
        you: book a repair
        you: the washing machine and the dryer
        bot: One at a time, please: washing machine or tumble dryer?
        you: not the washing machine, the dryer
        bot: What is wrong with the tumble dryer?
        you: it squeaks
        you: Friday
        you: 2
        bot: What is your name
    """,
    "an earlier answer is corrected while another question is open": """
        you: book a repair for my oven on Thursday
        you: it is cold
        bot: morning
        you: actually make it Friday
        bot: Changed: Friday 6 March 2026
        bot: morning (8 to 12)
        you: afternoon
        you: sorry, it's a dishwasher
        bot: Changed: dishwasher
        bot: What is your name
        you: Ada
        you: no, change the date
        bot: Which day
        you: keep it
        bot: telephone number
        you: 0207946 0123
        bot: Friday 6 March 2026, afternoon
    """,
    "a first aid that fails becomes a repair, and keeps the appliance": """
        you: my dryer makes a noise, what can I try?
        bot: fluff filter
        bot: Did that help?
        you: not really
        bot: someone had better look at it
        bot: What is wrong with the tumble dryer?
    """,
    "a first aid that works ends there": """
        you: what can I try with my oven?
        you: yes it did
        bot: glad it works
        you: no thanks
        not: did not understand
    """,
    "a call is arranged, with an optional question left out": """
        you: I want to speak to a human tomorrow at 25:00
        bot: There is no time '25:00'
        bot: What is your name
        you: This is Ada
        you: 12
        bot: A telephone number looks like
        you: 0123
        bot: That has 4 digits
        you: 020 7946 0123
        bot: At what time
        you: 8
        bot: 08:00 is too early
        you: 3
        bot: 15:00
        you: skip
        bot: - Name: Ada
        bot: - When: Tuesday 3 March 2026 at 15:00
        bot: - About: none
        you: yes
        bot: We will call 02079460123 on Tuesday 3 March 2026 at 15:00
    """,
    "thanks in place of an answer are no answer": """
        you: speak to a human
        you: thanks
        bot: You are welcome!
        bot: What is your name
    """,
    "to cancel means the dialogue, and else the visit": """
        you: I want to cancel
        bot: say "cancel my appointment"
        you: track my order
        you: I want to cancel
        bot: dropped that: tracking an order
    """,
    "small talk and farewells": """
        you: thanks!
        bot: welcome
        you: are you a robot?
        bot: Fern, a computer programme
        you: goodbye
        bot: Goodbye
    """,
}

CORRECTIONS = {
    "no, change the date": ("Which day", "- Visit"),
    "no": (
        "What shall I change: appliance, problem, date, time of day, name or phone number?",
        "-",
    ),
    "no, make it the morning": ("Visit: Friday 13 March 2026, morning", "Friday 6"),
    "yes but make it Saturday": ("Visit: Saturday 7 March 2026, afternoon", "booked"),
    "actually it's a dishwasher": ("Appliance: dishwasher", "oven"),
    "no, the name is Grace Hopper": ("Name: Grace Hopper", "Ada"),
    "the phone number should be 020 7946 9999": ("Phone: 02079469999", "0123"),
    "change the date to the 20th and the time to morning": ("20 March 2026, morning", "13 March"),
    "not Friday, Wednesday": ("Visit: Wednesday 4 March 2026", "Friday"),
    "change the date to Sunday": ("Sunday 8 March 2026 does not work", "Shall I"),
    "wrong phone number": ("telephone number for the engineer", "Shall I"),
    "what does it cost?": ("A visit costs 65", "- Name"),
    "hmm?": ("Please answer yes or no", "booked"),
    "yes, the name is correct": ("booked for Friday 13 March", "Shall I"),
    "everything is fine": ("booked for Friday 13 March", "Shall I"),
    "that is not right": ("What shall I change", "booked"),
    "the name is wrong": ("What is your name", "booked"),
    "who are you?": ("Fern, a computer programme", "booked"),
    "cancel": ("I have dropped that", "booked for"),
}


@pytest.mark.parametrize("dialogue", DIALOGUES.values(), ids=DIALOGUES)
def test_a_person_and_the_service_desk(desk: ServiceDesk, play: Play, dialogue: str) -> None:
    play(desk, dialogue)


@pytest.mark.parametrize(("said", "expected"), CORRECTIONS.items(), ids=CORRECTIONS)
def test_a_summary_can_be_corrected(
    desk: ServiceDesk, play: Play, said: str, expected: tuple[str, str]
) -> None:
    there, gone = expected
    play(desk, f"{BOOKED_UP_TO_CONFIRMING}\nyou: {said}\nbot: {there}\nnot: {gone}")


def test_after_a_bare_no_the_answer_to_change_can_be_named_or_given(
    desk: ServiceDesk, play: Play
) -> None:
    play(
        desk,
        BOOKED_UP_TO_CONFIRMING
        + """
        you: no
        you: the problem
        bot: What is wrong with the oven?
        you: the door is loose
        bot: Problem: the door is loose
        you: no
        you: morning
        bot: 13 March 2026, morning
        you: no
        you: nothing
        bot: Shall I go ahead?
        you: go ahead
        bot: booked for Friday 13 March 2026, in the morning
        """,
    )


def test_a_finished_booking_is_remembered_and_forgotten_when_it_is_cancelled(
    desk: ServiceDesk, play: Play
) -> None:
    booked = play(desk, BOOKED_UP_TO_CONFIRMING + "you: yes\nbot: Your reference is SR-")
    reference = booked["m"]["reference"]
    state = play(
        desk,
        f"""
        you: what is my reference?
        bot: {reference}
        you: I want to speak to someone
        bot: I still have Ada Lovelace and 02079460123
        bot: On which day
        you: stop
        you: cancel my appointment
        bot: {reference}
        bot: May I ask why?
        you: skip
        you: yes
        bot: Appointment {reference} is cancelled
        you: what is my reference?
        bot: not booked anything
        """,
        booked,
    )
    assert "reference" not in state["m"]


def test_starting_over_outside_a_dialogue_forgets_everything(desk: ServiceDesk, play: Play) -> None:
    state = play(desk, BOOKED_UP_TO_CONFIRMING + "you: yes\nyou: start over\nbot: Fern")
    assert state == {"v": 1}


def test_a_day_that_has_gone_by_is_asked_for_again_before_anything_is_booked(
    desk: ServiceDesk, play: Play
) -> None:
    state = play(desk, BOOKED_UP_TO_CONFIRMING)
    late = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
    play(
        desk,
        """
        you: yes
        bot: Friday 13 March 2026 has passed already
        bot: Which day
        not: booked for
        you: tomorrow
        bot: Thursday 2 April 2026
        """,
        state,
        at=late,
    )


def test_the_reference_comes_from_the_message_alone(
    desk: ServiceDesk, play: Play, ask: Callable[..., Reply]
) -> None:
    state = play(desk, BOOKED_UP_TO_CONFIRMING)
    first = ask(desk, "yes", state, message_id="one")
    assert ask(ServiceDesk(), "yes", state, message_id="one") == first
    assert ask(desk, "yes", state, message_id="two").state != first.state


def test_a_reply_changes_nothing_of_the_snapshot(
    desk: ServiceDesk, play: Play, ask: Callable[..., Reply]
) -> None:
    state = play(desk, BOOKED_UP_TO_CONFIRMING)
    before = json.dumps(state)
    ask(desk, "no, change the date to Saturday", state)
    assert json.dumps(state) == before


def test_the_state_of_a_whole_booking_stays_small(desk: ServiceDesk, play: Play) -> None:
    state = play(desk, BOOKED_UP_TO_CONFIRMING)
    assert len(json.dumps(state, separators=(",", ":"))) < 300
