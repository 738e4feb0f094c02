"""Books followed for statistics: numbers, gaps, snapshots that come late, and what such a book may say."""

from pathlib import Path

import numpy as np
import pytest
from market_captures import Message, deep_levels, write_book, write_touch

from rfq.markets.statistics import MarketStats, stats_of

pytest.importorskip("duckdb", reason="captures are Parquet: extra `tables`")
ROOM = [(90.0, 1.0), (80.0, 1.0)], [(110.0, 1.0), (120.0, 1.0)]


def followed(tmp_path: Path, messages: list[Message]) -> MarketStats:
    write_book(tmp_path / "a", messages)
    (found,) = stats_of(tmp_path / "a")
    assert found.sequence is not None
    return found


def change(at_s: float, bid: float, last: int, first: int | None = None, size: float = 1.0) -> Message:
    return (at_s, [(bid, size)], [], False, last if first is None else first, last)


def test_a_number_that_lacks_is_a_gap_and_the_book_says_nothing_until_a_snapshot(tmp_path: Path) -> None:
    steady = [change(0.1 * k, 95.0, k) for k in range(1, 20)]
    after = [change(2.0 + 0.1 * k, 96.0, 25 + k) for k in range(10)]
    mended = (3.5, [(97.0, 1.0)], [(110.0, 1.0)], True, 40, 40)
    last = [change(3.6 + 0.1 * k, 97.0, 41 + k) for k in range(10)]
    found = followed(tmp_path, [(0.0, *ROOM, True, 0, 0), *steady, *after, mended, *last])
    assert found.sequence.rule == "each begins one after the last"
    assert found.sequence.gaps == 1
    assert found.sequence.broken == 10
    assert found.words == ("10 book messages came before a snapshot or after a gap, and told nothing",)


def test_numbers_that_rise_as_they_like_tell_no_gap(tmp_path: Path) -> None:
    dice = np.random.default_rng(4)
    numbers = np.cumsum(dice.integers(1, 50, 40)).tolist()
    messages = [change(0.1 * k, 95.0, n, first=n) for k, n in enumerate(numbers, 1)]
    found = followed(tmp_path, [(0.0, *ROOM, True, 0, 0), *messages])
    assert found.sequence.gaps is None
    assert "does not show" in found.sequence.rule
    assert found.sequence.back == 0


def test_no_numbers_are_said_to_be_none(tmp_path: Path) -> None:
    messages = [change(0.1 * k, 95.0, -1) for k in range(1, 40)]
    found = followed(tmp_path, [(0.0, *ROOM, True, -1, -1), *messages])
    assert found.sequence.gaps is None and found.sequence.rule == "no numbers"


def test_changes_newer_than_a_late_snapshot_stay_on_top_of_it(tmp_path: Path) -> None:
    early = [change(0.1 * k, 99.0, 10 + k, size=5.0) for k in range(3)]  # numbers 10, 11, 12
    late = (0.5, [(98.0, 1.0), (90.0, 1.0)], [(110.0, 1.0)], True, 10, 10)
    further = [change(0.6 + 0.1 * k, 90.0, 13 + k) for k in range(30)]
    found = followed(tmp_path, [*early, late, *further])
    assert found.spread.mean_by_quote_bps.value == pytest.approx(11.0 / 104.5 * 1e4)
    assert found.sequence.gaps == 0


def test_numbers_that_start_again_with_a_snapshot_keep_nothing_from_before(tmp_path: Path) -> None:
    early = [change(0.1 * k, 99.0, 100 + k, size=5.0) for k in range(3)]
    again = (0.5, [(98.0, 1.0), (90.0, 1.0)], [(110.0, 1.0)], True, 1, 1)
    further = [change(0.6 + 0.1 * k, 90.0, 2 + k) for k in range(30)]
    found = followed(tmp_path, [*early, again, *further])
    assert found.spread.mean_by_quote_bps.value == pytest.approx(12.0 / 104.0 * 1e4)


def test_a_crossed_book_is_counted_and_gives_no_quote(tmp_path: Path) -> None:
    messages = [change(0.1 * k, 95.0, k) for k in range(1, 30)]
    crossing = change(3.0, 111.0, 30)
    cured = change(3.1, 111.0, 31, size=0.0)
    found = followed(tmp_path, [(0.0, *ROOM, True, 0, 0), *messages, crossing, cured])
    assert found.sequence.crossed == 1
    assert found.spread.mean_by_quote_bps.n == 31


def test_a_book_without_a_snapshot_says_that_it_is_a_bound(tmp_path: Path) -> None:
    bids, asks = deep_levels(100.0, 0.01, 50, 10.0)
    gone = [(90.0, 0.0)]  # else they could only be snapshots
    found = followed(tmp_path, [(0.1 * k, bids + gone, asks, False, k, k) for k in range(100)])
    assert found.words[0].startswith("the book has no snapshot")
    assert found.walk[0].usd == 10_000.0 and found.walk[0].filled == 1.0
    assert "an upper bound: in 100% of looks" in found.walk[0].cost_bps.why
    depth = next(one for one in found.depth if one.within_bps == 10.0)
    assert depth.usd.value == pytest.approx(10 * 1_000.0, rel=0.01)
    assert "a lower bound: in 100% of looks" in depth.usd.why


def test_a_market_that_leaves_the_snapshot_says_so(tmp_path: Path) -> None:
    bids, asks = deep_levels(100.0, 0.01, 20, 1.0)
    snapshot = (0.0, bids, asks, True, 0, 0)
    moved: list[Message] = []
    for k in range(1, 120):  # the offers go, one a second; new ones are told further up
        gone, new = round(100.005 + 0.01 * (k - 1), 3), round(100.005 + 0.01 * (k + 19), 3)
        moved.append((float(k), [], [(gone, 0.0), (new, 1.0)], False, k, k))
    found = followed(tmp_path, [snapshot, *moved])
    depth = next(one for one in found.depth if one.within_bps == 10.0)
    assert "lower bound" in depth.usd.why


def test_book_and_best_quotes_are_compared_by_their_numbers(tmp_path: Path) -> None:
    count = 60
    messages: list[Message] = [
        (
            0.1 * k,
            [(95.0 + 0.1 * (k % 2), 1.0), (95.0 + 0.1 * (1 - k % 2), 0.0)],
            [(110.0, 1.0)],
            k == 0,
            k + 1,
            k + 1,
        )
        for k in range(count)
    ]
    write_book(tmp_path / "a", messages)
    bid = 95.0 + 0.1 * (np.arange(count) % 2)
    bid[30] += 1.0  # one of them is wrong
    write_touch(tmp_path / "a", 0.1 * np.arange(count), bid, 110.0)
    (found,) = stats_of(tmp_path / "a")
    assert found.book_agrees.value == pytest.approx(1.0 - 1.0 / count)
