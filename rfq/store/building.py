"""Building: rows of the market on a grid into a history, rows for a list of requests, rows that a log decided on."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rfq.feeds.said import Market
from rfq.store import joins
from rfq.store.definitions import (
    FLOW_MISSING,
    FLOW_NAMES,
    FLOW_SCHEMA,
    MARKET,
    MARKET_COLUMNS,
    MID,
    REQUESTS,
    version_of,
)
from rfq.store.gathering import Gatherer, Rows, Source
from rfq.store.history import History
from rfq.store.inputs import Beside, Input, Progress
from rfq.store.lineage import columns_of_rows, rows_of
from rfq.store.manifests import Manifest, Read, sources_of
from rfq.store.parts import KNOWN_AT, StoreError, write
from rfq.store.requests import Requests

if TYPE_CHECKING:
    from rfq.audit.log import AuditLog

AGE: Final = "feature_age_ms"
FLOW_KNOWN_AT: Final = "feature_known_at"
_MILLI: Final = 1e6


class Made(NamedTuple):
    """Who makes it, and when: the build of the code, and UTC ns."""

    build: str
    at: int


class RequestRows(NamedTuple):
    """Rows for requests: how many there are, how many found a row, how many named no market or no instant."""

    requests: int
    found: int
    unplaced: int
    columns: dict[str, NDArray[Any]]


def build_market(
    history: History,
    found: Input,
    made: Made,
    *,
    every_ns: int,
    beside: Beside = Beside(),  # noqa: B008 (immutable)
    replace: bool = False,
    tell: Progress = lambda _count: None,
) -> Manifest:
    """Rows of every market of an input at each multiple of `every_ns`."""
    rows = Rows()
    found.run(Gatherer(found.sources, rows, every_ns=every_ns, observations=beside.rows), tell)
    recipe: dict[str, Any] = {
        "every_ns": every_ns,
        "input": found.kind,
        **found.recipe,
        **_sizing(found.sources),
    }
    return add_market(
        history,
        rows,
        made,
        recipe=recipe,
        read=sources_of((*found.files, *beside.files)),
        faults=found.faults(),
        replace=replace,
    )


def add_market(
    history: History,
    rows: Rows,
    made: Made,
    *,
    recipe: dict[str, Any],
    read: tuple[Read, ...],
    faults: dict[str, int] | None = None,
    replace: bool = False,
) -> Manifest:
    """Rows of markets into the history; StoreError if there are none."""
    columns = rows.columns()
    if not columns:
        raise StoreError("no row was due: nothing was said, or for too short a time")
    plan = Manifest(
        of=MARKET,
        version=version_of(FLOW_SCHEMA) or 0,
        schema=FLOW_SCHEMA,
        columns=MARKET_COLUMNS,
        build=made.build,
        made_at=made.at,
        recipe=recipe,
        sources=read,
        faults=faults or {},
    )
    return history.add(plan, columns, replace=replace)


def rows_at_requests(
    found: Input,
    requests: Requests,
    beside: Beside = Beside(),  # noqa: B008 (immutable)
    tell: Progress = lambda _count: None,
) -> RequestRows:
    """For each request the row as it was at its instant, read from the stream itself."""
    rows = Rows()
    instants = requests.instants(found.sources)
    gatherer = Gatherer(found.sources, rows, instants=instants, observations=beside.rows)
    found.run(gatherer, tell)
    with tempfile.TemporaryDirectory(prefix="rfq-features-") as folder:
        history = History(Path(folder))
        if rows.columns():
            add_market(history, rows, Made("", 0), recipe={}, read=())
        return join_requests(history, requests, found.sources, age_max_ns=0)


def join_requests(
    history: History, requests: Requests, sources: Sequence[Source], *, age_max_ns: int | None
) -> RequestRows:
    """For each request the newest row of the history that was known then. What cannot be known is what a model is
    given in its place; `feature_known_at` is 0 where there is no row at all."""
    asked = requests.asked(sources)
    names = (MID, *FLOW_NAMES)
    found = joins.as_of(history, MARKET, FLOW_SCHEMA, asked, names=names, age_max_ns=age_max_ns)
    columns = dict(requests.columns)
    clash = [name for name in (AGE, FLOW_KNOWN_AT, *names) if name in columns]
    if clash:
        raise StoreError(f"the list of requests has columns of its own called {', '.join(clash)}")
    columns[FLOW_KNOWN_AT] = found.known_at
    columns[AGE] = np.where(found.found, (requests.at - found.known_at) / _MILLI, np.nan)
    columns[MID] = found.columns[MID]
    for name, missing in zip(FLOW_NAMES, FLOW_MISSING, strict=True):
        column = found.columns[name]
        columns[name] = np.where(np.isnan(column), missing, column)
    unplaced = [
        at <= 0 or not symbol for at, symbol in zip(requests.at.tolist(), asked.symbols.tolist(), strict=True)
    ]
    return RequestRows(len(asked), int(found.found.sum()), sum(unplaced), columns)


def keep_joined(joined: RequestRows, path: Path) -> None:
    """Rows for requests as a Parquet file."""
    write(path, joined.columns)


def build_requests(
    history: History,
    log: "AuditLog",
    name: str,
    made: Made,
    *,
    replace: bool = False,
    tell: Callable[[int], None] = lambda _number: None,
) -> tuple[Manifest, ...]:
    """The rows that a log's models were asked about, as they were, a build for each schema."""
    chain, head = log.chain_id(), log.head()
    rows = list(rows_of(log, tell))
    if not rows:
        raise StoreError(f"{name}: no model was asked anything")
    found = []
    for schema in sorted({row.schema for row in rows}):
        columns = columns_of_rows(rows, schema)
        keys = _rising(columns)
        plan = Manifest(
            of=REQUESTS,
            version=version_of(schema) or 0,
            schema=schema,
            columns=tuple(keys),
            build=made.build,
            made_at=made.at,
            recipe={"chain": str(chain), "records": head.number},
            sources=(Read(name=name, bytes=0, digest=head.hash),),
        )
        found.append(history.add(plan, [(Market("log", str(chain)), keys)], replace=replace))
    return tuple(found)


def _rising(columns: dict[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """Rows of one record share its instant, which the history has once: each later one counts as a ns later."""
    known = columns[KNOWN_AT].copy()
    for place in range(1, len(known)):
        known[place] = max(known[place], known[place - 1] + 1)
    return columns | {KNOWN_AT: known}


def _sizing(sources: Sequence[Source]) -> dict[str, str]:
    return {
        f"size {one.market.venue} {one.market.symbol}".strip(): (
            one.sizes or f"{one.sizing.multiplier:g} {'USD' if one.sizing.inverse else 'coins'}"
        )
        for one in sources
    }
