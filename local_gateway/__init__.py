"""API Gateway's WebSocket data plane on a laptop, in front of an embedded AWS. Never deployed."""
