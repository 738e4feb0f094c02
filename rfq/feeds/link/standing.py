"""How a feed stands: its links, books, clock and troubles, as plain values for a page, a check or a log line."""

import msgspec


class LinkStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One connection of a venue."""

    link: str
    is_up: bool
    since_at: int
    heard_at: int
    """When it last said anything; 0 if never."""
    messages: int
    received_bytes: int
    connections: int
    failures: int
    """Attempts in vain, one after the other."""
    last_down: str
    """Why it went down the last time."""


class BookStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One book."""

    symbol: str
    state: str
    since_at: int
    """Since when it has been right, or has not."""
    look_at: int
    looks: int
    prints: int
    breaks: int
    """How often it was right and then no more."""
    resyncs: int
    last_break: str


class FeedStanding(msgspec.Struct, frozen=True, kw_only=True):
    """One venue."""

    venue: str
    at: int
    links: tuple[LinkStanding, ...]
    books: tuple[BookStanding, ...]
    offset_ns: int | None
    """The venue's clock minus ours; None where it was never read."""
    offset_error_ns: int | None
    fetches: int
    fetches_failed: int
    last_failure: str
    """Why a question by HTTP failed the last time."""
    troubles: int
    unwatched: int
    """What was said of symbols that nobody watches."""
    faults: int
    """Messages that one of our own errors ended."""
    last_troubles: tuple[str, ...]

    @property
    def is_right(self) -> bool:
        """Every link up, every book right."""
        return all(one.is_up for one in self.links) and all(one.state == "live" for one in self.books)
