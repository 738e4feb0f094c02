"""A process that keeps a journal as a session does and kills itself at a chosen place; what it "sends" goes to stdout.

    python fix_crash_writer.py <journal> <durability> <place> <hit> <mutant or "-">

A place is one of DeadlyDisk, perhaps after the phase "opening-", "resetting-" or "closing-"; or one of this script:
after-save, before-send, amid-send, after-send, closed. The lines (a life is the journal's opened_at):

    begins <life> <next_out> <next_in>      sent <life> <number> <text>      admin <life> <number>
    heard <life> <number>                   closed <life> <next_out> <next_in>
"""

import os
import sys
import threading
from pathlib import Path

from fix_disks import DeadlyDisk

from fix_gateway.journal.commit import Committer
from fix_gateway.journal.journal import Journal

ROUNDS = 14
RESET_AFTER = 8
RESERVE = 6


class Talk:
    """What reaches the world: whole lines, each at once."""

    def __init__(self, disk: DeadlyDisk) -> None:
        self._disk = disk

    def say(self, *lines: str) -> None:
        self._disk.pass_by("before-send")
        for line in lines:
            os.write(1, line.encode() + b"\n")
            self._disk.pass_by("amid-send")
        self._disk.pass_by("after-send")


class LeakyReset(Journal):
    """The mutant: empties the old file before the new one is there."""

    def reset(self, now: int) -> None:
        os.truncate(self.path, 0)
        super().reset(now)


class WastedMark(Journal):
    """The mutant: counts from the newest message in the file, as if nothing could be lost."""

    @classmethod
    def open(cls, path: Path | str, **options: object) -> "Journal":  # type: ignore[override]
        journal = super().open(path, **options)  # type: ignore[arg-type]
        known = [kept.seq for kept in journal.read(1, journal.next_out)]
        journal.next_out = max(known, default=0) + 1
        return journal


MUTANTS = {"leaky": LeakyReset, "wasted": WastedMark}


def settle(journal: Journal, committer: Committer | None) -> None:
    """Until what was saved is as safe as was agreed."""
    journal.flush()
    if committer is not None:
        told = threading.Event()
        failures: list[Exception | None] = []
        committer.submit(journal, lambda error: (failures.append(error), told.set())[1])
        told.wait()
        assert failures == [None]


def play(journal: Journal, disk: DeadlyDisk, committer: Committer | None, mutant: str) -> None:
    """Rounds of messages, admin messages and accepted numbers; in the middle a reset."""
    talk = Talk(disk)
    run = os.getpid()
    for turn in range(ROUNDS):
        if turn == RESET_AFTER:
            disk.phase = "resetting-"
            journal.reset(journal.opened_at + 1)
            disk.phase = ""
        life, lines = journal.opened_at, []
        for count in range(1 + turn % 3):
            number = journal.next_out
            admin = (turn + count) % 4 == 3
            text = f"{run}-{turn}-{count}-" + "x" * (40 * turn)
            journal.save(number, "0" if admin else "S", text.encode(), b"tag", admin=admin)
            lines.append(f"admin {life} {number}" if admin else f"sent {life} {number} {text}")
            disk.pass_by("after-save")
        journal.heard(journal.next_in + 2)
        lines.append(f"heard {life} {journal.next_in}")
        if mutant == "eager":
            talk.say(*lines)
        settle(journal, committer)
        if mutant != "eager":
            talk.say(*lines)


def main(path: str, durability: str, place: str, hit: str, mutant: str) -> None:
    """Keep the journal until killed or done."""
    disk = DeadlyDisk(place, int(hit))
    committer = Committer() if durability == "fsync" else None
    disk.phase = "opening-"
    kind = MUTANTS.get(mutant, Journal)
    journal = kind.open(path, durability=durability, now=1, reserve=RESERVE, committer=committer, disk=disk)  # type: ignore[arg-type]
    disk.phase = ""
    os.write(1, f"begins {journal.opened_at} {journal.next_out} {journal.next_in}\n".encode())
    play(journal, disk, committer, mutant)
    disk.phase = "closing-"
    life, ends = journal.opened_at, f"{journal.next_out} {journal.next_in}"
    journal.close()
    disk.phase = ""
    os.write(1, f"closed {life} {ends}\n".encode())
    disk.pass_by("closed")


if __name__ == "__main__":
    main(*sys.argv[1:])
