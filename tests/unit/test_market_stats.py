"""Statistics of captures whose answers are known beforehand: each planted number is found, inside its interval."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from market_captures import deep_levels, write_book, write_touch, write_trades

from rfq.feeds.tables.captures import TablesError
from rfq.markets.figures import Figure
from rfq.markets.statistics import Asked, MarketStats, stats_of

pytest.importorskip("duckdb", reason="captures are Parquet: extra `tables`")
SEED = 20


def holds(figure: Figure, value: float) -> bool:
    """Whether the interval has the value in it."""
    assert figure.low is not None and figure.high is not None, figure
    return figure.low <= value <= figure.high


def one(path: Path, **asked: Any) -> MarketStats:
    (found,) = stats_of(path, Asked(**asked))
    return found


def by(rows: Any, name: str) -> dict[float, Any]:
    return {getattr(row, name): row for row in rows}


def test_the_spread_is_weighted_by_how_long_it_stood(tmp_path: Path) -> None:
    start = np.arange(100.0)
    at = np.sort(np.concatenate([start, start + 0.9]))
    wide = np.tile([False, True], 100)  # one tick for nine tenths of a second, then three
    bid, ask = np.where(wide, 99.98, 99.99), np.where(wide, 100.04, 100.01)
    write_touch(tmp_path / "a", at, bid, ask)
    found = one(tmp_path / "a").spread
    narrow_bps, wide_bps = 0.02 / 100 * 1e4, 0.06 / 100.01 * 1e4
    span = 99.9
    expected = (narrow_bps * 90.0 + wide_bps * 9.9) / span
    assert found.time_weighted_bps.value == pytest.approx(expected, rel=1e-9)
    assert holds(found.time_weighted_bps, expected)
    assert found.mean_by_quote_bps.value == pytest.approx(0.5 * (narrow_bps + wide_bps))
    assert found.median_by_time_bps.value == pytest.approx(narrow_bps)
    assert found.touch_usd.value == pytest.approx(100.0, rel=1e-3)


def test_quotes_over_a_hole_weigh_nothing(tmp_path: Path) -> None:
    at = np.concatenate([np.arange(50.0), 10_000.0 + np.arange(50.0)])
    ask = np.full(100, 100.01)
    ask[49] = 150.0  # stands when the recording stops
    write_touch(tmp_path / "a", at, 99.99, ask)
    found = one(tmp_path / "a")
    assert found.counts.holes == 1 and found.counts.holes_s == pytest.approx(9_951.0)
    assert found.spread.time_weighted_bps.value == pytest.approx(2.0)


@pytest.mark.parametrize("repeats", [0.5, 0.6, 0.75])
def test_planted_autocorrelation_of_signs_is_found(tmp_path: Path, repeats: float) -> None:
    dice = np.random.default_rng(SEED)
    count = 20_000
    side = np.cumprod(np.where(dice.random(count) < repeats, 1, -1))
    write_trades(tmp_path / "a", 0.01 * np.arange(count), 100.0, 1.0, side)
    found = one(tmp_path / "a")
    planted = (
        2.0 * repeats - 1.0
    )  # of a chain that repeats its sign with this chance, to the power of the lag
    for row in found.signs[:4]:
        assert row.autocorrelation.value == pytest.approx(planted**row.lag, abs=0.025)
    assert holds(found.signs[0].autocorrelation, planted)
    assert found.counts.orders == count  # no two share a millisecond
    assert found.markouts[0].equal_bps.why == "the capture has neither best quotes nor a book of this market"


def test_trades_of_one_millisecond_and_side_are_one_order(tmp_path: Path) -> None:
    at = np.array([0.0, 0.0, 0.0, 0.001, 0.001, 0.002])
    write_trades(tmp_path / "a", at, [100.0, 101.0, 99.0, 99.0, 99.0, 100.0], 2.0, [1, 1, -1, -1, -1, 1])
    found = one(tmp_path / "a")
    assert found.counts.trades == 6 and found.counts.orders == 4
    assert found.counts.traded_usd == pytest.approx(2.0 * (100 + 101 + 99 + 99 + 99 + 100))
    assert found.counts.traded_share_bought == pytest.approx(301 / 598)


@pytest.mark.parametrize("exponent", [0.35, 0.5, 1.0])
def test_planted_exponent_is_found(tmp_path: Path, exponent: float) -> None:
    dice = np.random.default_rng(SEED)
    count = 2_000
    usd, side = np.exp(dice.normal(10.0, 1.5, count)), np.where(dice.random(count) < 0.5, 1, -1)
    moved = side * 1.5 * (usd / 1e5) ** exponent  # bps, at once and for good
    noise = dice.normal(0.0, 0.5, count)
    mid = 30_000.0 * np.exp(np.cumsum(moved + noise) * 1e-4)
    before = np.concatenate([[30_000.0], mid[:-1]])
    at = 2.0 * np.arange(count)
    write_touch(
        tmp_path / "a",
        np.concatenate([[-1.0], at + 0.05]),
        np.r_[30_000.0, mid] - 1,
        np.r_[30_000.0, mid] + 1,
    )
    write_trades(tmp_path / "a", at, before, usd / before, side)
    found = by(one(tmp_path / "a").impact_orders, "over_s")[1.0].law
    assert found.exponent.value == pytest.approx(exponent, abs=0.03)
    assert holds(found.exponent, exponent)
    assert found.bps_at_1m_usd.value == pytest.approx(1.5 * 10.0**exponent, rel=0.1)
    assert len(found.curve) >= 8


def test_markouts_are_from_the_mid_before_and_by_worth_where_said(tmp_path: Path) -> None:
    at = 10.0 * np.arange(60)
    side = np.tile([1, -1], 30)
    size = np.where(side > 0, 3.0, 1.0)
    mid = 100.0 + np.repeat(
        np.where(side > 0, 0.1, 0.0), 1
    )  # a buy lifts it by 10 bps, a sale brings it back
    quotes = np.concatenate([[-1.0], at, at + 4.0])  # the quote of the order's own instant must not count
    order = np.argsort(quotes, kind="stable")
    told = np.concatenate([[100.0], mid, mid])[order]
    write_touch(tmp_path / "a", quotes[order], told - 0.01, told + 0.01)
    before = np.r_[100.0, mid[:-1]]
    write_trades(tmp_path / "a", at, before + 0.02 * side, size, side)
    found = one(tmp_path / "a")
    row = by(found.markouts, "after_s")[1.0]
    up, down = 0.1 / 100.0 * 1e4, 0.1 / 100.1 * 1e4
    buys, sales = 3.0 * 100.02, 1.0 * (100.1 - 0.02)
    assert row.equal_bps.value == pytest.approx(0.5 * (up + down))
    assert row.volume_bps.value == pytest.approx((up * buys + down * sales) / (buys + sales))
    assert found.paid.equal_bps.value == pytest.approx(0.5 * (0.02 / 100 + 0.02 / 100.1) * 1e4)


def _quoted(count: int, noise: float) -> tuple[Any, ...]:
    """The price goes by whole ticks; bids are refilled at random besides. Sizes are 5 whenever it moves."""
    dice = np.random.default_rng(SEED)
    ticks = np.cumsum(np.where(dice.random(count) < 0.1, dice.choice([-1, 1], count), 0))
    refilled = np.where(np.diff(ticks, prepend=0) == 0, dice.normal(0.0, noise, count), 0.0)
    stood = np.zeros(count)
    level = 5.0
    for place in range(count):
        if ticks[place] != (ticks[place - 1] if place else 0):
            level = 5.0
        level = max(0.5, level + refilled[place])
        stood[place] = level
    return ticks, stood


def test_planted_slope_of_the_imbalance_is_found(tmp_path: Path) -> None:
    ticks = _quoted(6_000, 0.0)[0]
    mid = 10_000.0 + 0.1 * ticks
    write_touch(tmp_path / "a", 0.05 * np.arange(6_000), mid - 0.05, mid + 0.05, 5.0, 5.0)
    found = by(one(tmp_path / "a").ofi, "window_s")[1.0]
    assert found.r2.value == pytest.approx(1.0, abs=1e-4)  # a tick is a bid of 5 more and an offer of 5 fewer
    slope = (0.1 / 10_000.0 * 1e4) / (2 * 5.0 * 10_000.0) * 1e6
    assert found.slope_bps_per_1m_usd.value == pytest.approx(slope, rel=1e-3)
    assert found.r2_all_starts.value == pytest.approx(1.0, abs=1e-4)
    assert found.r2_next.value is not None and found.r2_next.value < 0.05 and found.r2_next.low == 0.0


def test_imbalance_that_moves_no_price_lowers_r2_as_its_variance_says(tmp_path: Path) -> None:
    ticks, bid_size = _quoted(40_000, 3.0)
    mid = 10_000.0 + 0.1 * ticks
    write_touch(tmp_path / "a", 0.05 * np.arange(40_000), mid - 0.05, mid + 0.05, bid_size, 5.0)
    found = by(one(tmp_path / "a").ofi, "window_s")[1.0]
    e = np.where(
        np.diff(ticks) > 0,
        bid_size[1:] + 5.0,
        np.where(np.diff(ticks) < 0, -bid_size[:-1] - 5.0, np.diff(bid_size)),
    )
    flow, moved = e[:39_980].reshape(-1, 20).sum(1), np.diff(mid)[:39_980].reshape(-1, 20).sum(1)
    planted = np.corrcoef(flow, moved)[0, 1] ** 2
    assert 0.3 < planted < 0.99
    assert found.r2.value == pytest.approx(planted, abs=0.01)
    assert holds(found.r2, planted)


def test_volatility_of_a_random_walk(tmp_path: Path) -> None:
    dice = np.random.default_rng(SEED)
    mid = 50_000.0 * np.exp(np.cumsum(dice.normal(0.0, 0.5, 20_000)) * 1e-4)
    write_touch(tmp_path / "a", 0.1 * np.arange(20_000), mid - 0.5, mid + 0.5)
    planted = 0.5 * np.sqrt(10.0)
    for row in one(tmp_path / "a").sigma[:3]:
        assert row.sigma_bps.value == pytest.approx(planted, rel=0.1)
        assert holds(row.sigma_bps, planted)


CONTRACTS = {
    "BTCUSD_PERP": ("binance_coinm", 100.0, "contracts of 100 USD"),
    "BTCUSDT": ("made_up", 0.2, "coins"),
}


@pytest.mark.parametrize("symbol", list(CONTRACTS))
def test_walking_a_book_costs_what_its_levels_say(tmp_path: Path, symbol: str) -> None:
    """A thousand levels of 10,000 USD, told again and again as snapshots; no best quotes, no trades."""
    venue, size, words = CONTRACTS[symbol]
    bids, asks = deep_levels(50_000.0, 1.0, 1_000, size)
    messages = [(float(k), bids, asks, True, k, k) for k in range(12)]
    write_book(tmp_path / "a", messages, symbol=symbol, venue=venue)
    found = one(tmp_path / "a")
    assert words in found.sizes
    walks, depth = by(found.walk, "usd"), by(found.depth, "within_bps")
    for usd in (10_000.0, 100_000.0, 1_000_000.0, 5_000_000.0):
        levels = (
            usd / 10_000.0
        )  # their mean distance is half of how many there are, whole levels from half a tick on
        assert walks[usd].cost_bps.value == pytest.approx(0.5 * levels / 50_000.0 * 1e4, rel=0.01)
        assert walks[usd].filled == 1.0
    assert depth[10.0].usd.value == pytest.approx(50 * 10_000.0, rel=0.01)
    assert found.touch_from.startswith("the book")
    assert found.spread.time_weighted_bps.value == pytest.approx(0.2, rel=1e-6)
    assert found.sequence is not None and found.sequence.snapshots == 12 and found.sequence.gaps == 0


def test_a_walk_that_the_book_does_not_hold_is_not_told(tmp_path: Path) -> None:
    bids, asks = deep_levels(50_000.0, 1.0, 20, 0.2)
    write_book(tmp_path / "a", [(float(k), bids, asks, True, k, k) for k in range(12)])
    found = by(one(tmp_path / "a").walk, "usd")
    assert found[100_000.0].cost_bps.value is not None
    assert found[1_000_000.0].cost_bps.value is None
    assert found[1_000_000.0].cost_bps.why == "both sides of the book held as much in 0% of looks only"


def test_the_touch_of_the_book_is_as_good_as_best_quotes(tmp_path: Path) -> None:
    dice = np.random.default_rng(SEED)
    mids = 1_000.0 + np.cumsum(dice.integers(-1, 2, 400))
    messages, before = [], mids[0]
    for place, mid in enumerate(mids.tolist()):
        gone = [(before - 0.5, 0.0)], [(before + 0.5, 0.0)]
        bids, asks = (
            [*side, told] for side, told in zip(gone, ((mid - 0.5, 2.0), (mid + 0.5, 3.0)), strict=True)
        )
        messages.append((0.5 * place, bids, asks, place == 0, place + 1, place + 1))
        before = mid
    write_book(tmp_path / "book", messages)
    write_touch(tmp_path / "touch", 0.5 * np.arange(400), mids - 0.5, mids + 0.5, 2.0, 3.0)
    book, touch = one(tmp_path / "book"), one(tmp_path / "touch")
    assert book.sequence is not None and book.sequence.crossed == 0
    assert book.spread == touch.spread
    assert book.sigma == touch.sigma
    assert book.ofi == touch.ofi


def test_sizes_of_contracts_can_be_told(tmp_path: Path) -> None:
    write_touch(tmp_path / "a", np.arange(30.0), 99.99, 100.01, 7.0, 7.0)
    assert one(tmp_path / "a").spread.touch_usd.value == pytest.approx(700.0)
    assert one(tmp_path / "a", contract_usd=10.0).spread.touch_usd.value == pytest.approx(70.0)
    assert one(tmp_path / "a", multiplier=0.01).spread.touch_usd.value == pytest.approx(7.0)


def test_a_clock_that_is_no_good_is_not_taken_and_the_reason_said(tmp_path: Path) -> None:
    write_touch(tmp_path / "none", np.arange(30.0) / 7, 99.99, 100.01, exchange=False)
    write_touch(tmp_path / "coarse", np.arange(30.0), 99.99, 100.01)
    write_touch(tmp_path / "good", np.arange(30.0) / 7, 99.99, 100.01)
    assert one(tmp_path / "none").clock.name == "receive"
    assert "no exchange stamp" in one(tmp_path / "none").clock.why
    assert "1000 ms" in one(tmp_path / "coarse").clock.why
    assert one(tmp_path / "coarse", clock="exchange").clock.name == "exchange"
    assert one(tmp_path / "good").clock.name == "exchange"


TABLES = ("touch", "trades", "book")


@pytest.mark.parametrize("count", [0, 1, 2, 5, 40])
@pytest.mark.parametrize("tables", [TABLES, ("touch",), ("trades",), ("book",), ("touch", "trades")])
def test_nothing_fails_on_however_little(tmp_path: Path, tables: tuple[str, ...], count: int) -> None:
    at = np.arange(float(count))
    if "touch" in tables:
        write_touch(tmp_path / "a", at, 99.0, 101.0)
    if "trades" in tables:
        write_trades(tmp_path / "a", at, 100.0, 1.0, [1] * count)
    if "book" in tables:
        write_book(
            tmp_path / "a", [(second, [(99.0, 1.0)], [(101.0, 1.0)], False, 0, 0) for second in at.tolist()]
        )
    found = stats_of(tmp_path / "a")
    assert len(found) == (1 if count else 0)
    for market in found:
        told = msgspec.to_builtins(market)
        assert msgspec.json.encode(told)
        _every_gap_has_words(told)


def _every_gap_has_words(tree: Any) -> None:
    if isinstance(tree, dict):
        if {"value", "low", "high", "why"} <= tree.keys():
            assert tree["why"] or (tree["value"] is not None and tree["low"] is not None), tree
            assert all(one is None or np.isfinite(one) for one in (tree["value"], tree["low"], tree["high"]))
        for one in tree.values():
            _every_gap_has_words(one)
    elif isinstance(tree, list | tuple):
        for one in tree:
            _every_gap_has_words(one)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(TablesError, match="no tables there"):
        stats_of(tmp_path)
    write_touch(tmp_path / "a", np.arange(3.0), 99.0, 101.0)
    with pytest.raises(TablesError, match="no ETHUSDT there, but BTCUSDT"):
        stats_of(tmp_path, Asked(symbols=("ETHUSDT",)))


def test_the_same_capture_has_the_same_intervals(tmp_path: Path) -> None:
    at = np.arange(200.0)
    write_touch(tmp_path / "a", at, 99.0 + np.sin(at), 101.0 + np.sin(at))
    assert one(tmp_path / "a") == one(tmp_path / "a")


def test_the_time_of_a_crossed_quote_counts_for_none(tmp_path: Path) -> None:
    at = np.array([0.0, 1.0, 9.0, 10.0])
    write_touch(tmp_path / "a", at, [99.99, 101.0, 99.98, 99.98], [100.01, 100.0, 100.02, 100.02])
    found = one(tmp_path / "a")
    assert found.counts.quotes_crossed == 1
    assert found.spread.time_weighted_bps.value == pytest.approx(0.5 * (2.0 + 4.0))
    write_book(
        tmp_path / "b",
        [
            (second, [(bid, 1.0)], [(ask, 1.0)], True, k, k)
            for k, (second, bid, ask) in enumerate(
                [(0.0, 99.99, 100.01), (1.0, 101.0, 100.0), (9.0, 99.98, 100.02), (10.0, 99.98, 100.02)]
            )
        ],
    )
    assert one(tmp_path / "b").spread.time_weighted_bps.value == pytest.approx(3.0)


def test_an_archive_is_as_good_as_a_capture(tmp_path: Path) -> None:
    rows = [f"{k},100.{k % 2},0.5,{k},{k},{1_700_000_000_000 + 500 * k},{k % 2 == 0}" for k in range(200)]
    head = "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker"
    archive = tmp_path / "BTCUSDT-aggTrades-2023-11-14.csv"
    archive.write_text("\n".join([head, *rows, "201,-1,0.5,201,201,1700000999000,True", "no row"]) + "\n")
    found = one(archive)
    (table,) = found.counts.tables  # what was lost on the way in is told
    assert (table.read, table.kept, len(table.dropped)) == (202, 200, 2)
    assert (found.symbol, found.counts.trades, found.counts.orders) == ("BTCUSDT", 200, 200)
    assert found.signs[0].autocorrelation.value == pytest.approx(-1.0, abs=0.01)
    assert found.counts.traded_usd == pytest.approx(100 * 0.5 * (100.0 + 100.1))
    (tmp_path / "words.csv").write_text("nothing,of,the,kind\n1,2,3,4\n")
    with pytest.raises(TablesError, match="and no archive"):
        stats_of(tmp_path / "words.csv")


def test_one_symbol_of_two_venues_is_two_markets(tmp_path: Path) -> None:
    for venue in ("north", "south"):
        write_touch(tmp_path / venue, np.arange(3.0), 99.0, 101.0, venue=venue)
    assert [one.venue for one in stats_of(tmp_path, Asked(symbols=("BTCUSDT",)))] == ["north", "south"]
    assert one(tmp_path, venue="south").venue == "south"
