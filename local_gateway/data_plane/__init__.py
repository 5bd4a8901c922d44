"""Connections, invocations and answers, without a socket in sight."""
