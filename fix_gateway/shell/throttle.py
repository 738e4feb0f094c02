"""How many messages a peer may send: so many a second, and a burst on top. Pure; told the time, never reads it.

It is a bucket that leaks: a message is allowed while the bucket, which runs out steadily, has room for it. Kept as one
instant, the one at which the bucket would be empty.
"""

NS_PER_S = 1_000_000_000
NOTES_PER_S = 10
NOTES_BURST = 100
"""What one peer may cost an operator in lines to read."""


class Throttle:
    """`per_s` messages a second, `burst` of them at once."""

    __slots__ = ("_empty_at", "_room", "_step")

    def __init__(self, per_s: float, burst: int) -> None:
        if per_s <= 0 or burst < 1:
            raise ValueError(f"a throttle of {per_s} a second with a burst of {burst} lets nothing through")
        self._step = int(NS_PER_S / per_s)
        self._room = self._step * burst
        self._empty_at = 0

    def take(self, now: int) -> bool:
        """Whether one more message is allowed at `now`; one that is not allowed costs nothing."""
        filled = max(self._empty_at, now) + self._step
        if filled - now > self._room:
            return False
        self._empty_at = filled
        return True
