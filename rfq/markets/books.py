"""The book of a capture, followed message by message: its touch, its depth each second, what was wrong with it.

A snapshot replaces the book. One that comes later than changes with higher numbers (asked for by HTTP while changes
run) has those put on top again. Where numbers must follow each other and do not, or a message lost a level in cleaning,
the book is broken until the next snapshot: it tells nothing. Without any snapshot it grows out of its changes, from
nothing again after a break.
"""

from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from pricing.units import NS_PER_S
from rfq.desk.features.look import BANDS_BPS, Sizing
from rfq.markets.ladder import WALKS_USD, Ladder
from rfq.markets.market import Holes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rfq.feeds.tables.cleaning import Array
    from rfq.markets.figures import Floats, Ints

_RECENT: Final = 200
_TELL: Final = 5_000
_UNMARKED_MIN: Final = 20
_RULE: Final = 0.9
"""A rule holds if it holds for so many changes; the rest are gaps."""


class Sequence(msgspec.Struct, frozen=True, kw_only=True):
    """What the numbers of the book's messages say. `gaps` is None where the table cannot tell."""

    rule: str
    gaps: int | None = None
    back: int = 0
    snapshots: int = 0
    changes: int = 0
    rows_a_message_median: float | None = None
    rows_a_message_mean: float | None = None
    longest_pause_s: float | None = None
    crossed: int = 0
    """Messages after which the best bid was not below the best offer."""
    one_sided: int = 0
    broken: int = 0
    """Messages that told nothing, since a gap was open."""


class Followed(NamedTuple):
    """What following a book gave. Samples are whole seconds from the first touch on; `weight` counts the seconds that
    one stands for. Walks and depths are by sample, size or band, and side (bid, offer); NaN where the book ends, and
    `known` where all of it lay within the last snapshot's levels."""

    sequence: Sequence
    touch: "Mapping[str, Array]"
    sampled_at: "Ints"
    weight: "Floats"
    walk_bps: "Floats"
    walk_known: "Array"
    depth_usd: "Floats"
    depth_known: "Array"
    words: tuple[str, ...]


class _Messages(NamedTuple):
    """Rows [start, end) of each message, and what its rows share."""

    start: "Ints"
    end: "Ints"
    at: "Ints"
    first: "Ints"
    last: "Ints"
    prior: "Ints"
    snapshot: "Array"
    unseen: "Array"
    """Whether messages that told no level stood before it."""
    lost: "Array"
    """Whether it, or one of those, lost a level in cleaning: the book is wrong from there on."""


def follow(
    columns: "Mapping[str, Array]",
    at: "Ints",
    sizing: Sizing,
    holes: Holes,
    tell: Callable[[int, int], None] = lambda _done, _total: None,
) -> Followed:
    """Follow a book's rows; `at` are their instants. `tell` hears now and then how many messages are done."""
    messages, unmarked = _marked(columns, _messages(columns, at))
    gapped, follows, sequence = _sequence(messages)
    gapped |= messages.lost
    if sequence.gaps is None:
        gapped[1:] |= holes.spoil(messages.at[:-1], messages.at[1:])
    prices, place = np.unique(columns["price"], return_inverse=True)
    book = Ladder(prices, sizing)
    is_bid = columns["side"] > 0
    size = columns["qty"]
    recent: deque[int] = deque(maxlen=_RECENT)
    whole = not bool(messages.snapshot.any())  # with no snapshot at all, the book grows out of its changes
    ready, broken, crossed, one_sided = whole, 0, 0, 0
    seen: list[tuple[int, float, float, float, float, int]] = []
    next_at = 0

    def put(which: int) -> None:
        rows = slice(int(messages.start[which]), int(messages.end[which]))
        book.put(place[rows], is_bid[rows], size[rows])

    for which, (now, is_snapshot, gap) in enumerate(
        zip(messages.at.tolist(), messages.snapshot.tolist(), gapped.tolist(), strict=True)
    ):
        if which % _TELL == _TELL - 1:
            tell(which + 1, len(messages.at))
        if seen and now > next_at:
            next_at = book.sample(next_at, now)
        if is_snapshot:
            book.clear()
            put(which)
            book.reach()
            newer = _newer(messages, which, recent)
            ready = not messages.lost[[which, *newer]].any() and not gapped[newer[1:]].any()
            ready = ready and not (follows[newer[:1]] > messages.last[which]).any()
            for one in newer:
                put(one)
        else:
            ready = ready and (whole or not gap)
            if whole and gap:
                book.clear()
            put(which)
            recent.append(which)
        if not ready:
            broken += 1
            book.forget()
            if seen:
                seen.append((now, np.nan, 0.0, np.nan, 0.0, -1))
            continue
        quote = book.quote()
        if quote is None:
            one_sided += 1
        elif quote[0] >= quote[2]:
            crossed += 1
        if not seen:
            next_at = now
        seen.append((now, *(quote or (0.0, 0.0, 0.0, 0.0)), int(messages.last[which])))
    words = _words(messages, whole=whole, unmarked=unmarked, broken=broken)
    told = msgspec.structs.replace(sequence, crossed=crossed, one_sided=one_sided, broken=broken)
    return _followed(book, seen, told, words)


def _newer(messages: _Messages, snapshot: int, recent: Iterable[int]) -> list[int]:
    """Changes heard before a snapshot that it does not hold yet; none where numbers start again with it."""
    number = int(messages.last[snapshot])
    newer = [one for one in recent if int(messages.last[one]) > number >= 0]
    after = snapshot + 1
    if newer and after < len(messages.at) and int(messages.last[after]) < int(messages.last[newer[-1]]):
        return []
    return newer


def _words(messages: _Messages, *, whole: bool, unmarked: bool, broken: int) -> tuple[str, ...]:
    words = []
    if unmarked:
        words.append(
            "no message is marked as a snapshot and none takes a level away: each is taken for a snapshot"
        )
    if whole and len(messages.at):
        words.append(
            "the book has no snapshot: levels that never changed are unknown, so depth is a lower bound"
        )
    if broken:
        words.append(f"{broken} book messages came before a snapshot or after a gap, and told nothing")
    if messages.lost.any():
        words.append(
            f"{int(messages.lost.sum())} times the book broke, since a message lost a level in cleaning"
        )
    return tuple(words)


def _followed(
    book: Ladder,
    seen: list[tuple[int, float, float, float, float, int]],
    told: Sequence,
    words: tuple[str, ...],
) -> Followed:
    names = ("bid_px", "bid_qty", "ask_px", "ask_qty")
    touch: dict[str, Array] = {"at": np.array([one[0] for one in seen], np.int64)}
    for number, name in enumerate(names, 1):
        touch[name] = np.array([one[number] for one in seen], np.float64)
    touch["u"] = np.array([one[5] for one in seen], np.int64)
    samples = book.samples

    def stacked(name: str, width: int) -> "Array":
        told = [[getattr(half, name) for half in one.halves] for one in samples]
        return np.array(told).reshape(len(samples), 2, width).swapaxes(1, 2)

    return Followed(
        sequence=told,
        touch=touch,
        sampled_at=np.array([one.at for one in samples], np.int64),
        weight=np.array([one.weight for one in samples], np.float64),
        walk_bps=stacked("cost_bps", len(WALKS_USD)),
        walk_known=stacked("cost_known", len(WALKS_USD)),
        depth_usd=stacked("usd", len(BANDS_BPS)),
        depth_known=stacked("usd_known", len(BANDS_BPS)),
        words=words,
    )


def _messages(columns: "Mapping[str, Array]", at: "Ints") -> _Messages:
    new = np.flatnonzero(np.diff(columns["message"], prepend=-1))
    return _Messages(
        new,
        np.append(new[1:], len(at)),
        at[new],
        columns["u_first"][new],
        columns["u_last"][new],
        columns["u_prev"][new],
        columns["is_snapshot"][new],
        np.diff(columns["message"][new], prepend=-1) > 1,
        columns["lost"][new],
    )


def _marked(columns: "Mapping[str, Array]", messages: _Messages) -> tuple[_Messages, bool]:
    """Messages that nobody marked as snapshots, but that can be nothing else: none ever takes a level away."""
    count = len(messages.at)
    if count < _UNMARKED_MIN or messages.snapshot.any() or not (columns["qty"] > 0.0).all():
        return messages, False
    bids = np.add.reduceat(columns["side"] > 0, messages.start, dtype=np.int64)
    both = (bids > 0) & (bids < messages.end - messages.start)
    if both.mean() < _RULE:
        return messages, False
    return messages._replace(snapshot=np.ones(count, bool)), True


def _behind_snapshots(messages: _Messages, follows: "Ints", gapped: "Array") -> str:
    """Mark the changes behind snapshots that begin later than those end, if most do not; else say so."""
    behind = np.flatnonzero(messages.snapshot[:-1] & ~messages.snapshot[1:]) + 1
    behind = behind[(messages.last[behind - 1] > 0) & ~messages.unseen[behind]]
    known = np.maximum.accumulate(
        np.where(messages.snapshot, -1, messages.last)
    )  # a snapshot may be older than changes
    late = behind[follows[behind] > np.maximum(messages.last, known)[behind - 1]]
    if not len(late):
        return ""
    if 2 * len(late) >= len(behind):
        return "; changes do not go on where a snapshot ends, so some may be missing there"
    gapped[late] = True
    return ""


def _sequence(messages: _Messages) -> "tuple[Array, Ints, Sequence]":
    """Which messages have a gap before them, which number each follows on from (-1: any), and what the numbers say. The
    rule is the one that the numbers keep."""
    count = len(messages.at)
    gapped, any_number = np.zeros(count, bool), np.full(count, -1)
    rows = messages.end - messages.start
    changes = np.flatnonzero(~messages.snapshot)
    told = Sequence(
        rule="",
        snapshots=count - len(changes),
        changes=len(changes),
        rows_a_message_median=float(np.median(rows)) if count else None,
        rows_a_message_mean=float(rows.mean()) if count else None,
        longest_pause_s=float(np.diff(messages.at).max()) / NS_PER_S if count > 1 else None,
    )
    later, before = changes[1:], changes[:-1]
    if not len(later):
        rule = "snapshots only: none is missed that matters" if count else "no messages"
        return gapped, any_number, msgspec.structs.replace(told, rule=rule, gaps=0 if count else None)
    last, first, prior = messages.last, messages.first, messages.prior
    told = msgspec.structs.replace(told, back=int((last[later] < last[before]).sum()))
    rules = (
        ("each names the one before it", prior >= 0, prior),
        ("each begins one after the last", first >= 0, first - 1),
        ("each counts one more", last >= 0, last - 1),
    )
    for rule, has, follows in rules:
        # what stands just behind a snapshot answers to that; what stands behind an empty message, to that
        keeps = (follows[later] == last[before]) | messages.snapshot[later - 1] | messages.unseen[later]
        if has[later].all() and keeps.mean() >= _RULE:
            gapped[later] = ~keeps
            rule += _behind_snapshots(messages, follows, gapped)
            return gapped, follows, msgspec.structs.replace(told, rule=rule, gaps=int(gapped.sum()))
    has_numbers = bool((last[changes] >= 0).all() and (np.diff(last[changes]) != 0).any())
    rule = (
        "numbers rise with steps of any width, so a missing one does not show"
        if has_numbers
        else "no numbers"
    )
    return gapped, any_number, msgspec.structs.replace(told, rule=rule)
