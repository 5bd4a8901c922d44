"""Replies: asked of the bot at once, or ordered, claimed, written and counted."""
