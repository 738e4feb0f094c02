"""Captures that are not quite as ours: other types, other clocks, rows lost, snapshots that nobody marked."""

from pathlib import Path

import numpy as np
import pytest
from market_captures import START_MS, Message, deep_levels, write_book, write_touch, write_trades
from table_cases import AT, MS, SYMBOL, level, said, touch, trade, write

from rfq.feeds.said import BookSaid
from rfq.feeds.sizing import sizing_of
from rfq.feeds.tables import captures, layout
from rfq.markets.market import Holes
from rfq.markets.statistics import MarketStats, stats_of

pytest.importorskip("duckdb", reason="captures are Parquet: extra `tables`")


def market(prefix: Path) -> MarketStats:
    (found,) = stats_of(prefix)
    return found


def written(prefix: Path) -> MarketStats:
    """Two minutes of quotes, trades and snapshots."""
    dice = np.random.default_rng(3)
    at = np.cumsum(dice.integers(60, 150, 1_200)) / 1e3
    bid = 61_800.2 + 0.1 * np.cumsum(dice.integers(-1, 2, len(at)))
    write_touch(prefix, at, bid, bid + 0.1, 0.001 * dice.integers(1, 9_999, len(at)), 2.507)
    side = dice.choice([-1, 1], len(at))
    write_trades(prefix, at, np.where(side > 0, bid + 0.1, bid), 0.001 * dice.integers(1, 999, len(at)), side)
    snapshots: list[Message] = [
        (float(at[k]), *deep_levels(float(np.round(bid[k] + 0.05, 2)), 0.1, 30, 1.003), True, -1, -1)
        for k in range(0, len(at), 5)
    ]
    write_book(prefix, snapshots)
    return market(prefix)


def rewritten(prefix: Path, target: Path, change: str) -> MarketStats:
    """The same with some columns replaced by what SQL says of them, where a table has them."""
    with layout.connect() as store:
        for kind in layout.KINDS:
            there = f"read_parquet('{layout.file_of(prefix, kind)}')"
            columns = {str(row[0]) for row in store.execute(f"describe select * from {there}").fetchall()}
            parts = [one.split(" as ") for one in change.split("; ")]
            cells = [
                f"{sql.replace('?', name)} as {name}" for sql, names in parts for name in names.split(",")
            ]
            kept = ", ".join(["venue as venue", *(one for one in cells if one.rsplit(" as ")[-1] in columns)])
            target.parent.mkdir(parents=True, exist_ok=True)
            store.execute(
                f"copy (select * replace ({kept}) from {there}) to '{layout.file_of(target, kind)}' (format parquet)"
            )
    return market(target)


NUMBERS = "price,qty,bid_px,bid_qty,ask_px,ask_qty"


@pytest.mark.parametrize(
    "change",
    [
        f"?::float as {NUMBERS}",
        f"?::decimal(18,8) as {NUMBERS}",
        f"?::varchar as {NUMBERS},side,ts_recv_ns,ts_exch_ms,u_last",
        "make_timestamp_ns(?) as ts_recv_ns; make_timestamp_ms(?) as ts_exch_ms",
        "make_timestamp_ns(?)::timestamptz as ts_recv_ns; make_timestamp_ms(?)::timestamptz as ts_exch_ms",
        "?::uinteger as is_snapshot; ?::double as ts_exch_ms; ?::hugeint as u_last,u",
    ],
)
def test_other_types_say_the_same(tmp_path: Path, change: str) -> None:
    wanted = written(tmp_path / "a")
    found = rewritten(tmp_path / "a", tmp_path / "b", change)
    assert (found.spread, found.walk, found.paid) == (wanted.spread, wanted.walk, wanted.paid)
    assert found.counts.trades == wanted.counts.trades == 1_200
    assert found.clock == wanted.clock


def test_sides_may_be_words(tmp_path: Path) -> None:
    wanted = written(tmp_path / "a")
    words = "case when ? > 0 then 'Buy' else 'SELL' end as side"
    assert rewritten(tmp_path / "a", tmp_path / "b", words).paid == wanted.paid


def test_folders_do_not_say_whose_rows_they_are(tmp_path: Path) -> None:
    found = rewritten(written(tmp_path / "a") and tmp_path / "a", tmp_path / "venue=x" / "b", "? as price")
    assert found.venue == "made_up"


def test_numbers_without_an_end_are_used_by_statistics_and_told(tmp_path: Path) -> None:
    wanted = written(tmp_path / "a")
    found = rewritten(tmp_path / "a", tmp_path / "b", "? * 1.0000000123456789 as qty")
    assert found.counts.trades == wanted.counts.trades
    noticed = {one.what for table in found.counts.tables for one in table.noticed}
    assert "size: more decimals than 15, kept as it is" in noticed
    assert captures.open_capture(tmp_path / "b").report().dropped > 0  # what counts exactly cannot


def test_a_clock_of_the_receiver_that_was_put_back_does_not_mix_up_the_rows(tmp_path: Path) -> None:
    wanted = written(tmp_path / "a")
    back = f"? - case when ts_exch_ms > {START_MS + 60_000} then 700000000 else 0 end as ts_recv_ns"
    found = rewritten(tmp_path / "a", tmp_path / "b", back)
    assert found.clock.name == "exchange"
    assert (found.spread, found.walk, found.ofi) == (wanted.spread, wanted.walk, wanted.ofi)
    noticed = {one.what for table in found.counts.tables for one in table.noticed}
    assert "the receiver's clock was put back: below, the order of the file stands" in noticed


def test_a_book_whose_receiver_was_put_back_is_told_in_its_order(tmp_path: Path) -> None:
    sent_ms = 100 * np.arange(40)
    put_back_ms = np.where(np.arange(40) < 20, 0, 700)
    rows = [
        level(int(1_000_000 * (sent - back)), 1, 1.0, 1.0 + k, k, ts_exch_ms=MS + int(sent))
        for k, (sent, back) in enumerate(zip(sent_ms, put_back_ms, strict=True))
    ]
    told = said(write(tmp_path / "a", "l2_events", rows))
    assert [one.last for one in told if isinstance(one, BookSaid)] == list(range(40))
    assert np.diff([one.received_at for one in told]).min() == 0


def test_messages_that_overtake_others_are_put_in_order(tmp_path: Path) -> None:
    dice = np.random.default_rng(8)
    sent_ms = np.cumsum(dice.integers(10, 60, 400))
    received_ms = sent_ms + dice.integers(100, 300, 400)
    rows = [
        level(int(1_000_000 * at), 1, 1.0, 1.0 + k, k, ts_exch_ms=MS + int(sent))
        for k, (sent, at) in enumerate(zip(sent_ms, received_ms, strict=True))
    ]
    told = said(write(tmp_path / "a", "l2_events", rows))
    assert [one.received_at - AT for one in told] == (1_000_000 * np.sort(received_ms)).tolist()


def test_microseconds_are_no_milliseconds(tmp_path: Path) -> None:
    written(tmp_path / "a")
    found = rewritten(tmp_path / "a", tmp_path / "b", "? * 1000 as ts_exch_ms")
    assert found.clock.name == "receive"
    noticed = [one.what for table in found.counts.tables for one in table.noticed]
    assert noticed.count("exchange stamp that is no instant in ms: taken for none") == 3


def test_snapshots_that_nobody_marked_are_snapshots(tmp_path: Path) -> None:
    wanted = written(tmp_path / "a")
    found = rewritten(tmp_path / "a", tmp_path / "b", "false as is_snapshot")
    assert found.walk == wanted.walk and found.sequence is not None and found.sequence.crossed == 0
    assert found.words == (
        "no message is marked as a snapshot and none takes a level away: each is taken for a snapshot",
    )


def changes(first: int, count: int, begin_s: float) -> list[Message]:
    return [(begin_s + 0.1 * k, [(95.0, 1.0 + k)], [], False, first + k, first + k) for k in range(count)]


ROOM = [(90.0, 1.0), (80.0, 1.0)], [(110.0, 1.0), (120.0, 1.0)]


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("all_of_it", [True, False])
def test_a_message_that_lost_a_level_breaks_the_book_until_a_snapshot(
    tmp_path: Path, numbered: bool, all_of_it: bool
) -> None:
    bad: Message = (2.0, [(96.0, -1.0)] if all_of_it else [(96.0, -1.0), (94.0, 1.0)], [], False, 20, 20)
    messages = [(0.0, *ROOM, True, 0, 0), *changes(1, 19, 0.1), bad, *changes(21, 10, 2.1)]
    messages += [(3.5, *ROOM, True, 31, 31), *changes(32, 9, 3.6)]
    if not numbered:
        messages = [(*one[:4], -1, -1) for one in messages]
    write_book(tmp_path / "a", messages)
    found = market(tmp_path / "a")
    assert found.sequence is not None and found.sequence.broken == (10 if all_of_it else 11)
    assert any("lost a level in cleaning" in word for word in found.words)
    assert found.sequence.gaps == (0 if numbered else None)


def test_a_snapshot_that_lost_a_level_is_none(tmp_path: Path) -> None:
    bad: Message = (1.0, [(90.0, 1.0), (80.0, -1.0)], [(110.0, 1.0)], True, 8, 8)
    messages = [(0.0, *ROOM, True, 0, 0), *changes(1, 8, 0.1), bad, *changes(9, 10, 1.1)]
    write_book(tmp_path / "a", messages)
    found = market(tmp_path / "a")
    assert found.sequence is not None and found.sequence.broken == 11


def test_a_book_that_grows_begins_again_after_a_loss(tmp_path: Path) -> None:
    bids, asks = deep_levels(100.0, 0.01, 5, 10.0)
    whole: list[Message] = [(0.1 * k, [*bids, (90.0, 0.0)], asks, False, -1, -1) for k in range(40)]
    stale: Message = (3.95, [(99.999, 1.0)], [], False, -1, -1)
    bad: Message = (4.0, [(99.999, -1.0)], [], False, -1, -1)  # would have taken it away, had it been read
    write_book(tmp_path / "a", [*whole, stale, bad, *[(one[0] + 4.1, *one[1:]) for one in whole]])
    found = market(tmp_path / "a")
    assert found.spread.median_by_time_bps.value == pytest.approx(1.0)


def test_changes_that_begin_later_than_their_snapshot_ends_are_a_gap(tmp_path: Path) -> None:
    pieces: list[Message] = []
    for k, first in enumerate((101, 201, 304, 401)):  # the third lacks three
        pieces += [(3.0 * k, *ROOM, True, 100 * k + 100, 100 * k + 100), *changes(first, 15, 3.0 * k + 0.1)]
    write_book(tmp_path / "a", pieces)
    found = market(tmp_path / "a")
    assert found.sequence is not None
    assert (found.sequence.gaps, found.sequence.broken) == (1, 15)


def test_a_snapshot_older_than_the_changes_before_it_lacks_none(tmp_path: Path) -> None:
    late: Message = (1.05, *ROOM, True, 5, 5)
    write_book(tmp_path / "a", [*changes(1, 10, 0.1), late, *changes(11, 30, 1.1)])
    found = market(tmp_path / "a")
    assert found.sequence is not None and found.sequence.rule == "each begins one after the last"


@pytest.mark.parametrize(("number", "broken"), [(14, 17), (12, 48), (8, 48)])
def test_a_late_snapshot_mends_the_gap_that_it_covers_and_no_other(
    tmp_path: Path, number: int, broken: int
) -> None:
    """Changes 1 to 10 and 15 to 21, then the snapshot, then 22 to 51: of an early one, 11 to 14 are still missing."""
    late: Message = (2.05, *ROOM, True, number, number)
    write_book(tmp_path / "a", [*changes(1, 10, 0.1), *changes(15, 7, 1.3), late, *changes(22, 30, 2.1)])
    found = market(tmp_path / "a")
    assert found.sequence is not None
    assert (found.sequence.gaps, found.sequence.broken) == (1, broken)


def test_a_snapshot_that_counts_otherwise_is_said_to_do_so(tmp_path: Path) -> None:
    write_book(tmp_path / "a", [(0.0, *ROOM, True, 7, 7), *changes(101, 30, 0.1)])
    found = market(tmp_path / "a")
    assert found.sequence is not None and (found.sequence.gaps, found.sequence.broken) == (0, 0)
    assert "do not go on where a snapshot ends" in found.sequence.rule


@pytest.mark.parametrize(
    ("venue", "symbol", "inverse", "multiplier"),
    [
        ("", "BTCUSD_PERP", True, 100.0),
        ("", "ethusd_perp", True, 10.0),
        ("binance_coinm", "BTCUSD_240927", True, 100.0),
        ("cm", "DOGEUSD_PERP", True, 10.0),
        ("binance_usdm", "BTCUSDT_240927", False, 1.0),
        ("hyperliquid", "BTC", False, 1.0),
        ("htx", "ETH-USD", True, 10.0),
        ("okx", "SOL-USDT-SWAP", False, 1.0),
        ("okx", "BTC-USDT", False, 1.0),
        ("bitmex", "XBTUSD", True, 1.0),
        ("bitmex", "ETHUSD", False, 1.0),  # a quanto
    ],
)
def test_sizes_by_names(venue: str, symbol: str, inverse: bool, multiplier: float) -> None:
    sized = sizing_of(venue, symbol)
    assert (sized.sizing.inverse, sized.sizing.multiplier) == (inverse, multiplier)
    assert ("--multiplier" in sized.words) is (symbol in ("SOL-USDT-SWAP", "ETHUSD"))


def test_ids_and_symbols_may_be_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "trades", [trade(k, k, 1.0) for k in range(3)])
    with layout.connect() as store:
        store.execute(f"copy (select * replace (7 as symbol) from '{path}') to '{tmp_path}/b_trades.parquet'")
    assert captures.open_capture(tmp_path / "b").symbols == ("7",)
    assert len(said(tmp_path / "b", "7")) == len(said(path, SYMBOL)) == 3


def test_files_that_do_not_say_their_venue_are_not_mixed(tmp_path: Path) -> None:
    for name, price in (("spot", 1.0), ("binance_coinm", 2.0)):
        path = write(tmp_path / name, "trades", [trade(k, k, price) for k in range(2)])
        with layout.connect() as store:
            store.execute(f"create table kept as select * exclude (venue) from '{path}'")
            store.execute(f"copy kept to '{path}' (format parquet)")
    write(tmp_path / "spot", "bbo", [touch(0, 1.0, 2.0, venue=None)])
    capture = captures.open_capture(tmp_path)
    assert capture.venues == ("binance_coinm", "spot")
    assert len(capture.arrays("bbo", SYMBOL, "spot")["bid_px"]) == 1
    assert capture.arrays("trades", SYMBOL, "spot")["price"].tolist() == [1.0, 1.0]
    assert captures.open_capture(tmp_path / "spot").venues == ("",)


@pytest.mark.parametrize("apart_days", [1, 20_000])
def test_pieces_that_lie_far_apart_are_as_good_as_one_after_the_other(
    tmp_path: Path, apart_days: int
) -> None:
    wanted = written(tmp_path / "a")
    late = f"? + case when ts_exch_ms > {START_MS + 60_000} then 86400 * {apart_days}::bigint else 0 end"
    change = f"{late} * 1000 as ts_exch_ms; {late} * 1000000000 as ts_recv_ns"
    found = rewritten(tmp_path / "a", tmp_path / "b", change)
    assert found.counts.holes == 1 and found.counts.trades == wanted.counts.trades
    assert found.sigma[0].sigma_bps.low is not None
    assert found.sigma[0].sigma_bps.n == pytest.approx(wanted.sigma[0].sigma_bps.n, abs=3)
    assert found.spread.time_weighted_bps.value == pytest.approx(
        wanted.spread.time_weighted_bps.value, rel=0.01
    )


def test_windows_keep_their_places_and_touch_no_hole() -> None:
    dice = np.random.default_rng(2)
    for _ in range(50):
        edges = np.sort(dice.choice(1_000, 8, replace=False))
        holes = Holes(edges[0::2], edges[1::2])
        first, last, length, step = (
            int(one) for one in dice.integers([-50, 300, 1, 1], [600, 1_100, 90, 40])
        )
        plain = np.arange(first, last - length + 1, step)
        wanted = plain[~holes.spoil(plain, plain + length)]
        assert holes.windows(first, last, length, step).tolist() == wanted.tolist()


def test_what_was_agreed_off_the_book_is_counted_and_is_no_order(tmp_path: Path) -> None:
    at = np.arange(60.0)
    block = ["RFQ-7" if second % 3 == 0 else "" for second in range(60)]
    far = np.where(at % 3 == 0, 130.0, 100.01)
    write_touch(tmp_path / "a", at, 99.99, 100.01)
    write_trades(tmp_path / "a", at + 0.5, far, 1.0, np.ones(60), block=block)
    found = market(tmp_path / "a")
    assert (found.counts.trades, found.counts.orders) == (60, 40)
    assert found.counts.traded_usd == pytest.approx(40 * 100.01)
    assert found.paid.equal_bps.value == pytest.approx(1.0, abs=1e-3)
    assert "20 trades were blocks" in found.words[0]
    write_trades(tmp_path / "b", at + 0.5, far, 1.0, np.ones(60))
    assert market(tmp_path / "b").counts.orders == 60
