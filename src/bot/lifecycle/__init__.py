"""How conversations fork, move and end."""
