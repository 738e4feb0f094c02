"""The public acceptance scripts of FIX 4.4 against `python -m fix_gateway.testing`, compared strictly."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[3] / "shared"
SCRIPTS = SHARED / "data" / "fix" / "at" / "fix44"
RUNNER = SHARED / "tools" / "at_runner.py"
SLOW = "^(2i_|4a_|6_)"
"""They wait for heartbeats, or for an answer to a Logout that does not come."""

pytestmark = pytest.mark.skipif(
    not (SCRIPTS.is_dir() and RUNNER.is_file()), reason="the scripts are not on this machine"
)


@pytest.fixture
def port() -> Iterator[int]:
    """A running acceptor."""
    command = [sys.executable, "-m", "fix_gateway.testing", "--port", "0"]
    with subprocess.Popen(command, text=True, stdout=subprocess.PIPE) as program:
        assert program.stdout is not None
        yield int(program.stdout.readline().rpartition(":")[2])
        program.terminate()
        assert program.wait(timeout=20) == 0


def play(port: int, *choice: str) -> list[str]:
    """Run scripts; one line of the runner for each, and its last with the numbers."""
    command = [sys.executable, str(RUNNER), str(SCRIPTS), "--port", str(port), "--settle", "0.02", *choice]
    done = subprocess.run(command, text=True, capture_output=True, timeout=110, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_the_quick_scripts_pass(port: int) -> None:
    assert play(port, "--skip", SLOW)[-1] == "56 passed, 0 failed"


@pytest.mark.nightly
def test_the_slow_scripts_pass(port: int) -> None:
    assert play(port, "--only", SLOW)[-1] == "3 passed, 0 failed"


def test_a_port_that_is_taken_is_told(port: int) -> None:
    command = [sys.executable, "-m", "fix_gateway.testing", "--port", str(port)]
    done = subprocess.run(command, text=True, capture_output=True, timeout=60, check=False)
    assert done.returncode == 2 and f"cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
