"""Keeps one book right, or says that it is not.

It takes what a venue said in the order of arrival and gives a `Look` for each message after which the book is known to
be right; for anything else None, and `state` tells why. What does not follow is never applied: a message seen before is
dropped; one that comes too early waits a little for those before it; if they do not come, the book is marked as broken
and `wants_resync` asks for it anew. Until then changes are kept, so that a snapshot from elsewhere can be brought up to
date. Nothing here reads a clock: instants are those of receipt.
"""

from collections import deque
from typing import Final

import msgspec

from rfq.desk.features.look import Look
from rfq.feeds.book.book import Book, new_book
from rfq.feeds.book.checksum import Spelled
from rfq.feeds.book.orders import ORDERS_MAX, Orders, as_book
from rfq.feeds.book.plain import LEVELS_MAX
from rfq.feeds.book.refresh import Refresh
from rfq.feeds.book.rules import Order, Rule, follows, is_numbered, spelled
from rfq.feeds.book.states import Counts, State
from rfq.feeds.levels import USUAL, Scale, pairs
from rfq.feeds.said import BookSaid, OrderSaid

__all__ = ("STALE_NS", "BookKeeper", "Counts", "State")

STALE_NS: Final = 10_000_000_000
"""A book of which nothing was heard for so long is not used; from half of it on, `is_quiet` wants it asked for anew."""
_KNOWN: Final = 256
"""So many of the messages taken last are known again."""


class BookKeeper:
    """One symbol's book, kept by its venue's rule."""

    def __init__(
        self,
        rule: Rule,
        symbol: str,
        scale: Scale = USUAL,
        stale_after_ns: int = STALE_NS,
        levels_max: int = LEVELS_MAX,
        orders_max: int = ORDERS_MAX,
    ) -> None:
        self.rule: Final = rule
        self.symbol: Final = symbol
        self.book: Final[Book] = new_book(scale, levels_max)
        self.orders: Final = Orders(orders_max)
        """Its orders, where the venue tells them (L3)."""
        self.counts: Final = Counts()
        self.stale_after_ns: Final = stale_after_ns
        self.wants_resync = False
        """Whether the venue is to be asked for the book anew: because it is wrong, or, while it is right, because the
        price nears the end of what the last snapshot told."""
        self.why = ""
        """Why it is in a gap, in words."""
        self.received_at = 0
        """When the message came after which the book was last right."""
        self.exchange_at = 0
        """The venue's instant of that message."""
        self.last = -1
        """The venue's number of that message."""
        self._state = State.EMPTY
        self._base = -1
        self._fresh = False
        self._crossed_in_row = 0
        self._waiting: deque[BookSaid] = deque()
        self._held: list[BookSaid] = []
        self._known: deque[tuple[int, int, int]] = deque(maxlen=_KNOWN)
        self._spelled = Spelled(rule.crc_levels) if rule.crc_levels else None
        self._refresh = Refresh(rule.buffer_max) if rule.snapshot_levels else None

    def state(self, now: int) -> State:
        """What the book is worth at this instant."""
        if self._held and now - self._held[0].received_at > self.rule.hold_ns:
            self._give_up_waiting()
        if self._state is State.LIVE and now - self.received_at > self.stale_after_ns:
            return State.STALE
        return self._state

    def is_quiet(self, now: int) -> bool:
        """Whether a right book was not heard of for so long that its venue should confirm it before it is stale."""
        return self._state is State.LIVE and 2 * (now - self.received_at) > self.stale_after_ns

    @property
    def is_live(self) -> bool:
        """Whether the book was right after the last message (it may be stale: `state` knows)."""
        return self._state is State.LIVE

    @property
    def is_shown(self) -> bool:
        """Whether it is right and has both sides; a book without one has no look, and the one before is over."""
        return self._state is State.LIVE and self.book.touch() is not None

    @property
    def scale(self) -> Scale:
        """The decimals of its whole numbers."""
        return self.book.scale

    def levels(self, side: int, count: int = 0) -> list[tuple[int, int]]:
        """The `count` best levels of a side (+1 bids, -1 offers) as whole numbers, best first; 0: all."""
        return self.book.levels(side, count or self.book.count(side))

    def take(self, said: BookSaid | OrderSaid) -> Look | None:
        """A message of the venue; how the book looks after it, if it is right and has two sides."""
        if isinstance(said, OrderSaid):
            said = as_book(said)
        if said.is_snapshot:
            applied = self._take_snapshot(said)
        elif self._state is State.LIVE or self._state is State.CROSSED or self._held:
            applied = self._take_change(said)
        else:
            applied = self._keep(said)
        return self._seen(said.received_at) if applied else None

    def alive(self, now: int) -> None:
        """The venue said that nothing has changed (a heartbeat of this book's own channel): it is not stale."""
        if self._state is State.LIVE:
            self.received_at = max(self.received_at, now)

    def broke(self, at: int, why: str) -> None:
        """The feed broke off, or said something of this book that could not be read: it is not right any more."""
        self.counts.lost += 1
        self._broken(why)
        self._waiting.clear()
        self.received_at = max(self.received_at, at)

    def reset(self) -> None:
        """Begin from nothing, as on a new connection. Counts stay."""
        self._forget()
        self._held.clear()
        self._waiting.clear()
        self._known.clear()
        self._state, self.wants_resync, self.why = State.EMPTY, False, ""
        self.last, self._base, self._fresh, self._crossed_in_row = -1, -1, False, 0

    def _forget(self) -> None:
        self.book.clear()
        self.orders.clear()
        if self._spelled is not None:
            self._spelled.clear()
        if self._refresh is not None:
            self._refresh.forget()

    # ------------------------------------------------------------------------------------------ what follows what

    def _take_snapshot(self, said: BookSaid) -> bool:
        counts, rule = self.counts, self.rule
        right = self._state is State.LIVE and not self._held
        goes_on = right or self._state is State.CROSSED or bool(self._held)
        if goes_on and self._refresh is not None and self._refresh.heard(said):
            counts.snapshots += 1
            self.wants_resync = False
            if not self._held:
                self._lay_over()
            return False
        if rule.bracket and right and said.last <= self.last:
            counts.duplicates += 1
            if said.last == self.last:  # the venue's book is no newer than ours
                self.alive(said.received_at)
            return False
        if rule.order is not Order.NONE and said.last < 0:
            return self._is_nonsense("a snapshot without its number")
        continuous = right and rule.order is Order.NONE
        counts.taken += 1
        counts.snapshots += 1
        if not self._put(said, continuous):
            return False
        self.last = self._base = said.last
        self._fresh = True
        self._known.clear()
        self._state, self.wants_resync, self.why = State.LIVE, False, ""
        self._date(said)
        if self._spelled is not None:
            self._spelled.begin(said)
            if not self._checked(said):
                return False
        if self._refresh is not None:
            self._refresh.forget()
            self._refresh.measure(self.book)
        waiting = [*self._waiting, *self._held] if rule.bracket else []
        waiting = [change for change in waiting if change.last > said.last]
        self._waiting.clear()
        self._held.clear()
        for place, change in enumerate(waiting):
            self._take_change(change)
            if self._state is State.GAP and not self._held:
                self._waiting.extend(waiting[place + 1 :])
                return False
        return not self._held

    def _take_change(self, said: BookSaid) -> bool:
        """A change of a book that is right; whether it was applied. What waited for it is applied too."""
        if follows(said, self.rule, self.last, self._fresh):
            applied = self._apply(said)
            while applied and self._held:
                after = next(
                    (held for held in self._held if follows(held, self.rule, self.last, self._fresh)), None
                )
                if after is None:
                    break
                self._held = [held for held in self._held if held is not after]
                self.counts.reordered += 1
                applied = self._apply(after)
            if self._held:  # since the numbers go on, those below are from the past
                ahead = [held for held in self._held if held.last > self.last]
                self.counts.duplicates += len(self._held) - len(ahead)
                self._held = ahead
                self._still_held(said.received_at)
            return applied and not self._held
        if not is_numbered(said, self.rule):
            return self._is_nonsense("a change without the numbers of its venue")
        if self._is_known(said):
            self.counts.duplicates += 1
            return False
        if self.rule.order is Order.STEP and said.last == 1:
            return self._take_snapshot(msgspec.structs.replace(said, is_snapshot=True))
        self._held.append(said)
        self._state, self.why = State.GAP, f"what follows {self.last} is missing, and {spelled(said)} came"
        self._still_held(said.received_at)
        return False

    def _is_known(self, said: BookSaid) -> bool:
        """Whether what it says is in the book: it was taken, or is from before the snapshot that changes overlap."""
        if (said.first, said.prior, said.last) in self._known:
            return True
        return self._fresh and self.rule.bracket and 0 <= said.last <= self._base

    def _still_held(self, now: int) -> None:
        """Whether to wait on for what is before those that came too early: not if there are none any more, or if it is
        too many or too long."""
        if not self._held:
            self._state, self.why = State.LIVE, ""
            if self.book.is_crossed():
                self._state = State.CROSSED
        elif len(self._held) > self.rule.hold_max or now - self._held[0].received_at > self.rule.hold_ns:
            self._give_up_waiting()

    def _give_up_waiting(self) -> None:
        self.counts.missing += 1
        held = self._held
        self._broken(self.why)
        for said in held:
            self._keep(said)

    def _keep(self, said: BookSaid) -> bool:
        """Keep a change until there is a snapshot."""
        if self._state is State.EMPTY:
            if self.rule.from_nothing:
                self._state = State.LIVE
                return self._apply(said)
            self._state = State.SYNCING
        if self.rule.order is Order.STEP and said.last == 1:
            return self._take_snapshot(msgspec.structs.replace(said, is_snapshot=True))
        self._waiting.append(said)
        if len(self._waiting) > (self.rule.buffer_max if self.rule.bracket else self.rule.hold_max):
            self._waiting.popleft()
            self.counts.overflowed += 1
            self.wants_resync = True
        return False

    # ------------------------------------------------------------------------------------------ the book itself

    def _apply(self, said: BookSaid) -> bool:
        if self._refresh is not None and not self._lay_over():
            return False
        if not self._put(said):
            return False
        self.counts.taken += 1
        self.last = said.last
        self._fresh = False
        self._known.append((said.first, said.prior, said.last))
        self._date(said)
        if self._state is State.GAP and not self._held:
            self._state = State.LIVE
        if self._refresh is not None:
            self._refresh.changed(said)
        if self._spelled is not None:
            self._spelled.change(said)
            return self._checked(said)
        return True

    def _put(self, said: BookSaid, continuous: bool = False) -> bool:
        """Into the book; False if that cannot be, and the book is broken."""
        bids, asks = said.bids, said.asks
        if said.orders or self.orders.count:
            if said.is_snapshot:
                self.orders.clear()
            found = self.orders.put(said.orders)
            if isinstance(found, str):
                return self._is_nonsense(found)
            bids, asks = [*pairs(bids), *found[0]], [*pairs(asks), *found[1]]
        if said.is_snapshot:
            right = self.book.replace(bids, asks, continuous, self.rule.snapshot_levels)
        else:
            right = self.book.apply(bids, asks)
        return right or self._is_nonsense("sizes add up to more than can be counted")

    def _lay_over(self) -> bool:
        """A snapshot that was asked for while the book was right, as soon as the book has come as far."""
        assert self._refresh is not None
        right = self._refresh.lay_over(self.book, self.last, self.rule.snapshot_levels)
        return right or self._is_nonsense("sizes add up to more than can be counted")

    def _is_nonsense(self, why: str) -> bool:
        self.counts.nonsense += 1
        self._broken(why)
        return False

    def _date(self, said: BookSaid) -> None:
        self.received_at = max(self.received_at, said.received_at)
        self.exchange_at = said.exchange_at

    def _checked(self, said: BookSaid) -> bool:
        assert self._spelled is not None
        wrong = self._spelled.differs(said, self.book)
        if wrong:
            self.counts.checksums += 1
            self._broken(wrong)
        return not wrong

    def _seen(self, at: int) -> Look | None:
        """The look, unless sides cross or the touch is where nothing is certain."""
        if self.book.is_crossed():
            self.counts.crossed += 1
            self._crossed_in_row += 1
            self._state = State.CROSSED
            if self._crossed_in_row > self.rule.crossed_max:
                self.wants_resync = True
            return None
        self._crossed_in_row = 0
        if self._state is State.CROSSED:
            self._state, self.wants_resync = State.LIVE, False
        if self.book.is_blind():
            self._is_nonsense("the touch has moved beyond the levels that are known")
            return None
        look = self.book.look(max(at, self.received_at))
        if self._refresh is not None and look is not None and self._refresh.wanted(look, self.last):
            self.wants_resync = True
        return look

    def _broken(self, why: str) -> None:
        """The book is not right and cannot be made so without being told anew."""
        self.counts.gaps += 1
        self._forget()
        self._held = []
        self._known.clear()
        self._state, self.wants_resync, self.why = State.GAP, True, why
        self._crossed_in_row = 0
