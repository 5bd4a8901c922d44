"""The bots that ship with Parley, and room for your own (docs/bots.md)."""
