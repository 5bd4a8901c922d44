"""Where state rests: DynamoDB, and memory for tests. Both keep the ports of `bot.ports`."""
