"""What backends push, to one user or to many."""
