"""Replay on a machine with other numbers: last bits are accepted and said, anything more is a difference."""

import json
import math
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from audit_desk import BUILD, CLIENT, World, rewritten

from pricing.numeric.fingerprint import fingerprint
from rfq.audit import replay as replaying
from rfq.audit.headfile import Head, HeadFile
from rfq.audit.nearness import near
from rfq.audit.replay import ReplayReport, rebuild, replay
from rfq.cli.main import run
from rfq.domain import canon
from rfq.domain import events as ev

FOREIGN = "00" * 8


def marked(world: World) -> int:
    """A record with a markout."""
    return next(entry.number for entry in world.entries if b'"Marked.' in entry.body)


@pytest.fixture(scope="module")
def abroad() -> World:
    """A life on a machine with another fingerprint."""
    world = World()
    world.open(numerics=FOREIGN)
    for name in ("a", "b", "c", "d"):
        world.live(name)
    return world


def _moved(field: bytes, by: float) -> Callable[[bytes], bytes]:
    """Changes one number of a record by this ratio."""

    def change(body: bytes) -> bytes:
        found = re.search(rb'"%s":(-?[0-9][0-9.e-]*)' % field, body)
        assert found is not None
        number = float(found[1])
        other = number * (1.0 + by) if by else math.nextafter(number, math.inf)
        return body.replace(found[0], f'"{field.decode()}":{other!r}'.encode(), 1)

    return change


@pytest.mark.parametrize("by", [0.0, 5e-13])
def test_last_bits_of_another_machine_are_accepted_and_said(abroad: World, by: float) -> None:
    log = rewritten(abroad.store(":memory:"), marked(abroad), _moved(b"edge_bps", by))
    report = replay(log, build=BUILD)
    assert (report.ok, report.different, report.near, report.numerics) == (True, 0, 1, (FOREIGN,))


def test_more_than_last_bits_are_a_difference_on_any_machine(abroad: World) -> None:
    log = rewritten(abroad.store(":memory:"), marked(abroad), _moved(b"edge_bps", 1e-10))
    report = replay(log, build=BUILD)
    assert [one.number for one in report.differences] == [marked(abroad)]
    assert (report.ok, report.near) == (False, 0)


def test_last_bits_on_a_machine_like_this_one_are_a_difference() -> None:
    world = World()
    world.open(numerics=fingerprint())
    world.live("a")
    report = replay(world.store(":memory:"), build=BUILD)
    assert (report.ok, report.numerics) == (True, ())
    log = rewritten(world.store(":memory:"), marked(world), _moved(b"edge_bps", 0.0))
    report = replay(log, build=BUILD)
    assert (report.ok, report.near, report.numerics) == (False, 0, ())


def test_the_state_at_a_segment_is_compared_number_for_number_too(abroad: World) -> None:
    def with_state(change: Callable[[bytes], bytes]) -> ReplayReport:
        log = abroad.store(":memory:")
        opening = log.newest_segment()
        assert opening is not None
        number, segment = opening
        other = change(segment.state)
        digest = canon.digest(other)
        log.connection.execute(
            "UPDATE segments SET state = ?, hash = ? WHERE number = ?", (other, bytes.fromhex(digest), number)
        )
        old, new = segment.hash.encode(), digest.encode()
        size, new_size = f'"size":{len(segment.state)}'.encode(), f'"size":{len(other)}'.encode()
        rewritten(log, number, lambda body: body.replace(old, new).replace(size, new_size))
        return replay(log, build=BUILD)

    assert with_state(_moved(b"half_spread_bps", 0.0)).near == 1
    assert with_state(_moved(b"half_spread_bps", 0.0)).ok
    assert not with_state(_moved(b"half_spread_bps", 1e-9)).ok


def test_from_a_segment_the_fingerprint_before_it_counts(abroad: World) -> None:
    late = max(entry.number for entry in abroad.entries if b'"Marked.' in entry.body)
    log = rewritten(abroad.store(":memory:"), late, _moved(b"edge_bps", 0.0))
    report = replay(log, build=BUILD, from_segment=1)
    assert (report.ok, report.near, report.numerics) == (True, 1, (FOREIGN,))
    assert rebuild(log, BUILD)[1] == len(abroad.entries) + 1


def test_a_new_machine_is_known_from_its_start(abroad: World) -> None:
    world = World()
    world.open(numerics=FOREIGN)
    world.live("a")
    world.feed(ev.Started(build=BUILD, unclean=True, unsent=(), numerics=fingerprint()))
    world.feed(ev.SessionUp(party=CLIENT))
    world.live("b")
    first, last = (pick(e.number for e in world.entries if b'"Marked.' in e.body) for pick in (min, max))
    log = rewritten(world.store(":memory:"), first, _moved(b"edge_bps", 0.0))
    assert replay(log, build=BUILD).ok
    rewritten(log, last, _moved(b"edge_bps", 0.0))
    assert [one.number for one in replay(log, build=BUILD).differences] == [last]


def test_the_command_says_how_it_compared(
    abroad: World, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    late = max(entry.number for entry in abroad.entries if b'"Marked.' in entry.body)
    for by, status, words in (
        (0.0, 0, "the same but for last bits"),
        (1e-9, 1, f"made with {FOREIGN}, here"),
    ):
        path = tmp_path / f"desk{status}.db"
        with abroad.store(path) as log:
            rewritten(log, late, _moved(b"edge_bps", by))
        with closing(sqlite3.connect(path)) as connection:
            number, digest = connection.execute(
                "SELECT number, hash FROM records ORDER BY number DESC"
            ).fetchone()
        HeadFile(path.with_name(f"{path.name}.head")).keep(Head(number, digest.hex()), 0)
        assert run(["replay", str(path)]) == status
        said = capsys.readouterr()
        assert words in said.out + said.err
        assert f"numerics: made with {FOREIGN}, here {fingerprint()}" in said.out + said.err
        assert run(["replay", str(path), "--json"]) == status
        told = json.loads(capsys.readouterr().out)
        assert (told["numerics"], told["numerics_elsewhere"]) == (fingerprint(), [FOREIGN])
        assert (told["near"], told["different"]) == (1 - status, status)


@pytest.mark.slow
def test_parts_tell_of_other_numerics(abroad: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replaying, "WORTH_A_PART", 15)
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    late = max(entry.number for entry in abroad.entries if b'"Marked.' in entry.body)
    with abroad.store(tmp_path / "desk.db") as log:
        rewritten(log, late, _moved(b"edge_bps", 0.0))
        report = replay(log, build=BUILD)
    assert (report.ok, report.near, report.numerics) == (True, 1, (FOREIGN,))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (b"1.5", b"1.5000000000001", True),
        (b"1.5", b"1.50000000001", False),
        (b"1e-13", b"2e-13", True),
        (b"1", b"1.0", False),
        (b"100000000000000000", b"100000000000000001", False),
        (b'"1.5"', b'"1.5000000000001"', True),
        (b'"1.5"', b'"1.6"', False),
        (b'"2"', b'"2.0000000000001"', True),
        (b'"1732612345123"', b'"1732612345124"', False),
        (b'"q-1.5"', b'"q-1.5000000000001"', False),
        (b'"1_0"', b'"10"', False),
        (b"[1.5,2]", b"[1.5]", False),
        (b'{"a":1.5}', b'{"b":1.5}', False),
        (b'{"a":1.5}', b'{"a":1.5000000000001}', True),
        (b"true", b"1", False),
        (b"null", b"0.0", False),
    ],
)
def test_what_is_near(one: bytes, other: bytes, same: bool) -> None:
    assert near(one, other) is same
    assert near(other, one) is same
    assert near(one, one)
