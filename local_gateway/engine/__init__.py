"""The embedded AWS: MiniStack as a child process that keeps its state under DATA_DIR."""
