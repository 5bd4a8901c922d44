"""API Gateway's WebSocket behaviour as a pure library: values in, values out, no sockets."""
