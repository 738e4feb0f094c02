"""The session, sans-IO: who is it, whose turn is it, what is missing. Bytes and `now` in, messages and bytes out."""
