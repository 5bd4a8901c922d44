"""What an operator does to a running Parley, on AWS or on a laptop. Never deployed."""
