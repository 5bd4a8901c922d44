"""Messages that become turns."""
