"""What a venue said, in our words, and what we have to ask of it: the border between venue adapters and the rest.

Adapters make these out of bytes; books, recorders, archives and the market take them, and know no venue. Instants are
UTC ns: `received_at` is when the bytes were read and rules everything; `exchange_at` is the venue's own clock, 0 where
it says none, and is only measured. Symbols are the venue's own spelling. Prices and sizes are whole numbers on the
instrument's `Scale`; marks, rates and volatilities are floats, since nobody counts them.
"""

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from rfq.feeds.levels import Levels


class Market(NamedTuple):
    """One symbol of one venue."""

    venue: str
    symbol: str


class BookSaid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A snapshot of a book, or a change of some of its levels.

    A change covers the venue's numbers `first` to `last`; `prior` is the last number of the message before it where the
    venue says so, else -1. A snapshot has `last` alone. How they must follow each other is the book's rule.
    """

    venue: str
    symbol: str
    received_at: int
    exchange_at: int
    is_snapshot: bool
    bids: "Levels"
    asks: "Levels"
    last: int
    first: int = -1
    prior: int = -1
    checksum: int | None = None
    texts: tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]] | None = None
    """Bids and asks as they were spelled, where the venue's checksum is over the spelling."""
    orders: "tuple[OrderSaid, ...]" = ()
    """The orders told, if it is a book by order (L3): all of them in a snapshot. What they make of the levels is found
    by whoever keeps the book."""


class OrderSaid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One order of an L3 book: opened or changed to `size`, or gone at 0. `side` is the book's, +1 bid, -1 offer."""

    venue: str
    symbol: str
    received_at: int
    exchange_at: int
    order: str
    side: int
    price: int
    size: int
    last: int


class TradeSaid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One trade; `side` is the taker's, +1 buys. `block` names the block trade or RFQ it was part of."""

    venue: str
    symbol: str
    received_at: int
    exchange_at: int
    trade: str
    price: int
    size: int
    side: int
    block: str = ""
    liquidation: bool = False


class TouchSaid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The best bid and offer, as a stream of its own says them."""

    venue: str
    symbol: str
    received_at: int
    exchange_at: int
    bid: int
    bid_size: int
    ask: int
    ask_size: int
    last: int


class TickerSaid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What else a venue says of an instrument; None where it does not. Volatilities are decimals a year, prices in the
    quote currency (options of Deribit: in coin), `funding_8h` a ratio for eight hours."""

    venue: str
    symbol: str
    received_at: int
    exchange_at: int
    mark: float | None = None
    index: float | None = None
    underlying: float | None = None
    """An option's own forward."""
    funding_8h: float | None = None
    funding_at: int | None = None
    bid: float | None = None
    ask: float | None = None
    bid_iv: float | None = None
    ask_iv: float | None = None
    mark_iv: float | None = None
    open_interest: float | None = None
    volume_usd_24h: float | None = None


class Listed(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One instrument of a venue's list. `kind`: spot, perpetual, future, option. `multiplier` and `inverse` say what
    one unit of size is (see rfq.desk.features.look.Sizing)."""

    venue: str
    symbol: str
    kind: str
    underlying: str
    quote: str
    price_tick: str
    size_step: str
    multiplier: float = 1.0
    inverse: bool = False
    expiry_at: int = 0
    strike: float = 0.0
    is_call: bool = False


class ListingSaid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A venue's list of instruments (for options: the chain), whole or a page of it."""

    venue: str
    received_at: int
    instruments: tuple[Listed, ...]


class ClockSaid(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """How far the venue's clock is ahead of ours, and by how much that may be wrong (half the round trip)."""

    venue: str
    received_at: int
    offset_ns: int
    error_ns: int


class Confirmed(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The venue has subscribed us to (or let us leave) these channels."""

    venue: str
    received_at: int
    channels: tuple[str, ...]
    subscribed: bool = True


class Alive(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A sign of life that says nothing else: a pong, a heartbeat."""

    venue: str
    received_at: int


class Trouble(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Something could not be read or was refused: what was wrong, where, and the beginning of the text. The symbol is
    "" where it is not known. Whoever keeps the book of that symbol (or of all, if "") must not trust it further where
    `breaks_book` says so."""

    venue: str
    received_at: int
    symbol: str
    what: str
    where: str
    excerpt: str
    breaks_book: bool = False


Said = (
    BookSaid
    | OrderSaid
    | TradeSaid
    | TouchSaid
    | TickerSaid
    | ListingSaid
    | ClockSaid
    | Confirmed
    | Alive
    | Trouble
)


class Send(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Send this text on a link. `weight` counts against the venue's limit of messages."""

    link: str
    text: str
    weight: int = 1


class Fetch(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Ask by HTTP GET; the answer comes back to the adapter's `fetched` with the same `tag`."""

    tag: str
    path: str
    """Path and query, below the venue's REST address."""
    weight: int = 1


class Reconnect(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """This link is of no use any more: close it and open it again."""

    link: str
    why: str


Ask = Send | Fetch | Reconnect
