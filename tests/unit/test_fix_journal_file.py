"""A journal's file: how it is listed, how it is read past damage, and where the numbers then go on."""

from pathlib import Path

from fix_disks import FastDisk

from fix_gateway.journal.journal import Journal, inspect
from fix_gateway.journal.records import BODY_BYTES_MAX, CRC, HEAD, HOLE, MESSAGE, pack, scan


def open_at(path: Path) -> Journal:
    return Journal.open(path, durability="os", now=7, disk=FastDisk())


def filled(path: Path, count: int) -> Journal:
    journal = open_at(path)
    for number in range(1, count + 1):
        journal.save(number, "S", b"%d:" % number + b"q" * 20, b"t%d" % number)
    journal.flush()
    return journal


def test_inspect_lists_the_records(tmp_path: Path) -> None:
    path = tmp_path / "peer.journal"
    journal = filled(path, 1)
    journal.save(2, "0", b"", admin=True)
    journal.heard(4)
    journal.flush()
    journal.close()
    lines = list(inspect(path))
    assert [line.kind for line in lines] == ["opened", "mark", "message", "numbers", "closed"]
    opened, mark, message, numbers, _ = lines
    assert opened.at == 7 and mark.seq == 1_001
    assert (message.seq, message.msg_type, message.tag) == (1, "S", b"t1")
    assert message.raw.startswith(b"1:")
    assert (numbers.seq, numbers.next_in, numbers.raw) == (3, 4, b"")


def test_a_scan_crosses_the_border_of_what_it_reads_at_once() -> None:
    rows = [pack(MESSAGE, number, bytes(number * 3_001)) for number in range(1, 40)]
    content = b"".join(rows)
    found = list(scan(lambda offset, count: content[offset : offset + count], 0, len(content)))
    assert [record.number for record in found] == list(range(1, 40))
    hurt = bytearray(content)
    hurt[len(rows[0]) + 9] ^= 4
    hurt = bytearray(b"".join((hurt, b"\xf1\x9d" * 300_000, rows[0])))
    found = list(scan(lambda offset, count: bytes(hurt[offset : offset + count]), 0, len(hurt)))
    assert [record.number for record in found] == [1, 0, *range(3, 40), 0, 1]
    assert found[-2].kind == HOLE and found[-1].after == len(hurt)


def test_a_length_beyond_reason_is_no_record() -> None:
    content = HEAD.pack(0x9DF1, MESSAGE, 0, 0, BODY_BYTES_MAX + 1, 5) + CRC.pack(0) + pack(MESSAGE, 6)
    found = list(scan(lambda offset, count: content[offset : offset + count], 0, len(content)))
    assert [record.kind for record in found] == [HOLE, MESSAGE]


def test_a_damaged_record_costs_itself_and_the_numbers_go_far_above(tmp_path: Path) -> None:
    path = tmp_path / "peer.journal"
    journal = filled(path, 5)
    places = [line.offset for line in inspect(path) if line.kind == "message"]
    journal.abandon()
    hurt = bytearray(path.read_bytes())
    hurt[places[2] + 30] ^= 1
    path.write_bytes(bytes(hurt))
    again = open_at(path)
    assert again.problem == "1 damaged places were skipped"
    assert [kept.seq for kept in again.tags()] == [1, 2, 4, 5]
    assert again.unclean and again.next_out > 65_536
    again.close()
    third = open_at(path)
    assert third.next_out == again.next_out and not third.unclean
    third.abandon()
