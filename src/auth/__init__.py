"""Who is calling: credentials, guests, and the authorizer's answer. No AWS, no I/O."""
