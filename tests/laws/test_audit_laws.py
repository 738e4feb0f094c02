"""Whatever is changed in a stored log is found, and the record named; what is not found is not a change."""

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
from audit_streams import CHAIN, grow, write_log
from hypothesis import given, settings
from hypothesis import strategies as st

from rfq.audit.chain import Chain
from rfq.audit.errors import LogDamaged, LogError
from rfq.audit.log import AuditLog
from rfq.audit.terms import terms_of
from rfq.audit.verify import Report, verify
from rfq.domain.record import GENESIS, chain_hash, decode_record

COUNT = 130
SEGMENT_EVERY = 40
TABLES = ("chains", "records", "mentions", "snapshots", "segments")
NUMBERS = st.integers(1, COUNT)
SOME = settings(max_examples=settings().max_examples // 2)
BITS = st.integers(0, 10**9)
Change = Callable[[sqlite3.Connection], object]


@cache
def original() -> Path:
    """A good log, made once."""
    path = Path(tempfile.mkdtemp(prefix="rfq-log-")) / "desk.db"
    write_log(path, COUNT, segment_every=SEGMENT_EVERY)
    return path


@contextmanager
def copied() -> Iterator[Path]:
    """A copy of it to be damaged."""
    with tempfile.TemporaryDirectory() as folder:
        for part in ("desk.db", "desk.db.head"):
            shutil.copy(original().with_name(part), folder)
        yield Path(folder) / "desk.db"


def look(path: Path, deep: bool) -> Report:
    """What verify says."""
    with AuditLog.open(path, writable=False, allow_damage=True) as log:
        return verify(log, deep=deep)


def damaged(change: Change, *, deep: bool = False) -> Report:
    """Verify a log after `change`. What the fast look finds, the deep one finds too, and opening for writing."""
    with copied() as path:
        connection = sqlite3.connect(path)
        connection.text_factory = bytes
        change(connection)
        connection.commit()
        connection.close()
        fast, thorough = look(path, False), look(path, True)
        assert not thorough.ok
        if deep:
            assert fast.ok
            return thorough
        assert not fast.ok
        assert fast.first_bad == thorough.first_bad
        with pytest.raises(LogDamaged) as raised:
            AuditLog.open(path, writable=True)
        assert raised.value.number == fast.first_bad
        return fast


def flip(raw: bytes, bit: int) -> bytes:
    """One bit of it the other way round."""
    place = bit % (8 * len(raw))
    changed = bytearray(raw)
    changed[place // 8] ^= 1 << place % 8
    return bytes(changed)


def flip_cell(table: str, column: str, key: str, value: object, bit: int) -> Change:
    """Flip one bit of one stored value."""

    def change(connection: sqlite3.Connection) -> None:
        where = f"FROM {table} WHERE {key} = ?"
        (stored,) = connection.execute(f"SELECT {column} {where}", (value,)).fetchone()
        if isinstance(stored, int):
            new: object = stored ^ (1 << bit % 62)
        elif column in ("kind", "chain", "term"):
            new = flip(stored, bit)
            sql = f"UPDATE {table} SET {column} = CAST(? AS TEXT) WHERE {key} = ?"
            connection.execute(sql, (new, value))
            return
        else:
            new = flip(stored, bit)
        connection.execute(f"UPDATE OR REPLACE {table} SET {column} = ? WHERE {key} = ?", (new, value))

    return change


def test_the_original_is_good() -> None:
    with copied() as path:
        assert look(path, False).ok
        assert look(path, True).ok
        AuditLog.open(path, writable=True).close()


@SOME
@given(NUMBERS, BITS, st.sampled_from(["body", "hash"]))
def test_a_flipped_bit_of_a_record_or_its_hash_is_found(number: int, bit: int, column: str) -> None:
    report = damaged(flip_cell("records", column, "number", number, bit))
    assert report.first_bad == number


@SOME
@given(NUMBERS, BITS, st.sampled_from(["at", "received_at", "kind"]))
def test_a_flipped_bit_of_a_column_is_found(number: int, bit: int, column: str) -> None:
    with copied() as path:
        with sqlite3.connect(path) as connection:
            connection.text_factory = bytes
            flip_cell("records", column, "number", number, bit)(connection)
        connection.close()
        report = look(path, True)
    assert not report.ok
    assert report.first_bad == number


@SOME
@given(st.integers(1, COUNT // SEGMENT_EVERY), BITS, st.sampled_from(["state", "hash", "number", "segment"]))
def test_a_flipped_bit_of_a_stored_state_is_found(segment: int, bit: int, column: str) -> None:
    report = damaged(flip_cell("segments", column, "segment", segment, bit))
    assert report.first_bad is not None
    if column in ("state", "hash"):
        assert report.first_bad == segment * SEGMENT_EVERY


@SOME
@given(BITS, BITS, st.sampled_from(["body", "hash"]))
def test_a_flipped_bit_of_a_snapshot_is_found(pick: int, bit: int, column: str) -> None:
    keys = rows("SELECT hash FROM snapshots ORDER BY hash")
    key = keys[pick % len(keys)][0]
    report = damaged(flip_cell("snapshots", column, "hash", key, bit), deep=True)
    assert report.first_bad == min(number for number, market in markets() if market == key.hex())


@SOME
@given(BITS, BITS, st.sampled_from(["term", "number"]))
def test_a_flipped_bit_of_a_mention_is_found(pick: int, bit: int, column: str) -> None:
    term, number = (mentions := rows("SELECT term, number FROM mentions"))[pick % len(mentions)]

    def change(connection: sqlite3.Connection) -> None:
        new = (flip(term.encode(), bit), number) if column == "term" else (term, number ^ (1 << bit % 62))
        connection.execute("DELETE FROM mentions WHERE term = ? AND number = ?", (term, number))
        connection.execute("INSERT OR IGNORE INTO mentions VALUES (CAST(? AS TEXT), ?)", new)

    report = damaged(change, deep=True)
    assert report.first_bad is not None
    assert report.first_bad <= number


@SOME
@given(BITS)
def test_a_flipped_bit_of_the_head_file_is_found(bit: int) -> None:
    with copied() as path:
        head = path.with_name("desk.db.head")
        head.write_bytes(flip(head.read_bytes(), bit))
        assert not look(path, False).ok
        with pytest.raises(LogDamaged):
            AuditLog.open(path, writable=True)


@SOME
@given(NUMBERS)
def test_a_record_taken_out_is_found(number: int) -> None:
    report = damaged(lambda found: found.execute("DELETE FROM records WHERE number = ?", (number,)))
    assert report.first_bad == number


@SOME
@given(NUMBERS)
def test_a_cut_tail_is_found(number: int) -> None:
    def change(connection: sqlite3.Connection) -> None:
        connection.execute("DELETE FROM records WHERE number >= ?", (number,))
        connection.execute("DELETE FROM mentions WHERE number >= ?", (number,))
        connection.execute("DELETE FROM segments WHERE number >= ?", (number,))

    assert damaged(change).first_bad == number


@SOME
@given(NUMBERS, NUMBERS)
def test_two_records_swapped_are_found(one: int, other: int) -> None:
    if one == other:
        return

    def change(connection: sqlite3.Connection) -> None:
        for old, new in ((one, -1), (other, one), (-1, other)):
            connection.execute("UPDATE records SET number = ? WHERE number = ?", (new, old))

    assert damaged(change).first_bad == min(one, other)


@SOME
@given(st.integers(-3, COUNT + 3), NUMBERS)
def test_a_record_put_in_is_found(place: int, source: int) -> None:
    def change(connection: sqlite3.Connection) -> None:
        copy = f"SELECT {place}, at, received_at, kind, hash, body FROM records WHERE number = ?"
        connection.execute(f"CREATE TEMP TABLE taken AS {copy}", (source,))
        if 1 <= place <= COUNT:  # make room
            connection.execute("UPDATE records SET number = -10 - number WHERE number >= ?", (place,))
            connection.execute("UPDATE records SET number = -9 - number WHERE number < -10")
        connection.execute("INSERT INTO records SELECT * FROM taken")

    report = damaged(change)
    wanted = (
        {place, place + 1} if place <= COUNT else {COUNT + 1}
    )  # a copy of its own place differs one later
    assert report.first_bad in wanted


@SOME
@given(st.sampled_from(TABLES), BITS)
def test_a_row_taken_out_of_any_table_is_found(table: str, pick: int) -> None:
    with copied() as path:
        with sqlite3.connect(path) as connection:
            stored = connection.execute(f"SELECT * FROM {table}").fetchall()
            names = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            victim = stored[pick % len(stored)]
            connection.execute(
                f"DELETE FROM {table} WHERE " + " AND ".join(f"{n} = ?" for n in names), victim
            )
        connection.close()
        assert not look(path, True).ok


@settings(max_examples=settings().max_examples * 2)
@given(BITS)
def test_any_flipped_bit_of_the_file_is_found_or_changes_nothing(bit: int) -> None:
    with copied() as path:
        path.write_bytes(flip(path.read_bytes(), bit))
        try:
            if not look(path, True).ok:
                return
        except LogError:
            return
        assert dump(path) == dump(original())


def test_a_snapshot_s_name_is_looked_at_wherever_it_is_stored() -> None:
    raw = original().read_bytes()
    key = dump(original())[3][0][0]
    assert type(key) is bytes
    places = [place for place in range(len(raw)) if raw.startswith(key, place)]
    assert len(places) >= 2, "in the table and in its index"
    for place in places:
        with copied() as path:
            path.write_bytes(flip(raw, 8 * place))
            assert not look(path, True).ok


def test_a_file_that_lacks_its_end_is_refused() -> None:
    raw = original().read_bytes()
    for cut in (1, 4_095, 4_096):
        with copied() as path:
            path.write_bytes(raw[:-cut])
            for writable in (True, False):
                with pytest.raises(LogDamaged, match="that it announces"):
                    AuditLog.open(path, writable=writable)


@SOME
@given(st.integers(0, 10**9))
def test_a_truncated_file_is_refused(size: int) -> None:
    with copied() as path:
        raw = path.read_bytes()
        path.write_bytes(raw[: size % len(raw)])
        with pytest.raises(LogError):
            AuditLog.open(path, writable=True)


@SOME
@given(st.integers(0, 60), st.integers(0, 60))
def test_a_chain_does_not_depend_on_where_it_was_taken_up_again(first: int, second: int) -> None:
    whole = list(grow(Chain(CHAIN), first + second))
    early = list(grow(Chain(CHAIN), first))
    head = early[-1].hash if early else GENESIS
    late = list(grow(Chain(CHAIN, head, first + 1), second))
    assert [entry.hash for entry in whole] == [entry.hash for entry in early + late]
    previous = GENESIS
    for entry in whole:
        assert entry.previous == previous
        previous = chain_hash(previous, entry.body)
        assert entry.hash == previous
        assert entry.terms == terms_of(decode_record(entry.body)) == tuple(sorted(set(entry.terms)))


def rows(sql: str) -> list[tuple[object, ...]]:
    """Rows of the good log."""
    connection = sqlite3.connect(original())
    found = connection.execute(sql).fetchall()
    connection.close()
    return found


def markets() -> list[tuple[int, str]]:
    """Which record of the good log names which snapshot."""
    return [(number, decode_record(body).market) for number, body in rows("SELECT number, body FROM records")]


def dump(path: Path) -> list[list[tuple[object, ...]]]:
    """Everything stored in a log."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found = [sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in TABLES]
    connection.close()
    return found
