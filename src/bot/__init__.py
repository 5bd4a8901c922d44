"""The conversation: frames, turns, snapshots. Pure: no AWS, no I/O but through the ports."""
