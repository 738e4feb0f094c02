"""The feature store on one core: joins as of an instant, the online table, and rows from a stream."""

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.rows import Row
from rfq.feeds.table_rows import Market
from rfq.store import joins, parts
from rfq.store.folders import DAY_NS
from rfq.store.history import History
from rfq.store.manifests import Manifest

SEED = 20261126
MARKETS = (Market("binance_usdm", "BTCUSDT"), Market("binance_usdm", "ETHUSDT"))
STEP_NS = 100_000_000
JOIN_S = 2.0
WIDTH = 40
NARROW = 8


def main(quick: bool) -> list[Row]:
    """The rows of this bench."""
    rows, requests = (500_000, 20_000) if quick else (5_000_000, 200_000)
    with tempfile.TemporaryDirectory() as folder:
        return _joins(Path(folder), rows, requests)


def _joins(root: Path, rows: int, requests: int) -> list[Row]:
    """The history is two markets, a row each 100 ms; numbers are of full precision, so nothing about them is easy."""
    dice = np.random.default_rng(SEED)
    history = History(root)
    each = rows // len(MARKETS)
    names = tuple(f"feature_{place:02}" for place in range(WIDTH))
    plan = Manifest(
        of="market",
        version=0,
        schema="bench",
        columns=(parts.KNOWN_AT, *names),
        build="bench",
        made_at=0,
        recipe={},
        sources=(),
    )
    begin_at = 19_000 * DAY_NS
    known = begin_at + STEP_NS * np.arange(each, dtype=np.int64)
    noise = dice.normal(size=each)
    made = (
        (market, {parts.KNOWN_AT: known} | {name: noise * dice.normal() for name in names})
        for market in MARKETS
    )
    begun = time.perf_counter()
    built = history.add(plan, made)
    wrote_s = time.perf_counter() - begun
    size = sum(path.stat().st_size for path in root.rglob("*.parquet"))
    of = dice.integers(0, len(MARKETS), requests)
    asked = joins.Asked(
        np.asarray([MARKETS[place].venue for place in of], object),
        np.asarray([MARKETS[place].symbol for place in of], object),
        dice.integers(begin_at, int(known[-1]), requests),
    )
    found = [
        Row(
            "history written",
            f"{rows / wrote_s:,.0f} rows/s",
            note=f"{WIDTH} features, {len(built.parts)} parts, {size / rows:.0f} bytes a row, zstd",
        )
    ]
    for width in (NARROW, WIDTH):
        best = np.inf
        for _ in range(3):
            begun = time.perf_counter()
            joined = joins.as_of(history, "market", "bench", asked, names=names[:width])
            best = min(best, time.perf_counter() - begun)
        assert joined.found.all()
        found.append(
            Row(
                f"as-of join of {requests:,} requests with {rows:,} rows, {width} features",
                f"{best:.2f} s",
                f"≤ {JOIN_S:.0f} s",
                bool(best <= JOIN_S),
                "best of three, files in the page cache",
            )
        )
    return found
