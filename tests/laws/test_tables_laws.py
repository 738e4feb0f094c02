"""Laws of tables: floats stand for the decimals they were written from; what is written is what is said again."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from table_cases import SYMBOL, level, said, trade, write

from rfq.feeds.said import BookSaid, Market, TradeSaid, Trouble
from rfq.feeds.tables import captures, cleaning, exact, layout

DIGITS = st.integers(0, 12)


@given(st.lists(st.tuples(st.integers(0, 10**14), DIGITS), min_size=1, max_size=40))
def test_a_float_is_the_shortest_decimal_it_was_written_from(written: list[tuple[int, int]]) -> None:
    decimals = [Decimal(number).scaleb(-digits) for number, digits in written]
    values = np.array([float(one) for one in decimals])
    found = exact.decimals(values)
    for one, value, digits, noisy in zip(decimals, found.values, found.digits, found.noisy, strict=True):
        if noisy:  # it lies within a millionth of a millionth of eight decimals, and became those
            assert abs(Decimal(float(value)) - one) <= one * Decimal("1e-12")
            continue
        assert Decimal(repr(float(value))) == one
        needed = max(0, -int(one.normalize().as_tuple().exponent)) if one else 0
        assert digits == needed


@given(
    st.lists(st.tuples(st.integers(0, 10**15), st.integers(0, 8)), min_size=1, max_size=40),
    st.integers(8, 10),
)
def test_whole_numbers_are_exact(written: list[tuple[int, int]], digits: int) -> None:
    decimals = [Decimal(number).scaleb(-places) for number, places in written]
    values = np.array([float(one) for one in decimals])
    fits = exact.fits(values, digits).tolist()
    for one, number, fitting in zip(decimals, exact.whole(values, digits).tolist(), fits, strict=True):
        if fitting:
            assert number == int(one.scaleb(digits))
        else:
            assert one.scaleb(digits) >= 2**61


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=30), st.integers(0, 12))
def test_no_float_is_ever_rounded(values: list[float], digits: int) -> None:
    array = np.array(values, np.float64)
    fits, whole = exact.fits(array, digits), exact.whole(array, digits)
    for value, fitting, number in zip(values, fits.tolist(), whole.tolist(), strict=True):
        if fitting:
            assert abs(float(Decimal(number).scaleb(-digits)) - value) <= 1e-12 * abs(value)


prices = st.integers(1, 10**7).map(lambda number: number / 100)
sizes = st.integers(0, 10**6).map(lambda number: number / 1000)
wrong = st.sampled_from([float("nan"), -1.0, float("inf")])
rows = st.tuples(st.sampled_from([1, -1]), prices, sizes | wrong)
messages = st.lists(
    st.tuples(st.integers(0, 3), st.booleans(), st.lists(rows, max_size=4)), min_size=1, max_size=8
)


@settings(max_examples=10)
@given(messages)
def test_a_book_cleaned_and_written_again_says_the_same(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, bool, list[tuple[int, float, float]]]]
) -> None:
    pytest.importorskip("duckdb", reason="Parquet needs duckdb")
    folder = tmp_path_factory.mktemp("law")
    first = said(write(folder / "a", "l2_events", _book(told)))
    again = said(_again(folder, "l2_events"))
    assert again == first and len(first) == len(told)
    for (_, is_snapshot, levels), one in zip(_in_order(told), first, strict=True):
        if any(not 0.0 <= size < float("inf") for _, _, size in levels):
            assert isinstance(one, Trouble) and one.breaks_book
        else:
            assert isinstance(one, BookSaid) and one.is_snapshot is is_snapshot
            assert [(price / 1e8, size / 1e8) for price, size in one.bids] == [
                (price, size) for side, price, size in levels if side == 1
            ]


@settings(max_examples=5)
@given(st.lists(st.tuples(st.integers(0, 5), st.text("07aZ-", max_size=3), prices), min_size=1, max_size=8))
def test_trades_cleaned_and_written_again_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, told: list[tuple[int, str, float]]
) -> None:
    pytest.importorskip("duckdb", reason="Parquet needs duckdb")
    folder = tmp_path_factory.mktemp("law")
    first = said(write(folder / "a", "trades", [trade(at, name, price) for at, name, price in told]))
    assert said(_again(folder, "trades")) == first
    assert {one.trade for one in first if isinstance(one, TradeSaid)} == {name for _, name, _ in told}


def _book(told: list[tuple[int, bool, list[tuple[int, float, float]]]]) -> list[dict[str, Any]]:
    """Messages as rows; each has a number of its own, so that none runs into the next."""
    table = []
    for number, (at, is_snapshot, levels) in enumerate(told):
        for side, price, size in levels or [(0, 0.0, 0.0)]:
            table.append(level(at, side, price, size, number, is_snapshot=is_snapshot))
    return table


def _in_order(told: list[Any]) -> list[Any]:
    return sorted(told, key=lambda one: one[0])


def _again(folder: Path, kind: layout.Kind) -> Path:
    """The cleaned rows of one table, written as another."""
    capture = captures.open_capture(folder / "a")
    market = Market("here", SYMBOL)
    loaded = capture._load(kind, market)
    assert loaded is not None
    return layout.write(folder / "b", kind, cleaning.writable(loaded, market))
