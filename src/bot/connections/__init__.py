"""How long connections may be used, and how they end."""
