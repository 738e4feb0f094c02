"""Features of the simulated market: what its accumulators are told, kept as a tape and told again.

Its desk's snapshots, as the log has them, are the online way: rows of the tape must be equal to each of them.
"""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from rfq.cli.features_options import SIM, Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from rfq.audit.log import AuditLog
    from rfq.store.gathering import Gatherer, Reading, Source
    from rfq.store.history import History
    from rfq.store.manifests import Manifest
    from rfq.store.parity import MarketRows, Parity

_SECOND_NS: Final = 1_000_000_000


def taped(options: Options, log: "AuditLog", path: Path) -> int:
    """Run the world on virtual time with its market on a tape; how much was heard."""
    from rfq.sim.run import run
    from rfq.sim.world import build_world
    from rfq.store.tapes import Tape

    world = build_world(options.seed, log=log, checked=False)
    tape = Tape()
    world.market.listen(tape)
    run(world, max(1, round(options.minutes * 60)))
    tape.write(path)
    return len(tape)


def gatherer_of(on_row: "Callable[[Reading], object]", every_ns: int = _SECOND_NS) -> "Gatherer":
    """The accumulators of the simulated coins. Its time goes in steps of a second, and a row holds all of its step."""
    from rfq.store.gathering import Gatherer

    return Gatherer(_sources(), on_row, every_ns=every_ns, is_closed=True)


def build_sim(history: "History", options: Options, *, every_ns: int, made: Any, replace: bool) -> "Manifest":
    """Rows of the simulated market into a history."""
    from rfq.audit.log import AuditLog
    from rfq.store.building import add_market
    from rfq.store.gathering import Rows
    from rfq.store.manifests import source_of
    from rfq.store.tapes import tell

    with tempfile.TemporaryDirectory(prefix="rfq-tape-") as folder:
        path = Path(folder) / f"seed-{options.seed}.parquet"
        with AuditLog.open(":memory:", writable=True, fsync=False) as log:
            taped(options, log, path)
        rows = Rows()
        tell(path, gatherer_of(rows, every_ns))
        return add_market(
            history,
            rows,
            made,
            recipe={"every_ns": every_ns, "input": SIM, "seed": options.seed, "minutes": options.minutes},
            read=(source_of(path),),
            replace=replace,
        )


def check_sim(options: Options, mutant: "Callable[[MarketRows], MarketRows] | None" = None) -> "Parity":
    """The flows that the desk saw, each in a snapshot of its log, against the rows of the tape joined to them."""
    from rfq.audit.log import AuditLog
    from rfq.store.gathering import Rows
    from rfq.store.parity import Answered, Question, check
    from rfq.store.tapes import tell

    with tempfile.TemporaryDirectory(prefix="rfq-parity-") as folder:
        path = Path(folder) / "tape.parquet"
        with AuditLog.open(":memory:", writable=True, fsync=False) as log:
            heard = Answered()
            heard.messages = taped(options, log, path)
            seen = _seen(log)
        for reading in seen:
            heard.rows(reading)
        questions = [Question(reading.known_at, reading.market) for reading in seen]
        heard.answers = [reading.latest() for reading in seen]
        rows = Rows()
        tell(path, gatherer_of(rows))
        columns = rows.columns()
        if mutant is not None:
            columns = mutant(columns)
        return check(
            heard,
            columns,
            questions,
            words=("snapshots in the log",),
            folder=Path(folder) / "store",
            online_is_part=True,
        )


def _sources() -> "list[Source]":
    from rfq.sim.instruments import COINS
    from rfq.sim.tape import INVERSE
    from rfq.store.gathering import Source
    from rfq.store.tapes import market_of

    return [Source(market_of(coin.name), coin.name, INVERSE) for coin in COINS]


def _seen(log: "AuditLog") -> "list[Reading]":
    """What the desk knew of each underlying, in each snapshot that it decided on."""
    from pricing.market import MarketSnapshot
    from rfq.domain import canon
    from rfq.domain.record import decode_record
    from rfq.sim.instruments import COINS
    from rfq.store.gathering import reading_of
    from rfq.store.tapes import market_of

    found: dict[tuple[str, int], Reading] = {}
    hashes = dict.fromkeys([market for _, body in log.bodies() if (market := decode_record(body).market)])
    coins = {coin.name for coin in COINS}
    for hashed in hashes:
        raw = log.snapshot(hashed)
        assert raw is not None
        snapshot = canon.decode(raw, MarketSnapshot)
        for under in snapshot.underlyings:
            if under.name in coins:
                book = under.books[0]
                mid = 0.5 * (book.bids[0][0] + book.offers[0][0]) if book.bids and book.offers else np.nan
                reading = reading_of(market_of(under.name), snapshot.at, 0, mid, under.flow)
                found[under.name, snapshot.at] = reading
    return sorted(found.values(), key=lambda reading: (reading.known_at, reading.market))
