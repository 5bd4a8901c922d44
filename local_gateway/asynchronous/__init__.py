"""Lambda's asynchronous invocation: events that nobody waits for, delivered and delivered again."""
