"""The fast walk along the chain: every record hashed behind the one before, none missing, none extra.

A few microseconds a record: the hash and little else. Long logs are walked by two processes, each on its
half; a half begins with the stored hash before it, and the other half has vouched for that. (A child is this
module, run with `python -m`: it imports nothing heavy and hands its finding back as JSON.)
"""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from rfq.audit.sqlite import Connection, connect_reader

CHUNK = 2_000
WORTH_TWO = 200_000
GENESIS_BYTES = bytes(32)
GENESIS = GENESIS_BYTES.hex()
NUMBER_MAX = 2**63 - 1

_ROWS = "SELECT number, hash, body, kind FROM records WHERE number >= ? AND number <= ? ORDER BY number"
_LOWEST = "SELECT min(number) FROM records"
_LAST = "SELECT max(number) FROM records"
_HASH_AT = "SELECT hash FROM records WHERE number = ?"

Progress = Callable[[int], None]


class Walk(NamedTuple):
    """What a walk found. `number` and `hash` (hex) are the last good record's; `bad` is the first bad one,
    `what` is wrong with it; `openings` are the records that open segments."""

    records: int
    bytes: int
    number: int
    hash: str
    openings: tuple[int, ...] = ()
    bad: int | None = None
    what: str = ""


def walk(
    connection: Connection, first: int, last: int, previous: bytes, progress: Progress | None = None
) -> Walk:
    """Walk the records `first` to `last` (inclusive), which stand behind the hash `previous`."""
    expected = first
    count_bytes = 0
    openings: list[int] = []
    bad: int | None = None
    what = ""
    try:
        cursor = iter(connection.execute(_ROWS, (first, last)))
        before = 0
        while bad is None and expected != before:
            before = expected
            for number, digest, body, kind in islice(cursor, CHUNK):
                if number != expected:
                    bad, what = expected, f"missing: record {number} follows record {expected - 1}"
                    break
                found = sha256(previous + body).digest()
                if found != digest:
                    bad, what = expected, "its hash is not that of its bytes behind the record before"
                    break
                previous = found
                expected += 1
                count_bytes += len(body)
                if kind == "SegmentOpened":
                    openings.append(number)
            if progress is not None and expected != before:
                progress(expected - 1)
    except TypeError:
        bad, what = expected, "its bytes are not bytes"
    except sqlite3.DatabaseError as error:
        bad, what = expected, f"cannot be read: {error}"
    if bad is None and expected <= last:
        bad, what = expected, f"missing: the log should go on to record {last}"
    return Walk(expected - first, count_bytes, expected - 1, previous.hex(), tuple(openings), bad, what)


def walk_log(path: Path | None, connection: Connection, first: int, progress: Progress | None = None) -> Walk:
    """Walk the log at `path` from record `first` to its end; a long one in two processes if there are two cores.

    Only the stored hash before `first` is taken on trust.
    """
    try:
        lowest = connection.execute(_LOWEST).fetchone()[0]
        if lowest is not None and lowest < 1:
            return Walk(0, 0, 0, GENESIS, (), lowest, "no record has such a number")
        previous = _hash_before(connection, first)
        last = connection.execute(_LAST).fetchone()[0] or 0
    except sqlite3.DatabaseError:
        return walk(connection, 1, NUMBER_MAX, GENESIS_BYTES, progress)  # finds out where
    if previous is None:
        return Walk(0, 0, first - 1, "", (), first, f"record {first - 1} before it is missing")
    if path is None or last - first < WORTH_TWO or (os.cpu_count() or 1) < 2 or not sys.executable:
        return walk(connection, first, last, previous, progress)
    return _walk_halves(path, connection, first, last, previous, progress)


def _hash_before(connection: Connection, number: int) -> bytes | None:
    """The stored hash in front of record `number`; None if there is none."""
    if number <= 1:
        return GENESIS_BYTES
    row = connection.execute(_HASH_AT, (number - 1,)).fetchone()
    return row[0] if row and type(row[0]) is bytes else None


def _walk_halves(
    path: Path, connection: Connection, first: int, last: int, previous: bytes, progress: Progress | None
) -> Walk:
    """The later half by a child, the earlier one here."""
    middle = (first + last) // 2
    with subprocess.Popen(
        [sys.executable, "-m", "rfq.audit.walk", str(path), str(middle + 1), str(last)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as child:
        early = walk(connection, first, middle, previous, progress)
        said = child.communicate()[0]
    if early.bad is not None:
        return early
    late = _heard(said)
    if late is None:  # the child could not do it: do it here
        late = walk(connection, middle + 1, last, bytes.fromhex(early.hash))
    return join(early, late)


def join(early: Walk, late: Walk) -> Walk:
    """Two walks, one behind the other, as one; all was well in the first."""
    return late._replace(
        records=early.records + late.records,
        bytes=early.bytes + late.bytes,
        openings=early.openings + late.openings,
    )


def _heard(said: bytes) -> Walk | None:
    """A child's finding."""
    try:
        found: dict[str, Any] = json.loads(said)
        return Walk(**{**found, "openings": tuple(found["openings"])})
    except (ValueError, TypeError, KeyError):
        return None


def main(arguments: list[str]) -> None:
    """The child: walk one stretch and print what was found."""
    connection = connect_reader(Path(arguments[0]))
    first, last = int(arguments[1]), int(arguments[2])
    try:
        previous = _hash_before(connection, first)
        if previous is None:
            found = Walk(0, 0, first - 1, "", (), first, f"record {first - 1} before it is missing")
        else:
            found = walk(connection, first, last, previous)
    finally:
        connection.close()
    sys.stdout.write(json.dumps(found._asdict()))


if __name__ == "__main__":  # pragma: no cover - the child process
    main(sys.argv[1:])
