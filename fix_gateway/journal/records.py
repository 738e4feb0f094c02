"""How a journal's records look in its file, and how they are found again, torn and damaged ones included.

A file begins with a header (sign, version, when its numbers began at 1, checksum). Then come records: a head of 18
bytes (sign, kind, lengths, number), the type, the tag and the bytes of a message, and a CRC32 of all that. A reader
that meets a record whose checksum is wrong looks for the next one that is right, so that one flipped bit costs one
message, not all that follow.
"""

import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple
from zlib import crc32

FILE_SIGN = b"FIXJRNL"
VERSION = 1
FILE_HEAD = struct.Struct("<7sBqI")
SIGN = 0x9DF1  # no byte of it is ASCII, so FIX text is seldom taken for a record
SIGN_BYTES = SIGN.to_bytes(2, "little")
HEAD = struct.Struct("<HBBHIQ")  # sign, kind, length of the type, of the tag, of all before the CRC, number
CRC = struct.Struct("<I")
NUMBER = struct.Struct("<Q")

HOLE = 0  # bytes that are no record; never written
MESSAGE = 1  # number, type, tag and bytes of an outgoing application message
NUMBERS = 2  # the next outgoing number; its bytes hold the next incoming one
MARK = 3  # outgoing numbers below this one may have been seen by the peer, whatever the file says
CLOSED = 4  # as NUMBERS, and the end of an orderly life

TYPE_BYTES_MAX = 255
TAG_BYTES_MAX = 65_535
BODY_BYTES_MAX = 16_777_216
CHUNK = 262_144

Reader = Callable[[int, int], bytes]
"""(offset, how many) -> bytes of the file; fewer at its end."""


class Record(NamedTuple):
    """One record as it was found between two offsets of the file; a HOLE has no more than these."""

    offset: int
    after: int
    kind: int
    number: int
    msg_type: str
    tag: bytes
    raw: bytes


def pack_head(opened_at: int) -> bytes:
    """The header of a file whose numbers began at 1 then (UTC ns)."""
    check = crc32(FILE_HEAD.pack(FILE_SIGN, VERSION, opened_at, 0))
    return FILE_HEAD.pack(FILE_SIGN, VERSION, opened_at, check)


def read_head(raw: bytes) -> int:
    """When the numbers began; raises ValueError that says what else the file is."""
    if raw[: len(FILE_SIGN)] != FILE_SIGN:
        raise ValueError("is not a FIX journal" if raw else "is empty, so it is not a FIX journal")
    if len(raw) > len(FILE_SIGN) and raw[len(FILE_SIGN)] != VERSION:
        raise ValueError(f"has format {raw[len(FILE_SIGN)]}, this program reads format {VERSION}")
    if len(raw) < FILE_HEAD.size:
        raise ValueError("is cut within its header")
    opened_at: int = FILE_HEAD.unpack_from(raw)[2]
    if raw[: FILE_HEAD.size] != pack_head(opened_at):
        raise ValueError("has a damaged header")
    return opened_at


def pack(kind: int, number: int, raw: bytes = b"") -> bytes:
    """A record that is no message."""
    body = HEAD.pack(SIGN, kind, 0, 0, len(raw), number) + raw
    return body + CRC.pack(crc32(body))


def scan(read: Reader, offset: int, end: int) -> Iterator[Record]:
    """All records in [offset, end), which begins with one; what is none comes as a HOLE."""
    piece, begin = b"", offset
    while offset < end:
        found = _parse(piece, offset - begin, offset)
        if isinstance(found, Record):
            yield found
            offset = found.after
            continue
        if offset - begin + found > len(piece) and offset + found <= end:
            piece, begin = read(offset, min(max(found, CHUNK), end - offset)), offset
            if len(piece) >= found:
                continue
        after = _next_record(read, offset + 1, end)
        yield Record(offset, after, HOLE, 0, "", b"", b"")
        offset = after


def _parse(piece: bytes, place: int, offset: int) -> Record | int:
    """The record at `place`; or how many bytes from there on must be looked at to tell (fewer are there, or it is
    none)."""
    body_at = place + HEAD.size
    if body_at > len(piece):
        return HEAD.size
    sign, kind, type_size, tag_size, size, number = HEAD.unpack_from(piece, place)
    if sign != SIGN or not MESSAGE <= kind <= CLOSED or not type_size + tag_size <= size <= BODY_BYTES_MAX:
        return HEAD.size
    check_at = body_at + size
    if check_at + CRC.size > len(piece):
        return HEAD.size + int(size) + CRC.size
    if CRC.unpack_from(piece, check_at)[0] != crc32(memoryview(piece)[place:check_at]):
        return HEAD.size
    tag_at = body_at + type_size
    raw_at = tag_at + tag_size
    try:
        msg_type = piece[body_at:tag_at].decode("ascii")
    except UnicodeDecodeError:
        return HEAD.size
    after = offset + check_at + CRC.size - place
    return Record(offset, after, kind, number, msg_type, piece[tag_at:raw_at], piece[raw_at:check_at])


def _next_record(read: Reader, offset: int, end: int) -> int:
    """Where the next sound record begins; `end` if there is none."""
    while offset < end:
        piece = read(offset, min(CHUNK, end - offset))
        place = piece.find(SIGN_BYTES)
        while place >= 0:
            found = _parse(piece, place, offset + place)
            if isinstance(found, int) and place + found > len(piece) and offset + place + found <= end:
                found = _parse(read(offset + place, found), 0, offset + place)
            if isinstance(found, Record):
                return offset + place
            place = piece.find(SIGN_BYTES, place + 1)
        if offset + len(piece) >= end or not piece:
            return end
        offset += len(piece) - 1  # the sign may lie across the border
    return end
