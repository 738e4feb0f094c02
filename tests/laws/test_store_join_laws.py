"""Joins as of an instant: one row a request, the newest that was known, none from after; as DuckDB's own has it."""

import tempfile
from bisect import bisect_right
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.units import DAY_NS
from rfq.feeds.said import Market
from rfq.store import joins
from rfq.store.history import History
from rfq.store.manifests import Manifest
from rfq.store.parts import KNOWN_AT, connect

MARKETS = (Market("v", "A"), Market("v", "B"), Market("w", "A"))
instants = st.integers(1, 3 * DAY_NS // 10**12).map(lambda step: step * 10**12)  # few, so that many meet
histories = st.lists(st.lists(instants, unique=True, max_size=30).map(sorted), min_size=2, max_size=2)
requests = st.lists(st.tuples(st.sampled_from(MARKETS), instants), max_size=40)


@settings(max_examples=15, deadline=None)
@given(histories, requests, st.none() | st.integers(0, 10**14))
def test_each_request_gets_the_newest_row_that_was_known(
    kept: list[list[int]], asked: list[tuple[Market, int]], age_max_ns: int | None
) -> None:
    history_of = dict(zip(MARKETS[:2], kept, strict=True))
    with tempfile.TemporaryDirectory() as folder:
        history = History(Path(folder))
        rows = [
            (market, {KNOWN_AT: np.array(at, np.int64), "value": np.array(at, np.float64) / 7.0})
            for market, at in history_of.items()
            if at
        ]
        plan = Manifest(
            of="market",
            version=1,
            schema="s",
            columns=(KNOWN_AT, "value"),
            build="",
            made_at=0,
            recipe={},
            sources=(),
        )
        if rows:
            history.add(plan, rows)
        found = joins.as_of(
            history,
            "market",
            "s",
            joins.Asked(
                np.array([market.venue for market, _ in asked], object),
                np.array([market.symbol for market, _ in asked], object),
                np.array([at for _, at in asked], np.int64),
            ),
            names=("value",),
            age_max_ns=age_max_ns,
        )
        theirs = _by_duckdb(rows, asked)
    assert len(found.known_at) == len(asked)
    for place, (market, at) in enumerate(asked):
        known = history_of.get(market, [])
        before = bisect_right(known, at)
        newest = known[before - 1] if before else 0
        assert theirs[place] == newest
        if age_max_ns is not None and at - newest > age_max_ns:
            newest = 0
        assert found.known_at[place] == newest <= at
        value = found.columns["value"][place]
        assert value == newest / 7.0 if newest else np.isnan(value)


def _by_duckdb(
    rows: list[tuple[Market, dict[str, np.ndarray]]], asked: list[tuple[Market, int]]
) -> list[int]:
    """DuckDB's ASOF LEFT JOIN of the same."""
    kept = [(*market, int(at)) for market, columns in rows for at in columns[KNOWN_AT]] or [("", "", 0)]
    came = [(place, *market, at) for place, (market, at) in enumerate(asked)]
    if not came:
        return []
    with connect() as tables:
        for name, columns, lines in (
            ("kept", ("venue", "symbol", "known_at"), kept),
            ("asked", ("place", "venue", "symbol", "came_at"), came),
        ):
            arrays = (
                np.array(column, None if isinstance(column[0], int) else object)
                for column in zip(*lines, strict=True)  # type: ignore[arg-type]
            )
            tables.register(name, dict(zip(columns, arrays, strict=True)))
        found = tables.execute(
            "select coalesce(kept.known_at, 0) from asked asof left join kept on asked.venue = kept.venue"
            " and asked.symbol = kept.symbol and asked.came_at >= kept.known_at order by asked.place"
        ).fetchall()
    return [row[0] for row in found]
