"""SIGKILL at each step of a journal, and the power cut at each: nothing sent is lost, no number is used twice."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fix_disks import PowerDisk

from fix_gateway.journal.journal import Durability, Journal, JournalError

TESTS = Path(__file__).resolve().parent.parent
WRITES = ("before-write", "half-write", "after-write")
PLACES = [
    *[(f"opening-{place}", 1) for place in (*WRITES, "before-sync", "after-sync")],
    *[(place, hit) for place in WRITES for hit in (2, 5, 9)],
    *[(place, hit) for place in ("before-sync", "after-sync") for hit in (2, 3)],
    *[(f"opening-{when}-{what}", 1) for when in ("before", "after") for what in ("replace", "folder")],
    *[(f"resetting-{place}", 1) for place in (*WRITES, "before-sync", "after-sync")],
    *[(f"resetting-{when}-{what}", 1) for when in ("before", "after") for what in ("replace", "folder")],
    *[(f"closing-{place}", 1) for place in (*WRITES, "before-sync", "after-sync")],
    *[("opening-before-cut", 1), ("opening-after-cut", 1)],
    *[(place, hit) for place in ("after-save", "before-send", "amid-send", "after-send") for hit in (1, 12)],
    ("closed", 1),
]


class Street:
    """What the world has heard of a session, life by life, and what must be true of its journal."""

    def __init__(self) -> None:
        self.sent: dict[int, dict[int, bytes]] = {}
        self.spent: dict[int, set[int]] = {}
        self.heard = (0, 0)
        self.life = 0
        self.closed: tuple[int, int, int] | None = None

    def hear(self, line: str) -> None:
        """One line of the writer."""
        word, life, number, *rest = line.split(" ")
        self._hear(word, int(life), int(number), rest)

    def _hear(self, word: str, life: int, number: int, rest: list[str]) -> None:
        assert life >= self.life, f"the reset of life {self.life} is forgotten"
        self.life = life
        if word == "heard":
            self.heard = (life, number)
        elif word in ("sent", "admin"):
            spent = self.spent.setdefault(life, set())
            assert number > max(spent, default=0), f"number {number} is used again"
            spent.add(number)
            self.closed = None
            if word == "sent":
                self.sent.setdefault(life, {})[number] = rest[0].encode()
        elif word == "closed":
            self.closed = (life, number, int(rest[0]))
        elif word == "opening":  # whether that leaves the clean end as the newest record, nobody can know
            self.closed = None
        elif word == "begins" and self.closed is not None:
            assert (life, number, int(rest[0])) == self.closed, "a clean stop did not keep the numbers"

    def judge(self, journal: Journal, *, all_kept: bool = True) -> None:
        """Nothing that was sent is missing, nothing will be sent twice."""
        life = journal.opened_at
        assert life >= self.life, f"the reset of life {self.life} is forgotten"
        assert journal.next_out > max(self.spent.get(life, ()), default=0), "a number would be used again"
        if self.closed is not None and life == self.closed[0]:
            assert (journal.next_out, journal.next_in) == self.closed[1:] and not journal.unclean
        if all_kept:
            kept = {one.seq: one.raw for one in journal.read(1, journal.next_out)}
            for number, raw in self.sent.get(life, {}).items():
                assert kept.get(number) == raw, f"message {number} is lost"
            if self.heard[0] == life:
                assert journal.next_in >= self.heard[1], "an accepted message would be asked for again"


def crash(path: Path, durability: str, place: str, hit: int, street: Street, mutant: str = "-") -> bool:
    """Run a writer that dies there (False: it never came there), and tell the street what it sent."""
    found = subprocess.run(
        [sys.executable, str(TESTS / "fix_crash_writer.py"), str(path), durability, place, str(hit), mutant],
        env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{TESTS.parent}"},
        capture_output=True,
        check=False,
    )
    assert found.returncode in (0, -signal.SIGKILL), found.stderr.decode()
    for line in found.stdout.decode().splitlines():
        street.hear(line)
    return found.returncode != 0


def look(path: Path, street: Street) -> None:
    """Judge what a crash left; the file is left as it is."""
    copy = path.with_name("copy.journal")
    if not path.exists():
        assert not street.spent
        return
    copy.write_bytes(path.read_bytes())
    journal = Journal.open(copy, durability="none", now=0)
    street.judge(journal)
    journal.abandon()


@pytest.mark.slow
@pytest.mark.parametrize("durability", ["os", "fsync"])
def test_a_killed_process_loses_nothing_that_it_sent(tmp_path: Path, durability: str) -> None:
    path, street, missed = tmp_path / "peer.journal", Street(), []
    for place, hit in PLACES:
        if place.endswith("cut"):  # there is something to cut only after a torn write
            assert crash(path, durability, "half-write", 4, street)
        elif place.startswith("opening-") and place.endswith(("replace", "folder")):
            path, street = tmp_path / f"{place}.journal", Street()
        if not crash(path, durability, place, hit, street):
            missed.append(place)
        look(path, street)
    assert not missed


@pytest.mark.parametrize(
    ("mutant", "place", "hit", "complaint"),
    [
        ("eager", "before-write", 3, "is lost|used again"),
        ("eager", "half-write", 3, "is lost|used again"),
        ("leaky", "resetting-before-replace", 1, "not a FIX journal"),
    ],
)
def test_the_suite_catches(tmp_path: Path, mutant: str, place: str, hit: int, complaint: str) -> None:
    path, street = tmp_path / "peer.journal", Street()
    assert crash(path, "os", place, hit, street, mutant)
    with pytest.raises((AssertionError, JournalError), match=complaint):
        look(path, street)


def test_the_suite_catches_numbers_counted_from_the_newest_message(tmp_path: Path) -> None:
    path, street = tmp_path / "peer.journal", Street()
    assert crash(path, "os", "after-send", 4, street)  # the newest was no application message
    with pytest.raises(AssertionError, match="used again"):
        crash(path, "os", "closed", 1, street, "wasted")


# ------------------------------------------------------------------------------------------------ power cuts


class NoMark(Journal):
    """The mutant: reserves nothing; after a stop it goes on behind the newest message."""

    def _reserve(self) -> None:
        self._ask_at = self._mark_asked = self._mark_safe = 1 << 60


def keep(disk: PowerDisk, path: Path, durability: Durability, *, kind: type[Journal], eager: bool) -> None:
    """Some lives of a session on this disk, each a start, messages, perhaps a reset, and a stop of either kind."""
    dice = np.random.default_rng(3)
    now, ends = 1, None
    for life in range(6):
        disk.note(("opening", now, 0, []))
        journal = kind.open(path, durability=durability, now=now, reserve=4, disk=disk)
        assert ends is None or ends == (journal.next_out, journal.next_in)
        now = journal.opened_at
        for turn in range(12):
            if turn == 6 and life % 2:
                now += 1
                journal.reset(now)
            told: list[tuple[str, int, int, list[str]]] = []
            for _ in range(int(dice.integers(1, 5))):
                number, admin = journal.next_out, bool(dice.random() < 0.2)
                raw = f"{life}-{turn}-{number}-" + "y" * int(dice.integers(0, 400))
                journal.save(number, "8", raw.encode(), admin=admin)
                told.append(("admin", now, number, []) if admin else ("sent", now, number, [raw]))
            journal.heard(journal.next_in + 1)
            told.append(("heard", now, journal.next_in, []))
            if not eager:
                journal.flush()
            for one in told:
                disk.note(one)
            journal.flush()
        if life % 3 == 1:
            ends = (journal.next_out, journal.next_in)
            journal.close()
            disk.note(("closed", now, ends[0], [str(ends[1])]))
        else:
            ends = None
            journal.abandon()


def cuts(
    tmp_path: Path,
    durability: Durability,
    count: int,
    *,
    kind: type[Journal] = Journal,
    eager: bool = False,
    deaf: tuple[str, ...] = (),
) -> Iterator[str]:
    """Cut the power so often at a random moment; what is wrong then, "" if nothing is."""
    (tmp_path / "run").mkdir()
    disk = PowerDisk(deaf=frozenset(deaf))
    keep(disk, tmp_path / "run" / "peer.journal", durability, kind=kind, eager=eager)
    dice = np.random.default_rng(17)
    for turn in range(count):
        position = int(dice.integers(1, len(disk.steps) + 1))
        path = tmp_path / f"{turn}.journal"
        disk.power_cut(position, path, dice)
        street = Street()
        try:
            for note in disk.notes(position):
                assert isinstance(note, tuple)
                street._hear(*note)
            if not path.exists():
                assert not street.spent, "the file is lost"
                continue
            journal = kind.open(path, durability="none", now=0)
            street.judge(journal, all_kept=durability == "fsync")
            journal.abandon()
            yield ""
        except (AssertionError, JournalError) as wrong:
            yield str(wrong)


@pytest.mark.parametrize("durability", ["os", "fsync"])
def test_a_power_cut_never_makes_a_number_be_used_again(tmp_path: Path, durability: Durability) -> None:
    assert set(cuts(tmp_path, durability, 300)) == {""}


@pytest.mark.nightly
@pytest.mark.parametrize("durability", ["os", "fsync"])
def test_many_power_cuts_never_make_a_number_be_used_again(tmp_path: Path, durability: Durability) -> None:
    assert set(cuts(tmp_path, durability, 10_000)) == {""}


def test_the_suite_catches_a_journal_that_reserves_no_numbers(tmp_path: Path) -> None:
    assert any("used again" in wrong for wrong in cuts(tmp_path, "os", 100, kind=NoMark))


def test_the_suite_catches_a_mark_that_is_not_synced(tmp_path: Path) -> None:
    assert any("used again" in wrong for wrong in cuts(tmp_path, "os", 100, deaf=("sync",)))


def test_the_suite_catches_a_reset_that_is_not_durable(tmp_path: Path) -> None:
    assert any("forgotten" in wrong for wrong in cuts(tmp_path, "os", 100, deaf=("folder",)))


def test_the_suite_catches_sending_before_the_sync(tmp_path: Path) -> None:
    assert any("lost" in wrong for wrong in cuts(tmp_path, "fsync", 100, eager=True))
