"""Levels of a book as exact whole numbers: pairs of price and size, scaled by powers of ten.

A level's text becomes whole numbers without going through a float where that could round, so sums are exact, in any
order, and equal texts are equal numbers. Size 0 means that the level is gone.

Venues say levels as JSON arrays of one of a few shapes. `read` takes the text of such an array as it stands in the
message. Compiled (`warm`) it does so at about the speed of memory; plain, a regular expression reads what is
usual, and the same source that is compiled reads the rest and finds the words of a refusal. The results are equal.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec
import numpy as np

from rfq.feeds.compiled import engine, scanner

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Levels = list[tuple[int, int]] | NDArray[np.int64]
    """Pairs (price, size), as a list, or as an array of shape (n, 2) where compiled code made it."""

PAIRS: Final = scanner.PAIRS
"""[price, size], as text or as numbers."""
OKX: Final = scanner.OKX
"""[price, size, ...]: whatever follows is not looked at."""
DERIBIT: Final = scanner.DERIBIT
"""["new" | "change" | "delete", price, size], or [price, size]."""

_WORDS: Final = {
    scanner.GRAMMAR: "not an array of levels",
    scanner.FORM: "not a number",
    scanner.PLACES: "more decimals than the instrument has",
    scanner.LARGE: "too large",
    scanner.NEGATIVE: "a size below zero",
    scanner.SHAPE: "a level of another length",
    scanner.ACTION: "neither new, change nor delete",
    scanner.MORE: "more levels than there is room for",
    scanner.LONG: "a number of too many letters",
}


class Scale(NamedTuple):
    """How many decimals an instrument's prices and sizes have at most; what has more is refused, never rounded."""

    price_digits: int = 8
    size_digits: int = 8


USUAL: Final = Scale()


class Unread(NamedTuple):
    """Levels that could not be read: what is wrong, at which level (from 0), and how the text begins."""

    what: str
    where: str
    excerpt: str


def read(
    raw: bytes | memoryview | msgspec.Raw, scale: Scale = USUAL, shape: int = PAIRS
) -> "Levels | Unread":
    """The levels in the JSON text of an array, exactly; an `Unread` if any of them cannot be."""
    scan = engine.compiled("scan")
    if scan is None:
        text = bytes(raw)
        found = _usual(text, scale, shape)
        return _slow(text, scale, shape) if found is None else found
    letters = np.frombuffer(raw, np.uint8)
    room = np.empty((len(letters) // _SHORTEST + 1, 2), np.int64)
    count, wrong = scan(letters, scale[0], scale[1], shape, room)
    return _unread(bytes(raw), count, wrong) if wrong else room[:count].copy()


def warm(cache: str | None = None) -> str:
    """Compile what reads levels and keeps books, or load it from the folder `cache`; words for the log."""
    return engine.warm(cache)


def pairs(levels: "Levels") -> list[tuple[int, int]]:
    """Levels as a list of pairs of Python's ints, however they came."""
    if isinstance(levels, list):
        return levels
    return [(price, size) for price, size in levels.tolist()]


def array(levels: "Levels") -> "NDArray[np.int64]":
    """Levels as an array of shape (n, 2), however they came."""
    if isinstance(levels, list):
        return np.array(levels, dtype=np.int64).reshape(-1, 2)
    return levels


def exact(number: str | bytes | float, digits: int) -> int | None:
    """One number times 10**digits, from its text (a float: from its shortest spelling); None if that is not exact, not
    a number or too large."""
    text = number if isinstance(number, bytes) else str(number).encode()
    at, found = scanner.read_number(text, 0, len(text), digits)
    return found if at == len(text) else None


_SIZE: Final = rb'(?:[0-9]{1,17}(?:\.[0-9]{1,17})?|"[0-9]{1,17}(?:\.[0-9]{1,17})?")'
_NUMBER: Final = _SIZE.replace(b"[0-9]{1,17}(", b"-?[0-9]{1,17}(")
_COLUMNS: Final = {
    PAIRS: ((2, 0, rb"\[" + _NUMBER + b"," + _SIZE + rb"\]"),),
    OKX: ((4, 0, rb"\[" + _NUMBER + b"," + _SIZE + b"," + _SIZE + b"," + _SIZE + rb"\]"),),
    DERIBIT: (
        (
            *(3, 1),
            rb'\["(?:(?:new|change)",' + _NUMBER + b"," + _SIZE + rb'|delete",' + _NUMBER + rb",0(?:\.0)?)\]",
        ),
        (2, 0, rb"\[" + _NUMBER + b"," + _SIZE + rb"\]"),
    ),
}
"""By shape: how many cells such a level has, which of them is the price, and how it is spelled."""
_NOT_NUMBERS: Final = bytes(set(range(256)) - set(b"0123456789.-,"))
_NEVER_LARGE: Final = 1 << 60
_SHORTEST: Final = 6
"""Letters of `[1,2],`."""


@lru_cache(maxsize=8)
def _patterns(shape: int) -> list[tuple[int, int, "re.Pattern[bytes]"]]:
    return [
        (width, first, re.compile(rb"\[" + level + b"(?:," + level + rb")*\]"))
        for width, first, level in _COLUMNS[shape]
    ]


def _usual(text: bytes, scale: Scale, shape: int) -> list[tuple[int, int]] | None:
    """Levels that are all spelled the usual way; None if anything is not."""
    for width, first, pattern in _patterns(shape):
        if pattern.fullmatch(text):
            cells = text.translate(None, _NOT_NUMBERS).split(b",")
            prices = _scaled(cells[first::width], scale.price_digits)
            sizes = _scaled(cells[first + 1 :: width], scale.size_digits)
            return None if prices is None or sizes is None else list(zip(prices, sizes, strict=True))
    return None


def _scaled(cells: list[bytes], digits: int) -> list[int] | None:
    """Numbers times 10**digits; None if one is not exact or might be too large."""
    fill = [b"0" * max(digits - places, 0) for places in range(18)]
    found = []
    for cell in cells:
        whole, _, part = cell.partition(b".")
        places = len(part)
        if places > digits:
            return None
        found.append(int(whole + part + fill[places]))
    if found and (max(found) >= _NEVER_LARGE or min(found) <= -_NEVER_LARGE):
        return None
    return found


def _slow(text: bytes, scale: Scale, shape: int) -> list[tuple[int, int]] | Unread:
    """By the source of the compiled scanner, as it stands."""
    room = np.empty((len(text) // _SHORTEST + 1, 2), np.int64)
    count, wrong = scanner.scan(text, scale[0], scale[1], shape, room)
    return _unread(text, count, wrong) if wrong else pairs(room[:count])


def _unread(text: bytes, level: int, wrong: int) -> Unread:
    return Unread(_WORDS[wrong], f"level {level}", text[:80].decode("utf-8", "replace"))
