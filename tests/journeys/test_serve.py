"""`rfq serve` as an operator meets it: one writer, readers beside it, a clean stop, going on, and a disk that fills."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rfq.audit.log import AuditLog
from rfq.audit.verify import verify

CONFIG = """
[chain]
id = "journey"
[audit]
path = "desk.db"
segment_records = 200
[world]
ask_every_s = 0.05
need_every_s = 0.05
[serve]
shutdown_s = 2
"""


def start(folder: Path, limit_kib: int | None = None) -> subprocess.Popen[str]:
    """A serving process; with a limit no file of it may grow larger."""
    (folder / "rfq.toml").write_text(CONFIG)
    command = [sys.executable, "-m", "rfq", "serve", "--config", "rfq.toml"]
    if limit_kib is not None:
        command = ["bash", "-c", f'ulimit -f {limit_kib}; exec "$@"', "bash", *command]
    with (folder / "stderr").open("a") as stderr:
        return subprocess.Popen(command, cwd=folder, text=True, stdout=subprocess.DEVNULL, stderr=stderr)


def until(true: Callable[[], bool], what: str, tries: int = 200) -> None:
    for _ in range(tries):
        if true():
            return
        time.sleep(0.1)
    pytest.fail(f"never: {what}")


def rfq(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "rfq", *words]
    return subprocess.run(command, cwd=folder, text=True, capture_output=True, timeout=60, check=False)


def records(folder: Path) -> int:
    try:
        with AuditLog.open(folder / "desk.db", writable=False) as log:
            return log.head().number
    except Exception:
        return 0


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = start(tmp_path)
    until(lambda: records(tmp_path) > 100, "a hundred records")
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
def test_one_writer_and_readers_beside_it(serving: subprocess.Popen[str], tmp_path: Path) -> None:
    second = rfq(tmp_path, "serve", "--config", "rfq.toml")
    assert second.returncode == 6, second.stderr
    assert "Traceback" not in second.stderr
    found = rfq(tmp_path, "audit", "verify", "--log", "desk.db", "--json")
    assert found.returncode == 0, found.stderr
    assert json.loads(found.stdout)["ok"] is True
    assert serving.poll() is None


@pytest.mark.slow
def test_stop_is_clean_and_the_next_start_goes_on(serving: subprocess.Popen[str], tmp_path: Path) -> None:
    serving.send_signal(signal.SIGTERM)
    assert serving.wait(timeout=20) == 0, (tmp_path / "stderr").read_text()
    stopped = records(tmp_path)
    again = start(tmp_path)
    until(lambda: records(tmp_path) > stopped + 50, "fifty records more")
    again.send_signal(signal.SIGINT)
    assert again.wait(timeout=20) == 130
    with AuditLog.open(tmp_path / "desk.db", writable=False) as log:
        assert verify(log, deep=True).ok
        kinds = [row.kind for row in log.records(stopped, stopped + 1)]
    assert kinds == ["SegmentOpened", "Started"]
    assert rfq(tmp_path, "replay", "desk.db", "--json").returncode == 0


@pytest.mark.slow
def test_a_disk_that_fills_stops_the_sending_and_loses_nothing(tmp_path: Path) -> None:
    process = start(tmp_path, limit_kib=3_000)
    try:
        until(lambda: "log_failed" in (tmp_path / "stderr").read_text(), "the log fails")
        before = records(tmp_path)
        assert process.poll() is None, "it must not crash"
        assert before > 100
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(timeout=30)
    told = (tmp_path / "stderr").read_text()
    assert "Traceback" not in told
    assert code in (0, 6), told[-2000:]
    with AuditLog.open(tmp_path / "desk.db", writable=False) as log:
        assert verify(log, deep=True).ok
    healthy = start(tmp_path)
    until(lambda: records(tmp_path) > before + 50, "it goes on once there is room")
    healthy.send_signal(signal.SIGTERM)
    assert healthy.wait(timeout=20) == 0
