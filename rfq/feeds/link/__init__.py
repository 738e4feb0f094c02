"""The links to the venues: sockets, HTTP, pacing and reconnecting. Coroutines live here and nowhere below."""
