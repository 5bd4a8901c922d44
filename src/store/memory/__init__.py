"""The same ports in memory: for tests, and for bots that are tried without any AWS."""
