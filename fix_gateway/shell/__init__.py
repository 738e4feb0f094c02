"""Sockets: asyncio's end of a session, who may connect and when, and what a connection may cost."""
