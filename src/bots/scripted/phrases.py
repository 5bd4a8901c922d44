"""What the engine itself says. A flow file's `phrases` may replace any of these."""

PHRASES = {
    "got_it": "Got it: {values}.",
    "remembered": "I still have {values}.",
    "changed": "Changed: {values}.",
    "confirm": "Shall I go ahead?",
    "yes_or_no": "Please answer yes or no, or tell me what to change.",
    "what_to_change": "What shall I change: {labels}?",
    "not_understood": "Sorry, I did not understand that.",
    "not_answered": "Sorry, that is not something I can use here. {hint}",
    "still_stuck": "You can also say 'help', 'start over' or 'cancel'.",
    "in_dialogue_help": (
        "We are at: {title}. You can correct an earlier answer at any time "
        "('no, change the {label}'), ask something else, or say 'start over' or 'cancel'."
    ),
    "resume": "Back to where we were: {title}.",
    "later": "We will come back to this afterwards: {title}.",
    "too_many": "Let us finish this first: {title}.",
    "cancelled": "All right, I have dropped this: {title}.",
    "nothing_to_cancel": "There is nothing to cancel. What can I do for you?",
    "started_over": "Let us start again: {title}.",
    "cleared": "I have cleared everything.",
    "recovered": "I have been updated since we last spoke, so I lost my place. Sorry about that.",
    "no_longer": "Your answer for {label} does not hold any more.",
    "hello": "Hello!",
    "at_your_service": "With pleasure. What can I do for you?",
    "nothing_more": "All right. I am here whenever you need me.",
    "none": "none",
}
"""Name: text. `{...}` are filled in by the engine."""
