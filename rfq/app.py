"""The composition root: everything is built here, once. The command line and the tests start here.

`run_demo` and `serve` put a desk on real time into the simulated market (the FIX gateway will bring real
counterparties); `run_sim` does the same on virtual time. After a demo the log is read again as a stranger would: every
record verified and decoded, every decision replayed.
"""

import asyncio
import gc
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from models.infer import open_model
from rfq.audit.errors import LogError
from rfq.audit.log import AuditLog
from rfq.audit.replay import replay
from rfq.audit.verify import verify
from rfq.audit.writer import GroupWriter
from rfq.domain.events import Estimated
from rfq.domain.ids import ChainId
from rfq.domain.record import decode_record
from rfq.live.loop import Live
from rfq.live.notices import Notices, Scribe
from rfq.live.ports import Oracle
from rfq.ops.clock import NS_PER_S, SystemClock
from rfq.ops.schedule import RealSchedule, Schedule
from rfq.oracle import ThreadedOracle
from rfq.sim.population import DEMO_RATES, Rates
from rfq.sim.run import Progress, Result, finish, run
from rfq.sim.world import World, build_world

if TYPE_CHECKING:
    from rfq.ops.settings import Settings

RETRY_S = 1.0
CLOCK_BEHIND_MAX_NS = 600 * NS_PER_S
_PURE = ("pricing", "models", "rfq/domain", "rfq/desk")


def build_id() -> str:
    """Names this build of the deciding code: the version, and a hash of the sources that replay depends on."""
    root = Path(__file__).resolve().parents[1]
    found = sha256()
    for room in _PURE:
        for path in sorted((root / room).rglob("*.py")):
            found.update(path.relative_to(root).as_posix().encode())
            found.update(path.read_bytes())
    return f"{_version()}+{found.hexdigest()[:12]}"


def _version() -> str:
    try:
        return metadata.version("rfq-desk")
    except metadata.PackageNotFoundError:
        return "0.0.0"


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo that has begun: observe `live`."""

    live: Live
    world: World
    log: AuditLog


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What a demo came to; every number is read back from its log. `digest` is the hash of the last record."""

    seed: int
    seconds: float
    rfqs: int
    quotes_received: int
    quotes_sent: int
    ranked: int
    fills: int
    fills_maker: int
    fills_taker: int
    audit_records: int
    audit_ok: bool
    replay_ok: bool
    digest: str
    violations: tuple[str, ...]


async def run_demo(
    settings: "Settings",
    *,
    seed: int,
    seconds: float | None,
    log_path: Path | None,
    on_start: Callable[[Demo], None] | None,
    stop: asyncio.Event,
) -> DemoResult:
    """The simulated market on real time, until `stop` or for so many seconds; without a path the log is thrown away."""
    with tempfile.TemporaryDirectory(prefix="rfq-demo-") as folder:
        path = log_path or Path(folder) / "demo.db"
        log = AuditLog.open(path, writable=True)
        try:
            world, oracle = _begin(settings, log, seed, DEMO_RATES)
            began_at = world.schedule.now()
            if on_start is not None:
                on_start(Demo(world.live, world, log))
            await _wait(world.live, stop, seconds)
            await _end(world.live, oracle, settings.serve.shutdown_s)
            lasted_s = (world.schedule.now() - began_at) / 1e9
            result = await asyncio.to_thread(finish, world, int(lasted_s))
        finally:
            log.close()
        audit_ok, replay_ok = await asyncio.to_thread(_read_again, path)
    return _demo_result(result, lasted_s, audit_ok, replay_ok)


def _demo_result(result: Result, lasted_s: float, audit_ok: bool, replay_ok: bool) -> DemoResult:
    counts = result.counts
    return DemoResult(
        seed=result.seed,
        seconds=round(lasted_s, 1),
        rfqs=counts["rfqs"],
        quotes_received=counts["quotes_received"],
        quotes_sent=counts["quotes_sent"],
        ranked=counts["ranked"],
        fills=counts["fills"],
        fills_maker=counts["fills_maker"],
        fills_taker=counts["fills_taker"],
        audit_records=result.records,
        audit_ok=audit_ok,
        replay_ok=replay_ok,
        digest=result.digest,
        violations=result.violations,
    )


def _read_again(path: Path) -> tuple[bool, bool]:
    """Is the record whole, and does this build decide the same again?"""
    with AuditLog.open(path, writable=False) as log:
        return verify(log, deep=True).ok, replay(log, build=build_id()).ok


def run_sim(
    settings: "Settings",
    *,
    seed: int,
    hours: float,
    log_path: Path | None,
    progress: Progress | None = None,
) -> Result:
    """The same world on virtual time. The log is the same code and chain; it is only not synced."""
    address = log_path if log_path is not None else ":memory:"
    with AuditLog.open(address, writable=True, fsync=False) as log:
        world = build_world(
            seed,
            log=log,
            policy=settings.policy,
            rates=_rates(settings),
            clients=settings.world.clients,
            dealers=settings.world.dealers,
            build=build_id(),
            segment_records=settings.audit.segment_records,
        )
        _settle_memory()
        return run(world, round(hours * 3600), progress)


async def serve(
    settings: "Settings", stop: asyncio.Event, on_ready: Callable[[Demo], None] | None = None
) -> None:
    """A desk on real time with a durable log, until `stop`. If the log cannot be written, nothing is sent; the desk is
    thrown away and, as soon as the log can be opened again, rebuilt from it."""
    from rfq.ops.logs import Logs

    logs = Logs(
        SystemClock().now,
        settings.logs.level,
        settings.logs.path,
        queue_records_max=settings.logs.queue_records_max,
    )
    say = logs.get("serve")
    opened = False
    try:
        while not stop.is_set():
            try:
                log = AuditLog.open(settings.audit.path, writable=True, fsync=settings.audit.durable)
            except LogError as error:
                if not opened:
                    raise
                say.error("log_unavailable", error=str(error))
                await _pause(stop, RETRY_S)
                continue
            opened = True
            failure = await _serve_on(settings, log, stop, on_ready, logs.get("desk"))
            if failure is not None:
                say.error("log_failed", error=str(failure), then="the desk is rebuilt from the log")
                await _pause(stop, RETRY_S)
    finally:
        logs.close()


async def _serve_on(
    settings: "Settings",
    log: AuditLog,
    stop: asyncio.Event,
    on_ready: Callable[[Demo], None] | None,
    say: Scribe,
) -> Exception | None:
    """On an open log, until `stop` or until the log fails; returns what failed."""
    try:
        world, oracle = _begin(
            settings, log, settings.world.seed, _rates(settings), ChainId(settings.chain.id)
        )
        world.live.observe(Notices(say))
        behind_ns = -world.schedule.offset()[0]
        if behind_ns > CLOCK_BEHIND_MAX_NS:
            say.warning(
                "clock_behind", behind_s=behind_ns // NS_PER_S, then="time goes on from the end of the log"
            )
        if on_ready is not None:
            on_ready(Demo(world.live, world, log))
        await _wait(world.live, stop, None)
        await _end(world.live, oracle, settings.serve.shutdown_s)
        await asyncio.to_thread(world.writer.close)
        return world.live.failure
    finally:
        log.close()


def _begin(
    settings: "Settings", log: AuditLog, seed: int, rates: Rates, chain: ChainId | None = None
) -> tuple[World, ThreadedOracle]:
    """A world on real time around a desk with the real writer and a real oracle thread.

    Time goes on from the end of the log, even if the wall clock was set back since: deadlines in it stay deadlines.
    How far the wall clock is away stands in every record.
    """
    clock = SystemClock(not_before=_last_at(log))
    made: list[ThreadedOracle] = []

    def oracle(schedule: Schedule, answer: Callable[[Estimated], object]) -> Oracle:
        made.append(ThreadedOracle(open_model(), schedule, answer))
        return made[0]

    world = build_world(
        seed,
        log=log,
        policy=settings.policy,
        rates=rates,
        clients=settings.world.clients,
        dealers=settings.world.dealers,
        build=build_id(),
        chain=chain,
        segment_records=settings.audit.segment_records,
        inbox_new_max=settings.serve.inbox_new_max,
        inbox_reserved=settings.serve.inbox_reserved_events,
        schedule=RealSchedule(asyncio.get_running_loop(), clock),
        writer=GroupWriter(
            log,
            clock.now,
            batch_max=settings.audit.batch_records_max,
            head_age_ms_max=settings.audit.head_age_ms_max,
        ),
        oracle=oracle,
    )
    _settle_memory()
    return world, made[0]


def _last_at(log: AuditLog) -> int:
    """The stamp of the last record (UTC ns); 0 if there is none."""
    last = log.head().number
    return max((decode_record(body).at for _, body in log.bodies(last, last)), default=0)


def _settle_memory() -> None:
    """What is loaded now stays: the collector need not walk it again and again. Values of the log are acyclic and
    invisible to it (gc=False), so it may also come by more rarely."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _rates(settings: "Settings") -> Rates:
    return Rates(ask_every_s=settings.world.ask_every_s, need_every_s=settings.world.need_every_s)


async def _wait(live: Live, stop: asyncio.Event, seconds: float | None) -> None:
    """Until told to stop, or the time is up, or the log failed."""
    waited = 0.0
    while not stop.is_set() and live.failure is None and (seconds is None or waited < seconds):
        step = 0.1 if seconds is None else min(0.1, seconds - waited)
        await _pause(stop, step)
        waited += step


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return


async def _end(live: Live, oracle: ThreadedOracle, patience_s: float) -> None:
    """Take nothing new, let what is begun get out of the door, cut a segment."""
    live.close_door()
    waited = 0.0
    while not live.idle and live.failure is None and waited < patience_s:
        await asyncio.sleep(0.01)
        waited += 0.01
    live.finish()
    oracle.close()
