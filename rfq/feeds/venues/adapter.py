"""What every venue's adapter does, sans-IO: it is told bytes and instants; what was said and what to ask comes back.

No adapter ever raises on anything a venue sends: what it cannot read becomes a `Trouble`.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from rfq.feeds.said import Ask, Said


class Heard(NamedTuple):
    """What came of one message."""

    said: Sequence[Said] = ()
    asks: Sequence[Ask] = ()


class Limits(NamedTuple):
    """What the venue allows: messages a second on a link, weight a minute by HTTP, channels in one request."""

    messages_per_s: float
    weight_per_minute: int
    channels_per_message: int


class Adapter(Protocol):
    """One venue, one market of it, some symbols. One connection of it is called a link; a venue may need several."""

    venue: str
    limits: Limits

    @property
    def links(self) -> Mapping[str, str]:
        """Link -> its WebSocket address; fixed once made."""
        ...

    @property
    def rest(self) -> str:
        """The address that `Fetch` paths are below."""
        ...

    def opened(self, link: str, now: int) -> Heard:
        """The link is up: subscribe, set heartbeats, fetch what is needed. Books on it start from nothing."""
        ...

    def closed(self, link: str, now: int) -> Heard:
        """The link is down: nothing on it is known any more (a Trouble with breaks_book for each symbol on it)."""
        ...

    def hear(self, link: str, raw: bytes, now: int) -> Heard:
        """A message of the venue, as its bytes, and when they were read."""
        ...

    def fetched(self, tag: str, status: int, raw: bytes, sent_at: int, now: int) -> Heard:
        """The answer to a `Fetch`; `status` 0 means that none came."""
        ...

    def tick(self, now: int) -> Heard:
        """Called about once a second: pings, silence that has lasted too long, requests that were never answered."""
        ...

    def resync(self, symbol: str, now: int) -> Heard:
        """The book of this symbol was found wrong: ask for it again from the beginning."""
        ...
