"""A support inbox: a bot answers until a person takes the conversation over."""
