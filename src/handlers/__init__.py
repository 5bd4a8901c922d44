"""Lambda entry points and their composition root. Glue only: what is decided is decided below."""
