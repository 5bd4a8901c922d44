"""The gateway's sockets: one aiohttp server for page, WebSocket and management API."""
