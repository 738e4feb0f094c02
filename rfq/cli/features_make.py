"""What `rfq features` makes: histories, rows for requests, and both ways of a check."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rfq.cli.exits import Ended, Exit
from rfq.cli.features_options import SIM, Options

if TYPE_CHECKING:
    from rfq.store.history import History
    from rfq.store.inputs import Beside, Input
    from rfq.store.manifests import Manifest
    from rfq.store.parity import Parity
    from rfq.store.requests import Requests

_LOG_HEAD: Final = b"SQLite format 3\0"


@contextmanager
def store_errors() -> Iterator[None]:
    """Refusals of a store, or of what it reads, as the ends of a command."""
    from rfq.feeds.recorder.rows import RecordingError
    from rfq.feeds.tables.layout import TablesError
    from rfq.store.parts import StoreError

    try:
        yield
    except (StoreError, TablesError, RecordingError) as error:
        raise Ended(Exit.DEPENDENCY if error.is_lacking else Exit.USAGE, f"{error}.") from None


def is_log(path: Path) -> bool:
    """Whether a file is a database, as audit logs are."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(len(_LOG_HEAD)) == _LOG_HEAD


def is_store(path: Path) -> bool:
    """Whether a folder is a feature store."""
    from rfq.store.folders import manifests_of

    return manifests_of(path).is_dir()


def input_of(path: Path, options: Options) -> "Input":
    """A capture or a recording."""
    from rfq.cli.options import one_sizing
    from rfq.store.inputs import Sizes, open_input

    one_sizing(options.contract_usd, options.multiplier)
    warm()
    return open_input(path, Sizes(options.contract_usd, options.multiplier), options.symbols)


def beside_of(options: Options) -> "Beside":
    """What is known outside the market, as far as we were told."""
    from rfq.store.inputs import Beside, read_beside

    return Beside() if options.observations is None else read_beside(options.observations)


def warm() -> None:
    """Compile what reads levels and keeps books, where that can be."""
    import os

    from rfq.ops.kernels import warm_kernels
    from rfq.ops.settings import load

    warm_kernels(load(None, os.environ).kernels)


def made() -> Any:
    """Who builds, and when."""
    from rfq.app import build_id
    from rfq.ops.clock import SystemClock
    from rfq.store.building import Made

    return Made(build_id(), SystemClock().now())


def requests_of(rfqs: Path | None, log: Path | None) -> "Requests":
    """The list of requests that rows are wanted for."""
    from rfq.cli.options import open_log
    from rfq.store.requests import logged_requests, read_requests

    if rfqs is not None:
        return read_requests(rfqs)
    assert log is not None
    with open_log(log) as found:
        return logged_requests(found)


def build_history(
    history: "History",
    path: str,
    options: Options,
    *,
    every_ns: int,
    replace: bool,
    tell: Callable[[int], None],
) -> "tuple[Manifest, ...]":
    """Into the history, and the newest into the online table: rows on a grid, or, of a log, those that it decided
    on."""
    from rfq.store.building import build_market, build_requests
    from rfq.store.live import keep_newest

    if path == SIM:
        from rfq.cli.features_sim import build_sim

        built = build_sim(history, options, every_ns=every_ns, made=made(), replace=replace)
        keep_newest(history, history.root)
        return (built,)
    place = Path(path)
    if is_log(place):
        from rfq.cli.options import open_log

        with open_log(place) as log:
            return build_requests(history, log, place.name, made(), replace=replace, tell=tell)
    found = input_of(place, options)
    beside = beside_of(options)
    built = build_market(history, found, made(), every_ns=every_ns, beside=beside, replace=replace, tell=tell)
    keep_newest(history, history.root)
    return (built,)


def join(
    path: Path,
    requests: "Requests",
    options: Options,
    *,
    age_max_ns: int,
    out: Path,
    tell: Callable[[int], None],
) -> dict[str, Any]:
    """Rows for requests: joined to a store's history, or read from an input at their very instants."""
    from rfq.store.building import join_requests, keep_joined, rows_at_requests
    from rfq.store.definitions import FLOW_SCHEMA, MARKET
    from rfq.store.gathering import Source
    from rfq.store.history import History
    from rfq.store.inputs import underlying_of

    if is_store(path):
        history = History(path)
        markets = history.markets(MARKET, FLOW_SCHEMA)
        sources = [Source(market, underlying_of(market.symbol)) for market in markets]
        joined = join_requests(history, requests, sources, age_max_ns=age_max_ns)
    else:
        joined = rows_at_requests(input_of(path, options), requests, beside_of(options), tell)
    out.parent.mkdir(parents=True, exist_ok=True)
    keep_joined(joined, out)
    return {
        "out": str(out),
        "schema": FLOW_SCHEMA,
        "requests": joined.requests,
        "found": joined.found,
        "without_a_row": joined.requests - joined.found,
        "without_market_or_instant": joined.unplaced,
        "columns": len(joined.columns),
    }


def check(
    path: Path,
    options: Options,
    *,
    every_ns: int,
    questions: int,
    portion: int,
    tell: Callable[[int], None],
) -> "Parity":
    """Both ways with an input."""
    from rfq.store.checking import check_input

    return check_input(
        input_of(path, options),
        every_ns=every_ns,
        seed=options.seed,
        questions=questions,
        portion_max=portion,
        beside=beside_of(options),
        tell=tell,
    )
