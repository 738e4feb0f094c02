"""The small parts of the FIX shell: hours, throttle, addresses, the message log."""

import threading
from pathlib import Path
from typing import Any

import pytest

from fix_gateway.codec.encode import frame
from fix_gateway.codec.values import timestamp_ns
from fix_gateway.shell.acceptor import is_within, networks
from fix_gateway.shell.schedule import ALWAYS, timetable
from fix_gateway.shell.throttle import Throttle
from fix_gateway.shell.wirelog import LogThread, WireLog, masked, parse

S = 1_000_000_000
DAY = 86_400 * S


def at(text: str) -> int:
    return timestamp_ns(text.encode())


@pytest.mark.parametrize(
    ("hours", "when", "is_open"),
    [
        ([], "20260110-12:00:00", True),
        (["mon-fri 07:00-17:00"], "20260105-06:59:59.999", False),
        (["mon-fri 07:00-17:00"], "20260105-07:00:00", True),
        (["mon-fri 07:00-17:00"], "20260109-16:59:59.999", True),
        (["mon-fri 07:00-17:00"], "20260109-17:00:00", False),
        (["mon-fri 07:00-17:00"], "20260110-12:00:00", False),
        (["07:00-17:00"], "20260110-12:00:00", True),
        (["22:00-06:00"], "20260110-05:59:59", True),
        (["22:00-06:00"], "20260110-06:00:00", False),
        (["sun 22:00-06:00"], "20260112-05:00:00", True),
        (["sun 22:00 - fri 22:00"], "20260111-21:59:59", False),
        (["sun 22:00 - fri 22:00"], "20260111-22:00:00", True),
        (["sun 22:00 - fri 22:00"], "20260114-03:00:00", True),
        (["sun 22:00 - fri 22:00"], "20260109-22:00:00", False),
        (["sat-mon 00:00-00:00"], "20260111-12:00:00", True),
        (["sat-mon 00:00-00:00"], "20260113-00:00:00", False),
        (["mon 08:00-12:00", "mon 13:00-17:00"], "20260105-12:30:00", False),
        (["mon 08:00-12:00", "mon 13:00-17:00"], "20260105-13:30:00", True),
    ],
)
def test_hours(hours: list[str], when: str, is_open: bool) -> None:
    assert timetable(hours).is_open(at(when)) is is_open


def test_the_next_change_is_where_the_answer_changes() -> None:
    table = timetable(["mon-fri 07:00-17:00", "sun 23:00 - mon 01:00"], reset="fri 21:30")
    now, found = at("20260105-00:00:00"), []
    for _ in range(14):
        now = table.next_change(now)
        found.append(now)
        assert table.is_open(now) != table.is_open(now - 1) or table.reset_due(now - 1, now)
    assert found[0] == at("20260105-01:00:00") and found[-1] == at("20260112-01:00:00")
    assert ALWAYS.next_change(now) == 0


@pytest.mark.parametrize(
    ("reset", "opened", "now", "due"),
    [
        ("", "20200101-00:00:00", "20260105-12:00:00", False),
        ("17:00", "20260105-17:00:00", "20260106-16:59:59", False),
        ("17:00", "20260105-16:59:59", "20260105-17:00:00", True),
        ("17:00", "20260105-17:00:01", "20260106-17:00:00", True),
        ("sun 22:00", "20260104-22:00:00", "20260111-21:59:59", False),
        ("sun 22:00", "20260104-22:00:00", "20260111-22:00:00", True),
    ],
)
def test_resets(reset: str, opened: str, now: str, due: bool) -> None:
    assert timetable(reset=reset).reset_due(at(opened), at(now)) is due


@pytest.mark.parametrize("text", ["mon", "25:00-26:00", "mon-fri", "07:00 - 17:00", "mon 07:00-17:60", ""])
def test_hours_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match="hours"):
        timetable([text])
    if text:
        with pytest.raises(ValueError, match="reset"):
            timetable(reset=text)


def test_a_throttle_lets_a_burst_through_and_then_its_rate() -> None:
    throttle = Throttle(10, 3)
    assert [throttle.take(5 * S) for _ in range(5)] == [True, True, True, False, False]
    assert not throttle.take(5 * S + S // 10 - 1)
    assert throttle.take(5 * S + S // 10), "what was refused cost nothing"
    assert sum(throttle.take(6 * S + n * S // 100) for n in range(1_000)) == 100 + 2
    for wrong in ((0, 1), (-1, 1), (1, 0)):
        with pytest.raises(ValueError, match="lets nothing through"):
            Throttle(*wrong)


def test_addresses_that_are_allowed() -> None:
    allowed = networks(["10.1.0.0/16", "fd00::/8"])
    assert is_within("10.1.2.3", allowed) and is_within("::ffff:10.1.2.3", allowed)
    assert is_within("fd00::1%eth0", allowed) and is_within("192.0.2.1", ())
    assert not is_within("10.2.0.1", allowed) and not is_within("::ffff:10.2.0.1", allowed)
    with pytest.raises(ValueError, match="nonsense"):
        networks(["nonsense"])


HEAD = b"34=1\x0149=ALPHA\x0152=20260105-08:00:00.000\x0156=DESK\x01"


@pytest.mark.parametrize(
    ("body", "secrets"),
    [
        (b"553=me\x01554=geheim\x01", [b"geheim"]),
        (b"554=geheim\x01925=neu\x01", [b"geheim", b"neu"]),
        (b"95=12\x0196=ge\x0110=7\x01heim\x01553=me\x01", [b"ge\x01", b"heim"]),
    ],
)
def test_secrets_are_masked(body: bytes, secrets: list[bytes]) -> None:
    raw = frame(b"FIX.4.4", b"35=A\x01" + HEAD + b"98=0\x01108=30\x01" + body)
    hidden = masked(raw)
    assert not any(secret in hidden for secret in secrets), hidden
    assert (
        b"***" in hidden and hidden.startswith(b"8=FIX.4.4\x01") and (b"553=me" in hidden) == (b"553" in body)
    )
    order = frame(b"FIX.4.4", b"35=D\x01" + HEAD + b"58=554=x\x0195=1\x0196=y\x01")
    assert masked(order) == order


class Log:
    """A log in a folder, and its thread."""

    def __init__(self, folder: Path, **how: Any) -> None:
        self.path = folder / "deep" / "alpha.log"
        self.thread = LogThread(how.pop("waiting_max", 1 << 20))
        self.log = WireLog(self.path, "alpha", self.thread, **how)

    def close(self) -> list[bytes]:
        """Everything that was written, the oldest file first."""
        self.log.flush()
        self.thread.close()
        self.log.close()
        files = sorted(self.path.parent.iterdir(), key=lambda path: path.name, reverse=True)
        return [line for path in files for line in path.read_bytes().splitlines(keepends=True)]


def test_a_line_can_be_read_back(tmp_path: Path) -> None:
    log = Log(tmp_path)
    now = at("20260105-08:00:00.123456")
    first = frame(b"FIX.4.4", b"35=0\x01" + HEAD)
    odd = frame(b"FIX.4.4", b"35=B\x01" + HEAD + b"95=9\x0196=a\nb\\nc\r\\d\x01")
    log.log.received(odd, now)
    log.log.sent(first + first, now)
    log.log.received(frame(b"FIX.4.4", b"35=A\x01" + HEAD + b"554=geheim\x01"), now)
    lines = log.close()
    assert len(lines) == 4
    found = [parse(line) for line in lines]
    assert [(line.is_in, line.name, line.at) for line in found] == [
        (is_in, "alpha", now) for is_in in (True, False, False, True)
    ]
    assert [line.raw for line in found[:3]] == [odd, first, first]
    assert b"geheim" not in lines[3] and b"554=***" in lines[3]
    for wrong in (b"", b"hello", b"20260105-08:00:00 up alpha 8=FIX"):
        with pytest.raises(ValueError, match="not a line"):
            parse(wrong)


def test_files_are_turned_over_by_size_and_the_oldest_go(tmp_path: Path) -> None:
    log = Log(tmp_path, bytes_max=1_000, keep=2)
    for number in range(40):
        log.log.received(
            frame(b"FIX.4.4", b"35=0\x01" + HEAD + b"112=%d\x01" % number), at("20260105-08:00:00")
        )
        log.log.flush()
    lines = log.close()
    assert sorted(path.name for path in log.path.parent.iterdir()) == [
        "alpha.log",
        "alpha.log.1",
        "alpha.log.2",
    ]
    assert all(path.stat().st_size < 1_200 for path in log.path.parent.iterdir())
    numbers = [int(parse(line).raw.split(b"\x01112=")[1].split(b"\x01")[0]) for line in lines]
    assert numbers == list(range(numbers[0], 40)) and 10 < len(numbers) < 40


def test_a_log_that_exists_is_gone_on_with(tmp_path: Path) -> None:
    for _ in range(2):
        log = Log(tmp_path)
        log.log.noted("hello", at("20260105-08:00:00"))
        lines = log.close()
    assert [parse(line).raw for line in lines] == [b"58=hello\x01"] * 2


def test_when_too_much_waits_lines_are_dropped_and_told(tmp_path: Path) -> None:
    log = Log(tmp_path, waiting_max=600)
    beat = frame(b"FIX.4.4", b"35=0\x01" + HEAD)
    held, free = threading.Event(), threading.Event()
    write = log.log.append

    def slow(piece: bytes) -> None:
        held.set()
        free.wait(20)
        write(piece)

    log.log.append = slow  # type: ignore[method-assign]
    for _ in range(3):
        log.log.received(beat, at("20260105-08:00:00"))
    log.log.flush()
    held.wait(20)
    for _ in range(5):
        log.log.received(beat, at("20260105-08:00:01"))
    log.log.flush()
    assert log.log.dropped == 5
    free.set()
    log.thread.close()
    log.thread = LogThread(600)
    log.log._thread = log.thread
    log.log.received(beat, at("20260105-08:00:02"))
    lines = log.close()
    assert [parse(line).raw for line in lines] == [beat] * 4 + [b"58=5 lines are missing here\x01"]


def test_a_disk_that_is_full_stops_nobody(tmp_path: Path) -> None:
    (tmp_path / "deep").write_text("a file where a folder should be")
    log = Log(tmp_path)
    log.log.noted("hello", at("20260105-08:00:00"))
    log.log.flush()
    log.thread.close()
    assert log.thread.failed == 1
