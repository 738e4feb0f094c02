"""The composition root: everything is built here, once. The command line and the tests start here.

`run_demo` and `serve` put a desk on real time into the simulated market; `serve` lets counterparties call over FIX, and
the demo can let its own people do so. `run_sim` does the same on virtual time. After a demo the log is read again as a
stranger would: every record verified and decoded, every decision replayed.
"""

import asyncio
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from fix_gateway.shell.ports import Silent
from rfq.audit.errors import LogError
from rfq.audit.log import AuditLog
from rfq.audit.replay import replay
from rfq.audit.verify import verify
from rfq.domain.ids import ChainId
from rfq.feeds import levels
from rfq.live.loop import Live
from rfq.live.notices import Notices, Scribe
from rfq.ops.clock import NS_PER_S, SystemClock
from rfq.ops.kernels import warm_kernels
from rfq.sim.fix_street import FixStreet
from rfq.sim.population import DEMO_RATES, Rates
from rfq.sim.realtime import Stage, begin, demo_sessions, settle_memory
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
    """A demo that has begun: observe `live`. `port` is where it listens for FIX, 0 for nowhere."""

    live: Live
    world: World
    log: AuditLog
    port: int = 0


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
    fix: bool = False,
) -> DemoResult:
    """The simulated market on real time, until `stop` or for so many seconds; without a path the log is thrown away.
    With `fix` everybody calls the desk over FIX."""
    await asyncio.to_thread(warm_kernels, settings.kernels)
    with tempfile.TemporaryDirectory(prefix="rfq-demo-") as folder:
        path = log_path or Path(folder) / "demo.db"
        log = AuditLog.open(path, writable=True)
        try:
            stage = _demo_stage(settings, log, seed, Path(folder) / "fix" if fix else None)
            world = stage.world
            port = await stage.open()
            began_at = world.schedule.now()
            if on_start is not None:
                on_start(Demo(world.live, world, log, port))
            await _wait(world.live, stop, seconds)
            await stage.end(settings.serve.shutdown_s)
            lasted_s = (world.schedule.now() - began_at) / 1e9
            result = await asyncio.to_thread(finish, world, int(lasted_s))
            stage.shut()
        finally:
            log.close()
        audit_ok, replay_ok = await asyncio.to_thread(_read_again, path)
    faults = tuple(world.street.faults) if isinstance(world.street, FixStreet) else ()
    return _demo_result(result, lasted_s, audit_ok, replay_ok, faults)


def _demo_stage(settings: "Settings", log: AuditLog, seed: int, journals: Path | None) -> Stage:
    """A demo; over FIX if there is a folder for its journals."""
    if journals is None:
        return begin(settings, log, seed=seed, rates=DEMO_RATES, build=build_id())
    fix = demo_sessions(settings.world.clients, settings.world.dealers, journals)
    return begin(
        settings, log, seed=seed, rates=DEMO_RATES, build=build_id(), fix=fix, fix_street=True, say=Silent()
    )


def _demo_result(
    result: Result, lasted_s: float, audit_ok: bool, replay_ok: bool, faults: tuple[str, ...]
) -> DemoResult:
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
        violations=(*result.violations, *faults),
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
    warm_kernels(settings.kernels)
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
        settle_memory()
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
    books = (levels.warm,) if settings.feeds.market == "venues" else ()
    say.info("kernels", state=await asyncio.to_thread(warm_kernels, settings.kernels, books))
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
        stage = begin(
            settings,
            log,
            seed=settings.world.seed,
            rates=_rates(settings),
            build=build_id(),
            chain=ChainId(settings.chain.id),
            fix=settings.fix if settings.fix.enabled else None,
            feeds=settings.feeds if settings.feeds.market == "venues" else None,
            say=say,
            env=os.environ,
        )
        world = stage.world
        world.live.observe(Notices(say))
        behind_ns = -world.schedule.offset()[0]
        if behind_ns > CLOCK_BEHIND_MAX_NS:
            say.warning(
                "clock_behind", behind_s=behind_ns // NS_PER_S, then="time goes on from the end of the log"
            )
        port = await stage.open()
        if on_ready is not None:
            on_ready(Demo(world.live, world, log, port))
        await _wait(world.live, stop, None)
        await stage.end(settings.serve.shutdown_s)
        await asyncio.to_thread(world.writer.close)
        stage.shut()
        return world.live.failure
    finally:
        log.close()


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
