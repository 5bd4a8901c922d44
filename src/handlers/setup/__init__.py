"""Settings, clients and the composition root."""
