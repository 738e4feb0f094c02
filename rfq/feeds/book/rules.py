"""How a venue's messages of a book must follow each other, as data.

As the venues' documentation has it in November 2026: Binance "How to manage a local order book correctly" (USDM: `pu`
of an event is the `u` of the one before; spot: `U` is the `u` before plus one), OKX "Order book channel" (`prevSeqId`;
`checksum` is always 0 since 23 June 2026), Deribit "book.{instrument}" (`prev_change_id`), Bybit v5 "Orderbook" (`u`
counts by one; a snapshot, or `u` 1, starts anew).
"""

import enum
from typing import Final

import msgspec

from rfq.feeds.said import BookSaid


class Order(enum.Enum):
    """What must hold between a change and the one before it."""

    CHAIN = "chain"
    """It names the number of the message before: `prior` is that one's `last`. Numbers may fall."""
    RANGE = "range"
    """Its `first` is the `last` before plus one."""
    STEP = "step"
    """Its `last` is the one before plus one; 1 starts anew."""
    RISING = "rising"
    """Its numbers are above those before. That one is missing cannot be seen."""
    NONE = "none"
    """Nothing: messages have no numbers, or carry whole books."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A venue's rule, and how much patience we have."""

    order: Order
    bracket: bool = False
    """Whether snapshots come from elsewhere (by HTTP) and overlap the changes: those up to it are dropped, the first
    beyond must reach back to it, and a snapshot older than a right book is not wanted. Else a snapshot stands in the
    stream and begins it anew."""
    from_nothing: bool = False
    """Whether a book may begin with changes alone, because no snapshot will come: it then shows what was told."""
    snapshot_levels: int = 0
    """A side of a snapshot with so many levels is not the whole side; 0: it always is."""
    crc_levels: int = 0
    """How many levels the venue's CRC32 is over (see `rfq.feeds.book.checksum`); 0: it sends none."""
    hold_max: int = 8
    """So many messages that came too early are kept, in case those before them still come..."""
    hold_ns: int = 500_000_000
    """...for so long."""
    buffer_max: int = 2_000
    """So many changes are kept until a snapshot comes."""
    crossed_max: int = 20
    """So many messages in a row may leave the book crossed before it is asked for anew."""


BINANCE_USDM: Final = Rule(order=Order.CHAIN, bracket=True, snapshot_levels=1000)
BINANCE_SPOT: Final = Rule(order=Order.RANGE, bracket=True, snapshot_levels=5000)
OKX: Final = Rule(order=Order.CHAIN, bracket=True, crc_levels=25)
"""Snapshots come in the stream or, as OKX announced in February 2026, by HTTP; both begin the book."""
DERIBIT: Final = Rule(order=Order.CHAIN)
BYBIT: Final = Rule(order=Order.STEP)
UNNUMBERED: Final = Rule(order=Order.NONE)
CAPTURE: Final = Rule(order=Order.RISING, bracket=True)
"""A recording in our layout: rows have the first and the last number of their message, but not that of the one before,
and a venue's numbers may leave some out."""


def follows(said: BookSaid, rule: Rule, last: int, is_fresh: bool) -> bool:
    """Whether a change is the next one after the message with the number `last`; `is_fresh` if that was a snapshot."""
    order = rule.order
    if order is Order.CHAIN:
        if said.prior == last:
            return said.last >= 0
        return is_fresh and rule.bracket and 0 <= said.prior < last < said.last
    if order is Order.RANGE:
        return 0 <= said.first <= last + 1 <= said.last
    if order is Order.STEP:
        return said.last == last + 1
    return order is Order.NONE or last < said.last


def is_numbered(said: BookSaid, rule: Rule) -> bool:
    """Whether it has the numbers that the rule needs."""
    if rule.order is Order.CHAIN:
        return said.prior >= 0 and said.last >= 0
    if rule.order is Order.RANGE:
        return 0 <= said.first <= said.last
    return said.last >= 0


def spelled(said: BookSaid) -> str:
    """Its numbers, in words."""
    return f"{said.first}-{said.last}" if said.first >= 0 else str(said.last)
