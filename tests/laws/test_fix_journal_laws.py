"""A journal on disk is the store in memory, whatever is done to it; and no damage makes it invent, or go back."""

import tempfile
from itertools import pairwise
from pathlib import Path

from fix_disks import FastDisk
from hypothesis import given, settings
from hypothesis import strategies as st

from fix_gateway.journal.journal import Journal, JournalForeign, inspect
from fix_gateway.journal.records import FILE_HEAD
from fix_gateway.session.store import MemoryStore

Doing = tuple[str, int]
doings = st.lists(
    st.tuples(
        st.sampled_from(
            ["save", "save", "save", "admin", "skip", "heard", "flush", "reset", "reopen", "read"]
        ),
        st.integers(1, 40),
    ),
    max_size=60,
)


def do(store: Journal | MemoryStore, what: str, amount: int) -> None:
    """One thing, to either kind of store."""
    if what in ("save", "admin"):
        raw = b"\xf1\x9d" * amount if amount % 5 == 0 else b"x" * amount
        store.save(store.next_out, "8", raw, b"" if amount % 3 else b"%d" % amount, admin=what == "admin")
    elif what == "skip":
        store.skip(store.next_out + amount % 7)
    elif what == "heard":
        store.heard(amount)
    elif what == "flush":
        store.flush()
    elif what == "reset":
        store.reset(amount)


def differs(journal: Journal, memory: MemoryStore) -> bool:
    return (
        (journal.next_in, journal.next_out) != (memory.next_in, memory.next_out)
        or list(journal.read(1, 10_000)) != list(memory.read(1, 10_000))
        or list(journal.tags()) != list(memory.tags())
    )


@settings(max_examples=150, deadline=None)
@given(doings=doings, durability=st.sampled_from(["none", "os", "fsync"]), reserve=st.integers(1, 9))
def test_it_remembers_what_a_store_in_memory_does(doings: list[Doing], durability: str, reserve: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, memory = Path(folder) / "peer.journal", MemoryStore()

        def opened() -> Journal:
            return Journal.open(path, durability=durability, now=0, reserve=reserve, disk=FastDisk())  # type: ignore[arg-type]

        journal = opened()
        for what, amount in doings:
            if what == "reopen":
                journal.close()
                journal = opened()
                assert not journal.unclean and journal.opened_at == memory.opened_at
            elif what == "read":
                assert list(journal.read(amount, 2 * amount)) == list(memory.read(amount, 2 * amount))
            else:
                do(journal, what, amount)
                do(memory, what, amount)
        assert not differs(journal, memory)
        journal.close()
        journal = opened()
        assert not differs(journal, memory)
        journal.abandon()


def history(path: Path) -> tuple[bytes, dict[int, bytes], list[tuple[int, int]]]:
    """Three lives and what a file then holds; the messages; and (length of the file, highest number sent by then)."""
    kept: dict[int, bytes] = {}
    spent: list[tuple[int, int]] = []
    for life in range(3):
        journal = Journal.open(path, durability="os", now=0, reserve=3, disk=FastDisk())
        for turn in range(7):
            for count in range(1 + turn % 2):
                number, admin = journal.next_out, (turn + life) % 3 == 0
                raw = b"%d-%d-%d" % (life, turn, count)
                journal.save(number, "8", raw, b"tag", admin=admin)
                if not admin:
                    kept[number] = raw
            journal.heard(journal.next_in + 1)
            journal.flush()
            spent.append((path.stat().st_size, journal.next_out - 1))
        (journal.close if life == 1 else journal.abandon)()
    return path.read_bytes(), kept, spent


def reopened(path: Path, content: bytes) -> tuple[int, dict[int, bytes], str]:
    path.write_bytes(content)
    journal = Journal.open(path, durability="none", now=0, reserve=3, disk=FastDisk())
    found = {one.seq: one.raw for one in journal.read(1, 1 << 40)}
    journal.abandon()
    return journal.next_out, found, journal.problem


def test_a_flipped_bit_anywhere_costs_one_message_at_most(tmp_path: Path) -> None:
    content, kept, spent = history(tmp_path / "peer.journal")
    for at in range(len(content)):
        hurt = bytearray(content)
        hurt[at] ^= 1 << at % 8
        try:
            next_out, found, problem = reopened(tmp_path / "hurt.journal", bytes(hurt))
        except JournalForeign:
            assert at < FILE_HEAD.size
            continue
        assert at >= FILE_HEAD.size
        assert problem
        assert next_out > spent[-1][1], at
        assert found.items() <= kept.items(), at
        assert len(found) >= len(kept) - 1, at


def test_a_file_cut_anywhere_keeps_all_before_and_goes_on_above_all_that_was_sent(tmp_path: Path) -> None:
    content, kept, spent = history(tmp_path / "peer.journal")
    ends = [(line.offset, line.seq) for line in inspect(tmp_path / "peer.journal") if line.kind == "message"]
    marks = [line.offset for line in inspect(tmp_path / "peer.journal") if line.kind == "mark"]
    for length in range(FILE_HEAD.size, len(content)):
        next_out, found, _ = reopened(tmp_path / "cut.journal", content[:length])
        assert found.items() <= kept.items()
        whole = [number for (_, number), (after, _) in pairwise(ends) if after <= length]
        assert set(whole) <= set(found)
        # What a power cut can take ends behind the newest synced mark; all sent until the next one lies below it.
        later = [offset for offset in marks if offset >= length - 22]
        sent = [number for size, number in spent if not later or size <= later[0]]
        assert next_out > max(sent, default=0), length


def test_garbage_behind_the_end_is_cut(tmp_path: Path) -> None:
    content, kept, _ = history(tmp_path / "peer.journal")
    for tail in (b"\0" * 70_000, b"\xf1\x9d\x01", b"\xf1\x9d" * 999, content[:50]):
        _, found, problem = reopened(tmp_path / "long.journal", content + tail)
        assert found == kept
        assert f"a torn tail of {len(tail)} bytes" in problem or tail == content[:50]
        (tmp_path / "long.journal").write_bytes(content + tail)
        journal = Journal.open(tmp_path / "long.journal", durability="os", now=0, disk=FastDisk())
        number = journal.next_out
        for more in range(600):
            journal.save(number + more, "8", b"after the cut")
        assert len(list(journal.read(number + 500, number + 599))) == 100
        journal.close()
