"""All that is kept of a user: exported, and erased."""
