"""Whatever stands in tables of our layout, statistics or words come of it: nothing raises, no number is none."""

import tempfile
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rfq.feeds.tables.layout import BOOK, TOUCH, TRADES, write
from rfq.markets.statistics import Asked, stats_of

pytest.importorskip("duckdb", reason="captures are Parquet: extra `tables`")
ODD = st.sampled_from(
    [
        0.0,
        -1.0,
        1e-8,
        1e12,
        float("nan"),
        float("inf"),
        100.0,
        100.01,
        99.99,
        1e-300,
        1e300,
        100.0 / 3.0,
        1e-14 / 3.0,
    ]
)
PRICES = st.one_of(st.sampled_from([99.98, 99.99, 100.0, 100.01, 100.02]), ODD)
SIZES = st.one_of(st.sampled_from([0.0, 0.001, 1.0, 1_000.0]), ODD)
STEPS_MS = st.sampled_from([0, 0, 1, 50, 1_000, 61_000, -5])
NUMBERS = st.integers(-1, 6)


@st.composite
def tables(draw: st.DrawFn) -> dict[Any, dict[str, Any]]:
    """Some of the three tables, of a few rows each, repeated so that most statistics have something to go by."""
    found: dict[Any, dict[str, Any]] = {}
    for kind in draw(st.lists(st.sampled_from([BOOK, TOUCH, TRADES]), min_size=1, max_size=3, unique=True)):
        rows, times = draw(st.integers(1, 6)), draw(st.sampled_from([1, 40]))
        count = rows * times

        def column(
            values: st.SearchStrategy[Any], dtype: Any, rows: int = rows, times: int = times
        ) -> np.ndarray:
            return np.tile(np.array(draw(st.lists(values, min_size=rows, max_size=rows)), dtype), times)

        ms = 1_700_000_000_000 + np.cumsum(column(STEPS_MS, np.int64))
        stamps = draw(st.sampled_from(["both", "no exchange", "no receipt"]))
        found[kind] = {
            "ts_recv_ns": ms * (0 if stamps == "no receipt" else 1_000_000),
            "ts_exch_ms": ms * (0 if stamps == "no exchange" else 1),
            "venue": np.array(["made_up"] * count, object),
            "symbol": np.array([draw(st.sampled_from(["BTCUSDT", "BTCUSD"]))] * count, object),
        }
        if kind == TOUCH:
            for name in ("bid_px", "ask_px"):
                found[kind][name] = column(PRICES, float)
            for name in ("bid_qty", "ask_qty"):
                found[kind][name] = column(SIZES, float)
            found[kind]["u"] = column(NUMBERS, np.int64)
            continue
        found[kind]["price"], found[kind]["qty"] = column(PRICES, float), column(SIZES, float)
        found[kind]["side"] = column(st.sampled_from([1, -1, 1, -1, 0, 3]), np.int8)
        if kind == BOOK:
            for name in ("u_first", "u_last"):
                found[kind][name] = column(NUMBERS, np.int64)
            found[kind]["is_snapshot"] = column(st.booleans(), bool)
        else:
            found[kind]["trade_id"] = np.array([str(one) for one in range(count)], object)
            found[kind]["kind"] = np.array([""] * count, object)
    return found


CLOCK = st.sampled_from(["auto", "exchange", "receive"])
CONTRACT = st.sampled_from([None, 100.0])
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@settings(PATIENT, max_examples=12)
@given(tables(), CLOCK, CONTRACT)
def test_statistics_never_fail(
    written: dict[Any, dict[str, Any]], clock: str, contract_usd: float | None
) -> None:
    check(written, clock, contract_usd)


@pytest.mark.nightly
@pytest.mark.timeout(900)
@settings(PATIENT, max_examples=400)
@given(tables(), CLOCK, CONTRACT)
def test_statistics_never_fail_at_length(
    written: dict[Any, dict[str, Any]], clock: str, contract_usd: float | None
) -> None:
    check(written, clock, contract_usd)


def check(written: dict[Any, dict[str, Any]], clock: str, contract_usd: float | None) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for kind, columns in written.items():
            write(Path(folder) / "x", kind, columns)
        for one in stats_of(Path(folder), Asked(clock=clock, contract_usd=contract_usd)):
            assert _sound(msgspec.to_builtins(one))


def _sound(tree: Any) -> bool:
    """Numbers are numbers; a figure without a value or an interval has words."""
    if isinstance(tree, float):
        return bool(np.isfinite(tree))
    if isinstance(tree, dict):
        if {"value", "low", "high", "why"} <= tree.keys() and not tree["why"]:
            assert None not in (tree["value"], tree["low"], tree["high"]), tree
        return all(_sound(one) for one in tree.values())
    return all(_sound(one) for one in tree) if isinstance(tree, list | tuple) else True
