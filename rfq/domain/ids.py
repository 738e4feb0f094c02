"""Identifiers. The desk makes its own from chain id, record number and index, so they are unique over restarts, days
and shards, and the same again in replay. None is longer than 32 characters (FIX venues cut at 32 or 36)."""

import re
from typing import NewType

ChainId = NewType("ChainId", str)
PartyId = NewType("PartyId", str)
RfqId = NewType("RfqId", str)
QuoteId = NewType("QuoteId", str)
FillId = NewType("FillId", str)
AcceptId = NewType("AcceptId", str)
BlockId = NewType("BlockId", str)

ID_LENGTH_MAX = 32
_CHAIN = re.compile(r"[a-z0-9]{1,10}")


def parse_chain(text: str) -> ChainId:
    """A chain id: 1 to 10 lower-case letters and digits; raises ValueError."""
    if not _CHAIN.fullmatch(text):
        raise ValueError(f"chain id {text!r}: must be 1 to 10 lower-case letters and digits")
    return ChainId(text)


class IdMaker:
    """Makes the ids of one record: `chain-<kind><record number, hex>-<index, hex>`, at most 10+2+15+1+4 characters."""

    __slots__ = ("_chain", "_index", "_number")

    def __init__(self, chain: ChainId, number: int) -> None:
        self._chain = chain
        self._number = number
        self._index = 0

    def make(self, kind: str) -> str:
        """The next id of this record; `kind` is one letter (r rfq, q quote, f fill, a acceptance, b block)."""
        index = self._index
        self._index = index + 1
        return f"{self._chain}-{kind}{self._number:x}-{index:x}"
