"""From a recording's note, or from tables, to switchboards that can be told it all again."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from rfq.feeds.book import rules
from rfq.feeds.book.keeper import BookKeeper
from rfq.feeds.book.rules import Order, Rule
from rfq.feeds.link.switchboard import Hooks, Switchboard
from rfq.feeds.recorder.rows import Note, Recorded, RecordingError
from rfq.feeds.said import Market
from rfq.feeds.tables.layout import BOOK
from rfq.feeds.venues.adapter import Adapter, Heard, Limits
from rfq.feeds.venues.catalogue import QUIET_NS, VENUES, make_adapter, make_keepers

if TYPE_CHECKING:
    from rfq.feeds.tables.captures import Capture

_NOTHING: Final = Heard()
HooksOf = Callable[[str], Hooks]


def adapter_of(feed: Recorded) -> Adapter:
    """The adapter that spoke when this was recorded."""
    try:
        return make_adapter(feed.venue, feed.symbols, feed.scales, indices=feed.indices, chains=feed.chains)
    except ValueError as error:
        raise RecordingError(str(error)) from None


def board_of(feed: Recorded, hooks: Hooks = Hooks(), *, resyncs: bool) -> Switchboard:  # noqa: B008
    """A switchboard for one venue: `resyncs` where it is live, not where it is told again."""
    adapter = adapter_of(feed)
    keepers = make_keepers(
        feed.venue, feed.symbols, feed.scales, levels_max=feed.levels_max, stale_after_ns=QUIET_NS
    )
    return Switchboard(adapter, keepers, hooks, resyncs=resyncs)


def boards_of(note: Note, hooks_of: HooksOf) -> dict[str, Switchboard]:
    """Every venue of a recording, to be told it again."""
    return {feed.venue: board_of(feed, hooks_of(feed.venue), resyncs=False) for feed in note.feeds}


class Mute:
    """An adapter for what was said already: it hears nothing and asks nothing."""

    def __init__(self, venue: str) -> None:
        self.venue = venue
        self.limits = Limits(1.0, 60, 1)
        self.links: Mapping[str, str] = {}
        self.rest = ""

    def opened(self, link: str, now: int) -> Heard:
        """Nothing."""
        return _NOTHING

    def closed(self, link: str, now: int) -> Heard:
        """Nothing."""
        return _NOTHING

    def hear(self, link: str, raw: bytes, now: int) -> Heard:
        """Nothing."""
        return _NOTHING

    def fetched(self, tag: str, status: int, raw: bytes, sent_at: int, now: int) -> Heard:
        """Nothing."""
        return _NOTHING

    def tick(self, now: int) -> Heard:
        """Nothing."""
        return _NOTHING

    def resync(self, symbol: str, now: int) -> Heard:
        """Nothing."""
        return _NOTHING


def board_of_market(capture: "Capture", venue: str, symbol: str, hooks: Hooks) -> Switchboard:
    """A switchboard for one market of tables in our layout."""
    rule = rule_in_tables(capture, Market(venue, symbol)) or rules.UNNUMBERED
    keeper = BookKeeper(rule, symbol, capture.scale(symbol, venue))
    return Switchboard(Mute(venue), (keeper,), hooks, resyncs=False)


def rule_in_tables(capture: "Capture", market: Market) -> Rule | None:
    """The rule of a market's book, as far as tables tell what the venue's own needs; None where there is no book.

    Where they lack the number before a message, numbers only have to rise; where no snapshot was captured, a book
    begins with what changes tell; where every message is a whole book, or one has no number, nothing has to follow.
    """
    columns = capture.arrays(BOOK, market.symbol, market.venue)
    if not columns:
        return None
    snapshot, last = columns["is_snapshot"], columns["u_last"]
    if bool(snapshot.all()) or bool((last < 0).any()):
        return rules.UNNUMBERED
    rule = VENUES[market.venue].rule if market.venue in VENUES else rules.CAPTURE
    if rule.order is Order.CHAIN and bool((columns["u_prev"] < 0).any()):
        rule = msgspec.structs.replace(rule, order=Order.RISING)
    return bare(rule, from_nothing=not bool(snapshot.any()))


def bare(rule: Rule, *, from_nothing: bool = False) -> Rule:
    """A venue's rule without what only the venue itself could help out with."""
    return msgspec.structs.replace(
        rule, snapshot_levels=0, crc_levels=0, bracket=rule.bracket or from_nothing, from_nothing=from_nothing
    )


def is_recording(path: Path) -> bool:
    """Whether a path means a recording, rather than tables."""
    return path.name.startswith("raw-") if path.is_file() else any(path.glob("raw-*.parquet"))
