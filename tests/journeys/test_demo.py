"""`rfq demo` and `rfq sim` as a newcomer and a script meet them: counts, digest, screen, plain lines, Ctrl-C."""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

RFQ = [sys.executable, "-m", "rfq"]
ENV = {name: value for name, value in os.environ.items() if not name.startswith("RFQ_")}


def rfq(folder: Path, *words: str, timeout: float = 100) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*RFQ, *words], cwd=folder, text=True, capture_output=True, timeout=timeout, check=False, env=ENV
    )


@pytest.mark.slow
def test_thirty_seconds_have_ten_fills_on_either_side(tmp_path: Path) -> None:
    done = rfq(tmp_path, "demo", "--seconds", "30", "--headless", "--json", "--log", "demo.db")
    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert found["fills_maker"] >= 10
    assert found["fills_taker"] >= 10
    assert found["fills"] == found["fills_maker"] + found["fills_taker"]
    assert found["audit_ok"] is True
    assert found["replay_ok"] is True
    assert found["violations"] == []
    assert found["rfqs"] > 20
    assert found["quotes_sent"] > 10
    assert found["quotes_received"] >= found["fills_taker"]
    assert found["ranked"] > 10
    verified = rfq(tmp_path, "audit", "verify", "--deep", "--json", "--log", "demo.db")
    assert verified.returncode == 0, verified.stderr
    said = json.loads(verified.stdout)
    assert said["records"] == found["audit_records"]
    assert said["head"]["hash"] == found["digest"]
    for role in ("RfqReceived", "NeedPosted"):
        asked = rfq(tmp_path, "audit", "search", "--kind", role, "-n", "1", "--json", "--log", "demo.db")
        (record,) = json.loads(asked.stdout)["records"]
        rfq_id = next(effect["rfq"] for effect in record["effects"] if effect["_"].startswith("Estimate."))
        story = rfq(tmp_path, "audit", "show", rfq_id, "--log", "demo.db")
        assert story.returncode == 0, story.stderr
        assert rfq_id in story.stdout


@pytest.mark.slow
def test_without_a_terminal_it_tells_in_lines_and_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    command = [*RFQ, "demo", "--log", "demo.db"]
    with subprocess.Popen(command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, env=ENV) as running:
        assert running.stdout is not None
        lines: list[str] = []
        for line in running.stdout:
            lines.append(line)
            if " ranked; best " in line:
                break
        running.send_signal(signal.SIGINT)
        lines += running.stdout.readlines()
        assert running.wait(timeout=30) == 130
    text = "".join(lines)
    seconds = next(float(line.split()[0]) for line in lines if " ranked; best " in line)
    assert seconds < 10
    assert "records, verified; every decision replayed the same" in text
    assert "\x1b" not in text, "no colours in a file"
    assert rfq(tmp_path, "audit", "verify", "--log", "demo.db").returncode == 0


@pytest.mark.slow
def test_on_a_terminal_it_draws_a_screen_and_leaves_it_as_it_was(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    running = subprocess.Popen(
        [*RFQ, "demo", "--log", "demo.db"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**ENV, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
        close_fds=True,
    )
    os.close(theirs)
    seen = b""
    for _ in range(600):
        if select.select([ours], [], [], 0.1)[0]:
            seen += os.read(ours, 65_536)
        if b"dealer-" in seen.rpartition(b"WE COMPARE")[2] and b"bought" in seen:
            break
    running.send_signal(signal.SIGINT)
    try:
        while chunk := os.read(ours, 65_536):
            seen += chunk
    except OSError:  # the other end is closed: it is over
        pass
    os.close(ours)
    assert running.wait(timeout=30) == 130
    assert b"\x1b[?1049h" in seen and b"\x1b[?1049l" in seen, "the alternate screen, and back"
    assert b"\x1b[2J" not in seen.partition(b"\x1b[?1049l")[0][len(b"\x1b[?1049h") + 20 :], "it flickers"
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", seen.decode())
    for words in ("WE ARE ASKED", "OUR PRICE", "QUOTES WE COMPARE", "LAST FILLS", "POSITIONS", "log record"):
        assert words in text, words
    assert "every decision replayed the same" in text.rpartition("POSITIONS")[2]


@pytest.mark.slow
def test_a_seed_is_a_world(tmp_path: Path) -> None:
    def digest(*words: str) -> str:
        done = rfq(tmp_path, "sim", "--hours", "0.05", "--json", *words)
        assert done.returncode == 0, done.stderr
        (line,) = done.stdout.splitlines()
        found = json.loads(line)
        assert found["violations"] == []
        return str(found["digest"])

    first = digest("--seed", "11", "--log", "sim.db")
    assert digest("--seed", "11") == first
    assert digest("--seed", "12") != first
    (tmp_path / "rfq.toml").write_text("[desk]\nquote_ttl_ms = 5001\n")
    assert digest("--seed", "11") != first
    assert (
        json.loads(rfq(tmp_path, "audit", "verify", "--json", "--log", "sim.db").stdout)["head"]["hash"]
        == first
    )
    assert rfq(tmp_path, "replay", "sim.db").returncode == 0


@pytest.mark.slow
def test_following_the_log_of_a_running_demo(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*RFQ, "demo", "--seconds", "8", "--headless", "--log", "demo.db"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        env=ENV,
    ) as running:
        for _ in range(100):
            if rfq(tmp_path, "audit", "tail", "-n", "1", "--log", "demo.db").returncode == 0:
                break
            time.sleep(0.1)
        command = [*RFQ, "audit", "tail", "-f", "-n", "1", "--json", "--log", "demo.db"]
        with subprocess.Popen(
            command, cwd=tmp_path, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV
        ) as follower:
            assert follower.stdout is not None
            numbers = [json.loads(follower.stdout.readline())["number"] for _ in range(20)]
            follower.send_signal(signal.SIGINT)
            assert follower.wait(timeout=20) == 130
        assert numbers == list(range(numbers[0], numbers[0] + 20))
        assert running.wait(timeout=60) == 0
