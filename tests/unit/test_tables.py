"""Captures in our layout: what is said comes back exactly and in the order of receipt; what is wrong is told."""

import sys
from pathlib import Path

import numpy as np
import pytest
from table_cases import AT, MS, SYMBOL, causes, level, said, touch, trade, write

from rfq.feeds.levels import Scale
from rfq.feeds.said import BookSaid, TouchSaid, TradeSaid, Trouble
from rfq.feeds.tables import captures, layout
from rfq.feeds.tables.layout import TablesError

ONE = 10**8


def test_a_book_comes_back_message_by_message(tmp_path: Path) -> None:
    rows = [level(0, 1, 100.5, 2.0, 7, is_snapshot=True), level(0, -1, 100.6, 0.001, 7, is_snapshot=True)]
    rows += [level(5, 1, 100.5, 0.0, 9, u_first=8, u_prev=7), level(5, 1, 100.4, 3.0, 9, u_first=8, u_prev=7)]
    rows += [level(5, -1, 100.6, 1.0, 10, u_prev=9)]
    for row in rows:
        row.setdefault("u_prev", -1)
    first, second, third = said(write(tmp_path / "a", "l2_events", rows))
    assert first == BookSaid(
        venue="here",
        symbol=SYMBOL,
        received_at=AT,
        exchange_at=MS * 1_000_000,
        is_snapshot=True,
        bids=[(100_5 * 10**7, 2 * ONE)],
        asks=[(100_6 * 10**7, 10**5)],
        last=7,
    )
    assert (second.first, second.last, second.prior, second.is_snapshot) == (8, 9, 7, False)
    assert second.bids == [(100_5 * 10**7, 0), (100_4 * 10**7, 3 * ONE)] and second.asks == []
    assert (third.first, third.last, third.prior) == (10, 10, 9)


def test_levels_as_arrays_are_the_same(tmp_path: Path) -> None:
    path = write(
        tmp_path / "a", "l2_events", [level(0, 1, 1.5, 2.0), level(0, 1, 1.25, 0.5), level(0, -1, 2, 1)]
    )
    (one,) = said(path)
    (same,) = captures.open_capture(path).said(SYMBOL, as_arrays=True)
    assert isinstance(same, BookSaid) and isinstance(same.bids, np.ndarray)
    assert same.bids.tolist() == [list(pair) for pair in one.bids] and len(same.asks) == 1


def test_the_order_is_of_receipt_and_at_equal_stamps_trades_come_first(tmp_path: Path) -> None:
    prefix = tmp_path / "a"
    write(prefix, "bbo", [touch(10, 1.0, 2.0), touch(5, 1.0, 3.0), touch(10, 1.0, 4.0)])
    write(prefix, "l2_events", [level(10, 1, 1.0, 1.0, 1), level(10, 1, 1.0, 2.0, 2)])
    write(prefix, "trades", [trade(10, 1, 1.0), trade(10, 2, 1.0, ts_exch_ms=MS - 9), trade(11, 3, 1.0)])
    told = said(prefix)
    assert [type(one) for one in told] == [
        TouchSaid,
        TradeSaid,
        TradeSaid,
        BookSaid,
        BookSaid,
        TouchSaid,
        TouchSaid,
        TradeSaid,
    ]
    assert [one.trade for one in told if isinstance(one, TradeSaid)] == ["1", "2", "3"]
    assert [one.ask // ONE for one in told if isinstance(one, TouchSaid)] == [3, 2, 4]
    assert [one.last for one in told if isinstance(one, BookSaid)] == [1, 2]


def test_a_message_without_levels_keeps_its_numbers(tmp_path: Path) -> None:
    rows = [level(0, 1, 1.0, 1.0, 1), level(1, 0, 0.0, 0.0, 2), level(2, 1, 1.0, 2.0, 3)]
    path = write(tmp_path / "a", "l2_events", rows)
    assert [(one.last, one.bids) for one in said(path)] == [(1, [(ONE, ONE)]), (2, []), (3, [(ONE, 2 * ONE)])]
    assert captures.open_capture(path).arrays("l2_events", SYMBOL)["message"].tolist() == [0, 2]
    assert captures.open_capture(path).report().dropped == 0


def test_rows_that_pad_a_short_side_tell_no_level(tmp_path: Path) -> None:
    nothing = float("nan")
    rows = [level(0, 1, 1.0, 1.0, 1), level(0, 1, 0.0, 0.0, 1), level(0, -1, nothing, nothing, 1)]
    path = write(tmp_path / "a", "l2_events", rows)
    (one,) = said(path)
    assert isinstance(one, BookSaid) and (one.bids, one.asks) == ([(ONE, ONE)], [])
    (table,) = captures.open_capture(path).report().tables
    assert causes(table.noticed) == {"no level: neither price nor size": 2} and table.dropped == ()


def test_rows_of_a_message_may_stand_apart(tmp_path: Path) -> None:
    bids = [level(at, 1, 1.0, 1.0 + at, at) for at in range(3)]
    asks = [level(at, -1, 2.0, 1.0 + at, at) for at in range(3)]
    told = said(write(tmp_path / "a", "l2_events", [*bids, *asks]))
    assert [(one.last, len(one.bids), len(one.asks)) for one in told] == [(0, 1, 1), (1, 1, 1), (2, 1, 1)]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"price": float("nan")}, "price: not a number above zero"),
        ({"price": 0.0}, "price: not a number above zero"),
        ({"price": float("inf")}, "price: not a number above zero"),
        ({"qty": -1.0}, "size: not a number from zero on"),
        ({"side": 2}, "side: neither +1 nor -1"),
    ],
)
def test_a_book_message_that_lost_a_level_is_said_to_be_broken(
    tmp_path: Path, wrong: dict[str, float], words: str
) -> None:
    rows = [level(0, 1, 1.0, 1.0, 1), level(1, 1, 1.0, 2.0, 2), level(1, -1, 3.0, 2.0, 2) | wrong]
    path = write(tmp_path / "a", "l2_events", [*rows, level(2, 1, 1.0, 4.0, 3)])
    first, broken, last = said(path)
    assert isinstance(broken, Trouble) and broken.breaks_book and broken.received_at == AT + 1
    assert isinstance(first, BookSaid) and isinstance(last, BookSaid)
    (table,) = captures.open_capture(path).report().tables
    assert causes(table.dropped) == {words: 1} and table.dropped[0].example.startswith("row 2: ")
    assert causes(table.noticed) == {"book messages that lost a level": 1}
    assert (table.read, table.kept, table.messages) == (4, 3, 3)


def test_trades_told_twice_are_dropped_but_not_those_without_a_name(tmp_path: Path) -> None:
    rows = [trade(0, 5, 1.0), trade(1, 5, 1.0), trade(2, 5, 1.5), trade(3, 0, 1.0), trade(3, 0, 1.0)]
    path = write(tmp_path / "a", "trades", rows)
    assert [(one.trade, one.price) for one in said(path)] == [
        ("5", ONE),
        ("5", 15 * 10**7),
        ("0", ONE),
        ("0", ONE),
    ]
    (table,) = captures.open_capture(path).report().tables
    assert causes(table.dropped) == {"told before: same id, price, size, side and stamp": 1}


def test_ids_that_are_no_plain_numbers_stay_as_spelled(tmp_path: Path) -> None:
    rows = [
        trade(0, "007", 1.0),
        trade(1, "ETH-8", 1.0, kind="LIQUIDATION"),
        trade(2, "9", 1.0, block="RFQ-1"),
    ]
    for row in rows:
        row.setdefault("block", "")
    told = said(write(tmp_path / "a", "trades", rows))
    assert [(one.trade, one.liquidation, one.block) for one in told] == [
        ("007", False, ""),
        ("ETH-8", True, ""),
        ("9", False, "RFQ-1"),
    ]


def test_touches_may_lack_a_side_and_are_told_of_when_crossed(tmp_path: Path) -> None:
    nothing = float("nan")
    rows = [
        touch(0, 1.0, 2.0),
        touch(1, nothing, 2.0, bid_qty=nothing),
        touch(2, 3.0, 2.0),
        touch(3, 2.0, 2.0),
    ]
    path = write(tmp_path / "a", "bbo", [*rows, touch(4, 0.0, 0.0)])
    told = said(path)
    assert [(one.bid // ONE, one.bid_size // ONE, one.ask // ONE) for one in told] == [
        (1, 1, 2),
        (0, 0, 2),
        (3, 1, 2),
        (2, 1, 2),
    ]
    (table,) = captures.open_capture(path).report().tables
    assert causes(table.noticed) == {"one-sided": 1, "crossed": 1, "locked": 1}
    assert causes(table.dropped) == {"neither bid nor offer": 1}


def test_without_receive_stamps_the_exchange_stands_in_and_the_report_says_so(tmp_path: Path) -> None:
    rows = [trade(0, 1, 1.0, ts_recv_ns=0), trade(0, 2, 1.0, ts_recv_ns=0, ts_exch_ms=0)]
    path = write(tmp_path / "a", "trades", rows)
    assert [one.received_at for one in said(path)] == [AT]
    (table,) = captures.open_capture(path).report().tables
    assert causes(table.noticed) == {"no receive stamp: the exchange's stands in": 1}
    assert causes(table.dropped) == {"no stamp": 1}
    assert table.clocks is not None and "nothing to compare" in table.clocks.words


def test_decimals_are_as_many_as_a_market_needs(tmp_path: Path) -> None:
    fine = write(tmp_path / "fine", "trades", [trade(0, 1, 0.000000001234, 5e9)])
    capture = captures.open_capture(fine)
    assert capture.scale(SYMBOL) == Scale(12, 8)
    assert [(one.price, one.size) for one in said(fine)] == [(1234, 5 * 10**17)]
    large = write(tmp_path / "large", "trades", [trade(0, 1, 1.5, 3e12)])
    assert captures.open_capture(large).scale(SYMBOL) == Scale(8, 6)
    assert [one.size for one in said(large)] == [3 * 10**18]


def test_what_a_given_scale_cannot_hold_is_trouble_never_rounded(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "trades", [trade(0, 1, 1.25), trade(1, 2, 1.2)])
    first, second = captures.open_capture(path, scale=Scale(1, 0)).said(SYMBOL)
    assert isinstance(first, Trouble) and not first.breaks_book
    assert isinstance(second, TradeSaid) and second.price == 12


def test_noise_of_arithmetic_is_taken_off_and_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "trades", [trade(0, 1, 0.1 + 0.2, 1.1 * 3)])
    assert [(one.price, one.size) for one in said(path)] == [(3 * 10**7, 33 * 10**7)]
    (table,) = captures.open_capture(path).report().tables
    assert sum(causes(table.noticed).values()) == 2 and "noise" in table.noticed[0].what


def test_a_path_is_a_file_a_prefix_or_a_folder(tmp_path: Path) -> None:
    write(tmp_path / "a", "trades", [trade(0, 1, 1.0)])
    file = write(tmp_path / "a", "bbo", [touch(1, 1.0, 2.0)])
    write(tmp_path / "b", "trades", [trade(2, 2, 1.0, symbol="ETHUSDT", venue="there")])
    assert len(said(file)) == len(said(tmp_path / "a")) == 2
    both = captures.open_capture(tmp_path)
    assert both.symbols == ("BTCUSDT", "ETHUSDT") and both.venues == ("here", "there")
    assert both.kinds == ("bbo", "trades") and both.arrays("l2_events", SYMBOL) == {}
    assert [one.symbol for one in both.report(SYMBOL).tables] == [SYMBOL, SYMBOL]
    assert [one.kind for one in both.report().tables] == ["bbo", "trades", "trades"]
    with pytest.raises(TablesError, match="no XRP there, but BTCUSDT, ETHUSDT"):
        both.market("XRP")


def test_a_symbol_at_two_venues_must_be_told_apart(tmp_path: Path) -> None:
    write(tmp_path / "a", "trades", [trade(0, 1, 1.0), trade(0, 1, 2.0, venue="there")])
    capture = captures.open_capture(tmp_path)
    with pytest.raises(TablesError, match="at here, there: say which"):
        next(capture.said(SYMBOL))
    assert [one.price for one in capture.said(SYMBOL, "there") if isinstance(one, TradeSaid)] == [2 * ONE]


def test_what_is_no_capture_is_refused_with_words(tmp_path: Path) -> None:
    pytest.importorskip("duckdb", reason="Parquet needs duckdb")
    with pytest.raises(TablesError, match="no tables there"):
        captures.open_capture(tmp_path / "nothing")
    bad = tmp_path / "bad_trades.parquet"
    bad.write_bytes(b"PAR1 but no more")
    with pytest.raises(TablesError, match=r"bad_trades\.parquet: "):
        captures.open_capture(bad)
    import duckdb

    with duckdb.connect() as store:
        store.execute(f"copy (select 1 as price, 'A' as symbol) to '{bad}' (format parquet)")
    with pytest.raises(TablesError, match="no column side, qty, ts_recv_ns or ts_exch_ms"):
        captures.open_capture(bad)


def test_without_duckdb_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a_trades.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "duckdb", None)
    with pytest.raises(TablesError, match=r"rfq-desk\[tables\]") as caught:
        captures.open_capture(tmp_path)
    assert caught.value.is_lacking


def test_a_table_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = write(tmp_path / "a", "trades", [trade(0, 1, 1.0)])
    before = path.read_bytes()
    with pytest.raises(TablesError, match=r"no column ts_recv_ns, .* side, kind"):
        layout.write(tmp_path / "a", "trades", {"price": np.array([1.0])})
    with pytest.raises(RuntimeError), layout.Writing(tmp_path / "a", "trades") as table:
        table.add(captures.open_capture(path).arrays("trades", SYMBOL) | _named(1))
        raise RuntimeError
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


def test_ids_become_text_when_a_later_piece_has_text(tmp_path: Path) -> None:
    numbers = captures.open_capture(write(tmp_path / "a", "trades", [trade(0, 1, 1.0)])).arrays(
        "trades", SYMBOL
    )
    texts = captures.open_capture(write(tmp_path / "b", "trades", [trade(1, "x", 1.0)])).arrays(
        "trades", SYMBOL
    )
    with layout.Writing(tmp_path / "c", "trades") as table:
        table.add(numbers | _named(1))
        table.add(texts | _named(1))
    assert [one.trade for one in said(tmp_path / "c")] == ["1", "x"] and table.rows == 2


def _named(rows: int) -> dict[str, np.ndarray]:
    return {"venue": np.full(rows, "here", object), "symbol": np.full(rows, SYMBOL, object)}


def test_snapshots_that_cannot_be_told_apart_are_told_of(tmp_path: Path) -> None:
    rows = [level(0, 1, price, 1.0, is_snapshot=True, ts_recv_ns=0) for price in (1.0, 2.0, 1.0, 3.0)]
    (table,) = captures.open_capture(write(tmp_path / "a", "l2_events", rows)).report().tables
    assert (
        causes(table.noticed)["levels told twice in one snapshot: it may be several with the same stamps"]
        == 1
    )
