"""Lines are JSON, written on another thread, never waited for, and hold no secret."""

import io
import json
import threading
from decimal import Decimal
from pathlib import Path

import pytest

from rfq.ops.clock import VirtualClock
from rfq.ops.logs import Logs, Scribe, mask


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_json_with_time_level_room_and_fields() -> None:
    stream, clock = io.StringIO(), VirtualClock(5)
    logs = Logs(clock.now, stream=stream)
    logs.get("live", chain="desk").info("started", price=Decimal("1.50"), path=Path("a.db"))
    assert logs.close()
    (line,) = lines(stream)
    assert list(line)[:3] == ["at", "level", "event"]
    assert line.pop("path") == repr(Path("a.db"))
    assert line == {
        **{"at": 5, "level": "info", "event": "started", "room": "live", "chain": "desk", "price": "1.50"},
    }


def test_below_the_level_nothing_is_written() -> None:
    stream = io.StringIO()
    logs = Logs(VirtualClock().now, level="warning", stream=stream)
    log = logs.get("live")
    log.info("quiet")
    log.warning("loud")
    log.error("louder")
    logs.close()
    assert [line["event"] for line in lines(stream)] == ["loud", "louder"]


def test_a_file_is_appended_to_and_its_folder_made(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "rfq.log"
    for word in ("one", "two"):
        logs = Logs(VirtualClock().now, path=path)
        logs.get("x").info(word)
        assert logs.close()
        assert logs.close()  # a second time is harmless
    assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["one", "two"]


def test_it_writes_on_another_thread() -> None:
    writers = []
    scribe = Scribe(lambda _: writers.append(threading.current_thread().name), 10)
    scribe.start()
    scribe.put({"event": "x"})
    assert scribe.close()
    assert writers == ["logs"]


def test_a_full_queue_drops_counts_and_says_so() -> None:
    begun, gate, written = threading.Event(), threading.Event(), []

    def slow(text: str) -> None:
        begun.set()
        gate.wait(30)
        written.append(json.loads(text))

    scribe = Scribe(slow, 2)
    scribe.start()
    scribe.put({"event": 0})
    assert begun.wait(30)  # the writer holds line 0; two more find room, three do not
    for number in range(1, 6):
        scribe.put({"event": number})
    assert scribe.dropped == 3
    gate.set()
    while scribe._lines.qsize():
        threading.Event().wait(0.001)
    scribe.put({"event": 6})
    scribe.put({"event": 7})
    assert scribe.close()
    assert written == [
        {"event": 0},
        {"event": 1},
        {"event": 2},
        {"event": 6, "dropped_before": 3},
        {"event": 7},
    ]
    assert scribe.dropped == 3


def test_a_stuck_writer_is_not_waited_for() -> None:
    gate = threading.Event()
    scribe = Scribe(lambda _: gate.wait(30), 1)
    scribe.start()
    for number in range(3):
        scribe.put({"event": number})
    assert scribe.close(timeout_s=0.01) is False
    gate.set()


def test_a_stream_that_fails_does_not_end_the_thread() -> None:
    written: list[str] = []

    def full_disk(text: str) -> None:
        if not written and scribe.unwritten == 0:
            raise OSError("no space left")
        written.append(text)

    scribe = Scribe(full_disk, 10)
    scribe.start()
    scribe.put({"event": "lost"})
    scribe.put({"event": "kept"})
    assert scribe.close()
    assert scribe.unwritten == 1
    assert len(written) == 1


@pytest.mark.parametrize(
    "key", ["password", "db_password", "API_KEY", "apikey", "authToken", "Authorization"]
)
def test_secrets_are_masked_by_their_key(key: str) -> None:
    assert mask({key: "hunter2", "kept": 1}) == {key: "***", "kept": 1}
    assert mask({"deep": [{key: {"x": "hunter2"}}]}) == {"deep": [{key: "***"}]}


def test_secrets_are_masked_inside_text() -> None:
    assert mask("Authorization: Bearer abc.def") == "Authorization: Bearer ***"
    assert mask("postgresql://desk:hunter2@db/rfq") == "postgresql://desk:***@db/rfq"
    assert mask("plain text at 12:30, a@b") == "plain text at 12:30, a@b"


def test_masking_stops_at_a_depth() -> None:
    loop: dict[str, object] = {}
    loop["me"] = loop
    assert "..." in json.dumps(mask(loop))


def test_what_is_logged_is_masked() -> None:
    stream = io.StringIO()
    logs = Logs(VirtualClock().now, stream=stream)
    logs.get("api", api_key="k1").warning("dsn sqlite://u:p1@h", headers={"cookie": "c1"})
    logs.close()
    for secret in ("k1", "p1", "c1"):
        assert secret not in stream.getvalue()
