"""A book's keeper: each state, how it is come by and how it is left."""

import pytest
from msgspec.structs import replace

from rfq.feeds.book import rules
from rfq.feeds.book.checksum import crc
from rfq.feeds.book.keeper import BookKeeper, State
from rfq.feeds.book.rules import Order, Rule
from rfq.feeds.levels import Scale
from rfq.feeds.said import BookSaid

S = 1_000_000_000
SNAPSHOT = BookSaid(
    venue="v",
    symbol="s",
    received_at=10 * S,
    exchange_at=9 * S,
    is_snapshot=True,
    bids=[(10_000, 5), (9_990, 7)],
    asks=[(10_010, 4), (10_020, 6)],
    last=100,
)


def change(
    last: int, *, prior: int = -1, first: int = -1, at: int = 11, **levels: list[tuple[int, int]]
) -> BookSaid:
    """A change; `first` is by default the number after `prior`."""
    return BookSaid(
        venue="v",
        symbol="s",
        received_at=at * S,
        exchange_at=at * S - 1,
        is_snapshot=False,
        bids=levels.get("bids", []),
        asks=levels.get("asks", []),
        last=last,
        prior=prior,
        first=first if first >= 0 or prior < 0 else prior + 1,
    )


def keeper_of(rule: Rule, *said: BookSaid, levels_max: int = 100) -> BookKeeper:
    """A keeper that was told all this."""
    keeper = BookKeeper(rule, "s", Scale(2, 0), stale_after_ns=5 * S, levels_max=levels_max)
    for one in said:
        keeper.take(one)
    return keeper


def test_from_nothing_to_live_to_stale_and_back() -> None:
    keeper = keeper_of(rules.DERIBIT)
    assert keeper.state(0) is State.EMPTY
    look = keeper.take(SNAPSHOT)
    assert look is not None and (look.at, look.changes) == (10 * S, 4)
    assert (look.bid.price, look.bid.size, look.offer.price) == (100.0, 5.0, 100.1)
    assert (look.bid.added, look.bid.removed) == (0.0, 0.0)
    assert keeper.state(15 * S) is State.LIVE
    assert keeper.state(15 * S + 1) is State.STALE
    keeper.alive(15 * S)
    assert keeper.state(20 * S) is State.LIVE
    look = keeper.take(change(101, prior=100, at=21, bids=[(9_990, 2), (9_980, 9)]))
    assert look is not None and (look.bid.added, look.bid.removed, look.bid.pulled) == (9.0, 5.0, 5.0)
    assert keeper.state(22 * S) is State.LIVE
    assert (keeper.received_at, keeper.exchange_at, keeper.last) == (21 * S, 21 * S - 1, 101)


def test_what_comes_twice_does_not_keep_a_book_fresh() -> None:
    keeper = keeper_of(rules.DERIBIT, SNAPSHOT, change(101, prior=100))
    for at in range(12, 18):
        assert keeper.take(change(101, prior=100, at=at)) is None
    assert keeper.counts.duplicates == 6
    assert keeper.state(17 * S) is State.STALE


def test_a_message_too_early_waits_for_the_one_before() -> None:
    keeper = keeper_of(rules.DERIBIT, SNAPSHOT)
    assert keeper.take(change(102, prior=101, bids=[(10_000, 1)])) is None
    assert (keeper.state(11 * S), keeper.wants_resync) == (State.GAP, False)
    assert "100" in keeper.why
    look = keeper.take(change(101, prior=100, bids=[(10_000, 9)]))
    assert look is not None and (look.bid.size, look.changes) == (1.0, 2)
    assert keeper.state(11 * S) is State.LIVE
    assert keeper.counts.reordered == 1 and not keeper.counts.gaps


def test_what_is_missing_for_too_long_is_a_gap() -> None:
    keeper = keeper_of(rules.DERIBIT, SNAPSHOT, change(102, prior=101))
    assert keeper.state(11 * S + rules.DERIBIT.hold_ns) is State.GAP and not keeper.wants_resync
    assert keeper.state(11 * S + rules.DERIBIT.hold_ns + 1) is State.GAP and keeper.wants_resync
    assert (keeper.counts.gaps, keeper.counts.missing) == (1, 1)
    assert keeper.levels(1) == []
    assert keeper.take(change(103, prior=102)) is None
    assert keeper.take(replace(SNAPSHOT, last=103, received_at=12 * S)) is not None
    assert keeper.is_live and not keeper.wants_resync and keeper.why == ""


def test_too_many_that_wait_are_a_gap() -> None:
    keeper = keeper_of(rules.DERIBIT, SNAPSHOT)
    for place in range(rules.DERIBIT.hold_max):
        keeper.take(change(103 + place, prior=102 + place))
        assert not keeper.wants_resync
    keeper.take(change(203, prior=202))
    assert keeper.wants_resync and keeper.counts.missing == 1


def test_changes_are_kept_until_a_snapshot_from_elsewhere_and_brought_to_it() -> None:
    early = [
        change(98, prior=95),
        change(101, prior=98, bids=[(10_000, 8)]),
        change(104, prior=101, asks=[(10_010, 0)]),
    ]
    keeper = keeper_of(rules.BINANCE_USDM, *early)
    assert keeper.state(11 * S) is State.SYNCING
    look = keeper.take(SNAPSHOT)
    assert look is not None and (look.bid.size, look.offer.price) == (8.0, 100.2)
    assert look.at == 11 * S
    assert (keeper.last, keeper.counts.duplicates) == (104, 0)


def test_the_first_change_may_reach_back_over_the_snapshot_the_second_may_not() -> None:
    keeper = keeper_of(rules.BINANCE_USDM, SNAPSHOT, change(103, prior=97))
    assert keeper.is_live and keeper.last == 103
    keeper.take(change(106, prior=101))
    assert not keeper.is_live


def test_changes_from_before_the_snapshot_are_dropped() -> None:
    keeper = keeper_of(rules.BINANCE_SPOT, SNAPSHOT)
    assert keeper.take(change(99, prior=97, bids=[(10_000, 1)])) is None
    assert keeper.is_live and keeper.counts.duplicates == 1
    assert keeper.take(change(102, first=99, bids=[(10_000, 2)])) is not None
    assert keeper.take(change(103, first=103)) is not None


def test_a_snapshot_older_than_the_changes_kept_is_not_enough() -> None:
    keeper = keeper_of(rules.BINANCE_USDM, change(120, prior=110), SNAPSHOT)
    assert keeper.state(11 * S) is State.GAP
    keeper.state(12 * S)
    assert keeper.wants_resync
    keeper.take(change(122, prior=120, at=12))
    assert keeper.take(replace(SNAPSHOT, last=115, received_at=12 * S)) is not None
    assert keeper.last == 122


def test_a_late_snapshot_does_not_set_a_right_book_back() -> None:
    keeper = keeper_of(rules.BINANCE_USDM, SNAPSHOT, change(105, prior=100, bids=[(10_000, 1)]))
    assert keeper.take(SNAPSHOT) is None
    assert (keeper.last, keeper.levels(1, 1), keeper.counts.duplicates) == (105, [(10_000, 1)], 1)


def test_too_many_changes_without_a_snapshot_ask_for_one() -> None:
    rule = Rule(order=Order.CHAIN, bracket=True, buffer_max=3)
    keeper = keeper_of(rule, *[change(place + 1, prior=place) for place in range(3)])
    assert not keeper.wants_resync
    keeper.take(change(4, prior=3))
    assert keeper.wants_resync and keeper.counts.overflowed == 1


def test_okx_numbers_may_stand_still_or_begin_anew() -> None:
    keeper = keeper_of(rules.OKX, SNAPSHOT)
    assert keeper.take(change(100, prior=100)) is not None
    assert keeper.take(change(3, prior=100, bids=[(10_000, 1)])) is not None
    assert keeper.take(change(5, prior=3, bids=[(10_000, 2)])) is not None
    assert keeper.levels(1, 1) == [(10_000, 2)]
    assert keeper.take(change(101, prior=100)) is None  # from before: never applied
    assert not keeper.is_live


def test_bybit_begins_anew_with_one() -> None:
    keeper = keeper_of(rules.BYBIT, SNAPSHOT, change(101), change(102))
    assert keeper.last == 102
    look = keeper.take(change(1, bids=[(9_000, 1)], asks=[(9_010, 1)]))
    assert look is not None and keeper.levels(1) == [(9_000, 1)]
    assert keeper.take(change(2, bids=[(9_000, 3)])) is not None


def test_crossed_sides_give_no_look_until_they_part() -> None:
    keeper = keeper_of(rules.DERIBIT, SNAPSHOT)
    assert keeper.take(change(101, prior=100, bids=[(10_010, 1)])) is None
    assert (keeper.state(11 * S), keeper.wants_resync, keeper.is_live) == (State.CROSSED, False, False)
    look = keeper.take(change(102, prior=101, asks=[(10_010, 0)]))
    assert look is not None and look.bid.price == 100.1
    assert keeper.is_live and keeper.counts.crossed == 1


def test_sides_that_stay_crossed_are_asked_for_anew_and_cured_by_it() -> None:
    keeper = keeper_of(rules.DERIBIT, SNAPSHOT, change(101, prior=100, bids=[(10_020, 1)]))
    for last in range(101, 101 + rules.DERIBIT.crossed_max):
        assert not keeper.wants_resync
        keeper.take(change(last + 1, prior=last))
    assert keeper.state(11 * S) is State.CROSSED and keeper.wants_resync
    assert keeper.take(replace(SNAPSHOT, last=500)) is not None
    assert keeper.is_live and not keeper.wants_resync


def test_a_side_that_is_empty_gives_no_look_and_is_no_fault() -> None:
    keeper = keeper_of(rules.DERIBIT, SNAPSHOT)
    assert keeper.take(change(101, prior=100, asks=[(10_010, 0), (10_020, 0)])) is None
    assert keeper.is_live
    assert keeper.take(change(102, prior=101, asks=[(10_030, 1)])) is not None


@pytest.mark.parametrize(
    ("rule", "said", "why"),
    [
        (rules.DERIBIT, change(101), "numbers"),
        (rules.BINANCE_SPOT, change(101), "numbers"),
        (rules.BINANCE_SPOT, change(90, first=150), "numbers"),
        (
            rules.DERIBIT,
            change(101, prior=100, bids=[(9_000, (1 << 61) - 1), (9_001, (1 << 61) - 1)]),
            "counted",
        ),
        (rules.DERIBIT, replace(SNAPSHOT, last=-1), "number"),
    ],
)
def test_nonsense_breaks_a_book(rule: Rule, said: BookSaid, why: str) -> None:
    keeper = keeper_of(rule, SNAPSHOT)
    assert keeper.take(said) is None
    assert keeper.state(11 * S) is State.GAP and keeper.wants_resync and why in keeper.why
    assert (keeper.counts.nonsense, keeper.counts.gaps) == (1, 1)


def test_a_book_says_how_deep_it_is_right_and_stops_where_it_is_not() -> None:
    keeper = keeper_of(rules.DERIBIT, SNAPSHOT, levels_max=2)
    assert keeper.book.right_to(1) is None
    keeper.take(change(101, prior=100, bids=[(9_995, 3)]))
    assert (keeper.levels(1), keeper.book.right_to(1)) == ([(10_000, 5), (9_995, 3)], 9_990)
    assert keeper.take(change(102, prior=101, bids=[(10_000, 0), (9_980, 1)])) is not None
    assert keeper.take(change(103, prior=102, bids=[(9_995, 0)])) is None
    assert keeper.state(11 * S) is State.GAP and "beyond" in keeper.why


def test_a_snapshot_of_so_many_levels_is_right_that_far() -> None:
    rule = Rule(order=Order.CHAIN, bracket=True, snapshot_levels=2)
    keeper = keeper_of(rule, SNAPSHOT)
    assert (keeper.book.right_to(1), keeper.book.right_to(-1)) == (9_989, 10_021)
    assert keeper.take(change(101, prior=100, bids=[(10_000, 0)])) is not None
    assert keeper.take(change(102, prior=101, bids=[(9_990, 0), (9_980, 3)])) is None
    assert keeper.wants_resync


def test_broken_off_is_a_gap_until_a_snapshot() -> None:
    keeper = keeper_of(rules.UNNUMBERED, SNAPSHOT)
    keeper.broke(12 * S, "the link is down")
    assert (keeper.state(12 * S), keeper.why, keeper.counts.lost) == (State.GAP, "the link is down", 1)
    assert keeper.take(change(-1, at=13, bids=[(10_000, 1)])) is None
    assert not keeper.is_live and keeper.levels(1) == []
    assert keeper.take(replace(SNAPSHOT, received_at=14 * S)) is not None
    keeper.reset()
    assert keeper.state(14 * S) is State.EMPTY and not keeper.wants_resync and keeper.counts.lost == 1


def test_without_numbers_whole_books_tell_what_differs() -> None:
    keeper = keeper_of(rules.UNNUMBERED, SNAPSHOT)
    look = keeper.take(replace(SNAPSHOT, bids=[(10_000, 2), (9_990, 8)], last=-1))
    assert look is not None and (look.bid.added, look.bid.removed, look.bid.pulled) == (1.0, 3.0, 0.0)


def test_changes_alone_make_a_book_where_no_snapshot_will_come() -> None:
    told = change(5, first=5, bids=[(10_000, 1)], asks=[(10_010, 1)])
    assert keeper_of(rules.CAPTURE, told).state(11 * S) is State.SYNCING
    keeper = keeper_of(Rule(order=Order.RISING, bracket=True, from_nothing=True), told)
    assert keeper.is_live and keeper.take(change(6, first=6)) is not None


def texts(*sides: list[tuple[int, int]]) -> tuple[tuple[tuple[str, str], ...], tuple[tuple[str, str], ...]]:
    """As a venue might spell them."""
    bids, asks = [tuple([(f"{price / 100:.1f}", str(size)) for price, size in side]) for side in sides]
    return bids, asks


def test_a_checksum_that_does_not_match_is_a_gap() -> None:
    spelled = replace(SNAPSHOT, texts=texts(SNAPSHOT.bids, SNAPSHOT.asks))
    # "100.0:5:100.1:4:99.9:7:100.2:6"
    right = crc([("100.0", "5"), ("99.9", "7")], [("100.1", "4"), ("100.2", "6")], 25)
    keeper = keeper_of(rules.OKX, replace(spelled, checksum=right))
    assert keeper.is_live
    after = crc([("100.0", "5")], [("100.1", "4"), ("100.2", "6")], 25)
    gone = change(101, prior=100, bids=[(9_990, 0)])
    assert keeper.take(replace(gone, checksum=after, texts=texts(gone.bids, gone.asks))) is not None
    more = change(102, prior=101, bids=[(9_980, 1)])
    assert keeper.take(replace(more, checksum=after, texts=texts(more.bids, more.asks))) is None
    assert keeper.wants_resync and keeper.counts.checksums == 1
    assert "checksum" in keeper.why and str(after) in keeper.why


def test_without_a_checksum_or_the_spelling_nothing_is_compared() -> None:
    keeper = keeper_of(rules.OKX, replace(SNAPSHOT, checksum=1))
    assert keeper.is_live
    assert keeper.take(change(101, prior=100)) is not None


def test_the_crc_is_over_both_sides_in_turn() -> None:
    assert crc([("1", "2"), ("0.9", "3")], [("1.1", "4")], 25) == crc(
        [("1", "2"), ("0.9", "3"), ("5", "5")], [("1.1", "4")], 2
    )
    assert crc([], [], 25) == 0
    assert crc([("3366.1", "7")], [("3366.8", "9")], 25) == -2_058_547_290
