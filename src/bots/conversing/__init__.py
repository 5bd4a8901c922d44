"""What bots on language models share: history, summary, tools, retries, and one reply's course."""
