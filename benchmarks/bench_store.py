"""The feature store on one core: joins as of an instant, the online table, and rows from a stream."""

import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.rows import Row
from pricing.units import DAY_NS
from rfq.feeds.said import Market
from rfq.feeds.tables.layout import BOOK, file_of
from rfq.store import joins, parts
from rfq.store.definitions import FLOW_NAMES, FLOW_SCHEMA, MARKET, MARKET_COLUMNS
from rfq.store.gathering import Gatherer, Rows
from rfq.store.history import History
from rfq.store.inputs import Sizes, open_input
from rfq.store.manifests import Manifest
from rfq.store.online import Latest, OnlineTable

SEED = 20261126
SHARED = Path(__file__).resolve().parents[1].parent / "shared" / "data" / "binance_usdm_20240808"
MARKETS = (Market("binance_usdm", "BTCUSDT"), Market("binance_usdm", "ETHUSDT"))
STEP_NS = 100_000_000
JOIN_S = 2.0
WIDTHS = (8, 40, len(FLOW_NAMES))


def main(quick: bool) -> list[Row]:
    """The rows of this bench."""
    rows, requests = (500_000, 20_000) if quick else (5_000_000, 200_000)
    with tempfile.TemporaryDirectory() as folder:
        found = _joins(Path(folder), rows, requests)
    with tempfile.TemporaryDirectory() as folder:
        found += _online(Path(folder) / "online.db", 2_000 if quick else 20_000)
    return found + _gathered()


def _joins(root: Path, rows: int, requests: int) -> list[Row]:
    """The history is two markets, a row each 100 ms; numbers are of full precision, so nothing about them is easy."""
    dice = np.random.default_rng(SEED)
    history = History(root)
    each = rows // len(MARKETS)
    begin_at = 19_000 * DAY_NS
    known = begin_at + STEP_NS * np.arange(each, dtype=np.int64)
    noise = dice.normal(size=each)
    made = (
        (
            market,
            {parts.KNOWN_AT: known}
            | {
                name: known if name == "exchange_at" else noise * dice.normal() for name in MARKET_COLUMNS[1:]
            },
        )
        for market in MARKETS
    )
    plan = Manifest(
        of=MARKET,
        version=0,
        schema=FLOW_SCHEMA,
        columns=MARKET_COLUMNS,
        build="bench",
        made_at=0,
        recipe={},
        sources=(),
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
    note = f"{len(FLOW_NAMES)} features, {len(built.parts)} parts, {size / rows:.0f} bytes a row of noise"
    found = [Row("history written", f"{rows / wrote_s:,.0f} rows/s", note=note)]
    for width in WIDTHS:
        best = cpu = np.inf
        for _ in range(3):
            begun, spent = time.perf_counter(), time.process_time()
            joined = joins.as_of(history, MARKET, FLOW_SCHEMA, asked, names=FLOW_NAMES[:width])
            best = min(best, time.perf_counter() - begun)
            cpu = min(cpu, time.process_time() - spent)
        assert joined.found.all()
        found.append(
            Row(
                f"as-of join of {requests:,} requests with {rows:,} rows, {width} features",
                f"{best:.2f} s",
                f"≤ {JOIN_S:.0f} s",
                bool(best <= JOIN_S),
                f"best of three, {cpu:.2f} s of CPU, files in the page cache",
            )
        )
    return [*found, _by_duckdb(built, root, asked)]


def _by_duckdb(built: Manifest, root: Path, asked: joins.Asked) -> Row:
    """What DuckDB's own ASOF JOIN takes, for comparison: of the instants alone."""
    names = ", ".join(parts.quoted(root / part.path) for part in built.parts)
    with parts.connect() as tables:
        tables.register("asked", {"symbol": asked.symbols, "came_at": asked.at})
        begun = time.perf_counter()
        tables.execute(
            "select count(kept.known_at) from asked asof left join (select symbol, known_at from"
            f" read_parquet([{names}], hive_partitioning = true)) kept"
            " on asked.symbol = kept.symbol and asked.came_at >= kept.known_at"
        ).fetchall()
        took_s = time.perf_counter() - begun
    return Row("the same by DuckDB's ASOF JOIN, instants only", f"{took_s:.2f} s", note="no features read")


def _online(path: Path, count: int) -> list[Row]:
    """Rows of 100 markets put, asked for and kept."""
    table = OnlineTable(path)
    markets = [Market("v", f"M{place}") for place in range(100)]
    values = tuple([float(place) for place in range(len(FLOW_NAMES) + 2)])
    put, had, kept = [], [], []
    for number in range(count):
        market = markets[number % len(markets)]
        row = Latest(market, FLOW_SCHEMA, number, values)
        begun = time.perf_counter()
        table.put(row)
        put.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        table.get(market, FLOW_SCHEMA, number)
        had.append(time.perf_counter() - begun)
        if number % len(markets) == len(markets) - 1:
            begun = time.perf_counter()
            table.flush()
            kept.append(time.perf_counter() - begun)
    table.close()
    return [
        Row("online table: put, p99", f"{1e6 * np.quantile(put, 0.99):.1f} µs"),
        Row("online table: get, p99", f"{1e6 * np.quantile(had, 0.99):.1f} µs"),
        Row("online table: 100 changed rows to disk, p99", f"{1e3 * np.quantile(kept, 0.99):.1f} ms"),
    ]


def _gathered() -> list[Row]:
    """Rows each 100 ms out of the shared capture: how much faster than life, books and accumulators included."""
    if not file_of(SHARED, BOOK).is_file():
        return [Row("rows from the shared capture", "not measured", note="the shared capture is not here")]
    from rfq.feeds.levels import warm

    words = warm()
    found = open_input(SHARED, Sizes())
    from_at, to_at = found.span()
    rows = Rows()
    begun = time.perf_counter()
    count = found.run(Gatherer(found.sources, rows, every_ns=STEP_NS))
    took_s = time.perf_counter() - begun
    made = sum(len(columns[parts.KNOWN_AT]) for _, columns in rows.columns())
    figure = f"{count / took_s:,.0f} messages/s"
    note = (
        f"{made} rows, {(to_at - from_at) / 1e9 / took_s:.0f} times as fast as life; books {words.split()[0]}"
    )
    return [Row("rows from the shared capture, two markets", figure, note=note)]
