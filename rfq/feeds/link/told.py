"""Everything that an adapter is told, as a value: who keeps these in order can tell the whole story again, bit for bit.

What we sent is among them too (`SENT`), for the reader; an adapter is never told that.
"""

from enum import IntEnum
from typing import NamedTuple


class Kind(IntEnum):
    """What happened. The numbers stand in files: none is ever used for something else."""

    OPENED = 1
    CLOSED = 2
    HEARD = 3
    FETCHED = 4
    TICKED = 5
    RESYNCED = 6
    SENT = 7
    LOST = 8
    """Not told to anybody: so many rows could not be written here (`status`)."""


class Told(NamedTuple):
    """One of them. `link` is the link; of an answer its tag, of a resync the symbol. `sent_at` and `status` are those
    of an answer."""

    at: int
    kind: Kind
    link: str = ""
    text: bytes = b""
    status: int = 0
    sent_at: int = 0
