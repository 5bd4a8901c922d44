"""A conversation's log of turns, and what of its end a function keeps in mind."""
