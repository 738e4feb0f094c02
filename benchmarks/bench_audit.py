"""The log: how long a record takes to be durable, how fast a log is verified and replayed, and how long start-up takes
after a million records. Records come from a real desk, maker's and taker's lives in turn; the disk is the one that
holds the temporary folder, and syncs are real."""

import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path

from benchmarks.lives import OUTRIGHT, SPREAD, Runner, maker_life, taker_life
from benchmarks.rows import Row
from rfq.audit.chain import Chain, Entry
from rfq.audit.log import AuditLog
from rfq.audit.replay import rebuild, replay
from rfq.audit.verify import verify
from rfq.audit.writer import GroupWriter
from rfq.domain import events as ev
from rfq.domain.effects import Effect
from rfq.domain.ids import ChainId
from rfq.domain.request import Side

CHAIN, BUILD = ChainId("bench"), "bench"
RATES = (200, 1_000, 3_000)
SEGMENT_RECORDS = 10_000
BATCH = 1_000
P50_MS, P99_MS, VERIFIED, REPLAYED, START_S = 5.0, 20.0, 300_000, 17_000, 10.0

Handled = tuple[ev.Stamped, tuple[Effect, ...], bytes | None]


class Recorder(Runner):
    """Lives at a desk whose first record may have any number; keeps what it handled."""

    def __init__(self, first: int = 1) -> None:
        self.first = first
        self.handled: list[Handled] = []
        super().__init__()

    def feed(self, event: ev.Event, after_ns: int = 1_000_000) -> tuple[Effect, ...]:
        """As the runner's, untimed, with segments."""
        if type(event) is ev.ChainOpened:
            self.number = self.first - 1
        elif self.number % SEGMENT_RECORDS == 0 and type(event) is not ev.SegmentOpened:
            self.feed(ev.SegmentOpened(segment=self.number // SEGMENT_RECORDS))
        self.at += after_ns
        self.number += 1
        needs = type(event) in ev.NEEDS_MARKET
        if needs and self.at - self._market.at >= 1_000_000_000:
            self._move()
        stamped = ev.Stamped(
            number=self.number,
            at=self.at,
            received_at=self.at,
            event=event,
            market=self._market if needs else None,
            market_hash=self._hash if needs else "",
        )
        image = self.desk.image() if type(event) is ev.SegmentOpened else None
        effects = self.desk.handle(stamped)
        self.handled.append((stamped, effects, image))
        return effects

    def live(self, count: int) -> "Recorder":
        """Whole lives, until about `count` records are there."""
        number = 0
        while len(self.handled) < count:
            one = (maker_life, taker_life)[number % 2]
            one(self, f"l{number}", OUTRIGHT if number % 4 < 2 else SPREAD, Side.BUY)
            number += 1
        return self


def main(quick: bool = False) -> list[Row]:
    """All figures; `quick` takes a tenth of the sizes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = _appending(folder, 1 if quick else 5)
        rows.append(_replaying(folder, 12_000 if quick else 100_000))
        rows += _starting(folder, 100_000 if quick else 1_000_000)
    return rows


def _appending(folder: Path, seconds: int) -> list[Row]:
    """Paced by the clock; encoding happens on the thread that submits, as in the live loop."""
    rows = []
    for rate in RATES:
        handled = Recorder().live(rate * seconds).handled[: rate * seconds]
        gc.collect()
        gc.freeze()  # what the bench itself holds is none of the writer's business
        with AuditLog.open(folder / f"paced{rate}.db", writable=True) as log:
            writer = GroupWriter(log, time.time_ns)
            chain = Chain(CHAIN)
            begun = time.perf_counter()
            waits = _Waits()
            for place, (stamped, effects, image) in enumerate(handled):
                while (left := begun + place / rate - time.perf_counter()) > 0:
                    time.sleep(left)
                writer.submit(chain.entry(stamped, effects, image=image), waits.begin())
            writer.close()
        gc.unfreeze()
        waited = sorted(waits.seconds)
        p50, p99 = (1e3 * waited[int(len(waited) * q)] for q in (0.5, 0.99))
        rows.append(
            Row(
                f"log, durable append at {rate:,} events/s",
                f"p50 {p50:.2f} ms, p99 {p99:.2f} ms",
                f"p50 <= {P50_MS:.0f} ms, p99 <= {P99_MS:.0f} ms",
                p50 <= P50_MS and p99 <= P99_MS,
                f"{len(waited):,} records, max {1e3 * waited[-1]:.1f} ms",
            )
        )
    return rows


class _Waits:
    """How long each record waited from its submission until it was told to be durable, in seconds."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    def begin(self) -> Callable[[Exception | None], None]:
        """The callback of a record submitted now."""
        submitted = time.perf_counter()

        def done(error: Exception | None) -> None:
            assert error is None
            self.seconds.append(time.perf_counter() - submitted)

        return done


def _replaying(folder: Path, count: int) -> Row:
    """A fresh desk asked again."""
    handled = Recorder().live(count).handled
    with AuditLog.open(folder / "replay.db", writable=True, fsync=False) as log:
        _store(log, _entries(Chain(CHAIN), iter(handled)))
        begun = time.perf_counter()
        report = replay(log, build=BUILD)
        rate = report.events / (time.perf_counter() - begun)
        assert report.ok, report.differences[:1]
    note = f"{report.events:,} events; long logs in parts, one a core"
    return Row("log, replay events/s", f"{rate:,.0f}", f">= {REPLAYED:,}", rate >= REPLAYED, note)


def _starting(folder: Path, count: int) -> list[Row]:
    """A long log: what stands before the newest segment is only hashed, what came after is replayed."""
    path = folder / "long.db"
    tail = SEGMENT_RECORDS - 500
    before = count // SEGMENT_RECORDS * SEGMENT_RECORDS - SEGMENT_RECORDS - 400
    template = [one for one in Recorder().live(5_000).handled if one[2] is None][:5_000]
    with AuditLog.open(path, writable=True, fsync=False) as log:
        chain = Chain(CHAIN)
        copies = enumerate(islice(cycle(template), before), 1)
        _store(log, _entries(chain, (_renumbered(one, number) for number, one in copies)))
        _store(log, _entries(chain, iter(Recorder(before + 1).live(tail + 400).handled)))
        total = log.head().number
    begun = time.perf_counter()
    with AuditLog.open(path, writable=True) as log:
        opened = time.perf_counter() - begun
        rebuild(log, BUILD)
        ready = time.perf_counter() - begun
    with AuditLog.open(path, writable=False) as log:
        begun = time.perf_counter()
        report = verify(log)
        rate = report.records / (time.perf_counter() - begun)
        newest = log.newest_segment()
        assert report.ok, report.problem
        assert newest is not None
    size = report.bytes / report.records
    return [
        Row(
            "log, verify records/s",
            f"{rate:,.0f}",
            f">= {VERIFIED:,}",
            rate >= VERIFIED,
            f"{report.records:,} records of {size:,.0f} B; two processes",
        ),
        Row(
            f"log, start-up after {total:,} records",
            f"{ready:.1f} s",
            f"<= {START_S:.0f} s",
            ready <= START_S,
            f"whole chain verified in {opened:.1f} s, then {total - newest[0]:,} records replayed",
        ),
    ]


def _renumbered(one: Handled, number: int) -> Handled:
    """The same event as another record's; stamps stay in order by their numbers."""
    stamped, effects, image = one
    return (
        ev.Stamped(
            number=number,
            at=number,
            received_at=number,
            event=stamped.event,
            market=stamped.market,
            market_hash=stamped.market_hash,
        ),
        effects,
        image,
    )


def _entries(chain: Chain, handled: Iterator[Handled]) -> Iterator[Entry]:
    """Encoded and chained."""
    return (chain.entry(stamped, effects, image=image) for stamped, effects, image in handled)


def _store(log: AuditLog, entries: Iterator[Entry]) -> None:
    """Append them in large batches."""
    while batch := list(islice(entries, BATCH)):
        log.append(batch)
