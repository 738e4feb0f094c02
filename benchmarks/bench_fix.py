"""FIX over loopback: QuoteRequest in (712 bytes, 67 fields, 4 legs), Quote out (763 bytes), ours beside QuickFIX.

Everybody runs in the same minutes, in turn, several rounds; a figure is the median of its rounds. Client and
acceptor are processes of their own. All acceptors validate by dictionary, keep what they send in files, and answer
resend requests. Both engines are used in two ways: with their fields (QuickFIX's fields and groups, our typed
messages), and with the application's part done as text by hand, which is the quickest that we could make either.
Like is held against like; our typed messages are also held against the quicker QuickFIX.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.fix_peers import running
from benchmarks.fix_peers.client import Client, together
from benchmarks.fix_peers.running import NOISY, SESSIONS, Running
from benchmarks.rows import Row

TIMES_P50, TIMES_RATE, RATE = 2.0, 3.0, 15_000
IN_FLIGHT = 64
FLOOR = "floor: an asyncio server that answers undecoded"
TYPED, HAND = "ours, typed messages", "ours, text by hand"
QF_FIELDS, QF_TEXT = "QuickFIX, fields", "QuickFIX, text by hand"


class Figures:
    """What the rounds of one acceptor gave."""

    def __init__(self) -> None:
        self.p50_us: list[float] = []
        self.p99_us: list[float] = []
        self.rate: list[float] = []
        self.cpu_us: list[float] = []
        self.rss_mib = 0.0

    def row(self, name: str, target: str = "", met: bool | None = None) -> Row:
        """One line of the table."""
        rate = f"{median(self.rate):,.0f} messages/s"
        if len(self.rate) > 1:
            rate += f" ({min(self.rate):,.0f} to {max(self.rate):,.0f})"
        figure = f"p50 {median(self.p50_us):.0f} µs, p99 {median(self.p99_us):.0f} µs; {rate}"
        note = f"{self.rss_mib:.0f} MiB" if self.rss_mib else ""
        if self.cpu_us:
            note += f"; {median(self.cpu_us):.0f} µs CPU a message with {IN_FLIGHT} in flight"
        return Row(name, figure, target, met, note)


def main(quick: bool = False) -> list[Row]:
    """All figures; `quick` takes small sizes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [
            *_beside(folder / "one", quick),
            *_synced(folder / "fsync", quick),
            *_crowd(folder / "crowd", quick),
            *_noise(folder / "noise", quick),
        ]


def _round(acceptor: Running, figures: Figures, seed: int, quick: bool) -> None:
    """One session's life: warm up, one at a time, many in flight."""
    client = Client(acceptor.port, SESSIONS[0], seed)
    client.rate(500 if quick else 2_000)
    took = sorted(client.round_trips(500 if quick else 3_000))
    figures.p50_us.append(took[len(took) // 2] / 1e3)
    figures.p99_us.append(took[len(took) * 99 // 100] / 1e3)
    count, before = 2_000 if quick else 20_000, acceptor.cpu_s()
    figures.rate.append(client.rate(count, IN_FLIGHT))
    figures.cpu_us.append((acceptor.cpu_s() - before) / count * 1e6)
    figures.rss_mib = acceptor.rss_mib()
    client.close()


def _beside(folder: Path, quick: bool) -> list[Row]:
    """One session: ours and QuickFIX in turn, each used in both ways: typed (fields), and with text by hand."""
    one = SESSIONS[:1]
    folder.mkdir()
    with ExitStack() as stack:
        typed = stack.enter_context(running.ours(folder, one))
        by_hand = stack.enter_context(running.ours(folder, one, by_text=True))
        everybody = {TYPED: typed, HAND: by_hand}
        everybody |= {
            name: stack.enter_context(rival)
            for name, by_text in ((QF_FIELDS, False), (QF_TEXT, True))
            if (rival := running.quickfix(folder, one, by_text))
        }
        everybody[FLOOR] = stack.enter_context(running.canned(folder))
        found = {name: Figures() for name in everybody}
        for number in range(2 if quick else 5):
            for name, acceptor in everybody.items():
                _round(acceptor, found[name], number, quick)
        said = [everybody[name].said for name in everybody if name in (QF_FIELDS, QF_TEXT)]
    rows = [found[FLOOR].row(f"one session, {FLOOR}")]
    for name in (HAND, TYPED):
        rate = median(found[name].rate)
        rows.append(found[name].row(f"one session, {name}", f"≥ {RATE:,} messages/s", rate >= RATE))
    if not said:
        return [*rows, Row("one session, QuickFIX", "not here", note="no QuickFIX, or no dictionary for it")]
    version = said[0].get("version", "")
    rows += [found[name].row(f"one session, {name} {version}") for name in (QF_TEXT, QF_FIELDS)]
    for mine, theirs in ((HAND, QF_TEXT), (TYPED, QF_FIELDS), (TYPED, QF_TEXT)):
        rows += _against(mine, found[mine], theirs, found[theirs])
    return rows


def _against(mine: str, ours: Figures, theirs: str, rival: Figures) -> list[Row]:
    """The ratios of one way of ours to one way of QuickFIX's."""
    p50 = median(rival.p50_us) / median(ours.p50_us)
    rate = median(ours.rate) / median(rival.rate)
    memory = f"{ours.rss_mib:.0f} and {rival.rss_mib:.0f} MiB"
    beside = f"{mine} beside {theirs}"
    return [
        Row(f"p50, times better: {beside}", f"{p50:.1f}", f"≥ {TIMES_P50:.0f}", p50 >= TIMES_P50),
        Row(f"messages/s, times: {beside}", f"{rate:.1f}", f"≥ {TIMES_RATE:.0f}", rate >= TIMES_RATE),
        Row(f"memory: {beside}", memory, "no more", ours.rss_mib <= rival.rss_mib),
    ]


def _synced(folder: Path, quick: bool) -> list[Row]:
    """Durable against a power cut before anything is sent."""
    folder.mkdir()
    figures = Figures()
    with running.ours(folder, SESSIONS[:1], "fsync") as acceptor:
        for number in range(1 if quick else 3):
            _round(acceptor, figures, number, quick)
    return [figures.row("one session, ours, fsync before each write")]


def _crowd(folder: Path, quick: bool) -> list[Row]:
    """Fifty sessions, one request of each under way."""
    folder.mkdir()
    rows = []
    with ExitStack() as stack:
        everybody = {"ours": stack.enter_context(running.ours(folder, SESSIONS))}
        if rival := running.quickfix(folder, SESSIONS):
            everybody["QuickFIX, fields"] = stack.enter_context(rival)
        for name, acceptor in everybody.items():
            figures = Figures()
            for seed in range(1 if quick else 3):
                clients = [Client(acceptor.port, session, seed) for session in SESSIONS]
                rate, took = together(clients, 20 if quick else 200)
                took.sort()
                figures.rate.append(rate)
                figures.p50_us.append(took[len(took) // 2] / 1e3)
                figures.p99_us.append(took[len(took) * 99 // 100] / 1e3)
                figures.rss_mib = acceptor.rss_mib()
                for client in clients:
                    client.close()
            rows.append(figures.row(f"{len(SESSIONS)} sessions at once, {name}"))
    return rows


def _noise(folder: Path, quick: bool) -> list[Row]:
    """One at a time, while a neighbour's session sends garbage."""
    folder.mkdir()
    rows = []
    sessions = [SESSIONS[0], NOISY]
    with ExitStack() as stack:
        everybody = {"ours": stack.enter_context(running.ours(folder, sessions))}
        if rival := running.quickfix(folder, sessions):
            everybody["QuickFIX, fields"] = stack.enter_context(rival)
        for name, acceptor in everybody.items():
            quiet, loud = Figures(), Figures()
            for seed in range(1 if quick else 3):
                _round(acceptor, quiet, seed, quick)
                with _neighbour(acceptor):
                    _round(acceptor, loud, seed, quick)
            before = f"p99 {median(quiet.p99_us):.0f} µs without it"
            rows.append(loud.row(f"a neighbour sends 3 MB/s of garbage, {name}")._replace(note=before))
    return rows


@contextmanager
def _neighbour(acceptor: Running) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.fix_peers.neighbour", str(acceptor.port), NOISY]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as child:
        yield
        assert child.stdin is not None
        child.stdin.close()
